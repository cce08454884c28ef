package ciinfo

import (
	"maps"
	"strconv"
)

// Tags returns the run's tags about its CI job, without empty ones. mlflow.source.name is not among them: the
// environment does not contain which program will run.
func (i Info) Tags() map[string]string {
	tags := map[string]string{
		"cicd.pipeline.name":              i.Pipeline.Name,
		"cicd.pipeline.run.id":            i.Pipeline.RunID,
		"cicd.pipeline.run.url.full":      i.Pipeline.RunURL,
		"cicd.pipeline.task.name":         i.Job.Name,
		"cicd.pipeline.task.run.id":       i.Job.ID,
		"cicd.pipeline.task.run.url.full": i.Job.URL,
		"cicd.worker.name":                i.Job.Worker,
		"vcs.provider.name":               i.Repository.Host,
		"vcs.repository.name":             i.Repository.Name,
		"vcs.repository.url.full":         i.Repository.URL,
		"vcs.ref.head.name":               i.Head.Ref,
		"vcs.ref.head.revision":           i.Head.SHA,
		"vcs.ref.head.type":               i.Head.Type,
		"vcs.ref.base.name":               i.Change.BaseRef,
		"vcs.ref.base.revision":           i.Change.BaseSHA,
		"vcs.change.id":                   i.Change.ID,
		"vcs.change.title":                i.Change.Title,
		"mlflow.source.type":              "LOCAL",
		"mlflow.user":                     i.Job.User,
		"mlops.ci.matrix":                 i.Job.Matrix,
		"mlops.ci.step":                   i.Job.Step,
		"mlops.ci.family":                 i.Family(),
	}
	if i.InCI() {
		tags["mlflow.source.type"] = "JOB"
		tags["mlops.ci.provider"] = string(i.Provider)
		tags["mlops.ci.event"] = string(i.Event.Kind)
	}
	if i.Change.Fork {
		tags["mlops.ci.fork"] = "true"
	}
	if i.Pipeline.Attempt > 0 {
		tags["mlops.ci.attempt"] = strconv.Itoa(i.Pipeline.Attempt)
	}
	maps.Copy(tags, i.sourceTags())
	maps.DeleteFunc(tags, func(_, value string) bool { return value == "" })
	return tags
}
