package results

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/Iyalvan/mlops-track/mlflow"
)

func TestParseLine(t *testing.T) {
	const now = 77
	point := func(key string, value float64, step, at int64) mlflow.Metric {
		return mlflow.Metric{Key: key, Value: value, Step: step, Timestamp: at}
	}
	for line, c := range map[string]struct {
		want  []mlflow.Metric
		fault string
	}{
		`{"loss":0.3,"acc":1,"step":10}`:           {want: []mlflow.Metric{point("loss", 0.3, 10, now), point("acc", 1, 10, now)}},
		`{"step":-1,"timestamp":123,"loss":NaN}`:   {want: []mlflow.Metric{point("loss", math.NaN(), -1, 123)}},
		`{"loss":1}` + "\r":                        {want: []mlflow.Metric{point("loss", 1, 0, now)}},
		`{"loss":1,"step":3.0,"timestamp":1.5e12}`: {want: []mlflow.Metric{point("loss", 1, 3, 1_500_000_000_000)}},
		`{"loss":1,"step":null,"timestamp":null}`:  {want: []mlflow.Metric{point("loss", 1, 0, now)}},
		`{"val":{"loss":1,"step":2,"a":{"b":3}}}`:  {want: []mlflow.Metric{point("val.loss", 1, 0, now), point("val.step", 2, 0, now), point("val.a.b", 3, 0, now)}},
		`{"a":"NaN","b":"-Infinity","c":true}`:     {want: []mlflow.Metric{point("a", math.NaN(), 0, now), point("b", math.Inf(-1), 0, now), point("c", 1, 0, now)}},
		`{"loss":1,"val_loss":null}`:               {want: []mlflow.Metric{point("loss", 1, 0, now)}},
		`{}`:                                       {},
		`{"step":1}`:                               {},
		`{"loss":"low","acc":1}`:                   {want: []mlflow.Metric{point("acc", 1, 0, now)}, fault: `"loss" is "low", not a number`},
		`{"loss":[1],"acc":1}`:                     {want: []mlflow.Metric{point("acc", 1, 0, now)}, fault: `"loss" is an array`},
		`{"a@b":1,"acc":1}`:                        {want: []mlflow.Metric{point("acc", 1, 0, now)}, fault: `key "a@b" contains '@'`},
		`{"loss":1,"step":"one"}`:                  {want: []mlflow.Metric{point("loss", 1, 0, now)}, fault: `step is a string`},
		`{"loss":1,"step":1e30}`:                   {want: []mlflow.Metric{point("loss", 1, 0, now)}, fault: `step is 1e30, which is out of range`},
		`{"loss":1,"acc":`:                         {fault: "the text ends where a value is missing at byte 16"},
		`{"loss":1} {"loss":2}`:                    {fault: "after the end of the object at byte 11"},
		`loss=1`:                                   {fault: "'l' is not a JSON value at byte 0"},
		`null`:                                     {fault: "null, not an object"},
		`nonsense`:                                 {fault: "is not a JSON value"},
		`[1]`:                                      {fault: "an array, not an object"},
		`{"loss":1,,}`:                             {fault: "a key in quotes is missing"},
		"\x00\x00":                                 {fault: "is not a JSON value"},
	} {
		got, err := newLineReader().parse([]byte(line), now, nil)
		if diff := cmp.Diff(c.want, got, cmpopts.EquateEmpty(), cmpopts.EquateNaNs()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", line, diff)
		}
		switch {
		case c.fault == "" && err != nil:
			t.Errorf("%s: %v", line, err)
		case c.fault != "" && (err == nil || !strings.Contains(err.Error(), c.fault)):
			t.Errorf("%s: %v, want %s", line, err, c.fault)
		}
	}
}

// TestParseLineAllocatesLittle holds that keys seen before cost nothing.
func TestParseLineAllocatesLittle(t *testing.T) {
	r, line := newLineReader(), []byte(`{"train":{"loss":0.25,"acc":0.5},"val_loss":0.125,"step":1000}`)
	out, err := r.parse(line, 1, make([]mlflow.Metric, 0, 16))
	if err != nil || len(out) != 3 {
		t.Fatal(out, err)
	}
	if n := testing.AllocsPerRun(100, func() { out, _ = r.parse(line, 1, out[:0]) }); n > 15 {
		t.Errorf("%v allocations a line", n)
	}
}

func FuzzParseLine(f *testing.F) {
	for _, seed := range []string{`{"loss":0.3,"step":10}`, `{"a":{"b":{"c":NaN}},"timestamp":1e12}`, `{"a":1`, "{\"\xff\":1}", `{"a":"\ud800"}`, `{"":1}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		earlier := []mlflow.Metric{{Key: "earlier", Value: 1, Step: 5, Timestamp: 6}}
		out, err := newLineReader().parse(line, 7, earlier)
		if len(out) < 1 || out[0] != earlier[0] {
			t.Errorf("an earlier point was changed: %v", out)
		}
		for _, m := range out[1:] {
			if err := mlflow.CheckKey(m.Key); err != nil {
				t.Error(err)
			}
		}
		if err != nil && strings.TrimSpace(err.Error()) == "" {
			t.Error("an error without words")
		}
	})
}
