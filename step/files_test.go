package step_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/Iyalvan/mlops-track/settings"
	"github.com/Iyalvan/mlops-track/step"
)

// write writes a file, with its folder.
func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestFilesAreTheUsersOrTemporary(t *testing.T) {
	want := step.Files{Work: "/t", Result: "/t/result.json", Metrics: "/t/metrics.jsonl", Hook: "/t/hook"}
	if got := step.NewFiles(settings.Step{}, "/t"); got != want {
		t.Errorf("files of a command: %+v", got)
	}
	for shell, script := range map[string]string{"bash": "/t/step.sh", "perl {0}": "/t/step.sh", "python": "/t/step.py"} {
		want := step.Files{Work: "/t", Result: "/r", Metrics: "/m", Hook: "/t/hook", Script: script}
		results := settings.Results{File: "/r", MetricsFile: "/m"}
		if got := step.NewFiles(settings.Step{Script: "x", Shell: shell, Results: results}, "/t"); got != want {
			t.Errorf("files of a script in %s: %+v", shell, got)
		}
	}
}

func TestPrepare(t *testing.T) {
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	f := step.Files{Work: dir, Result: file("result.json"), Metrics: file("metrics.jsonl"), Hook: file("hook"), Script: file("step.sh")}
	write(t, f.Result, "of an earlier run")
	write(t, f.Result+".old", "of a run before that")
	got := f.Prepare("make train", step.HookConfig{Autolog: true, RunID: "run1", StoreLock: "/lock"})
	if len(got.Problems) > 0 || got.Files != f || !slices.Equal(got.Renamed, []string{f.Result}) {
		t.Fatalf("%+v", got)
	}
	if _, err := os.Lstat(f.Result); err == nil {
		t.Error("the result of an earlier run is still there")
	}
	const hook = `{"autolog":true,"autolog_config":null,"run_id":"run1","run_name":"","experiment_id":"","experiment_name":"","tracking_uri":"","store_lock":"/lock"}`
	for name, want := range map[string]string{
		"result.json.old": "of an earlier run", "step.sh": "make train\n", "hook/hook.json": hook,
	} {
		if got := read(t, file(name)); got != want {
			t.Errorf("%s holds %q, want %q", name, got, want)
		}
	}
}

func TestPrepareRenamesOnlyFiles(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	// A link stands for /dev/null itself: a test that fails as root would take that from the whole machine.
	null := filepath.Join(dir, "null")
	if err := os.Symlink(os.DevNull, null); err != nil {
		t.Fatal(err)
	}
	f := step.Files{Result: null, Metrics: filepath.Join(dir, "folder"), Hook: filepath.Join(dir, "hook")}
	if got := f.Prepare("", step.HookConfig{}); len(got.Problems)+len(got.Renamed) > 0 || got.Files != f {
		t.Errorf("%+v", got)
	}
	for _, stays := range []string{f.Result, f.Metrics} {
		if _, err := os.Lstat(stays); err != nil {
			t.Error(err)
		}
	}
}

// TestPrepareGoesOnWithout holds that a file which cannot be written is missing for the step, and told, and nothing else.
func TestPrepareGoesOnWithout(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	write(t, file, "")
	result := filepath.Join(dir, "result.json")
	write(t, result, "{}")
	write(t, filepath.Join(result+".old", "x"), "")
	hook, work := filepath.Join(dir, "hook"), filepath.Join(dir, "work")
	for want, c := range map[string]struct{ files, left step.Files }{
		"autolog is not available: write the configuration of the Python hook: mkdir " + file + ": not a directory": {
			step.Files{Hook: file}, step.Files{},
		},
		"the script of the step is passed as an argument: open " + file + "/step.sh: not a directory": {
			step.Files{Hook: hook, Script: file + "/step.sh"}, step.Files{Hook: hook},
		},
		`"` + result + `" of an earlier run is not used, and cannot be renamed: file exists; the step gets the path "` + work + `/result.json"`: {
			step.Files{Work: work, Result: result}, step.Files{Work: work, Result: work + "/result.json"},
		},
	} {
		got := c.files.Prepare("", step.HookConfig{})
		if len(got.Problems) != 1 || got.Problems[0].Message != want || got.Problems[0].Hint == "" || got.Files != c.left {
			t.Errorf("%+v, want %s and %+v", got, want, c.left)
		}
	}
	none := step.NewFiles(settings.Step{Script: "make", Shell: "sh"}, "")
	if none != (step.Files{}) {
		t.Errorf("files without a private folder: %+v", none)
	}
	if got := none.Prepare("make", step.HookConfig{}); len(got.Problems) > 0 {
		t.Errorf("%+v", got)
	}
	v := none.Variables("/w", "/py")
	if len(v.Set) != 1 || !slices.Equal(slices.Sorted(slices.Values(v.Remove)), []string{"MLOPS_HOOK", "MLOPS_METRICS", "MLOPS_RESULT"}) {
		t.Errorf("variables without a private folder: %+v", v)
	}
	got := step.Files{Hook: hook}.Prepare("", step.HookConfig{AutologConfig: map[string]any{"f": func() {}}})
	if len(got.Problems) != 1 || got.Files.Hook != "" {
		t.Errorf("a configuration that is not JSON is written: %+v", got)
	}
}
