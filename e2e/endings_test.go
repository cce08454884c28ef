//go:build unix

package e2e_test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/Iyalvan/mlops-track/internal/test/testenv"
)

// ending is one way in which a training step ends, and the truth about it.
type ending struct {
	name   string
	python string   // text of the script; the step is "python step.py"
	args   []string // the step, where it is no Python script
	flags  []string
	signal syscall.Signal // sent to mlops-track once the step has made the file "ready"

	exit     int
	status   string
	errType  string
	message  string // part of mlops.error_message
	children []string
}

// interruptible waits for a signal after it has said that it is ready.
const interruptible = "import pathlib, time\npathlib.Path('ready').touch()\ntime.sleep(600)\n"

// patient ends after a cancel as soon as its run is KILLED.
const patient = `
import mlflow, os, pathlib, signal, time
client, run = mlflow.MlflowClient(), os.environ["MLFLOW_RUN_ID"]
def cancelled(*_):
    while client.get_run(run).info.status != "KILLED":
        time.sleep(0.05)
    os._exit(9)
signal.signal(signal.SIGTERM, cancelled)
pathlib.Path("ready").touch()
time.sleep(600)
`

var endings = []ending{
	{name: "exit 0", python: "pass", exit: 0, status: "FINISHED"},
	{name: "exit n", args: []string{"sh", "-c", "echo no data >&2; exit 7"}, exit: 7, status: "FAILED", errType: "ExitError", message: "no data"},
	{name: "exception", python: "raise ValueError('bad learning rate')", exit: 1, status: "FAILED", errType: "ValueError", message: "bad learning rate"},
	{name: "exception class of a module", python: "import json; json.loads('{')", exit: 1, status: "FAILED", errType: "json.decoder.JSONDecodeError"},
	{name: "sys.exit(3)", python: "import sys; sys.exit(3)", exit: 3, status: "FAILED", errType: "ExitError", message: "exit code 3"},
	{name: "os._exit", python: "import os; os._exit(5)", exit: 5, status: "FAILED", errType: "ExitError"},
	{name: "SIGINT", python: interruptible, signal: syscall.SIGINT, exit: 130, status: "KILLED", errType: "Signal", message: "cancelled by SIGINT"},
	{name: "SIGTERM", python: interruptible, signal: syscall.SIGTERM, exit: 143, status: "KILLED", errType: "Signal", message: "cancelled by SIGTERM"},
	{
		name: "KILLED while the step still ends", python: patient, flags: []string{"--stop-grace", "30s"}, signal: syscall.SIGTERM,
		exit: 9, status: "KILLED", errType: "Signal", message: "cancelled by SIGTERM",
	},
	{
		name: "a child that ignores signals", args: []string{"sh", "-c", "trap '' INT TERM; touch ready; while :; do sleep 0.1; done"},
		flags: []string{"--stop-grace", "300ms"}, signal: syscall.SIGTERM, exit: 137, status: "KILLED", errType: "Signal",
	},
	{
		name: "a grandchild that keeps stdout open", args: []string{"sh", "-c", "(sleep 20; touch late) & exit 4"},
		exit: 4, status: "FAILED", errType: "ExitError",
	},
	{name: "no such program", args: []string{"no-such-program"}, exit: 127, status: "FAILED", errType: "CommandNotFound", message: "no-such-program"},
	{name: "cannot be executed", args: []string{"./step.py"}, python: "pass", exit: 126, status: "FAILED", errType: "NotExecutable", message: "permission denied"},
	{
		name: "SIGKILL of the child", python: "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
		exit: 137, status: "FAILED", errType: "Signal", message: "SIGKILL",
	},
	{
		name: "out of memory in Python", python: "x = bytearray(1 << 60)",
		exit: 1, status: "FAILED", errType: "MemoryError", message: "MemoryError",
	},
	{
		name: "MLflow says FINISHED, the exit code says no", python: "import mlflow\nmlflow.start_run()\nmlflow.log_metric('m', 1)\nraise KeyError('x')",
		exit: 1, status: "FAILED", errType: "KeyError",
	},
	{
		name: "MLflow says FAILED, the exit code says yes", python: "import mlflow, sys\nwith mlflow.start_run():\n    sys.exit(0)",
		exit: 0, status: "FINISHED",
	},
	{
		name: "runs left RUNNING", exit: 9, status: "FAILED", errType: "ExitError", children: []string{"FAILED", "FINISHED"},
		python: "import mlflow, os\nmlflow.start_run()\nmlflow.end_run()\n" +
			"with mlflow.start_run():\n    pass\nmlflow.start_run()\nos._exit(9)",
	},
}

// TestEndings is the kill matrix: every ending on every kind of store leaves a run with the correct status, whatever MLflow's
// own client wrote, and the exit code is the step's.
func TestEndings(t *testing.T) {
	t.Parallel()
	s := stories{t: t, bin: binFolder, readers: map[int]*reader{3: {line: 3}}}
	t.Cleanup(func() { s.readers[3].stop(t) })
	database := filepath.Join(t.TempDir(), "mlflow.db")
	stores := map[string]func() string{
		"sqlite": func() string { return "sqlite:///" + database }, // one file, as MLflow takes seconds to upgrade each
		"file":   func() string { return "file:./mlruns" },
		"server": func() string { return testenv.Server(t, 3) },
	}
	for store, uri := range stores {
		t.Run(store, func(t *testing.T) {
			t.Parallel()
			for _, e := range endings {
				t.Run(e.name, func(t *testing.T) { e.check(t, s, uri()) })
			}
		})
	}
}

