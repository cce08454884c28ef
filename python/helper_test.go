package python

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Iyalvan/mlops-track/internal/test/testenv"
)

func TestHelperInsideAStep(t *testing.T) {
	t.Parallel()
	onEachLine(t, checkHelperInsideAStep) // lines differ in their numpy
}

func checkHelperInsideAStep(t *testing.T, python string) {
	s := newStep(t, settings{TrackingURI: "http://127.0.0.1:1"})
	result, live := filepath.Join(s.workspace, "deep", "result.json"), filepath.Join(s.workspace, "metrics.jsonl")
	s.env = append(s.env, "MLOPS_RESULT="+result, "MLOPS_METRICS="+live)
	got := s.succeed(t, python, s.addScript(t, "inside.py"))

	wantErrors := []string{
		"metric 'acc' must be a number, not str 'high'",
		"metric 'acc' must be a number, not NoneType None",
		"metric 'acc' must be a number, not list [1.0]",
		"metric 'acc' must be a number, not ndarray array([1., 2.])",
		"metric 'acc' must be a number, not complex 1j",
	}
	if diff := cmp.Diff(wantErrors, strings.Split(strings.TrimSpace(got.stdout), "\n")); diff != "" {
		t.Errorf("errors of wrong metrics (-want +got):\n%s", diff)
	}
	want := map[string]any{
		"params": map[string]any{"depth": 3.0, "layers": []any{1.0, 2.0}, "rate": "Infinity", "path": "a", "lr": 0.1},
		"metrics": map[string]any{"acc": 0.75, "zero_d": 2.0, "one": 0.5, "flag": 1.0, "nested": map[string]any{"f1": 1.0},
			"loss": "-Infinity", "half": 0.5},
		"tags":      map[string]any{"n": "1", "team": "ads", "from": "function"},
		"artifacts": []any{"a.txt", "b.txt"},
	}
	var found map[string]any
	if err := json.Unmarshal([]byte(read(t, result)), &found); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("result file (-want +got):\n%s", diff)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(result), ".*")); len(left) != 0 {
		t.Errorf("temporary files are left: %q", left)
	}

	lines := strings.Split(strings.TrimSpace(read(t, live)), "\n")
	var last map[string]any
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil {
		t.Fatal(err)
	}
	if stamp, _ := last["timestamp"].(float64); len(lines) != 3 || last["step"] != 2.0 || last["gap"] != "NaN" || stamp < 1e12 {
		t.Errorf("live metrics are %q", lines)
	}

	notes := only(s.events(t), "warning")
	if len(notes) != 1 || !strings.Contains(notes[0].Message,
		"experiment_name='other', run_name='other', tracking_uri='http://elsewhere' has no effect inside a step") {
		t.Errorf("notes are %+v", notes)
	}
}

// told is what testdata/outside.py prints of each run.
type told struct {
	Name, Status, Error   string
	Params, Metrics, Tags map[string]string
	Files                 []string
	Versions              int
}

func TestDecoratorOutsideAStep(t *testing.T) {
	t.Parallel()
	testenv.Python(t, 3) // without it the test is skipped, and needs no binary
	binary := filepath.Join(t.TempDir(), "mlops-track")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "..").CombinedOutput(); err != nil {
		t.Fatalf("build the binary: %v\n%s", err, out)
	}
	onEachLine(t, func(t *testing.T, python string) {
		s := newStep(t, settings{})
		s.env = append(s.env, "MLOPS_HOOK=", "MLOPS_TRACK_BINARY="+binary)
		got := s.succeed(t, python, s.addScript(t, "outside.py"))
		runs := map[string]told{}
		for line := range strings.Lines(got.stdout) {
			var run told
			if err := json.Unmarshal([]byte(line), &run); err != nil {
				t.Fatalf("line %q: %v", line, err)
			}
			if run.Tags["mlops.version"] != "test" {
				t.Errorf("run %q has tags %v", run.Name, run.Tags)
			}
			delete(run.Tags, "mlops.version")
			delete(run.Tags, "mlops.exit_code")
			runs[run.Name] = run
		}
		checkOutsideRuns(t, runs)
		checkOutsideWarnings(t, got.stderr)
	})
}

