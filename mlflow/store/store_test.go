package store_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Iyalvan/mlops-track/internal/test/storetest"
	"github.com/Iyalvan/mlops-track/internal/test/testenv"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/artifact"
	"github.com/Iyalvan/mlops-track/mlflow/store"
)

func open(t *testing.T, opts store.Options) *store.Opened {
	t.Helper()
	s, err := store.Open(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.WithoutCancel(t.Context())) })
	return s
}

func TestEveryKindOfStore(t *testing.T) {
	t.Parallel()
	for name, uri := range map[string]string{
		"server": testenv.Server(t, 3), "sqlite": "sqlite:///mlflow.db", "folder": "./mlruns",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			storetest.Run(t, func(t *testing.T) mlflow.Store { return open(t, store.Options{URI: uri, Dir: dir}) })
		})
	}
}

// roundTrip writes a run with an artifact and returns it as it is after Close.
func roundTrip(t *testing.T, opts store.Options) (mlflow.Run, *store.Opened) {
	t.Helper()
	s := open(t, opts)
	e, err := s.EnsureExperiment(t.Context(), "round trip")
	if err != nil {
		t.Fatal(err)
	}
	run, err := s.CreateRun(t.Context(), mlflow.NewRun{ExperimentID: e.ID, Start: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	repo, err := s.Artifacts(run.ArtifactURI)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(file, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := artifact.Upload(t.Context(), repo, []artifact.File{{Path: file, Target: "model/a.txt"}}, artifact.Options{}); got.Files != 1 {
		t.Fatalf("upload: %+v", got)
	}
	if err := s.UpdateRun(t.Context(), run.ID, mlflow.RunUpdate{Status: mlflow.Finished, End: time.Now()}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	return run, s
}

// What was named by a relative path can be moved; what was named by an absolute one stays as it was written.
func TestLocationsAfterClose(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for uri, moved := range map[string]bool{
		"sqlite:///mlflow.db":             true,
		"sqlite:///" + dir + "/other.db":  false,
		"mlruns":                          true,
		"file://" + dir + "/other/mlruns": false,
	} {
		run, s := roundTrip(t, store.Options{URI: uri, Dir: dir})
		again := open(t, store.Options{URI: s.ChildEnv["MLFLOW_TRACKING_URI"], Dir: dir}) // absolute, so it shows what is there
		got, err := again.GetRun(t.Context(), run.ID)
		if err != nil {
			t.Fatal(err)
		}
		if relative := !filepath.IsAbs(strings.TrimPrefix(got.ArtifactURI, "file://")); relative != moved {
			t.Errorf("%s: artifacts are at %q", uri, got.ArtifactURI)
		}
		repo, err := again.Artifacts(got.ArtifactURI)
		if err != nil {
			t.Fatal(err)
		}
		if entries, err := repo.List(t.Context(), "model"); err != nil || len(entries) != 1 || entries[0].Size != 5 {
			t.Errorf("%s: artifacts are %v, %v", uri, entries, err)
		}
		if s.RunURL("1", run.ID) != "" {
			t.Errorf("%s: an embedded store has the page %s", uri, s.RunURL("1", run.ID))
		}
	}
}
