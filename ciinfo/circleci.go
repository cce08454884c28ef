package ciinfo

import (
	"cmp"
	"path"
	"strings"
)

// detectCircleCI reads the variables of https://circleci.com/docs/reference/variables/. They do not say what started the
// workflow, what the default branch is, and which branch a pull request is for.
func detectCircleCI(s Source) Info {
	env := s.Getenv
	request := publicURL(env("CIRCLE_PULL_REQUEST"))
	repo := repositoryAt(env("CIRCLE_REPOSITORY_URL"), "")
	if owner, name := env("CIRCLE_PROJECT_USERNAME"), env("CIRCLE_PROJECT_REPONAME"); repo.Project == "" && owner != "" && name != "" {
		repo.Project, repo.Name = owner+"/"+name, name
	}
	info := Info{
		Repository: repo,
		Head:       headAt(env("CIRCLE_BRANCH"), env("CIRCLE_TAG"), env("CIRCLE_SHA1")),
		Change:     changeIn(repo, cmp.Or(env("CIRCLE_PR_NUMBER"), path.Base(request))),
		Pipeline:   Pipeline{RunID: env("CIRCLE_WORKFLOW_ID")},
		Job: Job{
			Name:      env("CIRCLE_JOB"),
			ID:        cmp.Or(s.JobID, env("CIRCLE_WORKFLOW_JOB_ID"), env("CIRCLE_BUILD_NUM")),
			URL:       publicURL(env("CIRCLE_BUILD_URL")),
			User:      cmp.Or(env("CIRCLE_USERNAME"), env("CIRCLE_PR_USERNAME")),
			Workspace: env("CIRCLE_WORKING_DIRECTORY"),
		},
	}
	if info.Pipeline.RunID != "" {
		info.Pipeline.RunURL = publicURL("https://app.circleci.com/pipelines/workflows/" + info.Pipeline.RunID)
	}
	if info.Change.ID != "" {
		info.Change.URL = cmp.Or(request, info.Change.URL)
		info.Change.Fork = env("CIRCLE_PR_NUMBER") != "" // set for forks only
	}
	if strings.HasPrefix(info.Head.Ref, "pull/") { // of a fork: the number, not the branch
		info.Head.Ref = ""
	}
	info.Job.Matrix, info.Job.MatrixLabel = shard(env("CIRCLE_NODE_INDEX"), env("CIRCLE_NODE_TOTAL"), 0)
	info.Event.Kind = startedBy(info.Change, info.Head, EventOther)
	return info
}
