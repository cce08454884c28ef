package collect

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// maxKnownKeys bounds the keys that a lineReader remembers.
const maxKnownKeys = 10_000

// lineReader reads lines of a metrics file. It remembers keys, because the same few come again in every line.
type lineReader struct {
	known map[string]string // keys that MLflow takes
	path  []byte            // of the value being read, with dots
}

func newLineReader() *lineReader { return &lineReader{known: map[string]string{}} }

// parse reads one line and appends its points to out. now is the time, in milliseconds, of a line that has none. Values
// that cannot be taken are left out and told in the error; the points beside them are kept. null stands for no value.
func (r *lineReader) parse(line []byte, now int64, out []mlflow.Metric) ([]mlflow.Metric, error) {
	in := scanner{text: line}
	first := len(out)
	var step int64
	var faults []error
	k, err := in.next()
	if err == nil && k != kindObject {
		return out, fmt.Errorf("%s, not an object", k)
	}
	var members func() error
	members = func() error {
		return in.object(func(key []byte) error {
			defer func(n int) { r.path = r.path[:n] }(len(r.path))
			top := len(r.path) == 0
			if !top {
				r.path = append(r.path, '.')
			}
			r.path = append(r.path, key...)
			k, err := in.next()
			switch {
			case err != nil:
				return err
			case k == kindObject:
				return members()
			case top && string(r.path) == "step":
				return readWhole(&in, k, "step", &step, &faults)
			case top && string(r.path) == "timestamp":
				return readWhole(&in, k, "timestamp", &now, &faults)
			}
			m, ok, err := r.point(&in, k, &faults)
			if ok {
				out = append(out, m)
			}
			return err
		})
	}
	r.path = r.path[:0]
	if err == nil {
		err = members()
	}
	if err == nil {
		err = in.ended()
	}
	var syntax *syntaxError
	if errors.As(err, &syntax) { // in one line the byte says it all; nothing of a line cut in half is believed
		return out[:first], fmt.Errorf("%s at byte %d", syntax.Reason, syntax.Offset)
	}
	for i := first; i < len(out); i++ {
		out[i].Step, out[i].Timestamp = step, now
	}
	return out, errors.Join(faults...)
}

// point reads one value of a metric.
func (r *lineReader) point(in *scanner, k kind, faults *[]error) (mlflow.Metric, bool, error) {
	key, ok := r.known[string(r.path)]
	if !ok {
		key = string(r.path)
		if err := mlflow.CheckKey(key); err != nil {
			*faults = append(*faults, err)
			return mlflow.Metric{}, false, in.skip()
		}
		if len(r.known) < maxKnownKeys {
			r.known[key] = key
		}
	}
	if k == kindArray || k == kindNull {
		if k == kindArray {
			*faults = append(*faults, fmt.Errorf("%q is %s, not a number", key, k))
		}
		return mlflow.Metric{}, false, in.skip()
	}
	text, err := in.scalar(k)
	if err != nil {
		return mlflow.Metric{}, false, err
	}
	v, ok := metricValue(k, text)
	if !ok {
		*faults = append(*faults, fmt.Errorf("%q is %q, not a number", key, shortened(text)))
	}
	return mlflow.Metric{Key: key, Value: v}, ok, nil
}

// readWhole reads a whole number: an integer, or a float whose fraction is dropped, as Python code likes to write time.
func readWhole(in *scanner, k kind, key string, into *int64, faults *[]error) error {
	if k == kindNull {
		return in.skip()
	}
	if k != kindNumber {
		*faults = append(*faults, fmt.Errorf("%s is %s, not a number", key, k))
		return in.skip()
	}
	text, err := in.scalar(k)
	if err != nil {
		return err
	}
	n, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil {
		f, ferr := parseFloat(text)
		if ferr != nil || math.IsNaN(f) || f < -1<<63 || f >= 1<<63 {
			*faults = append(*faults, fmt.Errorf("%s is %s, which is out of range", key, shortened(text)))
			return nil
		}
		n = int64(f)
	}
	*into = n
	return nil
}
