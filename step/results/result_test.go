package results_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/step/results"
)

func write(t testing.TB, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "result.json")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// told shows problems as "severity key".
func told(problems []results.Problem) []string {
	var out []string
	for _, p := range problems {
		out = append(out, strings.TrimSpace(string(p.Severity)+" "+p.Key))
	}
	return out
}

func param(pairs ...string) (out []mlflow.Param) {
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, mlflow.Param{Key: pairs[i], Value: pairs[i+1]})
	}
	return out
}

func TestLoadResult(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	metric := func(key string, value float64) mlflow.Metric { return mlflow.Metric{Key: key, Value: value} }
	for name, c := range map[string]struct {
		text string
		want results.Result
		told []string
	}{
		"empty file":      {text: " \n\t"},
		"empty object":    {text: "{}"},
		"mark of Windows": {text: "\xef\xbb\xbf{\"model_name\":\"m\"}", want: results.Result{ModelName: "m"}},
		"all keys": {
			text: `{"params":{"lr":0.1},"metrics":{"acc":1},"tags":{"team":"ml"},"artifacts":["a","b"],"model_local_path":"m","model_name":"n"}`,
			want: results.Result{
				Params: param("lr", "0.1"), Metrics: []mlflow.Metric{metric("acc", 1)}, Tags: []mlflow.Tag{{Key: "team", Value: "ml"}},
				Artifacts: []string{"a", "b"}, ModelLocalPath: "m", ModelName: "n",
			},
		},
		"params as Python writes them": {
			text: `{"params":{"a":true,"b":false,"c":null,"d":1e-05,"e":12345678901234567890,"f":"x","g":"","h":NaN,"i":-Infinity,"j":1.50}}`,
			want: results.Result{Params: param("a", "True", "b", "False", "c", "None", "d", "1e-05", "e", "12345678901234567890",
				"f", "x", "g", "", "h", "nan", "i", "-inf", "j", "1.50")},
		},
		"words that are strings stay": {
			text: `{"params":{"a":"true","b":"NaN","c":"null"}}`, want: results.Result{Params: param("a", "true", "b", "NaN", "c", "null")},
		},
		"nested objects": {
			text: `{"params":{"m":{"a":1,"b":{"c":2}},"e":{}},"metrics":{"v":{"loss":0.5},"e":{}}}`,
			want: results.Result{Params: param("m.a", "1", "m.b.c", "2", "e", "{}"), Metrics: []mlflow.Metric{metric("v.loss", 0.5)}},
		},
		"arrays become compact text": {
			text: `{"params":{"a":[1, 2 , {"k" : "a \"b\" \\" , "n": [ ]}],"b":[]}}`,
			want: results.Result{Params: param("a", `[1,2,{"k":"a \"b\" \\","n":[]}]`, "b", "[]")},
		},
		"metrics of all kinds": {
			text: `{"metrics":{"a":NaN,"b":Infinity,"c":-Infinity,"d":"NaN","e":"Infinity","f":"-Infinity","g":"inf","h":1e400,"i":true,"j":-0.5e-3}}`,
			want: results.Result{Metrics: []mlflow.Metric{metric("a", nan), metric("b", inf), metric("c", -inf), metric("d", nan),
				metric("e", inf), metric("f", -inf), metric("g", inf), metric("h", inf), metric("i", 1), metric("j", -0.0005)}},
		},
		"metrics that are none": {
			text: `{"metrics":{"a":"high","b":null,"c":[1],"d":"0.5","ok":2}}`,
			want: results.Result{Metrics: []mlflow.Metric{metric("ok", 2)}},
			told: []string{"error metrics.a", "error metrics.b", "error metrics.c", "error metrics.d"},
		},
		"escapes":          {text: `{"params":{"a\u0062":"\ud83d\ude00\n\t\/\\\"é"}}`, want: results.Result{Params: param("ab", "😀\n\t/\\\"é")}},
		"tags of MLflow":   {text: `{"tags":{"mlflow.note.content":"# hi"}}`, want: results.Result{Tags: []mlflow.Tag{{Key: "mlflow.note.content", Value: "# hi"}}}},
		"one artifact":     {text: `{"artifacts":"plots/*.png => figures"}`, want: results.Result{Artifacts: []string{"plots/*.png => figures"}}},
		"null is left out": {text: `{"params":null,"metrics":null,"tags":null,"artifacts":null,"model_name":null,"model_local_path":null}`},
		"unknown key": {
			text: `{"metric":{"a":[{"b":1}]},"model_name":"m"}`, want: results.Result{ModelName: "m"}, told: []string{"warning metric"},
		},
		"wrong types": {
			text: `{"params":[1],"metrics":"x","tags":1,"artifacts":{"a":1},"model_name":{},"model_local_path":false}`,
			told: []string{"error params", "error metrics", "error tags", "error artifacts", "error model_name", "error model_local_path"},
		},
		"wrong item": {
			text: `{"artifacts":["a",1,"b",null,["c"]]}`, want: results.Result{Artifacts: []string{"a", "b"}},
			told: []string{"error artifacts[1]", "error artifacts[3]", "error artifacts[4]"},
		},
		"no object": {text: `[1,2]`, told: []string{"error"}},
		"repeated keys": {
			text: `{"params":{"a":1,"b":2,"a":3},"metrics":{"x":{"y":1},"x.y":2}}`,
			want: results.Result{Params: param("a", "3", "b", "2"), Metrics: []mlflow.Metric{metric("x.y", 2)}},
			told: []string{"warning params.a", "warning metrics.x.y"},
		},
		"repeated section": {
			text: `{"params":{"a":1},"params":{"b":2}}`, want: results.Result{Params: param("b", "2")}, told: []string{"warning params"},
		},
		"keys that MLflow refuses": {
			text: `{"params":{"a@b":1,"":2,"../x":3,"ok":4},"metrics":{"p%":1}}`, want: results.Result{Params: param("ok", "4")},
			told: []string{"error params.a@b", "error params.", "error params.../x", "error metrics.p%"},
		},
		"breaks off": {
			text: `{"metrics":{"a":1,"b":2},"params":{"x":1,"y":`,
			want: results.Result{Metrics: []mlflow.Metric{metric("a", 1), metric("b", 2)}, Params: param("x", "1")}, told: []string{"error"},
		},
		"comma at the end":     {text: `{"params":{"x":1,}}`, want: results.Result{Params: param("x", "1")}, told: []string{"error"}},
		"text after it":        {text: `{"params":{"x":1}} {}`, want: results.Result{Params: param("x", "1")}, told: []string{"error"}},
		"words of Python":      {text: `{"params":{"x":1,"y":None}}`, want: results.Result{Params: param("x", "1")}, told: []string{"error"}},
		"number with a zero":   {text: `{"params":{"x":01}}`, told: []string{"error"}},
		"text in UTF-16":       {text: "\xff\xfe{\x00}\x00", told: []string{"error"}},
		"invalid UTF-8":        {text: "{\"params\":{\"x\":\"a\xffb\"}}", want: results.Result{Params: param("x", "a\uFFFDb")}, told: []string{"warning"}},
		"half a character":     {text: `{"params":{"x":"\ud83d!"}}`, want: results.Result{Params: param("x", "\uFFFD!")}, told: []string{"warning"}},
		"100 levels":           {text: `{"params":{"x":` + strings.Repeat("[", 98) + strings.Repeat("]", 98) + `}}`, want: results.Result{Params: param("x", strings.Repeat("[", 98)+strings.Repeat("]", 98))}},
		"more levels":          {text: `{"params":{"x":` + strings.Repeat("[", 99) + strings.Repeat("]", 99) + `}}`, told: []string{"error"}},
		"levels without end":   {text: strings.Repeat(`{"a":`, 1_000_000), told: []string{"warning a", "error"}},
		"long values are told": {text: `{"params":{"x":"` + strings.Repeat("é", 6001) + `"},"tags":{"y":"` + strings.Repeat("z", 5001) + `"}}`, want: results.Result{Params: param("x", strings.Repeat("é", 6001)), Tags: []mlflow.Tag{{Key: "y", Value: strings.Repeat("z", 5001)}}}, told: []string{"warning params.x", "warning tags.y"}},
	} {
		t.Run(name, func(t *testing.T) {
			file := write(t, c.text)
			got, problems := results.LoadResult(file)
			if diff := cmp.Diff(c.want, got, cmpopts.EquateEmpty(), cmpopts.EquateNaNs()); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.told, told(problems), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("problems (-want +got):\n%s\n%v", diff, problems)
			}
			for _, p := range problems {
				if !strings.Contains(p.Message, fmt.Sprintf("%q", file)) || strings.Contains(p.Message, "\n") {
					t.Errorf("message is not one line with the file: %q", p.Message)
				}
			}
		})
	}
}

