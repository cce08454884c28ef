package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/Iyalvan/mlops-track/internal/test/storetest"
	"github.com/Iyalvan/mlops-track/internal/test/testenv"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/store"
)

// TestTextThatIsNotUTF8 writes it wherever text can be written; real MLflow reads the store afterwards, and finds all runs.
func TestTextThatIsNotUTF8(t *testing.T) {
	t.Parallel()
	for name, uri := range map[string]string{"sqlite": "sqlite:///mlflow.db", "folder": "file:mlruns"} {
		for _, line := range []int{2, 3} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				s := open(t, store.Options{URI: uri, Dir: dir})
				const bad = "x\xff\x7f\x00\uFFFE\x85"
				e, err := s.EnsureExperiment(t.Context(), bad)
				if err != nil {
					t.Fatal(err)
				}
				run, err := s.CreateRun(t.Context(), mlflow.NewRun{
					ExperimentID: e.ID, Name: bad, User: bad, Start: time.Now(), Tags: []mlflow.Tag{{Key: "mlflow.user", Value: bad}},
				})
				if err != nil {
					t.Fatal(err)
				}
				_, modelErr := s.CreateModelVersion(t.Context(), mlflow.NewModelVersion{
					Name: "m\xff", Source: run.ArtifactURI, RunID: run.ID, Tags: []mlflow.Tag{{Key: "k", Value: bad}},
				})
				err = errors.Join(modelErr,
					s.LogBatch(t.Context(), run.ID, mlflow.Batch{
						Params: []mlflow.Param{{Key: "p", Value: bad}}, Tags: []mlflow.Tag{{Key: "t", Value: bad}}, Metrics: []mlflow.Metric{{Key: "m", Value: 1}},
					}),
					s.UpdateRun(t.Context(), run.ID, mlflow.RunUpdate{Name: bad + "2", Status: mlflow.Finished, End: time.Now()}),
					s.Close(t.Context()))
				if err != nil {
					t.Fatal(err)
				}
				storetest.Client{Line: line, URI: uri, Dir: dir}.Run(t, "dump", run.ID)
			})
		}
	}
}

// TestServerTakesTextThatIsNotUTF8: it is the same text on a tracking server.
func TestServerTakesTextThatIsNotUTF8(t *testing.T) {
	t.Parallel()
	s := open(t, store.Options{URI: testenv.Server(t, 3), Dir: t.TempDir()})
	e, err := s.EnsureExperiment(t.Context(), "\xff experiment")
	if err != nil {
		t.Fatal(err)
	}
	run, err := s.CreateRun(t.Context(), mlflow.NewRun{ExperimentID: e.ID, Name: "r\xff\x00", Start: time.Now()})
	if err != nil || run.Name != "r\uFFFD\uFFFD" {
		t.Errorf("the run is %q (%v)", run.Name, err)
	}
}
