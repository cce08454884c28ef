package results

import (
	"math"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// MaxEntries is how many params, metrics and tags a result has at most, each: a store keeps a row, a file or a part of a request for every one.
const MaxEntries = 20_000

// section reads an object of params, metrics or tags. Objects inside of it are flattened. read makes an item of one value;
// it returns false if the value is invalid. What was read before an error is returned with it.
func section[T any](r *resultReader, name string, k kind, read func(key string, k kind) (T, bool, error)) ([]T, error) {
	switch k {
	case kindNull:
		return nil, r.in.skip()
	case kindObject:
	default:
		return nil, r.wrongType(name, k, "an object")
	}
	var items []T
	at, more := map[string]int{}, 0
	err := r.flatten(name+".", "", func(key string, k kind) error {
		item, ok, err := read(key, k)
		if err != nil || !ok {
			return err
		}
		if i, again := at[key]; again {
			r.repeated(name + "." + key)
			items[i] = item
			return nil
		}
		if len(items) == MaxEntries {
			more++
			return nil
		}
		at[key] = len(items)
		items = append(items, item)
		return nil
	})
	if more > 0 {
		r.problem(Warning, name, "write large tables to a file and add that to artifacts", "has %d more entries than the %d that are logged", more, MaxEntries)
	}
	return items, err
}

// flatten reads an object and calls value for each value in it with a key that MLflow accepts.
func (r *resultReader) flatten(section, prefix string, value func(key string, k kind) error) error {
	return r.in.object(func(member []byte) error {
		key := prefix + string(member)
		k, err := r.in.next()
		if err != nil {
			return err
		}
		if k == kindObject && !r.in.emptyObject() {
			return r.flatten(section, key+".", value)
		}
		if err := mlflow.CheckKey(key); err != nil {
			r.problem(Error, section+shortened([]byte(key)), "rename the key", "%v", err)
			return r.in.skip()
		}
		return value(key, k)
	})
}

func (r *resultReader) param(key string, k kind) (mlflow.Param, bool, error) {
	text, err := r.text("params."+key, k, mlflow.MaxParamLength)
	return mlflow.Param{Key: key, Value: text}, true, err
}

func (r *resultReader) tag(key string, k kind) (mlflow.Tag, bool, error) {
	text, err := r.text("tags."+key, k, mlflow.MaxTagLength)
	return mlflow.Tag{Key: key, Value: text}, true, err
}

func (r *resultReader) metric(key string, k kind) (mlflow.Metric, bool, error) {
	m := mlflow.Metric{Key: key}
	if k == kindArray {
		return m, false, r.wrongType("metrics."+key, k, "a number")
	}
	if k == kindObject { // an empty one: nothing to flatten
		return m, false, r.in.skip()
	}
	text, err := r.in.scalar(k)
	if err != nil {
		return m, false, err
	}
	var ok bool
	if m.Value, ok = metricValue(k, text); !ok {
		r.problem(Error, "metrics."+key, "write a number without quotes, or NaN", "is %s, must be a number", k)
	}
	return m, ok, nil
}

// text reads a value as the text that MLflow's Python client would log for it. It warns of one that is over MLflow's limit, and
// returns it whole: it is cut when secrets have been removed, so that no half of one stays.
func (r *resultReader) text(key string, k kind, limit int) (string, error) {
	read := func() ([]byte, error) { return r.in.scalar(k) }
	if k == kindArray || k == kindObject {
		read = r.in.compact
	}
	text, err := read()
	if err != nil {
		return "", err
	}
	value := pythonText(k, text)
	if _, cut := mlflow.Truncate(value, limit); cut {
		r.problem(Warning, key, "write it to a file and add that to artifacts",
			"has more than %d characters; the rest is cut off", limit)
	}
	return value, nil
}

// pythonText returns what Python's str returns for the value.
func pythonText(k kind, text []byte) string {
	word := string(text)
	switch {
	case k == kindNull:
		return "None"
	case k == kindBool && word == "true":
		return "True"
	case k == kindBool:
		return "False"
	case k == kindNumber && word == "NaN":
		return "nan"
	case k == kindNumber && word == "Infinity":
		return "inf"
	case k == kindNumber && word == "-Infinity":
		return "-inf"
	}
	return word
}

// metricValue returns the number for a value. Booleans are 1 and 0, as in MLflow's log_metric.
func metricValue(k kind, text []byte) (float64, bool) {
	switch k {
	case kindNumber:
		v, err := parseFloat(text)
		return v, err == nil
	case kindBool:
		if string(text) == "true" {
			return 1, true
		}
		return 0, true
	case kindString:
		switch string(text) {
		case "NaN", "nan":
			return math.NaN(), true
		case "Infinity", "inf", "+Infinity", "+inf":
			return math.Inf(1), true
		case "-Infinity", "-inf":
			return math.Inf(-1), true
		}
	}
	return 0, false
}
