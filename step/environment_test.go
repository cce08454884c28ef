package step_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/step"
)

func TestEnvironmentOfAStep(t *testing.T) {
	files := step.Files{Result: "/r", Metrics: "/m", Hook: "/h"}
	variables := step.Join(
		runVariables(t, nil), files.Variables("/w", "/py"),
		step.Variables{Set: map[string]string{"MLFLOW_TRACKING_URI": "first"}, Remove: []string{"ACTIONS_RUNTIME_TOKEN", "KEPT"}},
		step.Variables{Set: map[string]string{"MLFLOW_TRACKING_URI": "sqlite:////db"}, Remove: []string{"AWS_PROFILE"}},
	)
	env := step.NewEnvironment([]string{
		"PATH=/bin", "PYTHONPATH=src", "INPUT_RUN=x", "INPUT_KEEP=y", "MLOPS_EXPERIMENT=e", "MLFLOW_EXPERIMENT_NAME=e", "EMPTY=",
		"MLFLOW_TRACKING_URI=sqlite:///db", "AWS_PROFILE=p", "ACTIONS_RUNTIME_TOKEN=t", "KEPT=k", "GITHUB_TOKEN=ghp", "MLOPS_RESULT=/outer",
	}, variables, []string{"INPUT_KEEP", "KEPT"})
	want := []string{
		"PATH=/bin", "INPUT_KEEP=y", "EMPTY=", "KEPT=k", "GITHUB_TOKEN=ghp",
		"MLFLOW_EXPERIMENT_ID=7", `MLFLOW_RUN_CONTEXT={"mlflow.parentRunId":"run1"}`, "MLFLOW_RUN_ID=run1", "MLFLOW_TRACKING_URI=sqlite:////db",
		"MLOPS_HOOK=/h", "MLOPS_METRICS=/m", "MLOPS_RESULT=/r", "MLOPS_STEP_RUN_ID=run1", "PWD=/w", "PYTHONPATH=/py:src",
	}
	if diff := cmp.Diff(want, env.All); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
	removed := []string{"ACTIONS_RUNTIME_TOKEN", "AWS_PROFILE", "INPUT_RUN", "MLFLOW_EXPERIMENT_NAME", "MLOPS_EXPERIMENT"}
	if !slices.Equal(env.Removed, removed) {
		t.Errorf("removed: %q, want %q", env.Removed, removed)
	}
	if env.Set["PYTHONPATH"] != "/py:src" || variables.Set["PYTHONPATH"] != "/py" {
		t.Errorf("set: %q, of variables %q", env.Set["PYTHONPATH"], variables.Set["PYTHONPATH"])
	}
}

// runVariables are the variables of a run whose tags are not too long.
func runVariables(t *testing.T, tags []mlflow.Tag) step.Variables {
	t.Helper()
	v, leftOut := step.RunVariables("run1", "7", tags)
	if len(leftOut) > 0 {
		t.Errorf("left out: %q", leftOut)
	}
	return v
}

func TestEnvironmentWithoutHook(t *testing.T) {
	v := step.Files{Result: "/r", Metrics: "/m", Hook: "/h"}.Variables("/w", "")
	env := step.NewEnvironment([]string{"PYTHONPATH=src"}, v, nil)
	if !slices.Contains(env.All, "PYTHONPATH=src") || strings.Contains(strings.Join(env.All, " "), "MLOPS_HOOK") {
		t.Errorf("environment: %q", env.All)
	}
	v = step.Files{Hook: "/h"}.Variables("/w", "/py")
	if env := step.NewEnvironment([]string{"PYTHONPATH="}, v, nil); !slices.Contains(env.All, "PYTHONPATH=/py") {
		t.Errorf("with an empty PYTHONPATH: %q", env.All)
	}
}

func TestFurtherRunsOfAStepAreChildren(t *testing.T) {
	v := runVariables(t, []mlflow.Tag{
		{Key: "team", Value: "vision"}, {Key: mlflow.JobIDTag, Value: "job"}, {Key: "mlflow.source.name", Value: "train.py"},
		{Key: mlflow.ParentRunTag, Value: "run0"},
	})
	var tags map[string]string
	if err := json.Unmarshal([]byte(v.Set["MLFLOW_RUN_CONTEXT"]), &tags); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"team": "vision", mlflow.ParentRunTag: "run1"}, tags); diff != "" {
		t.Errorf("tags of further runs (-want +got):\n%s", diff)
	}
}

func TestTagsThatAreTooLongForAVariableAreLeftOut(t *testing.T) {
	var tags []mlflow.Tag
	for i := range 60 {
		tags = append(tags, mlflow.Tag{Key: fmt.Sprint("t", i), Value: strings.Repeat("v", 2500)})
	}
	tags = append(tags, mlflow.Tag{Key: "longest", Value: strings.Repeat("\"", 5000)}, mlflow.Tag{Key: "team", Value: "vision"})
	v, leftOut := step.RunVariables("run1", "7", tags)
	text := v.Set["MLFLOW_RUN_CONTEXT"]
	if len(text) > 100_000 || len(text) < 90_000 || !strings.Contains(text, `"team":"vision"`) || !strings.Contains(text, `"mlflow.parentRunId":"run1"`) {
		t.Errorf("%d bytes: %.100s", len(text), text)
	}
	if len(leftOut) < 20 || leftOut[0] != "longest" || slices.Contains(leftOut, "team") {
		t.Errorf("left out: %q", leftOut)
	}
}

func TestSmallerEnvironments(t *testing.T) {
	long := strings.Repeat("p", 5000)
	v := step.Join(runVariables(t, []mlflow.Tag{{Key: "team", Value: "vision"}}), step.Variables{
		Set: map[string]string{"PYTHONPATH": long, "MLFLOW_TRACKING_URI": "ours"}, Remove: []string{"SECRET"},
	})
	env := step.NewEnvironment([]string{"PATH=/bin", "SECRET=s", "PYTHONPATH=src", "MLFLOW_TRACKING_URI=theirs", "MLFLOW_RUN_CONTEXT={}"}, v, nil)
	got := env.Smaller()
	parent := `MLFLOW_RUN_CONTEXT={"mlflow.parentRunId":"run1"}`
	ours := []string{"MLFLOW_EXPERIMENT_ID=7", "MLFLOW_RUN_ID=run1", "MLFLOW_TRACKING_URI=ours", "MLOPS_STEP_RUN_ID=run1"}
	want := []step.Smaller{
		{All: slices.Concat([]string{"PATH=/bin"}, ours, []string{"PYTHONPATH=" + long + ":src", parent}), Without: []string{"MLFLOW_RUN_CONTEXT"}},
		{All: slices.Concat([]string{"PATH=/bin"}, ours, []string{"PYTHONPATH=src", parent}), Without: []string{"MLFLOW_RUN_CONTEXT", "PYTHONPATH"}},
		{
			All: []string{"PATH=/bin", "PYTHONPATH=src", "MLFLOW_TRACKING_URI=theirs"},
			Without: []string{
				"MLFLOW_EXPERIMENT_ID", "MLFLOW_RUN_CONTEXT", "MLFLOW_RUN_ID", "MLFLOW_TRACKING_URI", "MLOPS_STEP_RUN_ID", "PYTHONPATH",
			},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("smaller environments (-want +got):\n%s", diff)
	}
}
