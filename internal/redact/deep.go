package redact

import "reflect"

// Deep returns a copy of v in which every text has passed [Redactor.Text], keys of maps included: what is added to a type
// later is not forgotten. Fields that are not exported are copied as they are.
func Deep[T any](r *Redactor, v T) T {
	if r == nil {
		return v
	}
	c := copier{r, map[reflect.Type]bool{}}
	copied := c.deep(reflect.ValueOf(&v).Elem())
	reflect.ValueOf(&v).Elem().Set(copied)
	return v
}

// copier makes one deep copy.
type copier struct {
	redactor *Redactor
	texts    map[reflect.Type]bool // whether values of a type hold text
}

// holdsText says whether there can be text in a value of a type. Curves of millions of numbers are not looked through.
func (c copier) holdsText(t reflect.Type) bool {
	known, ok := c.texts[t]
	if ok {
		return known
	}
	c.texts[t] = true // where a type holds itself
	holds := false
	switch t.Kind() {
	case reflect.String, reflect.Interface:
		holds = true
	case reflect.Map:
		holds = c.holdsText(t.Key()) || c.holdsText(t.Elem())
	case reflect.Slice, reflect.Array, reflect.Pointer:
		holds = c.holdsText(t.Elem())
	case reflect.Struct:
		for field := range t.Fields() {
			holds = holds || (field.IsExported() && c.holdsText(field.Type))
		}
	default:
	}
	c.texts[t] = holds
	return holds
}

func (c copier) deep(v reflect.Value) reflect.Value {
	if !c.holdsText(v.Type()) {
		return v
	}
	out := reflect.New(v.Type()).Elem()
	out.Set(v)
	switch v.Kind() {
	case reflect.String:
		out.SetString(c.redactor.Text(v.String()))
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				out.Field(i).Set(c.deep(v.Field(i)))
			}
		}
	case reflect.Map:
		if v.IsNil() {
			break
		}
		out.Set(reflect.MakeMapWithSize(v.Type(), v.Len()))
		for entries := v.MapRange(); entries.Next(); {
			out.SetMapIndex(c.deep(entries.Key()), c.deep(entries.Value()))
		}
	case reflect.Slice:
		if v.IsNil() {
			break
		}
		out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		for i := range v.Len() {
			out.Index(i).Set(c.deep(v.Index(i)))
		}
	case reflect.Array:
		for i := range v.Len() {
			out.Index(i).Set(c.deep(v.Index(i)))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			out.Set(reflect.New(v.Type().Elem()))
			out.Elem().Set(c.deep(v.Elem()))
		}
	case reflect.Interface:
		if !v.IsNil() {
			out.Set(c.deep(v.Elem()))
		}
	default:
	}
	return out
}
