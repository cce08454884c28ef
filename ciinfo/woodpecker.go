package ciinfo

import (
	"cmp"
	"strings"
)

// recogniseWoodpecker looks at the name that Woodpecker gives itself: its variables begin with CI_, as GitLab's do.
func recogniseWoodpecker(env func(string) string) bool {
	return env("CI") == "woodpecker" || env("CI_SYSTEM_NAME") == "woodpecker"
}

// detectWoodpecker reads the variables of https://woodpecker-ci.org/docs/usage/environment. They do not say whether a
// change comes from a fork. CI_COMMIT_SHA is the head's own commit, also where CI_COMMIT_REF is a merge.
func detectWoodpecker(s Source) Info {
	env := s.Getenv
	repo := repositoryAt(cmp.Or(env("CI_REPO_URL"), env("CI_REPO_CLONE_URL")), env("CI_FORGE_TYPE"))
	repo.DefaultBranch = env("CI_REPO_DEFAULT_BRANCH")
	repo.ServerURL = cmp.Or(publicURL(env("CI_FORGE_URL")), repo.ServerURL)
	repo.Project = cmp.Or(env("CI_REPO"), repo.Project) // without the path below which the server is
	info := Info{
		Event:      Event{Kind: woodpeckerEventKind(env("CI_PIPELINE_EVENT")), Name: env("CI_PIPELINE_EVENT")},
		Repository: repo,
		Head:       headAt(env("CI_COMMIT_BRANCH"), env("CI_COMMIT_TAG"), env("CI_COMMIT_SHA")),
		Change:     changeIn(repo, env("CI_COMMIT_PULL_REQUEST")),
		Pipeline: Pipeline{
			Name:    env("CI_WORKFLOW_NAME"),
			RunID:   env("CI_PIPELINE_NUMBER"),
			RunURL:  publicURL(env("CI_PIPELINE_URL")),
			Attempt: counted(cmp.Or(env("CI_PIPELINE_RERUNS"), "0"), 0), // not set on the first run
		},
		Job: Job{
			Name:      env("CI_STEP_NAME"),
			ID:        s.JobID,
			URL:       publicURL(env("CI_STEP_URL")),
			User:      cmp.Or(env("CI_PIPELINE_AUTHOR"), env("CI_COMMIT_AUTHOR")),
			Workspace: env("CI_WORKSPACE"),
		},
	}
	if info.Change.ID != "" {
		info.Head.Ref, info.Head.Type = env("CI_COMMIT_SOURCE_BRANCH"), Branch
		if strings.HasSuffix(env("CI_COMMIT_REF"), "/merge") {
			info.Head.CheckoutSHA = ""
		}
		info.Change.BaseRef = env("CI_COMMIT_TARGET_BRANCH")
	}
	return info
}

func woodpeckerEventKind(event string) EventKind {
	switch event {
	case "push":
		return EventPush
	case "tag", "release":
		return EventTag
	case "pull_request", "pull_request_closed", "pull_request_metadata":
		return EventChange
	case "cron":
		return EventSchedule
	case "manual", "deployment":
		return EventManual
	}
	return EventOther
}
