package ciinfo

import (
	"cmp"
	"strings"
)

// detectCodefresh reads the variables of https://codefresh.io/docs/docs/pipelines/variables/. The address of the
// repository is cut from that of the commit.
func detectCodefresh(s Source) Info {
	env := s.Getenv
	address, _, _ := strings.Cut(env("CF_COMMIT_URL"), "/commit")
	repo := repositoryAt(strings.TrimSuffix(address, "/-"), "")
	if owner, name := env("CF_REPO_OWNER"), env("CF_REPO_NAME"); owner != "" && name != "" {
		repo.Project, repo.Name = owner+"/"+name, name
	}
	info := Info{
		Repository: repo,
		Head:       headAt(env("CF_BRANCH"), env("CF_RELEASE_TAG"), env("CF_REVISION")),
		Change:     changeIn(repo, env("CF_PULL_REQUEST_NUMBER")),
		Pipeline: Pipeline{
			Name:    env("CF_PIPELINE_NAME"),
			RunID:   env("CF_BUILD_ID"),
			RunURL:  publicURL(env("CF_BUILD_URL")),
			Attempt: counted(env("CF_CURRENT_ATTEMPT"), 1),
		},
		Job: Job{Name: env("CF_STEP_NAME"), ID: s.JobID, User: cmp.Or(env("CF_BUILD_INITIATOR"), env("CF_COMMIT_AUTHOR"))},
	}
	if info.Change.ID != "" {
		info.Head.Ref, info.Head.Type = cmp.Or(env("CF_PULL_REQUEST_HEAD_BRANCH"), shortRef(env("CF_BRANCH"))), Branch
		info.Head.SHA = cmp.Or(commitSHA(env("CF_PULL_REQUEST_HEAD_COMMIT_SHA")), info.Head.SHA)
		info.Change.BaseRef = env("CF_PULL_REQUEST_TARGET")
		info.Change.Title = firstLine(env("CF_PULL_REQUEST_TITLE"))
		info.Change.Fork = isTrue(env("CF_PULL_REQUEST_IS_FORK"))
	}
	info.Event = Event{Kind: codefreshEventKind(env("CF_BUILD_TRIGGER"), info), Name: env("CF_BUILD_TRIGGER")}
	return info
}

func codefreshEventKind(trigger string, i Info) EventKind {
	switch {
	case trigger == "webhook":
		return startedBy(i.Change, i.Head, EventPush)
	case trigger == "build":
		return startedBy(i.Change, Head{}, EventManual)
	}
	return startedBy(i.Change, i.Head, EventOther)
}
