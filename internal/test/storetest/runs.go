package storetest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Iyalvan/mlops-track/mlflow"
)

func experimentIsFoundAgain(t *testing.T, s fixture) {
	for _, name := range []string{fresh("owner/repository"), fresh(`é "q" 'a' #1 \ :`)} {
		first, err := s.EnsureExperiment(t.Context(), name)
		if err != nil {
			t.Fatalf("ensure experiment: %v", err)
		}
		if first.ID == "" || first.Name != name || first.ArtifactLocation == "" {
			t.Errorf("experiment is incomplete: %+v", first)
		}
		second, err := s.EnsureExperiment(t.Context(), name)
		if err != nil {
			t.Fatalf("ensure experiment again: %v", err)
		}
		equal(t, "experiment", second, first)
	}
}

// experimentRace has several rounds, as a creation in an embedded store takes less than a millisecond.
func experimentRace(t *testing.T, s fixture) {
	const rounds, racers = 10, 12
	for range rounds {
		name, ids := fresh("race"), make([]string, racers)
		var all sync.WaitGroup
		start := make(chan struct{})
		for i := range ids {
			all.Go(func() {
				<-start
				e, err := s.EnsureExperiment(t.Context(), name)
				if err != nil {
					t.Errorf("racer %d: %v", i, err)
				}
				ids[i] = e.ID
			})
		}
		close(start)
		all.Wait()
		for _, id := range ids {
			if id == "" || id != ids[0] {
				t.Fatalf("racers got different experiments: %q", ids)
			}
		}
	}
}

func newRunIsRunning(t *testing.T, s fixture) {
	e, start := s.experiment(t), time.Now().Add(-time.Hour)
	created, err := s.CreateRun(t.Context(), mlflow.NewRun{
		ExperimentID: e.ID, Name: "first", User: "ci", Start: start,
		Tags: []mlflow.Tag{{Key: "vcs.ref.head.name", Value: "main"}, {Key: "empty", Value: ""}},
	})
	if err != nil {
		t.Fatalf("create run: %v", err)
	}
	if len(created.ID) != 32 || !strings.Contains(created.ArtifactURI, created.ID) {
		t.Errorf("run has id %q and artifacts at %q", created.ID, created.ArtifactURI)
	}
	want := mlflow.Run{
		ID: created.ID, Name: "first", ExperimentID: e.ID, Status: mlflow.Running, Start: start,
		ArtifactURI: created.ArtifactURI,
		Tags:        map[string]string{"vcs.ref.head.name": "main", "empty": "", mlflow.RunNameTag: "first"},
	}
	equal(t, "created run", created, want)
	equal(t, "read run", s.get(t, created.ID), want)
}

func runNameInBoth(t *testing.T, s fixture) {
	e := s.experiment(t)
	r, err := s.CreateRun(t.Context(), mlflow.NewRun{
		ExperimentID: e.ID, Start: time.Now(), Tags: []mlflow.Tag{{Key: mlflow.RunNameTag, Value: "by tag"}},
	})
	if err != nil {
		t.Fatalf("create run: %v", err)
	}
	if got := s.get(t, r.ID); got.Name != "by tag" {
		t.Errorf("run is named %q, want %q", got.Name, "by tag")
	}
}

func runOfUnknownExperiment(t *testing.T, s fixture) {
	_, err := s.CreateRun(t.Context(), mlflow.NewRun{ExperimentID: "987654321", Name: "lost", Start: time.Now()})
	if !errors.Is(err, mlflow.ErrNotFound) {
		t.Errorf("create run in an unknown experiment: %v, want ErrNotFound", err)
	}
}

func updateLeavesZeroFields(t *testing.T, s fixture) {
	r, end := s.run(t), time.Now().Add(time.Minute)
	s.update(t, r.ID, mlflow.RunUpdate{})
	equal(t, "run after an empty update", s.get(t, r.ID), r)
	s.update(t, r.ID, mlflow.RunUpdate{End: end})
	r.End = end
	equal(t, "run after an update of its end", s.get(t, r.ID), r)
	s.update(t, r.ID, mlflow.RunUpdate{Status: mlflow.Failed})
	r.Status = mlflow.Failed
	equal(t, "run after an update of its status", s.get(t, r.ID), r)
}

func statusesAndEnd(t *testing.T, s fixture) {
	r, end := s.run(t), time.Now()
	for i, status := range []mlflow.Status{mlflow.Finished, mlflow.Failed, mlflow.Killed, mlflow.Scheduled, mlflow.Running} {
		r.Status, r.End = status, end.Add(time.Duration(i)*time.Second)
		s.update(t, r.ID, mlflow.RunUpdate{Status: status, End: r.End})
		equal(t, "run", s.get(t, r.ID), r)
	}
}

