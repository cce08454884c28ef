package ciinfo

import (
	"cmp"
	"net/url"
	"strconv"
	"strings"
)

// detectBuildkite reads the variables of https://buildkite.com/docs/pipelines/configure/environment-variables.
func detectBuildkite(s Source) Info {
	env := s.Getenv
	repo := repositoryAt(env("BUILDKITE_REPO"), env("BUILDKITE_PIPELINE_PROVIDER"))
	repo.DefaultBranch = env("BUILDKITE_PIPELINE_DEFAULT_BRANCH")
	run := publicURL(env("BUILDKITE_BUILD_URL"))
	info := Info{
		Repository: repo,
		Head:       headAt(env("BUILDKITE_BRANCH"), env("BUILDKITE_TAG"), env("BUILDKITE_COMMIT")),
		Change:     changeIn(repo, env("BUILDKITE_PULL_REQUEST")),
		Pipeline: Pipeline{
			Name:    cmp.Or(env("BUILDKITE_PIPELINE_SLUG"), env("BUILDKITE_PIPELINE_NAME")),
			RunID:   env("BUILDKITE_BUILD_NUMBER"), // grows, which BUILDKITE_BUILD_ID does not
			RunURL:  run,
			Attempt: counted(env("BUILDKITE_RETRY_COUNT"), 0),
		},
		Job: Job{
			Name:      cmp.Or(env("BUILDKITE_STEP_KEY"), env("BUILDKITE_LABEL")),
			ID:        cmp.Or(s.JobID, env("BUILDKITE_JOB_ID")),
			Worker:    env("BUILDKITE_AGENT_NAME"),
			User:      cmp.Or(env("BUILDKITE_BUILD_CREATOR"), env("BUILDKITE_BUILD_AUTHOR")),
			Workspace: env("BUILDKITE_BUILD_CHECKOUT_PATH"),
		},
	}
	if run != "" && env("BUILDKITE_JOB_ID") != "" {
		info.Job.URL = run + "#" + url.PathEscape(env("BUILDKITE_JOB_ID"))
	}
	info.Job.Matrix, info.Job.MatrixLabel = shard(env("BUILDKITE_PARALLEL_JOB"), env("BUILDKITE_PARALLEL_JOB_COUNT"), 0)
	info.buildkiteChange(env)
	info.Event = Event{Kind: buildkiteEventKind(env, info), Name: env("BUILDKITE_SOURCE")}
	return info
}

// buildkiteChange sets what a build of a pull request or of a merge queue says. The branch of a fork may carry its owner:
// alice:topic.
func (i *Info) buildkiteChange(env func(string) string) {
	if base := env("BUILDKITE_MERGE_QUEUE_BASE_BRANCH"); base != "" {
		i.Change = changeIn(i.Repository, strconv.Itoa(queuedChange(i.Head.Ref)))
		i.Change.BaseRef, i.Change.BaseSHA = base, commitSHA(env("BUILDKITE_MERGE_QUEUE_BASE_COMMIT"))
		return
	}
	if i.Change.ID == "" {
		return
	}
	i.Change.BaseRef = env("BUILDKITE_PULL_REQUEST_BASE_BRANCH")
	i.Change.Fork = otherRepository(env("BUILDKITE_PULL_REQUEST_REPO"), env("BUILDKITE_REPO"))
	if _, branch, ok := strings.Cut(i.Head.Ref, ":"); ok {
		i.Head.Ref = branch
	}
}

func buildkiteEventKind(env func(string) string, i Info) EventKind {
	if env("BUILDKITE_MERGE_QUEUE_BASE_BRANCH") != "" {
		return EventMergeGroup
	}
	switch env("BUILDKITE_SOURCE") {
	case "webhook":
		return startedBy(i.Change, i.Head, EventPush)
	case "schedule":
		return EventSchedule
	case "ui":
		return startedBy(i.Change, Head{}, EventManual)
	case "trigger_job":
		return EventUpstream
	case "api":
		return startedBy(i.Change, Head{}, EventAPI)
	}
	return startedBy(i.Change, i.Head, EventOther)
}
