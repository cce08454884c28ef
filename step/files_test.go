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
	renamed, err := f.Prepare("make train", step.HookConfig{Autolog: true, RunID: "run1", StoreLock: "/lock"})
	if err != nil || !slices.Equal(renamed, []string{f.Result}) {
		t.Fatalf("renamed %q, error %v", renamed, err)
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
	renamed, err := f.Prepare("", step.HookConfig{})
	if err != nil || len(renamed) > 0 {
		t.Errorf("renamed %q, error %v", renamed, err)
	}
	for _, stays := range []string{f.Result, f.Metrics} {
		if _, err := os.Lstat(stays); err != nil {
			t.Error(err)
		}
	}
}

func TestPrepareSaysWhatFailed(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	write(t, file, "")
	result := filepath.Join(dir, "result.json")
	write(t, result, "{}")
	write(t, filepath.Join(result+".old", "x"), "")
	for want, f := range map[string]step.Files{
		"prepare the Python hook: mkdir " + file + ": not a directory":                                         {Hook: file},
		"write the script of the step: open " + file + "/step.sh: not a directory":                             {Hook: filepath.Join(dir, "hook"), Script: file + "/step.sh"},
		`rename the "` + result + `" of an earlier run: rename ` + result + " " + result + ".old: file exists": {Hook: filepath.Join(dir, "hook"), Result: result},
	} {
		if _, err := f.Prepare("", step.HookConfig{}); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	if _, err := (step.Files{Hook: filepath.Join(dir, "hook")}).Prepare("", step.HookConfig{AutologConfig: map[string]any{"f": func() {}}}); err == nil {
		t.Error("a configuration that is not JSON is written")
	}
}
