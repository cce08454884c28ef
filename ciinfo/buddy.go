package ciinfo

import "cmp"

// detectBuddy reads the variables of https://buddy.works/docs/pipelines/variables/default-variables. Those that begin with
// BUDDY_RUN_ were called BUDDY_EXECUTION_ until 2025; an older installation has only these. They do not say whether a
// change comes from a fork.
func detectBuddy(s Source) Info {
	env := s.Getenv
	run := func(name, old string) string { return cmp.Or(env("BUDDY_RUN_"+name), env("BUDDY_EXECUTION_"+old)) }
	repo := repositoryAt(env("BUDDY_SCM_URL"), "")
	repo.Project = cmp.Or(repo.Project, env("BUDDY_REPO_SLUG"))
	info := Info{
		Repository: repo,
		Head:       headAt(run("BRANCH", "BRANCH"), run("TAG", "TAG"), run("COMMIT", "REVISION")),
		Change:     changeIn(repo, cmp.Or(run("PR_NO", "PULL_REQUEST_NO"), run("PR_ID", "PULL_REQUEST_ID"))),
		Pipeline: Pipeline{
			Name:   cmp.Or(env("BUDDY_PIPELINE_NAME"), env("BUDDY_PIPELINE_ID")),
			RunID:  run("ID", "ID"),
			RunURL: publicURL(run("URL", "URL")),
		},
		Job: Job{Name: env("BUDDY_ACTION_NAME"), ID: cmp.Or(s.JobID, env("BUDDY_ACTION_RUN_HASH"), env("BUDDY_ACTION_ID"))},
	}
	if info.Change.ID != "" {
		info.Head.Ref, info.Head.Type = cmp.Or(run("PR_HEAD_BRANCH", "PULL_REQUEST_HEAD_BRANCH"), info.Head.Ref), Branch
		info.Change.BaseRef = run("PR_BASE_BRANCH", "PULL_REQUEST_BASE_BRANCH")
	}
	info.Event = Event{Kind: startedBy(info.Change, info.Head, EventOther), Name: run("EVENT_TYPE", "EVENT_TYPE")}
	return info
}
