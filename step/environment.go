package step

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/settings"
)

// Environment is the step's environment: ours, with some variables set and some removed.
type Environment struct {
	Set     map[string]string
	Removed []string // names, sorted
	All     []string // NAME=value, as exec takes it
}

// Variables are set for the step, or removed from what it would inherit.
type Variables struct {
	Set    map[string]string
	Remove []string
}

// Join merges variables; later ones win.
func Join(all ...Variables) Variables {
	joined := Variables{Set: map[string]string{}}
	for _, v := range all {
		maps.Copy(joined.Set, v.Set)
		joined.Remove = append(joined.Remove, v.Remove...)
	}
	return joined
}

// RunVariables returns the variables that name the run for the step. Further runs that the step creates become children of that run, with its tags.
func RunVariables(runID, experimentID string, tags []mlflow.Tag) Variables {
	return Variables{Set: map[string]string{
		"MLFLOW_EXPERIMENT_ID":   experimentID,
		"MLFLOW_RUN_ID":          runID,
		"MLFLOW_RUN_CONTEXT":     runContext(runID, tags),
		settings.StepRunVariable: runID,
	}}
}

// runContext returns MLFLOW_RUN_CONTEXT: tags that MLflow sets on every further run that the step creates, which makes them
// children of the run.
func runContext(runID string, tags []mlflow.Tag) string {
	values := map[string]string{}
	for _, t := range tags {
		if t.Key != mlflow.JobIDTag && t.Key != mlflow.ProcessTag && t.Key != "mlflow.source.name" {
			values[t.Key] = t.Value
		}
	}
	values[mlflow.ParentRunTag] = runID
	text, err := json.Marshal(values)
	if err != nil { // cannot happen with strings
		return ""
	}
	return string(text)
}

// Variables returns the variables with the paths, and with the folder of the Python hook, pythonDir; empty: no hook.
func (f Files) Variables(workingDirectory, pythonDir string) Variables {
	v := Variables{Set: map[string]string{"MLOPS_RESULT": f.Result, "MLOPS_METRICS": f.Metrics, "PWD": workingDirectory}}
	if pythonDir != "" {
		v.Set["MLOPS_HOOK"], v.Set[pythonPath] = f.Hook, pythonDir
	}
	return v
}

// pythonPath is set by us and kept for what was there: the hook's folder goes first.
const pythonPath = "PYTHONPATH"

// NewEnvironment returns the step's environment from the inherited one and the variables to set and to remove. Settings of
// this program and action inputs are removed, so that a program of the step never uses them as its own; pass names
// those that stay nevertheless.
func NewEnvironment(inherited []string, v Variables, pass []string) Environment {
	env := Environment{Set: maps.Clone(v.Set)}
	for _, entry := range inherited {
		name, value, _ := strings.Cut(entry, "=")
		ours, set := v.Set[name]
		switch {
		case name == pythonPath && set && value != "":
			env.Set[name] = ours + string(os.PathListSeparator) + value
		case set:
		case (removed(name) || slices.Contains(v.Remove, name)) && !slices.Contains(pass, name):
			env.Removed = append(env.Removed, name)
		default:
			env.All = append(env.All, entry)
		}
	}
	slices.Sort(env.Removed)
	for _, name := range slices.Sorted(maps.Keys(env.Set)) {
		env.All = append(env.All, name+"="+env.Set[name])
	}
	return env
}

// removed reports whether the step never gets a variable: it is ours, or contradicts what we set. What the user put into
// the environment stays, tokens too.
func removed(name string) bool {
	// MLflow refuses an experiment name that disagrees with MLFLOW_EXPERIMENT_ID.
	return strings.HasPrefix(name, "INPUT_") || name == "MLFLOW_EXPERIMENT_NAME" || settings.IsVariable(name)
}
