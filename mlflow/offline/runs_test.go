package offline_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/internal/test/mlflowtest"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/offline"
)

// A resumed run whose server is unreachable from the start is continued offline; the upload continues it on the server.
func TestResumeOffline(t *testing.T) {
	t.Parallel()
	before := newJob(t)
	first := start(t, before.Store)
	log(t, before, first.ID, mlflow.Batch{Params: []mlflow.Param{{Key: "depth", Value: "3"}}, Metrics: []mlflow.Metric{point("loss", 1, 0.5)}})
	end(t, before, first.ID, mlflow.Failed)

	dir := filepath.Join(t.TempDir(), "offline")
	s := newStore(t, nowhere, dir)
	s.Resume(first.ID, mlflow.NewRun{Name: "again", Start: time.UnixMilli(1_700_000_100_000), Tags: []mlflow.Tag{{Key: "try", Value: "2"}}})
	run, err := s.GetRun(t.Context(), first.ID)
	if err != nil || !s.Began() || run.Name != "again" {
		t.Fatalf("run %+v, %v, began %t", run, err, s.Began())
	}
	if again, err := s.GetRun(t.Context(), first.ID); err != nil || again.ID != run.ID {
		t.Errorf("by its id on the server: %+v, %v", again, err)
	}
	log(t, s, run.ID, mlflow.Batch{Params: []mlflow.Param{{Key: "depth", Value: "4"}, {Key: "width", Value: "7"}}, Metrics: []mlflow.Metric{point("loss", 2, 0.25)}})
	end(t, s, run.ID, mlflow.Finished)
	if n := notes(t, dir); len(n) != 1 || n[0].ServerRunID != first.ID {
		t.Fatalf("notes %+v", n)
	}
	if _, err := bring(t, dir, before.server.URL); err == nil || !strings.Contains(hint.Of(err), "MLFLOW_RUN_ID="+first.ID) ||
		before.server.Runs()[0].Status != mlflow.Failed { // anybody may write a note that names a run
		t.Fatalf("error %v, run %+v", err, before.server.Runs()[0])
	}
	done, err := offline.Upload(t.Context(), local(t, dir), offline.Target{Store: opened(t, before.server.URL), RunID: first.ID}, notes(t, dir)[0])
	if err != nil {
		t.Fatal(err)
	}
	remote := before.server.Runs()
	if len(remote) != 1 || done.Run.ID != first.ID || remote[0].Name != "train" || remote[0].Status != mlflow.Finished || remote[0].Tags["try"] != "2" {
		t.Errorf("uploaded %+v", remote)
	}
	if diff := cmp.Diff(map[string]string{"depth": "3", "width": "7"}, remote[0].Params); diff != "" {
		t.Errorf("params (-want +got):\n%s", diff)
	}
	if len(remote[0].Points["loss"]) != 2 {
		t.Errorf("points %v", remote[0].Points)
	}
}

// While a run is opened each call has the time for it, and only that: one that is resumed takes several.
func TestResumeUnreachableAfterTheFirstCall(t *testing.T) {
	t.Parallel()
	j := newJob(t)
	first := start(t, j.Store)
	s := newStore(t, j.proxy.URL, j.dir)
	s.Resume(first.ID, mlflow.NewRun{Name: "again", Start: time.Now()})
	if _, err := s.GetRun(t.Context(), first.ID); err != nil {
		t.Fatal(err)
	}
	j.proxy.Spoil(mlflowtest.Rule{Hang: true})
	began := time.Now()
	if err := s.UpdateRun(t.Context(), first.ID, mlflow.RunUpdate{Status: mlflow.Running}); err != nil {
		t.Error(err)
	}
	log(t, s, first.ID, mlflow.Batch{Tags: []mlflow.Tag{{Key: "try", Value: "2"}}})
	if took := time.Since(began); took > 10*startTimeout || s.Began() || s.Lost() == nil {
		t.Errorf("took %s, began %t, lost %v", took, s.Began(), s.Lost())
	}
	if run, err := s.GetRun(t.Context(), first.ID); err != nil || run.ID != first.ID || run.Name != "train" || run.Tags["try"] != "2" {
		t.Errorf("run %+v, %v", run, err)
	}
	if n := notes(t, j.dir); len(n) != 1 || n[0].ServerRunID != first.ID {
		t.Errorf("notes %+v", n)
	}
}

