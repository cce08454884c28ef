package track

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/Iyalvan/mlops-track/ciinfo"
	"github.com/Iyalvan/mlops-track/mlflow"
)

// Plan is what will be done, before anything is.
type Plan struct {
	Inputs

	CI           ciinfo.Info
	Experiment   string
	ExperimentID string // that MLFLOW_EXPERIMENT_ID names where nobody named one; empty: Experiment is found or made
	RunName      string
	Tags         []mlflow.Tag // each key once
	CutTags      []string     // keys of tags whose values were too long
	JobID        string       // tag mlops.job.id: finds the run again after an uncertain create
	Args         []string     // the step's program and arguments
	Files        Files
	Resume       string // run that MLFLOW_RUN_ID named when we were started by hand; empty: a new run
	Parent       string // run of the mlops-track around us; empty: none
}

// Files are the paths through which the step and this process talk.
type Files struct {
	Work    string // private folder, removed at the end
	Result  string
	Metrics string
	Hook    string // what the Python hook reads and writes
	Script  string // the action's script; empty elsewhere
}

// NewPlan decides names, tags and command. It is a pure function.
func NewPlan(in Inputs, ci ciinfo.Info, host Host, jobID, work string) Plan {
	now := host.Now()
	p := Plan{Inputs: in, CI: ci, JobID: jobID, Files: files(in, work)}
	p.Experiment = first(in.Experiment, ci.Project, "Default")
	if in.Experiment == "" { // as in MLflow; inside a step it is the experiment of the run around
		p.ExperimentID = host.Getenv("MLFLOW_EXPERIMENT_ID")
	}
	p.RunName = host.Secrets.Text(runName(in, ci, now))
	p.Tags, p.CutTags = planTags(in, ci, host, jobID)
	p.Args = in.Command
	if in.Script != "" {
		p.Args = shellArgs(in.Shell, p.Files.Script)
	}
	if id := host.Getenv("MLFLOW_RUN_ID"); id != "" {
		if id == host.Getenv(envStepRun) {
			p.Parent = id
			p.Tags = append(p.Tags, mlflow.Tag{Key: mlflow.ParentRunTag, Value: id})
		} else {
			p.Resume = id
		}
	}
	return p
}

func files(in Inputs, work string) Files {
	f := Files{
		Work:    work,
		Result:  first(in.ResultFile, filepath.Join(work, "result.json")),
		Metrics: first(in.MetricsFile, filepath.Join(work, "metrics.jsonl")),
		Hook:    filepath.Join(work, "hook"),
	}
	if in.Script != "" {
		f.Script = filepath.Join(work, "step.sh")
		if in.Shell == "python" {
			f.Script = filepath.Join(work, "step.py")
		}
	}
	return f
}

// runName makes the name of the run: <prefix>-<job>-<sha7> in CI, with the matrix cell and from the second attempt on
// its number; <branch>-<sha7>-<time> elsewhere.
func runName(in Inputs, ci ciinfo.Info, now time.Time) string {
	if in.RunName != "" {
		return in.RunName
	}
	stamp := now.UTC().Format("20060102-150405")
	if !ci.InCI() {
		return joinName(in.RunPrefix, first(ci.HeadRef, filepath.Base(in.Dir)), ci.ShortSHA(), stamp)
	}
	prefix := in.RunPrefix
	if prefix == "" && ci.PipelineRunID != "" {
		prefix = "ci-" + ci.PipelineRunID
	}
	attempt := ""
	if ci.Attempt > 1 {
		attempt = fmt.Sprint(ci.Attempt)
	}
	name := joinName(prefix, ci.JobName, ci.MatrixLabel, ci.ShortSHA(), attempt)
	return first(name, stamp)
}

func joinName(parts ...string) string { return joinPresent("-", parts...) }

// joinPresent joins what is not empty.
func joinPresent(separator string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), separator)
}

// planTags puts the tags together, each key once and without secrets: the CI's, then ours, then the user's, of which the last
// one of a key wins over all. Values are cut to MLflow's length; the keys of those that were are returned, too.
func planTags(in Inputs, ci ciinfo.Info, host Host, jobID string) (tags []mlflow.Tag, cut []string) {
	values := ci.Tags()
	if source := sourceName(in); source != "" {
		values["mlflow.source.name"] = source
	}
	values["mlops.version"], values[mlflow.JobIDTag] = host.Version, jobID
	for _, t := range in.Tags {
		values[t.Key] = t.Value
	}
	for _, key := range sortedKeys(values) {
		value, long := mlflow.Truncate(host.Secrets.Text(values[key]), mlflow.MaxTagLength)
		if long {
			cut = append(cut, key)
		}
		tags = append(tags, mlflow.Tag{Key: host.Secrets.Key(key), Value: value})
	}
	return tags, cut
}

// sourceName is the script of a Python command, else the program: what MLflow itself would write.
func sourceName(in Inputs) string {
	if len(in.Command) == 0 {
		return ""
	}
	for _, arg := range in.Command[1:] {
		if strings.HasSuffix(arg, ".py") || strings.HasSuffix(arg, ".ipynb") {
			return arg
		}
	}
	return in.Command[0]
}

// shellArgs is the command that runs a script as a workflow's `run:` would; none for an unknown shell.
// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsshell
func shellArgs(shell, script string) []string {
	switch {
	case shell == "bash":
		return []string{"bash", "--noprofile", "--norc", "-eo", "pipefail", script}
	case shell == "sh":
		return []string{"sh", "-e", script}
	case shell == "python":
		return []string{"python", script}
	case !strings.Contains(shell, "{0}"):
		return nil
	}
	args := strings.Fields(shell)
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "{0}", script)
	}
	return args
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
