package step_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Iyalvan/mlops-track/step"
)

// training reads what the hook noted.
func training(t *testing.T, events ...string) step.Training {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "events.jsonl"), strings.Join(events, "\n"))
	got, err := step.ReadTraining(dir)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestReadTraining(t *testing.T) {
	got := training(t,
		`{"event":"python","version":"3.12.1"}`, `{"event":"framework","name":"sklearn"}`, `{"event":"framework","name":"xgboost"}`,
		`{"event":"framework","name":"sklearn"}`, `{"event":"autolog","mlflow":"3.17.2"}`, `{"event":"training"}`,
		`{"event":"warning","message":"one"}`, `{"event":"warning","message":"two"}`, `{"event":"warning","message":"one"}`, `{"event":"warning"}`,
		`{"event":"exception","type":"ValueError","message":"bad"}`, `{"event":"exception","type":"KeyError","message":"worse"}`,
		`{"event":"of a later version"}`,
	)
	want := step.Training{
		Python: true, MLflow: "3.17.2", Frameworks: []string{"sklearn", "xgboost"}, InForce: true, Trained: true,
		Exception: step.Exception{Type: "KeyError", Message: "worse"}, Warnings: []string{"one", "two"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("training (-want +got):\n%s", diff)
	}
}

func TestReadTrainingOfAnOldPython(t *testing.T) {
	got := training(t, `{"event":"old-python","version":"2.7.18"}`)
	if diff := cmp.Diff(step.Training{OldPython: "2.7.18"}, got); diff != "" {
		t.Errorf("training (-want +got):\n%s", diff)
	}
}

func TestReadTrainingBoundsWarnings(t *testing.T) {
	var events []string
	for i := range 1000 {
		events = append(events, fmt.Sprintf(`{"event":"warning","message":"%d"}`, i))
	}
	if got := len(training(t, events...).Warnings); got != 50 {
		t.Errorf("%d warnings, want 50", got)
	}
}

func TestWhyAutologIsNotAvailable(t *testing.T) {
	const none, broken = `{"event":"no-mlflow"}`, `{"event":"autolog-error","message":"ImportError: x"}`
	if got := training(t, none).Trouble; got != "mlflow is not installed in the step's Python" {
		t.Errorf("trouble %q", got)
	}
	if got := training(t, broken, none).Trouble; got != "ImportError: x" {
		t.Errorf("trouble %q", got)
	}
}

func TestReadTrainingTellsTheReasonNotTheLauncher(t *testing.T) {
	const (
		rank     = `{"event":"exception","type":"ValueError","message":"bad rate"}`
		launcher = `{"event":"exception","type":"torch.distributed.elastic.multiprocessing.errors.ChildFailedError","message":"train.py FAILED"}`
	)
	for _, c := range []struct {
		events []string
		want   string
	}{
		{[]string{rank, launcher}, "ValueError"},
		{[]string{launcher}, "torch.distributed.elastic.multiprocessing.errors.ChildFailedError"},
		{[]string{launcher, rank}, "ValueError"},
	} {
		if got := training(t, c.events...).Exception.Type; got != c.want {
			t.Errorf("exception %q, want %q of %q", got, c.want, c.events)
		}
	}
}

func TestReadTrainingPassesOverWhatItCannotRead(t *testing.T) {
	huge := `{"event":"warning","message":"` + strings.Repeat("x", 2<<20) + `"}`
	got := training(t, `{"event":"python"}`, `{"event":"exception","type":"Val`, `not JSON`, "", huge, `{"event":"training"}`, `{"event":"auto`)
	rest := strings.Repeat("x", 1<<20) + `{"event":"training"}` // the end of a long line is no line
	if got := training(t, rest); got.Trained {
		t.Error("the end of a line that is too long is taken for a note")
	}
	if !got.Python || !got.Trained || got.Exception.Type != "" || got.MLflow != "" {
		t.Errorf("training %+v", got)
	}
}

func TestNoNotesMeanNoPython(t *testing.T) {
	got, err := step.ReadTraining(filepath.Join(t.TempDir(), "nothing"))
	if diff := cmp.Diff(step.Training{}, got); diff != "" || err != nil {
		t.Errorf("training %+v, error %v", got, err)
	}
	dir := t.TempDir()
	if err := os.Symlink("events.jsonl", filepath.Join(dir, "events.jsonl")); err != nil {
		t.Fatal(err)
	}
	if _, err := step.ReadTraining(dir); err == nil || !strings.HasPrefix(err.Error(), "read the events of the Python hook: ") {
		t.Errorf("error %v", err)
	}
}
