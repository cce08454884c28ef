package python

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Iyalvan/mlops-track/internal/test/testenv"
)

// step is the surrounding that the binary gives to a training step: a workspace, and the private folder of the hook.
type step struct {
	workspace string
	private   string
	hook      string   // the unpacked files
	env       []string // further variables
}

// settings is hook.json.
type settings struct {
	Autolog       bool           `json:"autolog"`
	AutologConfig map[string]any `json:"autolog_config"`
	RunID         string         `json:"run_id"`
	ExperimentID  string         `json:"experiment_id"`
	TrackingURI   string         `json:"tracking_uri"`
	StoreLock     string         `json:"store_lock"`
}

// event is one line of events.jsonl.
type event struct {
	Event      string
	PID        int
	Time       float64
	Version    string
	Executable string
	Name       string
	Supported  bool
	MLflow     string
	Reason     string
	Framework  string
	Call       string
	Type       string
	Message    string
}

// outcome is what a process left.
type outcome struct {
	code           int
	stdout, stderr string
}

// quiet is an autolog config without the parts that take seconds.
func quiet() map[string]any { return map[string]any{"log_models": false, "log_datasets": false} }

func newStep(t *testing.T, hook settings) *step {
	t.Helper()
	testenv.Python(t, 3) // without one the test is over before it writes files
	s := &step{workspace: t.TempDir(), private: t.TempDir(), hook: unpack(t, privateFolder(t), "test")}
	content, err := json.Marshal(hook)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.private, "hook.json"), content, 0o600); err != nil {
		t.Fatal(err)
	}
	s.env = []string{"PYTHONPATH=" + s.hook, "MLOPS_HOOK=" + s.private}
	if hook.TrackingURI != "" {
		s.env = append(s.env, "MLFLOW_TRACKING_URI="+hook.TrackingURI)
	}
	if hook.RunID != "" {
		s.env = append(s.env, "MLFLOW_RUN_ID="+hook.RunID, "MLFLOW_EXPERIMENT_ID="+hook.ExperimentID,
			fmt.Sprintf(`MLFLOW_RUN_CONTEXT={"mlflow.parentRunId": %q}`, hook.RunID))
	}
	return s
}

// run starts a program in the step and waits for it. A later variable wins over an earlier one.
func (s *step) run(t *testing.T, program string, args ...string) outcome {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.WaitDelay = time.Minute
	cmd.Dir = s.workspace
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.workspace, "CI=true",
		"PYTHONDONTWRITEBYTECODE=", "MLFLOW_DISABLE_TELEMETRY=true", "GIT_PYTHON_REFRESH=quiet"}, s.env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatalf("run %q: %v", program, err)
	}
	return outcome{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// succeed runs a program that must end with 0.
func (s *step) succeed(t *testing.T, program string, args ...string) outcome {
	t.Helper()
	got := s.run(t, program, args...)
	if got.code != 0 {
		t.Fatalf("%s %q: exit %d\n%s%s", filepath.Base(program), args, got.code, got.stdout, got.stderr)
	}
	return got
}

// events returns what the hook wrote, oldest first. Every line must be whole.
func (s *step) events(t *testing.T) []event {
	t.Helper()
	var events []event
	for line := range strings.Lines(read(t, filepath.Join(s.private, "events.jsonl"))) {
		var e event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("line %q of events.jsonl: %v", line, err)
		}
		if e.PID == 0 || e.Time == 0 {
			t.Errorf("event without pid or time: %s", line)
		}
		if e.Event == "hook-error" || e.Event == "autolog-error" {
			t.Errorf("the hook failed: %s", line)
		}
		events = append(events, e)
	}
	return events
}

// only returns the events of one kind.
func only(events []event, kind string) []event {
	return slices.DeleteFunc(slices.Clone(events), func(e event) bool { return e.Event != kind })
}

// kinds returns the kinds of all events in order.
func kinds(events []event) []string {
	kinds := make([]string, 0, len(events))
	for _, e := range events {
		kinds = append(kinds, e.Event)
	}
	return kinds
}

// add puts a file into the workspace.
func (s *step) add(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(s.workspace, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// addScript copies a file of testdata into the workspace.
func (s *step) addScript(t *testing.T, name string) string {
	t.Helper()
	return s.add(t, name, read(t, filepath.Join("testdata", name)))
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func modified(t *testing.T, path string) time.Time {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.ModTime()
}
