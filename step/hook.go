package step

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/Iyalvan/mlops-track/internal/regularfile"
)

// Training is what the Python hook recorded in the step's processes.
type Training struct {
	Enabled     bool   // autolog is configured
	NamesPython bool   // the step is, or names, a program that runs Python
	Python      bool   // a Python with the hook ran
	OldPython   string // version of a Python that ran and is too old for the hook
	MLflow      string // version that autolog was enabled with; empty if it was not
	Frameworks  []string
	InForce     bool // a framework was imported where MLflow is installed
	Trained     bool // a training call was seen
	Exception   Exception
	Warnings    []string
	Trouble     string // why autolog could not be enabled; empty if it could
}

// Exception is the last uncaught Python exception.
type Exception struct {
	Type    string // as the traceback prints it
	Message string
}

// HookConfig is hook.json, which the Python hook reads.
type HookConfig struct {
	Autolog       bool           `json:"autolog"`
	AutologConfig map[string]any `json:"autolog_config"`
	RunID         string         `json:"run_id"`
	RunName       string         `json:"run_name"`
	ExperimentID  string         `json:"experiment_id"`
	Experiment    string         `json:"experiment_name"`
	TrackingURI   string         `json:"tracking_uri"`
	StoreLock     string         `json:"store_lock"` // file to lock while the store is opened; empty: none
}

// write writes the configuration into the hook's folder.
func (c HookConfig) write(dir string) error {
	text, err := json.Marshal(c)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "hook.json"), text, 0o600)
}

// hookEvent is one line of events.jsonl, which the Python hook writes.
type hookEvent struct {
	Event   string `json:"event"`
	Name    string `json:"name"`
	Version string `json:"version"`
	MLflow  string `json:"mlflow"`
	Message string `json:"message"`
	Type    string `json:"type"`
}

// onlyLauncher reports whether an exception only says that another process of the step failed, whose reason the hook has
// recorded before.
func onlyLauncher(exception string) bool {
	switch exception {
	case "subprocess.CalledProcessError",
		"torch.distributed.elastic.multiprocessing.errors.ChildFailedError",
		"torch.multiprocessing.spawn.ProcessExitedException",
		"torch.multiprocessing.spawn.ProcessRaisedException":
		return true
	}
	return false
}

// Limits for the hook's events: a sweep of many thousand processes writes no more than maxEvents bytes that
// matter, and no event that matters is longer than maxEvent.
const (
	maxEvents = 32 << 20
	maxEvent  = 1 << 20
	// Different warnings of one step that are told; thousands of processes may have one each.
	maxWarnings = 50
)

// ReadTraining reads the events of the Python hook from its folder. A missing file means that no Python loaded the hook. A
// line that a killed process truncated, and one that is too long, is skipped.
func ReadTraining(dir string) (Training, error) {
	var t Training
	if dir == "" {
		return t, nil
	}
	f, err := regularfile.Open(filepath.Join(dir, "events.jsonl"))
	if errors.Is(err, fs.ErrNotExist) {
		return t, nil
	}
	if err != nil {
		return t, fmt.Errorf("read the events of the Python hook: %w", err)
	}
	defer f.Close()
	var events events
	lines := bufio.NewReaderSize(io.LimitReader(f, maxEvents), maxEvent)
	for long := false; ; {
		line, more, err := lines.ReadLine()
		switch {
		case errors.Is(err, io.EOF):
			return events.training(), nil
		case err != nil:
			return events.training(), fmt.Errorf("read the events of the Python hook: %w", err)
		}
		var e hookEvent
		if !long && !more && json.Unmarshal(line, &e) == nil {
			events.add(e)
		}
		long = more
	}
}

// events is what was read of the hook's events so far.
type events struct {
	seen     Training
	noMLflow bool // a Python of the step has no MLflow
}

func (s *events) add(e hookEvent) {
	t := &s.seen
	switch e.Event {
	case "python":
		t.Python = true
	case "old-python":
		t.OldPython = e.Version
	case "framework":
		t.Frameworks = appendNew(t.Frameworks, e.Name)
	case "autolog":
		t.MLflow = e.MLflow
	case "no-mlflow":
		s.noMLflow = true
	case "autolog-error":
		t.Trouble = e.Message
	case "training":
		t.Trained = true
	case "exception":
		if t.Exception.Type == "" || !onlyLauncher(e.Type) {
			t.Exception = Exception{Type: e.Type, Message: e.Message}
		}
	case "warning":
		if len(t.Warnings) < maxWarnings {
			t.Warnings = appendNew(t.Warnings, e.Message)
		}
	}
}

// training returns the result of all events.
func (s *events) training() Training {
	t := s.seen
	t.InForce = t.MLflow != ""
	if s.noMLflow && t.Trouble == "" {
		t.Trouble = "mlflow is not installed in the step's Python"
	}
	return t
}

func appendNew(list []string, s string) []string {
	if s == "" || slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}
