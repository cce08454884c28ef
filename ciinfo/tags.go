package ciinfo

import "strconv"

// Tags are the run's tags about its CI job. Empty ones are left out. mlflow.source.name is not among them: the
// environment does not say which program will run.
func (i Info) Tags() map[string]string {
	tags := map[string]string{
		"cicd.pipeline.name":              i.PipelineName,
		"cicd.pipeline.run.id":            i.PipelineRunID,
		"cicd.pipeline.run.url.full":      i.PipelineRunURL,
		"cicd.pipeline.task.name":         i.JobName,
		"cicd.pipeline.task.run.id":       i.JobID,
		"cicd.pipeline.task.run.url.full": i.JobURL,
		"cicd.worker.name":                i.WorkerName,
		"vcs.provider.name":               i.VCS,
		"vcs.repository.name":             i.Repository,
		"vcs.repository.url.full":         i.RepositoryURL,
		"vcs.ref.head.name":               i.HeadRef,
		"vcs.ref.head.revision":           i.HeadSHA,
		"vcs.ref.head.type":               i.HeadType,
		"vcs.ref.base.name":               i.BaseRef,
		"vcs.ref.base.revision":           i.BaseSHA,
		"vcs.change.id":                   i.ChangeID,
		"vcs.change.title":                i.ChangeTitle,
		"mlflow.source.type":              "LOCAL",
		"mlflow.source.git.commit":        i.HeadSHA,
		"mlflow.source.git.repoURL":       i.RepositoryURL,
		"mlflow.user":                     i.User,
		"mlops.ci.matrix":                 i.Matrix,
	}
	if i.InCI() {
		tags["mlflow.source.type"] = "JOB"
		tags["mlops.ci.provider"] = string(i.Provider)
		tags["mlops.ci.event"] = string(i.Event)
	}
	if i.Fork {
		tags["mlops.ci.fork"] = "true"
	}
	if i.HeadType == Branch {
		tags["mlflow.source.git.branch"] = i.HeadRef
	}
	if i.Attempt > 0 {
		tags["mlops.ci.attempt"] = strconv.Itoa(i.Attempt)
	}
	for name, value := range tags {
		if value == "" {
			delete(tags, name)
		}
	}
	return tags
}
