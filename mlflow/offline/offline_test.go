package offline_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/Iyalvan/mlops-track/internal/test/mlflowtest"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/artifact"
	"github.com/Iyalvan/mlops-track/mlflow/offline"
	"github.com/Iyalvan/mlops-track/mlflow/store"
)

// nowhere is a server that refuses connections.
const nowhere = "http://127.0.0.1:1"

// startTimeout is enough for a server that answers, and short for one that does not.
const startTimeout = 400 * time.Millisecond

// job is a store of one job, the server that it is meant for, and what stands between them.
type job struct {
	*offline.Store

	server *mlflowtest.Memory
	proxy  *mlflowtest.Proxy
	dir    string // offline folder
}

func newJob(t *testing.T) job {
	t.Helper()
	server := mlflowtest.StartMemory(t)
	j := job{server: server, proxy: mlflowtest.New(t, server.URL), dir: filepath.Join(t.TempDir(), ".mlops-track")}
	j.Store = newStore(t, j.proxy.URL, j.dir)
	return j
}

func newStore(t *testing.T, uri, dir string) *offline.Store {
	t.Helper()
	s := offline.New(opened(t, uri), offline.Options{Dir: dir, TrackingURI: uri, Experiment: "vision", StartTimeout: startTimeout})
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

func opened(t *testing.T, uri string) *store.Opened {
	t.Helper()
	o, err := store.Open(t.Context(), store.Options{URI: uri, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// start opens a run.
func start(t *testing.T, s *offline.Store) mlflow.Run {
	t.Helper()
	experiment, err := s.EnsureExperiment(t.Context(), "vision")
	if err != nil {
		t.Fatal(err)
	}
	run, err := s.CreateRun(t.Context(), mlflow.NewRun{
		ExperimentID: experiment.ID, Name: "train", User: "ann", Start: time.UnixMilli(1_700_000_000_000),
		Tags: []mlflow.Tag{{Key: mlflow.JobIDTag, Value: "job-1"}, {Key: "team", Value: "vision"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// limit gives the server some time from now on.
func (j job) limit(t *testing.T, d time.Duration) {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	j.Limit(ctx, func() {})
}

func point(key string, step int64, value float64) mlflow.Metric {
	return mlflow.Metric{Key: key, Step: step, Value: value, Timestamp: 1_700_000_000_000 + step}
}

func log(t *testing.T, s mlflow.Store, runID string, b mlflow.Batch) {
	t.Helper()
	if err := s.LogBatch(t.Context(), runID, b); err != nil {
		t.Fatal(err)
	}
}

func end(t *testing.T, s mlflow.Store, runID string, status mlflow.Status) {
	t.Helper()
	if err := s.UpdateRun(t.Context(), runID, mlflow.RunUpdate{Status: status, End: time.UnixMilli(1_700_000_009_000)}); err != nil {
		t.Fatal(err)
	}
}

// write makes a file to upload.
func write(t *testing.T, target, content string) artifact.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return artifact.File{Path: path, Target: target}
}

// notes returns the runs that wait.
func notes(t *testing.T, dir string) []offline.Note {
	t.Helper()
	all, err := offline.List(dir)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// local opens the local store, as another process does later.
func local(t *testing.T, dir string) *store.Opened {
	t.Helper()
	o, err := store.Open(t.Context(), store.Options{URI: offline.StoreURI, Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = o.Close(context.Background()) })
	return o
}

// bring uploads the one run that waits.
func bring(t *testing.T, dir, uri string) (offline.Uploaded, error) {
	t.Helper()
	waiting := notes(t, dir)
	if len(waiting) != 1 {
		t.Fatalf("%d runs wait, want one: %v", len(waiting), waiting)
	}
	to := opened(t, uri)
	defer func() { _ = to.Close(context.Background()) }()
	return offline.Upload(t.Context(), local(t, dir), offline.Target{Store: to}, waiting[0])
}

func mustBring(t *testing.T, dir, uri string) offline.Uploaded {
	t.Helper()
	done, err := bring(t, dir, uri)
	if err != nil {
		t.Fatal(err)
	}
	if left := notes(t, dir); len(left) > 0 {
		t.Errorf("after the upload %v still wait", left)
	}
	return done
}