func checkOutsideRuns(t *testing.T, runs map[string]told) {
	t.Helper()
	collides := runs["collides"]
	if collides.Params["C"] != "7.0" || collides.Params["depth"] != "3" || collides.Metrics["rmse"] != "nan" ||
		collides.Metrics["a.b"] != "1.0" || collides.Metrics["training_score"] == "0.0" {
		t.Errorf("collides has %v %v", collides.Params, collides.Metrics)
	}
	for key, want := range map[string]string{"team": "ads", "data": "v2", "mlops.status": "success",
		"mlops.autolog": "captured", "mlops.collisions": `["C","training_score"]`} {
		if collides.Tags[key] != want {
			t.Errorf("tag %s of collides is %q, want %q", key, collides.Tags[key], want)
		}
	}
	if collides.Status != "FINISHED" || !strings.Contains(strings.Join(collides.Files, " "), "one.txt") {
		t.Errorf("collides is %s with files %q", collides.Status, collides.Files)
	}

	for _, want := range []told{
		{Name: "manual", Status: "FINISHED", Params: map[string]string{}, Metrics: map[string]string{"rmse": "0.5"},
			Tags: map[string]string{"mlops.status": "success", "mlops.autolog": "off"}, Files: []string{"deep/one.txt", "two.txt"}},
		{Name: "globs", Status: "FINISHED", Params: map[string]string{}, Metrics: map[string]string{},
			Tags: map[string]string{"mlops.status": "success", "mlops.autolog": "off"}, Files: []string{"a.txt"}},
		{Name: "catboost", Status: "FINISHED", Params: map[string]string{"iterations": "2"}, Metrics: map[string]string{},
			Tags: map[string]string{"mlops.status": "success", "mlops.autolog": "empty"}, Files: []string{}},
		{Name: "missing", Status: "FAILED", Error: "MissingParams", Params: map[string]string{},
			Metrics: map[string]string{"rmse": "0.5"}, Files: []string{},
			Tags: map[string]string{"mlops.status": "failed", "mlops.autolog": "empty", "mlops.error_type": "MissingParams",
				"mlops.error_message": "autolog captured no params and the result has none"}},
		{Name: "raises", Status: "FAILED", Error: "ValueError", Params: map[string]string{}, Metrics: map[string]string{},
			Tags:  map[string]string{"mlops.status": "failed", "mlops.autolog": "empty", "mlops.error_type": "ValueError", "mlops.error_message": "bad data"},
			Files: []string{}},
	} {
		if diff := cmp.Diff(want, runs[want.Name]); diff != "" {
			t.Errorf("run %q (-want +got):\n%s", want.Name, diff)
		}
	}

	invalid := runs["invalid"]
	if invalid.Status != "FAILED" || invalid.Error != "InvalidResult" || invalid.Tags["mlops.error_type"] != "InvalidResult" ||
		invalid.Params["good"] != "1" || strings.Join(invalid.Files, " ") != "one.txt" ||
		!strings.Contains(invalid.Tags["mlops.error_message"], "bad@key") ||
		!strings.Contains(invalid.Tags["mlops.error_message"], `missing.txt" does not exist`) {
		t.Errorf("invalid is %+v", invalid)
	}
	for _, name := range []string{"model", "logged"} {
		if run := runs[name]; run.Status != "FINISHED" || run.Versions != 1 {
			t.Errorf("%s is %+v, want one model version", name, run)
		}
	}
}

func checkOutsideWarnings(t *testing.T, stderr string) {
	t.Helper()
	for _, want := range []string{
		"mlops-track: warning: autolog enabled but captured 0 params\n" +
			"mlops-track: warning: framework may not support autolog (e.g., catboost)\n" +
			"mlops-track: warning: falling back to manual param logging\n",
		"mlops-track: warning: param collision detected: ['C']\n",
		"mlops-track: warning: metric collision detected: ['training_score']\n",
		"mlops_track.result: this is not a tracked step (MLOPS_RESULT is not set), nothing is written\n" +
			"mlops_track.log_metrics: this is not a tracked step (MLOPS_METRICS is not set), nothing is written\n",
	} {
		if !strings.Contains(stderr, want) {
			t.Errorf("stderr lacks %q:\n%s", want, stderr)
		}
	}
}
