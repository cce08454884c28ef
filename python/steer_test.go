package python

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Iyalvan/mlops-track/internal/test/testenv"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/sqlite"
)

func TestScriptThatSteersMLflowStaysInItsRun(t *testing.T) {
	t.Parallel()
	onEachLine(t, func(t *testing.T, python string) {
		folder := t.TempDir()
		path := filepath.Join(folder, "mlflow.db")
		store := openStore(t, path)
		experiment, err := store.EnsureExperiment(t.Context(), "ours")
		if err != nil {
			t.Fatal(err)
		}
		run, err := store.CreateRun(t.Context(), mlflow.NewRun{ExperimentID: experiment.ID, Name: "step", Start: time.Now()})
		if err != nil {
			t.Fatal(err)
		}
		s := newStep(t, settings{ // autolog is off: the pins hold all the same
			RunID: run.ID, ExperimentID: experiment.ID, TrackingURI: "sqlite:///" + path, StoreLock: sqlite.LockPath(path),
		})
		s.workspace = folder
		s.addScript(t, "steer_errors.py")
		got := s.run(t, python, "-W", "ignore", s.addScript(t, "steer.py"))
		if got.code != 1 || got.stdout != run.ID+"\n" {
			t.Fatalf("exit %d, printed %q, want the id of the step's run\n%s", got.code, got.stdout, got.stderr)
		}
		events := s.events(t)
		var warnings []string
		for _, e := range only(events, "warning") {
			warnings = append(warnings, e.Message)
		}
		if len(warnings) != 2 || !strings.Contains(warnings[0], `set_experiment('elsewhere') has no effect`) ||
			!strings.Contains(warnings[1], `set_tracking_uri('sqlite:///elsewhere.db') has no effect`) {
			t.Errorf("warnings are %q", warnings)
		}
		if failed := only(events, "exception"); len(failed) != 1 || failed[0].Type != "steer_errors.Diverged" ||
			failed[0].Message != "loss is nan" {
			t.Errorf("exceptions are %+v", failed)
		}
		if _, err := os.Stat(filepath.Join(folder, "elsewhere.db")); err == nil {
			t.Error("the other store was made")
		}
		checkSteeredRuns(t, openStore(t, path), run)
	})
}

func checkSteeredRuns(t *testing.T, store mlflow.Store, run mlflow.Run) {
	t.Helper()
	own, err := store.GetRun(t.Context(), run.ID)
	if err != nil {
		t.Fatal(err)
	}
	if own.Params["depth"] != "3" || own.Metrics["rmse"].Value != 0.5 {
		t.Errorf("the step's run has %v %v", own.Params, own.Metrics)
	}
	children, err := store.SearchRuns(t.Context(), mlflow.RunSearch{ExperimentID: run.ExperimentID, Tags: []mlflow.Tag{{Key: mlflow.ParentRunTag, Value: run.ID}}})
	if err != nil {
		t.Fatal(err)
	}
	logged := map[string]bool{}
	for _, r := range append(children, own) {
		for key := range r.Metrics {
			logged[key] = true
		}
	}
	for _, key := range []string{"thread", "fork", "child", "second"} {
		if !logged[key] {
			t.Errorf("metric %q is in no run of the step", key)
		}
	}
}

func TestQueuedValuesAreSavedAtExit(t *testing.T) {
	t.Parallel()
	tracking := server{testenv.Server(t, 3)}
	onEachLine(t, func(t *testing.T, python string) {
		s, hook := tracking.step(t)
		s.succeed(t, python, s.addScript(t, "async_exit.py"))
		if own, _ := tracking.runs(t, hook); own.metrics["loss"] != 29 {
			t.Errorf("the last value is %v, want 29", own.metrics["loss"])
		}
	})
}

func TestProcessesOpenAMissingStoreAtOnce(t *testing.T) {
	t.Parallel()
	onEachLine(t, func(t *testing.T, python string) {
		path := filepath.Join(t.TempDir(), "mlflow.db")
		s := newStep(t, settings{TrackingURI: "sqlite:///" + path, StoreLock: sqlite.LockPath(path)})
		script := s.addScript(t, "open_store.py")
		var all sync.WaitGroup
		for range 6 {
			all.Go(func() {
				cmd := exec.CommandContext(t.Context(), python, script)
				cmd.Env = append(os.Environ(), s.env...)
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("open the store: %v\n%s", err, out)
				}
			})
		}
		all.Wait()
		s.events(t)
	})
}

func openStore(t *testing.T, path string) mlflow.Store {
	t.Helper()
	store, err := sqlite.Open(t.Context(), path, sqlite.Options{ArtifactRoot: filepath.Join(filepath.Dir(path), "mlartifacts")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close(context.Background()) })
	return store
}
