package ciinfo

import "cmp"

// detectBitrise reads the variables of https://docs.bitrise.io/en/bitrise-ci/references/available-environment-variables.html.
// A workflow may run on its own or as a part of a pipeline.
func detectBitrise(s Source) Info {
	env := s.Getenv
	repo := repositoryAt(env("GIT_REPOSITORY_URL"), "")
	build := publicURL(env("BITRISE_BUILD_URL"))
	info := Info{
		Repository: repo,
		Head:       headAt(env("BITRISE_GIT_BRANCH"), env("BITRISE_GIT_TAG"), env("BITRISE_GIT_COMMIT")),
		Change:     changeIn(repo, env("BITRISE_PULL_REQUEST")),
		Pipeline: Pipeline{
			Name:   env("BITRISE_TRIGGERED_WORKFLOW_ID"),
			RunID:  cmp.Or(env("BITRISE_BUILD_NUMBER"), env("BITRISE_BUILD_SLUG")),
			RunURL: build,
		},
		Job: Job{
			Name:      env("BITRISE_TRIGGERED_WORKFLOW_ID"),
			ID:        cmp.Or(s.JobID, env("BITRISE_BUILD_SLUG")),
			URL:       build,
			User:      env("BITRISE_TRIGGER_BY"),
			Workspace: env("BITRISE_SOURCE_DIR"),
		},
	}
	if id := env("BITRISEIO_PIPELINE_ID"); id != "" {
		info.Pipeline = Pipeline{
			Name: env("BITRISEIO_PIPELINE_TITLE"), RunID: id, RunURL: publicURL(env("BITRISEIO_PIPELINE_BUILD_URL")),
		}
	}
	if clone := commitSHA(env("GIT_CLONE_COMMIT_HASH")); clone != "" || info.Change.ID != "" {
		info.Head.CheckoutSHA = clone // of a pull request it is a merge made for the test
	}
	if info.Change.ID != "" {
		info.Change.BaseRef = env("BITRISEIO_GIT_BRANCH_DEST")
		info.Change.Fork = otherRepository(env("BITRISEIO_PULL_REQUEST_REPOSITORY_URL"), env("GIT_REPOSITORY_URL"))
		info.Head.Type = Branch
	}
	info.Job.Matrix, info.Job.MatrixLabel = shard(env("BITRISE_IO_PARALLEL_INDEX"), env("BITRISE_IO_PARALLEL_TOTAL"), 0)
	info.Event = Event{Kind: bitriseEventKind(env("BITRISE_TRIGGER_METHOD"), info), Name: env("BITRISE_TRIGGER_METHOD")}
	return info
}

func bitriseEventKind(method string, i Info) EventKind {
	switch method {
	case "webhook":
		return startedBy(i.Change, i.Head, EventPush)
	case "schedule":
		return EventSchedule
	case "manual": // also what a program started
		return startedBy(i.Change, Head{}, EventManual)
	}
	return startedBy(i.Change, i.Head, EventOther)
}
