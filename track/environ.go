package track

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// envStepRun tells an mlops-track that runs inside a step which run is around it.
const envStepRun = "MLOPS_STEP_RUN_ID"

// Environment is what the step gets: our environment, with some variables set and some taken out.
type Environment struct {
	Set   map[string]string
	Taken []string // names, sorted
	All   []string // NAME=value, as exec takes it
}

// stepEnvironment builds the step's environment. Settings of this program and action inputs are taken out, so that a
// program of the step never takes them for its own.
func stepEnvironment(p Plan, o open, creds credentials, pythonDir string, inherited []string) (Environment, error) {
	context, err := runContext(p, o.run.ID)
	if err != nil {
		return Environment{}, err
	}
	env := Environment{Set: map[string]string{
		"MLFLOW_EXPERIMENT_ID": o.run.ExperimentID,
		"MLFLOW_RUN_ID":        o.run.ID,
		"MLFLOW_RUN_CONTEXT":   context,
		"MLOPS_RESULT":         p.Files.Result,
		"MLOPS_METRICS":        p.Files.Metrics,
		"PWD":                  p.WorkingDirectory,
		envStepRun:             o.run.ID,
	}}
	maps.Copy(env.Set, o.store.ChildEnv)
	if pythonDir != "" {
		env.Set["MLOPS_HOOK"] = p.Files.Hook
		env.Set["PYTHONPATH"] = pythonDir
	}
	fromAWS, remove := creds.stepVariables(p, names(inherited))
	maps.Copy(env.Set, fromAWS)
	for _, entry := range inherited {
		name, value, _ := strings.Cut(entry, "=")
		_, set := env.Set[name]
		switch {
		case name == "PYTHONPATH" && set && value != "":
			env.Set[name] = pythonDir + string(os.PathListSeparator) + value
		case set:
		case (takenOut(p, name) || slices.Contains(remove, name)) && !slices.Contains(p.PassEnv, name):
			env.Taken = append(env.Taken, name)
		default:
			env.All = append(env.All, entry)
		}
	}
	slices.Sort(env.Taken)
	for _, name := range sortedKeys(env.Set) {
		env.All = append(env.All, name+"="+env.Set[name])
	}
	return env, nil
}

// takenOut says which variables the step does not get: they are ours, or they contradict what we set. What the user put
// into the environment stays, tokens too.
func takenOut(p Plan, name string) bool {
	// The runner gives an action a token that it gives no ordinary step.
	if name == "ACTIONS_RUNTIME_TOKEN" && p.Script != "" {
		return true
	}
	// MLflow refuses an experiment name that disagrees with MLFLOW_EXPERIMENT_ID.
	if strings.HasPrefix(name, "INPUT_") || name == "MLFLOW_EXPERIMENT_NAME" {
		return true
	}
	return slices.ContainsFunc(Settings(), func(s Setting) bool { return s.Env() == name })
}

// runContext is MLFLOW_RUN_CONTEXT: tags that MLflow gives to every further run that the step creates, which makes them
// children of ours.
func runContext(p Plan, runID string) (string, error) {
	tags := map[string]string{}
	for _, t := range p.Tags {
		if t.Key != mlflow.JobIDTag && t.Key != "mlflow.source.name" {
			tags[t.Key] = t.Value
		}
	}
	tags[mlflow.ParentRunTag] = runID
	text, err := json.Marshal(tags)
	return string(text), err
}
