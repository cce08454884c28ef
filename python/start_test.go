package python

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Iyalvan/mlops-track/internal/test/testenv"
)

func TestStartSaysThatTheHookIsLoaded(t *testing.T) {
	s := newStep(t, settings{Autolog: true})
	python := testenv.Python(t, 3)
	got := s.succeed(t, python, "-c", "print('out')")
	if diff := cmp.Diff(outcome{0, "out\n", ""}, got, cmp.AllowUnexported(outcome{})); diff != "" {
		t.Errorf("the hook shows (-want +got):\n%s", diff)
	}
	events := s.events(t)
	if len(events) != 1 || events[0].Event != "python" || events[0].Executable != python || events[0].Version == "" {
		t.Errorf("events are %+v", events)
	}
	info, err := os.Stat(filepath.Join(s.private, "events.jsonl"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("events.jsonl: %v %v", info.Mode(), err)
	}
}

func TestStartOutsideAStep(t *testing.T) {
	s := newStep(t, settings{Autolog: true})
	s.env = append(s.env, "MLOPS_HOOK=")
	got := s.succeed(t, testenv.Python(t, 3), "-c", "import sys, mlops_track, mlops_wrapper.mlflow_wrapper as w\n"+
		"print(w.mlflow_experiment is mlops_track.mlflow_experiment, mlops_track.__version__, len(sys.meta_path))")
	bare := s.succeed(t, testenv.Python(t, 3), "-I", "-c", "import sys; print(len(sys.meta_path))")
	if want := "True test " + bare.stdout; got.stdout != want {
		t.Errorf("printed %q, want %q", got.stdout, want)
	}
	if _, err := os.Stat(filepath.Join(s.private, "events.jsonl")); err == nil {
		t.Error("events were written")
	}
}
