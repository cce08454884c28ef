package offline_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/Iyalvan/mlops-track/internal/test/mlflowtest"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/offline"
)

// interrupted opens a run and ends its context once the request to that path has come.
func interrupted(t *testing.T, j job, path string, open func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for j.proxy.Calls(path) == 0 {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	if err := open(ctx); err == nil || j.Began() {
		t.Fatalf("error %v, began offline %t", err, j.Began())
	}
}

// slow is a job whose server has all the time of the test.
func slow(t *testing.T) job {
	t.Helper()
	j := newJob(t)
	j.Store = offline.New(opened(t, j.proxy.URL), offline.Options{Dir: j.dir, TrackingURI: j.proxy.URL, Experiment: "vision", StartTimeout: time.Minute})
	t.Cleanup(func() { _ = j.Close(context.Background()) })
	return j
}

func create(j job) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := j.CreateRun(ctx, mlflow.NewRun{ExperimentID: "0", Start: time.Now(), Tags: []mlflow.Tag{{Key: mlflow.JobIDTag, Value: "job-1"}}})
		return err
	}
}

// A run that the server made although its create was interrupted is found and ended.
func TestWithdrawACreateWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	j := slow(t)
	j.proxy.Spoil(mlflowtest.Rule{Path: "runs/create", Keep: true})
	interrupted(t, j, "runs/create", create(j))
	run, err := j.Withdraw(t.Context())
	if runs := j.server.Runs(); err != nil || len(runs) != 1 || runs[0].Status != mlflow.Killed || run.ID != runs[0].ID || runs[0].End.IsZero() {
		t.Errorf("withdrawn %+v, %v; runs %+v", run, err, runs)
	}
}

// A create that is still under way when it is interrupted may come later.
func TestWithdrawACreateThatComesLater(t *testing.T) {
	t.Parallel()
	j := slow(t)
	j.proxy.Spoil(mlflowtest.Rule{Path: "runs/create", Hang: true})
	interrupted(t, j, "runs/create", create(j))
	go func() {
		for j.proxy.Calls("runs/search") < 2 {
			time.Sleep(time.Millisecond)
		}
		j.proxy.Mend()
		_ = create(j)(context.Background())
	}()
	run, err := j.Withdraw(t.Context())
	if runs := j.server.Runs(); err != nil || len(runs) != 1 || runs[0].Status != mlflow.Killed || run.ID != runs[0].ID {
		t.Errorf("withdrawn %+v, %v; runs %+v", run, err, runs)
	}
}

// A cancel before anything was created asks the server for nothing.
func TestNothingToWithdraw(t *testing.T) {
	t.Parallel()
	j := slow(t)
	j.proxy.Spoil(mlflowtest.Rule{Path: "get-by-name", Hang: true})
	interrupted(t, j, "get-by-name", func(ctx context.Context) error { _, err := j.EnsureExperiment(ctx, "vision"); return err })
	if run, err := j.Withdraw(t.Context()); err != nil || run.ID != "" || j.proxy.Calls("runs/search") > 0 {
		t.Errorf("withdrawn %+v, %v", run, err)
	}
}

// A run that is resumed was set to RUNNING: it must not stay so.
func TestWithdrawAResumedRun(t *testing.T) {
	t.Parallel()
	j := slow(t)
	first := start(t, newStore(t, j.proxy.URL, j.dir))
	j.Resume(first.ID, mlflow.NewRun{Start: time.Now()})
	if _, err := j.GetRun(t.Context(), first.ID); err != nil {
		t.Fatal(err)
	}
	j.proxy.Spoil(mlflowtest.Rule{Path: "log-batch", Hang: true})
	interrupted(t, j, "log-batch", func(ctx context.Context) error {
		return errors.Join(
			j.UpdateRun(ctx, first.ID, mlflow.RunUpdate{Status: mlflow.Running}),
			j.LogBatch(ctx, first.ID, mlflow.Batch{Tags: []mlflow.Tag{{Key: "try", Value: "2"}}}),
		)
	})
	run, err := j.Withdraw(t.Context())
	if runs := j.server.Runs(); err != nil || run.ID != first.ID || runs[0].Status != mlflow.Killed {
		t.Errorf("withdrawn %+v, %v; runs %+v", run, err, runs)
	}
}

// Opening a run has one limit for all its calls, so that a server that hangs costs it once.
func TestOpeningHasOneLimit(t *testing.T) {
	t.Parallel()
	j := newJob(t)
	j.proxy.Spoil(mlflowtest.Rule{Path: "get-by-name", Hang: true})
	if run := start(t, j.Store); run.ID == "" || !j.Began() {
		t.Errorf("run %+v, began offline %t", run, j.Began())
	}
	if n := j.proxy.Calls("runs/create"); n > 0 {
		t.Errorf("%d runs were tried to be created after the limit", n)
	}
}
