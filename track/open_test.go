package track_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/track"
)

func TestOpenMakesTheRunOfAPlan(t *testing.T) {
	t.Parallel()
	st := open(t)
	plan := track.Plan{Experiment: "me/forest", RunName: "ci-99", User: "me", Tags: []mlflow.Tag{{Key: "team", Value: "vision"}}}
	one, err := track.Open(t.Context(), st, plan)
	if err != nil {
		t.Fatal(err)
	}
	got := st.stored(t, one)
	if got.Name != "ci-99" || got.Status != mlflow.Running || got.Tags["team"] != "vision" || got.Start.IsZero() || got.ExperimentID == "0" {
		t.Errorf("run %+v", got)
	}
	two, err := track.Open(t.Context(), st, plan)
	if err != nil || two.ID == one.ID || two.ExperimentID != one.ExperimentID {
		t.Errorf("the second run is %+v, error %v", two, err)
	}
	plan.ExperimentID = "0"
	if three, err := track.Open(t.Context(), st, plan); err != nil || three.ExperimentID != "0" {
		t.Errorf("of a plan with the id of an experiment: run %+v, error %v", three, err)
	}
}

func TestOpenResumesARun(t *testing.T) {
	t.Parallel()
	st := open(t)
	run := st.run(t)
	st.log(t, run, mlflow.Batch{Params: []mlflow.Param{{Key: "lr", Value: "1"}}})
	if err := st.UpdateRun(t.Context(), run.ID, mlflow.RunUpdate{Status: mlflow.Failed, End: now}); err != nil {
		t.Fatal(err)
	}
	got, err := track.Open(t.Context(), st, track.Plan{
		Experiment: "other", RunName: "other", Resume: run.ID, Tags: []mlflow.Tag{{Key: "team", Value: "vision"}},
	})
	if err != nil || got.ID != run.ID || len(got.Params) != 1 {
		t.Errorf("run %+v, error %v", got, err)
	}
	if now := st.stored(t, run); now.Status != mlflow.Running || now.Tags["team"] != "vision" || now.Name != "first" {
		t.Errorf("the run is %+v", now)
	}
}

func TestOpenSaysWhatFailed(t *testing.T) {
	t.Parallel()
	plan := track.Plan{Experiment: "forest", RunName: "mine"}
	for _, c := range []struct {
		call, want string
		resume     bool
	}{
		{call: "EnsureExperiment", want: `find experiment "forest": `},
		{call: "CreateRun", want: `create run "mine" in experiment "forest": `},
		{call: "GetRun", want: "resume the run that MLFLOW_RUN_ID names: ", resume: true},
		{call: "UpdateRun", want: "resume run %s: ", resume: true},
		{call: "LogBatch", want: "tag run %s: ", resume: true},
	} {
		st, p, want := open(t), plan, c.want
		if c.resume {
			run := st.run(t)
			p.Resume = run.ID
			want = strings.ReplaceAll(want, "%s", run.ID)
		}
		st.fail[c.call] = errDown
		_, err := track.Open(t.Context(), st, p)
		if !errors.Is(err, errDown) || err.Error() != want+errDown.Error() {
			t.Errorf("%s fails: %v, want %s", c.call, err, want)
		}
	}
	if _, err := track.Open(t.Context(), open(t), track.Plan{Resume: "nothing"}); !errors.Is(err, mlflow.ErrNotFound) {
		t.Errorf("a run that does not exist: %v", err)
	}
}