func TestBrokenResultSaysWhere(t *testing.T) {
	_, problems := results.LoadResult(write(t, "{\n \"params\": {\"x\": 1,\n  \"y\": oops}\n}"))
	if len(problems) != 1 || !strings.Contains(problems[0].Message, "line 3, byte 29") {
		t.Errorf("%v", problems)
	}
}

func TestResultThatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	if r, problems := results.LoadResult(filepath.Join(dir, "missing.json")); len(problems) != 0 || r.ModelName != "" {
		t.Errorf("missing: %v", problems)
	}
	if _, problems := results.LoadResult(dir); len(problems) != 1 || problems[0].Severity != results.Error {
		t.Errorf("folder: %v", problems)
	}
	huge := filepath.Join(dir, "huge.json")
	f, err := os.Create(huge)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(200 << 20); err != nil { // sparse: nothing of it may be read
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	const times = 10
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range times {
		if _, problems := results.LoadResult(huge); len(problems) != 1 || problems[0].Hint == "" {
			t.Fatal(problems)
		}
	}
	runtime.ReadMemStats(&after)
	bytes := (after.TotalAlloc - before.TotalAlloc) / times
	if bytes > 100_000 {
		t.Errorf("refusing 200 MiB took %d bytes", bytes)
	}
}

func TestManyProblemsAreCounted(t *testing.T) {
	text := `{"params":{` + strings.Repeat(`"a@":1,`, 1000) + `"ok":1}}`
	r, problems := results.LoadResult(write(t, text))
	if len(r.Params) != 1 || len(problems) != 51 || !strings.Contains(problems[50].Message, "950 more") {
		t.Errorf("%d params, %d problems, last %v", len(r.Params), len(problems), problems[len(problems)-1])
	}
}