// Children made offline are found by the id of their parent, and an upload makes them children on the server.
func TestChildren(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "offline")
	s := newStore(t, nowhere, dir)
	run := start(t, s)
	direct := s.Direct()
	child, err := direct.CreateRun(t.Context(), mlflow.NewRun{
		ExperimentID: run.ExperimentID, Name: "fold", Start: time.UnixMilli(1), Tags: []mlflow.Tag{{Key: mlflow.ParentRunTag, Value: run.ID}},
	})
	if err != nil {
		t.Fatal(err)
	}
	log(t, s, child.ID, mlflow.Batch{Params: []mlflow.Param{{Key: "fold", Value: "1"}}})
	search := mlflow.RunSearch{ExperimentID: run.ExperimentID, Tags: []mlflow.Tag{{Key: mlflow.ParentRunTag, Value: run.ID}}}
	if found, err := s.SearchRuns(t.Context(), search); err != nil || len(found) != 1 || found[0].ID != child.ID {
		t.Errorf("found %v, %v", found, err)
	}
	end(t, s, child.ID, mlflow.Killed)
	if got, err := s.GetRun(t.Context(), child.ID); err != nil || got.ID != child.ID || got.Status != mlflow.Killed {
		t.Errorf("child %+v, %v", got, err)
	}
	if got, err := s.GetRun(t.Context(), run.ID); err != nil || got.Status != mlflow.Running {
		t.Errorf("run %+v, %v", got, err)
	}
	end(t, s, run.ID, mlflow.Finished)
	server := mlflowtest.StartMemory(t)
	mustBring(t, dir, server.URL)
	remote := server.Runs()
	if len(remote) != 2 || remote[1].Name != "fold" || remote[1].Status != mlflow.Killed || remote[1].Params["fold"] != "1" ||
		remote[1].Tags[mlflow.ParentRunTag] != remote[0].ID || remote[0].Status != mlflow.Finished {
		t.Errorf("uploaded %+v", remote)
	}
}

// What is read and written of another run does not touch the one that is open.
func TestOtherRuns(t *testing.T) {
	t.Parallel()
	j := newJob(t)
	run := start(t, j.Store)
	other := newStore(t, j.server.URL, j.dir)
	child := start(t, other)
	j.Limit(t.Context(), func() {})
	if got, err := j.GetRun(t.Context(), child.ID); err != nil || got.ID != child.ID {
		t.Fatalf("other run %+v, %v", got, err)
	}
	j.proxy.Spoil(mlflowtest.Rule{Status: 403})
	if err := j.UpdateRun(t.Context(), child.ID, mlflow.RunUpdate{Status: mlflow.Killed}); err == nil {
		t.Error("the end of another run was stored offline: nothing would bring it to the server")
	}
	log(t, j, run.ID, mlflow.Batch{Params: []mlflow.Param{{Key: "depth", Value: "3"}}})
	got, err := j.GetRun(t.Context(), run.ID)
	if err != nil || got.ID != run.ID || got.Status != mlflow.Running || got.Params["depth"] != "3" {
		t.Errorf("run %+v, %v", got, err)
	}
	if n := notes(t, j.dir); len(n) != 1 || n[0].ServerRunID != run.ID {
		t.Errorf("notes %+v", n)
	}
	if got, err := j.GetRun(t.Context(), child.ID); err == nil {
		t.Errorf("another run that cannot be read is %+v", got)
	}
	found, err := j.SearchRuns(t.Context(), mlflow.RunSearch{ExperimentID: run.ExperimentID, Tags: []mlflow.Tag{{Key: mlflow.JobIDTag, Value: "job-1"}}})
	if err != nil || len(found) != 1 || found[0].ID != run.ID {
		t.Errorf("found %v, %v; want the run by its id", found, err)
	}
	if points, err := j.MetricHistory(t.Context(), run.ID, "loss"); err != nil || len(points) > 0 {
		t.Errorf("history %v, %v", points, err)
	}
}

// What only the server has is not known once it is lost, which is something else than that it is not there. A model that it
// has is registered by the upload.
func TestModelsOfALostServer(t *testing.T) {
	t.Parallel()
	j := newJob(t)
	run := start(t, j.Store)
	const id = "m-0123456789abcdef0123456789abcdef"
	j.server.LogModel(run.ID, mlflowtest.LoggedModel{ID: id, Name: "net", ArtifactURI: "mlflow-artifacts:/1/models/" + id})
	j.Limit(t.Context(), func() {})
	if models, err := j.LoggedModels(t.Context(), run.ExperimentID, run.ID); err != nil || len(models) != 1 {
		t.Fatalf("models %v, %v", models, err)
	}
	j.proxy.Spoil(mlflowtest.Rule{Status: 403})
	if models, err := j.LoggedModels(t.Context(), run.ExperimentID, run.ID); err == nil {
		t.Errorf("the logged models are %v", models)
	}
	if entries, err := j.List(t.Context(), run.ArtifactURI, "model"); err == nil {
		t.Errorf("the artifacts are %v", entries)
	}
	version := mlflow.NewModelVersion{Name: "net", Source: "models:/" + id, ModelID: id, RunID: run.ID, Path: "net"}
	if _, err := j.CreateModelVersion(t.Context(), version); err != nil {
		t.Fatal(err)
	}
	j.proxy.Mend()
	end(t, j, run.ID, mlflow.Finished)
	mustBring(t, j.dir, j.proxy.URL)
	want := []mlflowtest.Version{{Name: "net", Version: "1", Source: "models:/" + id, RunID: run.ID, ModelID: id}}
	if diff := cmp.Diff(want, j.server.Versions("net")); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
}
