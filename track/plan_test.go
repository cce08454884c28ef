package track

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Iyalvan/mlops-track/ciinfo"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/store"
)

func TestRunName(t *testing.T) {
	sha := strings.Repeat("abcdef0123", 4)
	github := ciinfo.Info{Provider: ciinfo.GitHub, PipelineRunID: "99", JobName: "train", HeadSHA: sha, Attempt: 1}
	again := github
	again.Attempt, again.MatrixLabel = 2, "lr=0.1"
	cases := []struct {
		in   Inputs
		ci   ciinfo.Info
		want string
	}{
		{Inputs{RunName: "mine"}, github, "mine"},
		{Inputs{}, github, "ci-99-train-abcdef0"},
		{Inputs{RunPrefix: "nightly"}, again, "nightly-train-lr=0.1-abcdef0-2"},
		{Inputs{}, ciinfo.Info{Provider: ciinfo.Local, HeadRef: "main", HeadSHA: sha}, "main-abcdef0-20260102-030405"},
		{Inputs{Dir: "/home/me/project"}, ciinfo.Info{Provider: ciinfo.Local}, "project-20260102-030405"},
	}
	for _, c := range cases {
		if got := runName(c.in, c.ci, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)); got != c.want {
			t.Errorf("run name = %q, want %q", got, c.want)
		}
	}
}

func TestUsersTagWinsOverTheCIs(t *testing.T) {
	tags, cut := planTags(Inputs{Tags: []mlflow.Tag{
		{Key: "vcs.ref.head.name", Value: "first"}, {Key: "long", Value: strings.Repeat("x", 6000)}, {Key: "vcs.ref.head.name", Value: "mine"},
	}}, ciinfo.Info{Provider: ciinfo.GitHub, HeadRef: "main"}, Host{Version: "1"}, "job")
	var got []string
	for _, tag := range tags {
		if tag.Key == "vcs.ref.head.name" {
			got = append(got, tag.Value)
		}
	}
	if !slices.Equal(got, []string{"mine"}) {
		t.Errorf("vcs.ref.head.name = %v", got)
	}
	if !slices.Equal(cut, []string{"long"}) {
		t.Errorf("cut tags = %v", cut)
	}
}

func TestStepEnvironment(t *testing.T) {
	p := Plan{Inputs: Inputs{WorkingDirectory: "/w", PassEnv: []string{"INPUT_KEEP"}}, Files: Files{Result: "/r", Metrics: "/m", Hook: "/h"}}
	o := open{run: mlflow.Run{ID: "run1", ExperimentID: "7"}, store: &store.Opened{Target: store.Target{ChildEnv: map[string]string{"MLFLOW_TRACKING_URI": "sqlite:////db"}}}}
	env, err := stepEnvironment(p, o, credentials{}, "/py", []string{
		"PATH=/bin", "PYTHONPATH=src", "INPUT_RUN=x", "INPUT_KEEP=y", "MLOPS_EXPERIMENT=e", "MLFLOW_EXPERIMENT_NAME=e", "MLFLOW_TRACKING_URI=sqlite:///db",
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"PATH=/bin", "PYTHONPATH=/py:src", "INPUT_KEEP=y", "MLFLOW_TRACKING_URI=sqlite:////db", "MLFLOW_RUN_ID=run1",
		"MLFLOW_EXPERIMENT_ID=7", "MLOPS_RESULT=/r", "MLOPS_METRICS=/m", "MLOPS_HOOK=/h", "PWD=/w",
		`MLFLOW_RUN_CONTEXT={"mlflow.parentRunId":"run1"}`,
	} {
		if !slices.Contains(env.All, want) {
			t.Errorf("environment lacks %s", want)
		}
	}
	if want := []string{"INPUT_RUN", "MLFLOW_EXPERIMENT_NAME", "MLOPS_EXPERIMENT"}; !slices.Equal(env.Taken, want) {
		t.Errorf("taken out: %v, want %v", env.Taken, want)
	}
	names := map[string]bool{}
	for _, entry := range env.All {
		name, _, _ := strings.Cut(entry, "=")
		if names[name] {
			t.Errorf("%s is there twice", name)
		}
		names[name] = true
	}
}
