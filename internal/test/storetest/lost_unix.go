//go:build !windows

package storetest

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// Sweeper is an embedded store that closes runs of killed jobs.
type Sweeper interface {
	Closer
	CloseLost(ctx context.Context, gone func(tags map[string]string) bool) ([]string, error)
}

// Lost kills a job in a store, moves the folder of the store and asks that the next one finds everything, closes the killed run and its
// child, and touches no run of a process that is there or unknown. open opens the store in a folder.
func Lost(t *testing.T, open func(t *testing.T, folder string) Sweeper) {
	folder := filepath.Join(t.TempDir(), "first")
	if err := os.Mkdir(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	before := open(t, folder)
	f := fixture{before}
	process := func(name string) mlflow.Tag { return mlflow.Tag{Key: mlflow.ProcessTag, Value: name} }
	e := f.experiment(t)
	ended := f.runIn(t, e.ID)
	f.update(t, ended.ID, mlflow.RunUpdate{Status: mlflow.Finished, End: time.Now()})
	lost, err := f.CreateRun(t.Context(), mlflow.NewRun{
		ExperimentID: e.ID, Start: time.Now().Add(-time.Hour),
		// All that the finisher writes before it closes the run may be there.
		Tags: []mlflow.Tag{process("gone"), {Key: mlflow.HostTag, Value: "here"}, {Key: mlflow.StatusTag, Value: "success"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	last := lost.Start.Add(time.Minute).UnixMilli()
	f.log(t, lost.ID, mlflow.Batch{Metrics: []mlflow.Metric{{Key: "loss", Value: 1, Timestamp: last}}})
	child := f.runIn(t, e.ID, mlflow.Tag{Key: mlflow.ParentRunTag, Value: lost.ID})
	alive := f.runIn(t, e.ID, process("there"))
	nested := f.runIn(t, e.ID, process("there"), mlflow.Tag{Key: mlflow.ParentRunTag, Value: lost.ID})
	python := f.runIn(t, e.ID)
	reopened := f.runIn(t, e.ID, process("gone"))
	f.update(t, reopened.ID, mlflow.RunUpdate{Status: mlflow.Finished, End: time.Now()})
	f.update(t, reopened.ID, mlflow.RunUpdate{Status: mlflow.Running}) // by somebody else

	moved := filepath.Join(filepath.Dir(folder), "second")
	if err := os.Rename(folder, moved); err != nil { // before is not closed: its process was killed
		t.Fatal(err)
	}
	next := open(t, moved)
	after := fixture{next}
	if at := local(t, after.get(t, ended.ID)); !strings.HasPrefix(at, moved) {
		t.Errorf("after the move the artifacts of a run that ended are at %q", at)
	}
	for _, want := range [][]string{{lost.ID}, nil} { // the second time there is nothing to do
		closed, err := next.CloseLost(t.Context(), func(tags map[string]string) bool { return tags[mlflow.ProcessTag] == "gone" })
		if err != nil || !slices.Equal(closed, want) {
			t.Errorf("closed %q, want %q (%v)", closed, want, err)
		}
	}
	run := after.get(t, lost.ID)
	if run.Status != mlflow.Failed || run.Tags["mlops.error_type"] != "TrackerLost" || run.Tags["mlops.status"] != "failed" ||
		!strings.Contains(run.Tags["mlops.error_message"], "on here") || run.End.UnixMilli() != last {
		t.Errorf("the lost run: %+v, want it FAILED with TrackerLost at %d", run, last)
	}
	if run := after.get(t, child.ID); run.Status != mlflow.Failed || run.End.IsZero() {
		t.Errorf("the child of the lost run: %+v, want it FAILED", run)
	}
	for _, r := range []mlflow.Run{alive, nested, python, reopened} {
		if run := after.get(t, r.ID); run.Status != mlflow.Running || run.Tags["mlops.error_type"] != "" {
			t.Errorf("a run that is not lost: %+v, want it as it was", run)
		}
	}
	experiment, err := after.EnsureExperiment(t.Context(), e.Name)
	if err != nil {
		t.Fatal(err)
	}
	made := after.runIn(t, experiment.ID)
	if at := local(t, made); experiment.ID != e.ID || !strings.HasPrefix(at, moved) {
		t.Errorf("after the move a new run's artifacts are at %q", at)
	}
}

// local is the folder of a run's artifacts.
func local(t *testing.T, run mlflow.Run) string {
	t.Helper()
	path, ok := mlflow.LocalPath(run.ArtifactURI)
	if !ok {
		t.Fatalf("%q is no path", run.ArtifactURI)
	}
	return path
}