func rename(t *testing.T, s fixture) {
	r := s.run(t)
	s.update(t, r.ID, mlflow.RunUpdate{Name: "second: name"})
	got := s.get(t, r.ID)
	equal(t, "names after an update", []string{got.Name, got.Tags[mlflow.RunNameTag]}, []string{"second: name", "second: name"})
	s.log(t, r.ID, mlflow.Batch{Tags: []mlflow.Tag{{Key: mlflow.RunNameTag, Value: "third"}}})
	got = s.get(t, r.ID)
	equal(t, "names after a tag", []string{got.Name, got.Tags[mlflow.RunNameTag]}, []string{"third", "third"})
}

func unknownRun(t *testing.T, s fixture) {
	const id = "0123456789abcdef0123456789abcdef"
	_, getErr := s.GetRun(t.Context(), id)
	_, historyErr := s.MetricHistory(t.Context(), id, "loss")
	for call, err := range map[string]error{
		"GetRun":        getErr,
		"UpdateRun":     s.UpdateRun(t.Context(), id, mlflow.RunUpdate{Status: mlflow.Finished}),
		"LogBatch":      s.LogBatch(t.Context(), id, mlflow.Batch{Tags: []mlflow.Tag{{Key: "k", Value: "v"}}}),
		"MetricHistory": historyErr,
	} {
		if call == "MetricHistory" && err == nil {
			continue // MLflow 2.9 answers an empty history
		}
		if !errors.Is(err, mlflow.ErrNotFound) {
			t.Errorf("%s of an unknown run: %v, want ErrNotFound", call, err)
		}
	}
}

func loggedModelsOfPlainRun(t *testing.T, s fixture) {
	r := s.run(t)
	models, err := s.LoggedModels(t.Context(), r.ExperimentID, r.ID)
	if err != nil || len(models) > 0 {
		t.Errorf("logged models of a run without any: %v, %v", models, err)
	}
}

func modelVersions(t *testing.T, s fixture) {
	r, name := s.run(t), fresh("model")
	for _, want := range []string{"1", "2", "3"} {
		got, err := s.CreateModelVersion(t.Context(), mlflow.NewModelVersion{
			Name: name, Source: r.ArtifactURI + "/model", RunID: r.ID,
			Tags: []mlflow.Tag{{Key: "vcs.ref.head.revision", Value: "é\n1"}},
		})
		if err != nil {
			t.Fatalf("create model version: %v", err)
		}
		if diff := cmp.Diff(mlflow.ModelVersion{Name: name, Version: want}, got); diff != "" {
			t.Error(diff)
		}
	}
}

func findModelVersion(t *testing.T, s fixture) {
	r, name := s.run(t), fresh("model")
	v := mlflow.NewModelVersion{Name: name, Source: r.ArtifactURI + "/model", RunID: r.ID}
	if _, err := s.FindModelVersion(t.Context(), v); !errors.Is(err, mlflow.ErrNotFound) {
		t.Errorf("version of a model that does not exist: %v, want ErrNotFound", err)
	}
	second := s.run(t) // a server takes sources of the run's own only
	other, another := v, mlflow.NewModelVersion{Name: name, Source: second.ArtifactURI + "/model", RunID: second.ID}
	other.Source = r.ArtifactURI + "/other"
	for _, v := range []mlflow.NewModelVersion{v, v, other, another} {
		if _, err := s.CreateModelVersion(t.Context(), v); err != nil {
			t.Fatalf("create model version: %v", err)
		}
	}
	for want, v := range map[string]mlflow.NewModelVersion{"2": v, "3": other, "4": another} {
		if got, err := s.FindModelVersion(t.Context(), v); err != nil || got != (mlflow.ModelVersion{Name: name, Version: want}) {
			t.Errorf("found version %v, %v, want %s", got, err, want)
		}
	}
	other.RunID = another.RunID
	if _, err := s.FindModelVersion(t.Context(), other); !errors.Is(err, mlflow.ErrNotFound) {
		t.Errorf("version of this source by another run: %v, want ErrNotFound", err)
	}
}

func overContext(t *testing.T, s fixture) {
	r := s.run(t)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.GetRun(over, r.ID); !errors.Is(err, context.Canceled) {
		t.Errorf("get run with a cancelled context: %v", err)
	}
	if err := s.UpdateRun(over, r.ID, mlflow.RunUpdate{Status: mlflow.Killed}); !errors.Is(err, context.Canceled) {
		t.Errorf("update run with a cancelled context: %v", err)
	}
	equal(t, "run", s.get(t, r.ID), r)
}
