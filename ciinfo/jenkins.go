package ciinfo

import (
	"cmp"
	"encoding/json"
	"path"
	"strings"
)

// recogniseJenkins wants more than one variable: BUILD_NUMBER and JOB_NAME are words that other programs use, and
// JENKINS_URL is what the command line client of Jenkins reads on a laptop.
func recogniseJenkins(env func(string) string) bool {
	return env("BUILD_NUMBER") != "" && env("JOB_NAME") != "" &&
		cmp.Or(env("JENKINS_URL"), env("JENKINS_HOME"), env("HUDSON_URL")) != ""
}

// detectJenkins reads the variables of https://www.jenkins.io/doc/book/pipeline/jenkinsfile/#using-environment-variables,
// of multibranch projects (https://plugins.jenkins.io/branch-api/) and of the git plugin
// (https://plugins.jenkins.io/git/#plugin-content-environment-variables).
func detectJenkins(s Source) Info {
	env := s.Getenv
	repo := repositoryAt(cmp.Or(env("GIT_URL"), env("GIT_URL_1")), "")
	if isTrue(env("BRANCH_IS_PRIMARY")) {
		repo.DefaultBranch = env("BRANCH_NAME")
	}
	info := Info{
		Repository: repo,
		Head:       headAt(jenkinsBranch(env), env("TAG_NAME"), env("GIT_COMMIT")),
		Change:     changeIn(repo, env("CHANGE_ID")),
		Pipeline:   Pipeline{RunID: env("BUILD_NUMBER"), RunURL: publicURL(env("BUILD_URL"))},
		Job: Job{
			ID:        s.JobID,
			Worker:    env("NODE_NAME"),
			User:      cmp.Or(env("BUILD_USER_ID"), env("CHANGE_AUTHOR")),
			Workspace: env("WORKSPACE"),
		},
	}
	info.jenkinsJob(env)
	info.jenkinsChange(env)
	info.Event = Event{Kind: jenkinsEventKind(env("BUILD_CAUSE"), info), Name: env("BUILD_CAUSE")}
	return info
}

// jenkinsBranch is the branch as people know it. GIT_BRANCH has the name of the remote in front, as origin/main, and is the
// word detached where no branch is checked out.
func jenkinsBranch(env func(string) string) string {
	branch := cmp.Or(env("BRANCH_NAME"), env("GIT_LOCAL_BRANCH"), env("GIT_BRANCH"))
	if branch == "detached" {
		return ""
	}
	return strings.TrimPrefix(strings.TrimPrefix(branch, "refs/remotes/"), "origin/")
}

// jenkinsJob sets the names. In a multibranch project the last part of JOB_NAME is the branch; in a matrix project it is
// the cell: train/os=linux,py=3.12.
func (i *Info) jenkinsJob(env func(string) string) {
	name := env("JOB_NAME")
	last := path.Base(name)
	switch {
	case env("BRANCH_NAME") != "" && strings.Contains(name, "/"):
		name = path.Dir(name)
	case strings.Contains(name, "/") && strings.Contains(last, "="):
		i.Job.Matrix, i.Job.MatrixLabel = matrixCell(jenkinsCell(last))
		name = path.Dir(name)
	}
	i.Pipeline.Name = name
	i.Job.Name = cmp.Or(env("STAGE_NAME"), path.Base(name))
}

// jenkinsCell is the cell of a matrix project as JSON.
func jenkinsCell(part string) string {
	cell := map[string]string{}
	for axis := range strings.SplitSeq(part, ",") {
		if key, value, ok := strings.Cut(axis, "="); ok {
			cell[key] = value
		}
	}
	text, err := json.Marshal(cell)
	if err != nil {
		return ""
	}
	return string(text)
}

// jenkinsChange sets what a multibranch project says of a change. GIT_COMMIT may be a merge made for the test; that it is
// the head is sure only where the project builds both and says so in the name: PR-7-head.
func (i *Info) jenkinsChange(env func(string) string) {
	if i.Change.ID == "" {
		return
	}
	i.Head.Ref, i.Head.Type = env("CHANGE_BRANCH"), Branch
	if !strings.HasSuffix(env("BRANCH_NAME"), "-head") {
		i.Head.SHA = ""
	}
	i.Change.BaseRef = env("CHANGE_TARGET")
	i.Change.Title = firstLine(env("CHANGE_TITLE"))
	i.Change.URL = cmp.Or(publicURL(env("CHANGE_URL")), i.Change.URL)
	i.Change.Fork = env("CHANGE_FORK") != ""
}

// jenkinsEventKind maps BUILD_CAUSE, which is there with the plugin EnvInject; without it Jenkins does not say.
// https://plugins.jenkins.io/envinject/
func jenkinsEventKind(cause string, i Info) EventKind {
	switch {
	case i.Change.ID != "" || i.Head.Type == Tag:
		return startedBy(i.Change, i.Head, EventOther)
	case strings.Contains(cause, "TIMERTRIGGER"):
		return EventSchedule
	case strings.Contains(cause, "UPSTREAMTRIGGER"):
		return EventUpstream
	case strings.Contains(cause, "MANUALTRIGGER"):
		return EventManual
	case strings.Contains(cause, "SCMTRIGGER"):
		return EventPush
	}
	return EventOther
}
