package results

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
	known map[string]string // keys that MLflow accepts

	// of the current line
	in     scanner
	path   []byte // of the value, with dots
	points []mlflow.Metric
	step   int64
	time   int64
	faults []error
}

func newLineReader() *lineReader { return &lineReader{known: map[string]string{}} }

// parse reads one line and appends its points to out. now is the time, in milliseconds, of a line that has none. Invalid
// values are in the error; the points beside them are appended. null stands for no value. A line that is not JSON
// has no points.
func (r *lineReader) parse(text []byte, now int64, out []mlflow.Metric) ([]mlflow.Metric, error) {
	r.in, r.path, r.points, r.step, r.time, r.faults = scanner{text: text}, r.path[:0], out, 0, now, nil
	if err := r.object(); err != nil {
		return out, err
	}
	for i := len(out); i < len(r.points); i++ {
		r.points[i].Step, r.points[i].Timestamp = r.step, r.time
	}
	return r.points, errors.Join(r.faults...)
}

// object reads the whole line.
func (r *lineReader) object() error {
	k, err := r.in.next()
	switch {
	case err != nil:
	case k != kindObject:
		if err = r.in.skip(); err == nil { // else it is not JSON at all
			return fmt.Errorf("%s, not an object", k)
		}
	default:
		err = r.in.object(r.member)
	}
	if err == nil {
		err = r.in.ended()
	}
	if syntax, ok := errors.AsType[*syntaxError](err); ok { // the caller adds the number of the line
		return fmt.Errorf("%s at byte %d", syntax.Reason, syntax.Offset)
	}
	return err
}

// member reads one value of an object.
func (r *lineReader) member(key []byte) error {
	top := len(r.path)
	defer func() { r.path = r.path[:top] }()
	if top > 0 {
		r.path = append(r.path, '.')
	}
	r.path = append(r.path, key...)
	k, err := r.in.next()
	switch {
	case err != nil:
		return err
	case k == kindNull:
		return r.in.skip()
	case k == kindObject:
		return r.in.object(r.member)
	case top == 0 && string(key) == "step":
		return r.whole(k, "step", &r.step)
	case top == 0 && string(key) == "timestamp":
		return r.whole(k, "timestamp", &r.time)
	}
	return r.point(k)
}

// point reads one value of a metric.
func (r *lineReader) point(k kind) error {
	key, known := r.known[string(r.path)]
	if !known {
		key = string(r.path)
		if err := mlflow.CheckKey(key); err != nil {
			r.faults = append(r.faults, err)
			return r.in.skip()
		}
		if len(r.known) < maxKnownKeys {
			r.known[key] = key
		}
	}
	if k == kindArray {
		r.fault("%q is %s, not a number", key, k)
		return r.in.skip()
	}
	text, err := r.in.scalar(k)
	if err != nil {
		return err
	}
	v, ok := metricValue(k, text)
	if !ok {
		r.fault("%q is %q, not a number", key, shortened(text))
		return nil
	}
	r.points = append(r.points, mlflow.Metric{Key: key, Value: v})
	return nil
}

// whole reads a whole number: an integer, or a float whose fraction is dropped, as Python code likes to write time.
func (r *lineReader) whole(k kind, key string, into *int64) error {
	if k != kindNumber {
		r.fault("%s is %s, not a number", key, k)
		return r.in.skip()
	}
	text, err := r.in.scalar(k)
	if err != nil {
		return err
	}
	n, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil {
		f, err := parseFloat(text)
		if err != nil || math.IsNaN(f) || f < -1<<63 || f >= 1<<63 {
			r.fault("%s is %s, which is out of range", key, shortened(text))
			return nil
		}
		n = int64(f)
	}
	*into = n
	return nil
}

func (r *lineReader) fault(format string, args ...any) {
	r.faults = append(r.faults, fmt.Errorf(format, args...))
}
