package storetest

import (
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// CrossRead holds a store that Go wrote against a real MLflow on the same store: what Go wrote is read back identically,
// and what MLflow then writes is read identically here.
func CrossRead(t *testing.T, store mlflow.Store, c Client) {
	s := fixture{store}
	experiment, err := s.EnsureExperiment(t.Context(), fresh(`é "q" #1: x`))
	if err != nil {
		t.Fatal(err)
	}
	start := time.UnixMilli(1_700_000_000_123)
	run, err := s.CreateRun(t.Context(), mlflow.NewRun{
		ExperimentID: experiment.ID, Name: "yes: 1_000", User: "ci", Start: start,
		Tags: []mlflow.Tag{{Key: "mlflow.user", Value: "ci"}, {Key: "mlops.status", Value: "success"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	batch := mlflow.Batch{
		Params: []mlflow.Param{{Key: "opt/lr", Value: "0.1"}, {Key: "nothing", Value: ""}, {Key: "text", Value: "a\nb é"}},
		Tags:   []mlflow.Tag{{Key: "mlflow.note.content", Value: "# note\n*x*"}},
	}
	for i := range 1500 {
		batch.Metrics = append(batch.Metrics,
			mlflow.Metric{Key: "loss", Value: 1 / float64(i+1), Timestamp: int64(i), Step: int64(i / 2)})
	}
	for key, v := range map[string]float64{"nan": math.NaN(), "inf": math.Inf(1), "-inf": math.Inf(-1), "tiny": 1e-300} {
		batch.Metrics = append(batch.Metrics, mlflow.Metric{Key: key, Value: v, Timestamp: 7, Step: -3})
	}
	s.log(t, run.ID, batch)
	s.update(t, run.ID, mlflow.RunUpdate{Status: mlflow.Finished, End: start.Add(5 * time.Second)})

	compare := func(moment string, got reading) mlflow.Run {
		t.Helper()
		want := s.get(t, run.ID)
		equal(t, moment+": experiment", got.experiment, experiment)
		equal(t, moment+": run", got.run, want)
		equal(t, moment+": other fields", []any{got.rest.Stage, got.rest.Experiment.Stage, got.rest.User, got.rest.Found},
			[]any{"active", "active", "ci", []string{run.ID}})
		for key := range want.Metrics {
			equal(t, moment+": history of "+key, got.history[key], s.history(t, run.ID, key))
		}
		return want
	}
	compare("written by Go", c.dump(t, "dump", run.ID)[0])

	got := compare("written by MLflow", c.dump(t, "write", run.ID)[0])
	if got.Status != mlflow.Failed || got.End.UnixMilli() != 1_700_000_009_000 || got.Name != "2024-01-01" {
		t.Errorf("run is %s, ends at %d and is named %q", got.Status, got.End.UnixMilli(), got.Name)
	}
	if got.Params["from python"] != "é\nsecond line" || got.Tags["python"] != "yes" || got.Metrics["loss"].Value != 0.125 {
		t.Errorf("run lacks what MLflow wrote: %v %v %v", got.Params, got.Tags, got.Metrics["loss"])
	}

	s.log(t, run.ID, mlflow.Batch{
		Metrics: []mlflow.Metric{{Key: "loss", Value: 0.125, Timestamp: 99, Step: 9999}}, // MLflow's own point
		Params:  []mlflow.Param{{Key: "empty", Value: ""}, {Key: "last", Value: "1"}},
	})
	s.update(t, run.ID, mlflow.RunUpdate{Status: mlflow.Killed, End: start.Add(time.Minute), Name: "\tlast"})
	later := s.run(t) // in an experiment made after MLflow's visit
	s.update(t, later.ID, mlflow.RunUpdate{Status: mlflow.Finished, End: time.Now()})
	again := c.dump(t, "dump", run.ID, later.ID)
	if got := compare("written by Go again", again[0]); got.Name != "\tlast" {
		t.Errorf("run is named %q", got.Name)
	}
	equal(t, "run made after MLflow's visit", again[1].run, s.get(t, later.ID))
}

// CrossWrite lets Go and three processes of a real MLflow write one run at the same time, from a store that MLflow has
// not seen before, and asks that nothing is lost.
func CrossWrite(t *testing.T, store mlflow.Store, c Client) {
	const processes, count, goCount = 3, 40, 200
	s := fixture{store}
	run := s.run(t)
	var wait []func() ([]byte, error)
	for p := range processes {
		wait = append(wait, c.Start(t, "many", run.ID, fmt.Sprint(p), fmt.Sprint(count)))
	}
	stop := make(chan struct{})
	var writer sync.WaitGroup
	written := 0
	writer.Go(func() {
		for { // as long as they run, and goCount at least
			select {
			case <-stop:
				if written >= goCount {
					return
				}
			case <-time.After(10 * time.Millisecond):
			}
			i := int64(written)
			err := s.LogBatch(t.Context(), run.ID, mlflow.Batch{
				Metrics: []mlflow.Metric{{Key: "shared", Value: float64(i), Timestamp: i, Step: 900_000 + i}},
				Params:  []mlflow.Param{{Key: fmt.Sprintf("go/%d", i), Value: "x"}},
				Tags:    []mlflow.Tag{{Key: "writer go", Value: fmt.Sprint(i)}},
			})
			if err == nil && i%10 == 0 {
				_, err = s.GetRun(t.Context(), run.ID)
			}
			if err != nil {
				t.Errorf("Go, point %d: %v", i, err)
				return
			}
			written++
		}
	})
	for p, done := range wait {
		if _, err := done(); err != nil {
			t.Errorf("MLflow process %d: %v", p, err)
		}
	}
	close(stop)
	writer.Wait()

	got := s.get(t, run.ID)
	if points := len(s.history(t, run.ID, "shared")); points != processes*count+written {
		t.Errorf("%d points are there, want %d", points, processes*count+written)
	}
	if params := len(got.Params); params != processes*count+written {
		t.Errorf("%d params are there, want %d", params, processes*count+written)
	}
	done := 0
	for key := range got.Tags {
		if strings.HasPrefix(key, "writer ") {
			done++
		}
	}
	if done != processes+1 {
		t.Errorf("%d writers left their tag, want %d", done, processes+1)
	}
	for p := range processes {
		if points := len(s.history(t, run.ID, fmt.Sprintf("own %d", p))); points != 500 {
			t.Errorf("%d points of process %d are there, want 500", points, p)
		}
	}
	if last := got.Metrics["shared"].Step; last != 900_000+int64(written)-1 {
		t.Errorf("latest step is %d", last)
	}
}
