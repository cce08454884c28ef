package step

import (
	"cmp"
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

	kept, replaced []string // NAME=value, inherited: unchanged, and those that Set replaces
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

// contextVariable holds tags that MLflow sets on every further run that the step creates.
const contextVariable = "MLFLOW_RUN_CONTEXT"

// maxContext bounds the value of contextVariable in bytes. Linux takes no variable of more than 128 KiB, its name included
// (MAX_ARG_STRLEN, https://man7.org/linux/man-pages/man2/execve.2.html).
const maxContext = 96 << 10

// RunVariables returns the variables that name the run for the step. Further runs that the step creates become children of
// that run, with its tags, except for those left out because all together are too long; they are named, the longest first.
func RunVariables(runID, experimentID string, tags []mlflow.Tag) (v Variables, leftOut []string) {
	context, leftOut := runContext(runID, tags)
	return Variables{Set: map[string]string{
		"MLFLOW_EXPERIMENT_ID":   experimentID,
		"MLFLOW_RUN_ID":          runID,
		contextVariable:          context,
		settings.StepRunVariable: runID,
	}}, leftOut
}

// runContext returns the value of contextVariable, which makes further runs children of the run.
func runContext(runID string, tags []mlflow.Tag) (text string, leftOut []string) {
	values := map[string]string{}
	for _, t := range tags {
		if t.Key != mlflow.JobIDTag && t.Key != mlflow.ProcessTag && t.Key != "mlflow.source.name" {
			values[t.Key] = t.Value
		}
	}
	values[mlflow.ParentRunTag] = runID
	text = asJSON(values)
	longest := slices.SortedFunc(maps.Keys(values), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(values[b]), len(values[a])), cmp.Compare(a, b))
	})
	for ; len(text) > maxContext && len(longest) > 0; longest = longest[1:] {
		if key := longest[0]; key != mlflow.ParentRunTag {
			delete(values, key)
			leftOut = append(leftOut, key)
			text = asJSON(values)
		}
	}
	return text, leftOut
}

func asJSON(values map[string]string) string {
	text, err := json.Marshal(values)
	if err != nil { // cannot happen with strings
		return ""
	}
	return string(text)
}

// Variables returns the variables with the paths, and with the folder of the Python hook, pythonDir; empty: no hook.
func (f Files) Variables(workingDirectory, pythonDir string) Variables {
	v := Variables{Set: map[string]string{"PWD": workingDirectory}}
	for name, path := range map[string]string{"MLOPS_RESULT": f.Result, "MLOPS_METRICS": f.Metrics} {
		if path == "" { // there is none, and that of a step around us is not this one's
			v.Remove = append(v.Remove, name)
		} else {
			v.Set[name] = path
		}
	}
	if pythonDir != "" && f.Hook != "" {
		v.Set["MLOPS_HOOK"], v.Set[pythonPath] = f.Hook, pythonDir
	} else {
		v.Remove = append(v.Remove, "MLOPS_HOOK")
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
			env.replaced = append(env.replaced, entry)
		case set:
			env.replaced = append(env.replaced, entry)
		case (removed(name) || slices.Contains(v.Remove, name)) && !slices.Contains(pass, name):
			env.Removed = append(env.Removed, name)
		default:
			env.kept = append(env.kept, entry)
		}
	}
	slices.Sort(env.Removed)
	env.All = slices.Clip(env.kept)
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