func FuzzLoadResult(f *testing.F) {
	for _, seed := range []string{
		`{"params":{"a":[1,{"b":"\u00e9\ud83d\ude00"}],"c":{"d":null}},"metrics":{"x":NaN,"y":-1e-5},"artifacts":["a"]}`,
		`{"tags":{"a":"` + "\xff" + `"},"model_name":"m"`, `{"":{}}`, `[`, `{"params":{"a":{}}}`, `{"metrics":{"a":-}}`, "{\"params\":{\"a\":\"\x00\"}}",
	} {
		f.Add([]byte(seed))
	}
	file := filepath.Join(f.TempDir(), "result.json")
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		r, problems := results.LoadResult(file)
		seen := map[string]bool{}
		for _, p := range r.Params {
			if err := mlflow.CheckKey(p.Key); err != nil || seen[p.Key] {
				t.Errorf("param %q, twice %v: %v", p.Key, seen[p.Key], err)
			}
			if strings.ToValidUTF8(p.Value, "") != p.Value {
				t.Errorf("value %q", p.Value)
			}
			seen[p.Key] = true
		}
		for _, p := range problems {
			if p.Message == "" || p.Severity == "" {
				t.Errorf("%+v", p)
			}
		}
	})
}

// TestResultWithVeryManyEntries: the rest is dropped and told, and the result stays valid.
func TestResultWithVeryManyEntries(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for _, section := range []string{`{"params":{`, `},"tags":{`, `},"metrics":{`} {
		text.WriteString(section)
		for i := range results.MaxEntries + 3 {
			fmt.Fprintf(&text, `"k%d":%d,`, i, i)
		}
		text.WriteString(`"k0":0`) // a key that is there is not one more
	}
	text.WriteString("}}")
	file := filepath.Join(t.TempDir(), "result.json")
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	result, problems := results.LoadResult(file)
	if len(result.Params) != results.MaxEntries || len(result.Tags) != results.MaxEntries || len(result.Metrics) != results.MaxEntries {
		t.Errorf("%d params, %d tags, %d metrics", len(result.Params), len(result.Tags), len(result.Metrics))
	}
	told := 0
	for _, p := range problems {
		if p.Severity != results.Warning {
			t.Errorf("%v is no warning", p)
		}
		if strings.Contains(p.Message, "has 3 more entries than the 20000 that are logged") {
			told++
		}
	}
	if told != 3 {
		t.Errorf("problems are %v", problems)
	}
}
