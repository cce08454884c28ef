package ciinfo

import (
	"cmp"
	"net/url"
	"strings"
)

// detectTravis reads the variables of https://docs.travis-ci.com/user/environment-variables/#default-environment-variables.
// On a pull request TRAVIS_COMMIT is a merge made for the test, and TRAVIS_BRANCH the target.
func detectTravis(s Source) Info {
	env := s.Getenv
	repo := travisRepository(env)
	info := Info{
		Event:      Event{Name: env("TRAVIS_EVENT_TYPE")},
		Repository: repo,
		Head:       headAt(env("TRAVIS_BRANCH"), env("TRAVIS_TAG"), env("TRAVIS_COMMIT")),
		Change:     changeIn(repo, env("TRAVIS_PULL_REQUEST")),
		Pipeline:   Pipeline{RunID: env("TRAVIS_BUILD_ID"), RunURL: publicURL(env("TRAVIS_BUILD_WEB_URL"))},
		Job: Job{
			Name:      env("TRAVIS_JOB_NAME"),
			ID:        cmp.Or(s.JobID, env("TRAVIS_JOB_ID")),
			URL:       publicURL(env("TRAVIS_JOB_WEB_URL")),
			Workspace: env("TRAVIS_BUILD_DIR"),
		},
	}
	if info.Change.ID != "" {
		info.Change.BaseRef, info.Head.Ref, info.Head.Type = info.Head.Ref, env("TRAVIS_PULL_REQUEST_BRANCH"), Branch
		info.Head.SHA = commitSHA(env("TRAVIS_PULL_REQUEST_SHA"))
		info.Change.Fork = !strings.EqualFold(env("TRAVIS_PULL_REQUEST_SLUG"), repo.Project) // empty: the fork was deleted
	}
	info.Event.Kind = startedBy(info.Change, info.Head, EventOther)
	switch {
	case info.Event.Name == "push" && info.Head.Type != Tag:
		info.Event.Kind = EventPush
	case info.Event.Name == "cron":
		info.Event.Kind = EventSchedule
	case info.Event.Name == "api":
		info.Event.Kind = EventAPI
	}
	return info
}

// travisRepository finds the host in the address of the build, https://app.travis-ci.com/github/acme/churn/builds/1:
// the slug alone does not tell.
func travisRepository(env func(string) string) Repository {
	slug, word := env("TRAVIS_REPO_SLUG"), ""
	if u, err := url.Parse(env("TRAVIS_BUILD_WEB_URL")); err == nil {
		word, _, _ = strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	}
	server := map[string]string{
		"github": "https://github.com/", "gitlab": "https://gitlab.com/", "bitbucket": "https://bitbucket.org/",
	}[word]
	if slug != "" && server != "" {
		return repositoryAt(server+slug, word)
	}
	_, name, _ := strings.Cut(slug, "/")
	return Repository{Project: slug, Name: name}
}
