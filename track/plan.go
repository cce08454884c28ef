package track

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/Iyalvan/mlops-track/ciinfo"
	"github.com/Iyalvan/mlops-track/internal/notice"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/settings"
)

// Plan is the run as it will be opened.
type Plan struct {
	Experiment   string // name
	ExperimentID string // named by MLFLOW_EXPERIMENT_ID; empty: Experiment is found or made
	RunName      string
	User         string
	Tags         []mlflow.Tag    // each key once
	Resume       string          // id of a run that MLFLOW_RUN_ID named; empty: a new run
	Notices      []notice.Notice // about what was changed to fit MLflow's limits
}

// Program is the facts about this program and the step that go into a plan.
type Program struct {
	Version string            // tag mlops.version
	JobTag  string            // tag mlops.job.id: finds the run again after an uncertain create
	Source  string            // tag mlflow.source.name; empty: no tag
	Origin  map[string]string // tags about the process that opens the run
	Dir     string            // folder where the program was started: names a run outside git
}

// NewPlan decides names and tags. It is a pure function.
func NewPlan(s settings.Run, ci ciinfo.Info, program Program, now time.Time) Plan {
	p := Plan{
		Experiment:   ExperimentName(s.Experiment, ci.Repository.Project),
		ExperimentID: s.Inherited.ExperimentID,
		User:         ci.Job.User,
	}
	switch {
	case s.Name != "":
		p.RunName = s.Name
	case ci.InCI():
		p.RunName = pipelineName(s.Prefix, ci, now)
	default:
		p.RunName = join("-", s.Prefix, cmp.Or(ci.Head.Ref, filepath.Base(program.Dir)), ci.Head.ShortSHA(), stamp(now))
	}
	first := ci.Tags()
	switch parent := s.Inherited.RunID; parent {
	case "":
	case s.Inherited.StepRunID:
		first[mlflow.ParentRunTag] = parent
	default:
		p.Resume = parent
	}
	p.Tags, p.Notices = planTags(s.Tags, first, program)
	for _, name := range []struct {
		what string
		text *string
	}{{"experiment name", &p.Experiment}, {"run name", &p.RunName}, {"user name", &p.User}} {
		if valid := mlflow.ValidText(*name.text); valid != *name.text {
			p.Notices = append(p.Notices, invalidText(name.what, valid))
			*name.text = valid
		}
	}
	return p
}

// invalidText returns the warning about a name that no store could hold as it is.
func invalidText(what, valid string) notice.Notice {
	return notice.Warn(fmt.Sprintf("%s is not UTF-8: it is stored as %q", what, valid), "")
}

// ExperimentName is the experiment that a job logs to: the one that the user chose, else that of the project.
func ExperimentName(chosen, project string) string {
	return cmp.Or(chosen, project, mlflow.DefaultExperiment)
}

// pipelineName returns the name of a run in CI: <prefix>-<job>-<sha7>, with the matrix cell and from the second attempt on its number.
func pipelineName(prefix string, ci ciinfo.Info, now time.Time) string {
	if prefix == "" && ci.Pipeline.RunID != "" {
		prefix = "ci-" + ci.Pipeline.RunID
	}
	attempt := ""
	if ci.Pipeline.Attempt > 1 {
		attempt = fmt.Sprint(ci.Pipeline.Attempt)
	}
	return cmp.Or(join("-", prefix, ci.Job.Name, ci.Job.MatrixLabel, ci.Head.ShortSHA(), attempt), stamp(now))
}

func stamp(now time.Time) string { return now.UTC().Format("20060102-150405") }

// join joins what is not empty.
func join(separator string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), separator)
}

// planTags merges the tags, each key once: the CI's, then ours, then the user's; the last one of a key
// wins. Values are whole: they are cut to MLflow's length when secrets have been removed.
func planTags(user []mlflow.Tag, ci map[string]string, program Program) (tags []mlflow.Tag, notices []notice.Notice) {
	values := maps.Clone(ci)
	if program.Source != "" {
		values["mlflow.source.name"] = program.Source
	}
	values["mlops.version"], values[mlflow.JobIDTag] = program.Version, program.JobTag
	maps.Copy(values, program.Origin)
	for _, t := range user {
		values[t.Key] = t.Value
	}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		text := mlflow.ValidText(values[key])
		if text != values[key] {
			notices = append(notices, invalidText(fmt.Sprintf("tag %q", key), text))
		}
		if _, long := mlflow.Truncate(text, mlflow.MaxTagLength); long {
			notices = append(notices, notice.Warn(fmt.Sprintf("tag %q is cut to %d characters", key, mlflow.MaxTagLength), ""))
		}
		tags = append(tags, mlflow.Tag{Key: key, Value: text})
	}
	return tags, notices
}
