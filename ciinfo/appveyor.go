package ciinfo

import (
	"cmp"
	"net/url"
	"strings"
)

// detectAppVeyor reads the variables of https://www.appveyor.com/docs/environment-variables/. On a pull request
// APPVEYOR_REPO_COMMIT is a merge made for the test, and APPVEYOR_REPO_BRANCH the target.
func detectAppVeyor(s Source) Info {
	env := s.Getenv
	repo := appVeyorRepository(env)
	tag := ""
	if isTrue(env("APPVEYOR_REPO_TAG")) {
		tag = env("APPVEYOR_REPO_TAG_NAME")
	}
	info := Info{
		Repository: repo,
		Head:       headAt(env("APPVEYOR_REPO_BRANCH"), tag, env("APPVEYOR_REPO_COMMIT")),
		Change:     changeIn(repo, env("APPVEYOR_PULL_REQUEST_NUMBER")),
		Pipeline:   Pipeline{Name: env("APPVEYOR_PROJECT_SLUG"), RunID: cmp.Or(env("APPVEYOR_BUILD_ID"), env("APPVEYOR_BUILD_NUMBER"))},
		Job: Job{
			Name:      env("APPVEYOR_JOB_NAME"),
			ID:        cmp.Or(s.JobID, env("APPVEYOR_JOB_ID")),
			User:      env("APPVEYOR_REPO_COMMIT_AUTHOR"),
			Workspace: env("APPVEYOR_BUILD_FOLDER"),
		},
	}
	if info.Change.ID != "" {
		info.Change.BaseRef, info.Head.Ref, info.Head.Type = info.Head.Ref, env("APPVEYOR_PULL_REQUEST_HEAD_REPO_BRANCH"), Branch
		info.Head.SHA = commitSHA(env("APPVEYOR_PULL_REQUEST_HEAD_COMMIT"))
		info.Change.Title = firstLine(env("APPVEYOR_PULL_REQUEST_TITLE"))
		info.Change.Fork = !strings.EqualFold(env("APPVEYOR_PULL_REQUEST_HEAD_REPO_NAME"), env("APPVEYOR_REPO_NAME"))
	}
	switch {
	case isTrue(env("APPVEYOR_SCHEDULED_BUILD")):
		info.Event.Kind = EventSchedule
	case isTrue(env("APPVEYOR_FORCED_BUILD")):
		info.Event.Kind = startedBy(info.Change, Head{}, EventManual)
	default:
		info.Event.Kind = startedBy(info.Change, info.Head, EventPush)
	}
	info.appVeyorURLs(env)
	return info
}

// appVeyorRepository puts the address together: only the host's kind and the name are told.
func appVeyorRepository(env func(string) string) Repository {
	word, name := env("APPVEYOR_REPO_PROVIDER"), env("APPVEYOR_REPO_NAME")
	server := map[string]string{
		"github": "https://github.com/", "gitlab": "https://gitlab.com/", "bitbucket": "https://bitbucket.org/",
	}[strings.ToLower(word)]
	if name != "" && server != "" {
		return repositoryAt(server+name, word)
	}
	return Repository{Project: name, Name: name[strings.LastIndex(name, "/")+1:], Host: hostNamed(word)}
}

// appVeyorURLs sets the pages of the build and of the job.
func (i *Info) appVeyorURLs(env func(string) string) {
	account, project, build := env("APPVEYOR_ACCOUNT_NAME"), env("APPVEYOR_PROJECT_SLUG"), env("APPVEYOR_BUILD_ID")
	if account == "" || project == "" || build == "" {
		return
	}
	server := cmp.Or(trimURL(env("APPVEYOR_URL")), "https://ci.appveyor.com")
	i.Pipeline.RunURL = publicURL(server + "/project/" + account + "/" + project + "/builds/" + build)
	if id := env("APPVEYOR_JOB_ID"); id != "" && i.Pipeline.RunURL != "" {
		i.Job.URL = i.Pipeline.RunURL + "/job/" + url.PathEscape(id)
	}
}
