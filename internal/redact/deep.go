package redact

import "reflect"

// Deep returns a copy of v in which every text has passed [Redactor.Text], keys of maps included: what is added to a type
// later is not forgotten. Fields that are not exported are copied as they are.
func Deep[T any](r *Redactor, v T) T {
	if r == nil {
		return v
	}
	copied := reflect.New(reflect.TypeFor[T]()).Elem()
	copied.Set(r.deep(reflect.ValueOf(&v).Elem()))
	return copied.Interface().(T)
}

func (r *Redactor) deep(v reflect.Value) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	out.Set(v)
	switch v.Kind() {
	case reflect.String:
		out.SetString(r.Text(v.String()))
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				out.Field(i).Set(r.deep(v.Field(i)))
			}
		}
	case reflect.Map:
		if v.IsNil() {
			break
		}
		out.Set(reflect.MakeMapWithSize(v.Type(), v.Len()))
		for entries := v.MapRange(); entries.Next(); {
			out.SetMapIndex(r.deep(entries.Key()), r.deep(entries.Value()))
		}
	case reflect.Slice:
		if v.IsNil() {
			break
		}
		out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		for i := range v.Len() {
			out.Index(i).Set(r.deep(v.Index(i)))
		}
	case reflect.Array:
		for i := range v.Len() {
			out.Index(i).Set(r.deep(v.Index(i)))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			out.Set(reflect.New(v.Type().Elem()))
			out.Elem().Set(r.deep(v.Elem()))
		}
	case reflect.Interface:
		if !v.IsNil() {
			out.Set(r.deep(v.Elem()))
		}
	default:
	}
	return out
}
