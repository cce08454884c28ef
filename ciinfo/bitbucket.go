package ciinfo

import (
	"cmp"
	"net/url"
)

// detectBitbucket reads the variables of https://support.atlassian.com/bitbucket-cloud/docs/variables-and-secrets/. On a
// pull request BITBUCKET_COMMIT is the source's own commit, which Bitbucket merges on the worker. Pull requests from forks
// are not built, and a person is known by an opaque id only.
func detectBitbucket(s Source) Info {
	env := s.Getenv
	repo := repositoryAt("https://bitbucket.org/"+env("BITBUCKET_REPO_FULL_NAME"), "bitbucket")
	info := Info{
		Repository: repo,
		Head:       headAt(env("BITBUCKET_BRANCH"), env("BITBUCKET_TAG"), env("BITBUCKET_COMMIT")),
		Change:     changeIn(repo, env("BITBUCKET_PR_ID")),
		Pipeline:   Pipeline{RunID: env("BITBUCKET_BUILD_NUMBER"), Attempt: counted(env("BITBUCKET_STEP_RUN_NUMBER"), 1)},
		Job:        Job{ID: cmp.Or(s.JobID, env("BITBUCKET_STEP_UUID")), Workspace: env("BITBUCKET_CLONE_DIR")},
	}
	if info.Change.ID != "" {
		info.Head.CheckoutSHA = "" // the merge is made on the worker
		info.Change.BaseRef = env("BITBUCKET_PR_DESTINATION_BRANCH")
		info.Change.BaseSHA = commitSHA(env("BITBUCKET_PR_DESTINATION_COMMIT"))
	}
	if run := info.Pipeline.RunID; repo.URL != "" && run != "" {
		info.Pipeline.RunURL = repo.URL + "/pipelines/results/" + url.PathEscape(run)
		if step := env("BITBUCKET_STEP_UUID"); step != "" {
			info.Job.URL = info.Pipeline.RunURL + "/steps/" + url.PathEscape(step)
		}
	}
	info.Job.Matrix, info.Job.MatrixLabel = shard(env("BITBUCKET_PARALLEL_STEP"), env("BITBUCKET_PARALLEL_STEP_COUNT"), 0)
	info.Event.Kind = startedBy(info.Change, info.Head, EventOther)
	return info
}