func (e ending) check(t *testing.T, s stories, uri string) {
	dir := t.TempDir()
	if e.python != "" {
		if err := os.WriteFile(filepath.Join(dir, "step.py"), []byte(e.python), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args := e.args
	if args == nil {
		args = []string{testenv.Python(t, 3), "step.py"}
	}
	flags := append([]string{"run", "--tracking-uri", uri, "--experiment", t.Name(), "--outputs-file", "out.env"}, e.flags...)
	cmd := exec.Command(filepath.Join(s.bin, "mlops-track"), append(append(flags, "--"), args...)...)
	stderr, err := os.Create(filepath.Join(dir, "stderr")) // a pipe would be held open by a grandchild
	if err != nil {
		t.Fatal(err)
	}
	defer stderr.Close()
	cmd.Dir, cmd.Stderr, cmd.Env = dir, stderr, cleanEnviron(dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if e.signal != 0 {
		testenv.WaitForFile(t, filepath.Join(dir, "ready"))
		if err := cmd.Process.Signal(e.signal); err != nil {
			t.Fatal(err)
		}
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if code := cmd.ProcessState.ExitCode(); code != e.exit {
		t.Errorf("exit code %d, want %d", code, e.exit)
	}
	if exists(filepath.Join(dir, "late")) {
		t.Error("mlops-track waited for what the step left behind")
	}
	e.compare(t, readEnded(t, s, dir, uri))
	if t.Failed() {
		text, _ := os.ReadFile(stderr.Name())
		t.Logf("standard error:\n%s", text)
	}
}

type endedRun struct {
	Status   string
	Ended    bool
	Tags     map[string]string
	Children []struct{ Status string }
}

// readEnded reads the run with MLflow's own client.
func readEnded(t *testing.T, s stories, dir, uri string) endedRun {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "out.env"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "MLOPS_OUT_RUN_ID=")
	id, _, _ := strings.Cut(rest, "\n")
	raw, err := s.readers[3].read(t, readRequest{URI: uri, Run: id, Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	var run endedRun
	if err := json.Unmarshal(raw, &run); err != nil {
		t.Fatal(err)
	}
	return run
}

func (e ending) compare(t *testing.T, run endedRun) {
	t.Helper()
	word := map[string]string{"FINISHED": "success", "FAILED": "failed", "KILLED": "killed"}[e.status]
	if run.Status != e.status || !run.Ended || run.Tags["mlops.status"] != word {
		t.Errorf("status %s, ended %t, mlops.status %q; want %s, true, %q", run.Status, run.Ended, run.Tags["mlops.status"], e.status, word)
	}
	if got := run.Tags["mlops.error_type"]; got != e.errType {
		t.Errorf("mlops.error_type = %q, want %q", got, e.errType)
	}
	if got := run.Tags["mlops.error_message"]; !strings.Contains(got, e.message) || (e.errType != "" && got == "") {
		t.Errorf("mlops.error_message = %q, want one with %q", got, e.message)
	}
	var children []string
	for _, c := range run.Children {
		children = append(children, c.Status)
	}
	for _, want := range e.children {
		if !strings.Contains(strings.Join(children, " "), want) {
			t.Errorf("children %v, want one that is %s", children, want)
		}
	}
	if len(children) != len(e.children) {
		t.Errorf("%d children, want %d", len(children), len(e.children))
	}
}

// cleanEnviron is the environment without the surrounding job's settings.
func cleanEnviron(home string) []string {
	var out []string
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		ours := false
		for _, prefix := range []string{"MLFLOW_", "MLOPS_", "GITHUB_", "GITLAB_", "CI", "RUNNER_", "INPUT_", "AWS_", "HOME", "XDG_"} {
			ours = ours || strings.HasPrefix(name, prefix)
		}
		if !ours {
			out = append(out, entry)
		}
	}
	return append(out, "HOME="+home, "DO_NOT_TRACK=true", "GIT_PYTHON_REFRESH=quiet")
}

// TestLogThatNobodyReads holds that a run is closed with the correct status when standard error is closed under us, as by "| head".
func TestLogThatNobodyReads(t *testing.T) {
	t.Parallel()
	s := stories{t: t, bin: binFolder, readers: map[int]*reader{3: {line: 3}}}
	t.Cleanup(func() { s.readers[3].stop(t) })
	dir := t.TempDir()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	read.Close()
	cmd := exec.Command(filepath.Join(s.bin, "mlops-track"), "run", "--outputs-file", "out.env", "--",
		"sh", "-c", "i=0; while [ $i -lt 5000 ]; do echo line $i >&2; i=$((i+1)); done; exit 6")
	cmd.Dir, cmd.Stderr, cmd.Env = dir, write, cleanEnviron(dir)
	_ = cmd.Run()
	write.Close()
	if code := cmd.ProcessState.ExitCode(); code != 6 {
		t.Errorf("%s, want exit code 6", cmd.ProcessState)
	}
	want := ending{status: "FAILED", errType: "ExitError", message: "line 4999"}
	want.compare(t, readEnded(t, s, dir, "sqlite:///mlflow.db"))
}
