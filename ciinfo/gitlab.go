package ciinfo

import (
	"cmp"
	"encoding/json"
	"net/url"
	"path"
	"strings"
)

// detectGitLab reads the variables of https://docs.gitlab.com/ci/variables/predefined_variables/.
func detectGitLab(s Source) Info {
	env := s.Getenv
	info := Info{
		Event: Event{Kind: gitlabEventKind(env), Name: env("CI_PIPELINE_SOURCE")},
		Repository: Repository{
			Project:       env("CI_PROJECT_PATH"),
			URL:           publicURL(env("CI_PROJECT_URL")),
			Host:          "gitlab",
			ServerURL:     publicURL(env("CI_SERVER_URL")),
			APIURL:        publicURL(env("CI_API_V4_URL")),
			DefaultBranch: env("CI_DEFAULT_BRANCH"),
		},
		Head: Head{
			Ref:         cmp.Or(env("CI_COMMIT_BRANCH"), env("CI_COMMIT_TAG"), shortRef(env("CI_COMMIT_REF_NAME"))),
			Type:        Branch,
			SHA:         env("CI_COMMIT_SHA"),
			CheckoutSHA: env("CI_COMMIT_SHA"),
		},
		Pipeline: Pipeline{
			Name:   env("CI_PIPELINE_NAME"),
			RunID:  env("CI_PIPELINE_ID"),
			RunURL: publicURL(env("CI_PIPELINE_URL")),
		},
		Job: Job{
			ID:        cmp.Or(s.JobID, env("CI_JOB_ID")),
			URL:       publicURL(env("CI_JOB_URL")),
			Worker:    cmp.Or(env("CI_RUNNER_DESCRIPTION"), env("CI_RUNNER_ID")),
			User:      cmp.Or(env("GITLAB_USER_LOGIN"), env("GITLAB_USER_NAME")),
			Workspace: env("CI_PROJECT_DIR"),
		},
	}
	if info.Repository.Project != "" {
		info.Repository.Name = path.Base(info.Repository.Project)
	}
	if env("CI_COMMIT_TAG") != "" {
		info.Head.Type = Tag
	}
	info.Job.Name, info.Job.Matrix, info.Job.MatrixLabel = gitlabJob(env)
	if ofMergeRequest(env) {
		info.gitlabChange(env)
	} else if env("CI_COMMIT_BRANCH") != "" {
		info.gitlabOpenRequest(env("CI_OPEN_MERGE_REQUESTS"))
	}
	if info.Event.Name == "parent_pipeline" {
		info.Pipeline.Upstream = Upstream{Project: info.Repository.Project, RunID: env("CI_UPSTREAM_PIPELINE_ID")}
	}
	return info
}

// gitlabEventKind maps CI_PIPELINE_SOURCE. A child pipeline of a merge request pipeline is about the merge request too.
// https://docs.gitlab.com/ci/jobs/job_rules/#ci_pipeline_source-predefined-variable
func gitlabEventKind(env func(string) string) EventKind {
	if ofMergeRequest(env) {
		if env("CI_MERGE_REQUEST_EVENT_TYPE") == "merge_train" {
			return EventMergeGroup
		}
		return EventChange
	}
	switch env("CI_PIPELINE_SOURCE") {
	case "push":
		if env("CI_COMMIT_TAG") != "" {
			return EventTag
		}
		return EventPush
	case "schedule":
		return EventSchedule
	case "web", "webide", "chat":
		return EventManual
	case "parent_pipeline", "pipeline":
		return EventUpstream
	case "api", "trigger":
		return EventAPI
	}
	return EventOther
}

// ofMergeRequest reports whether the variables of a merge request are about this pipeline. A pipeline of another project, a trigger or a
// schedule may be given those of somebody else's.
// https://docs.gitlab.com/ci/pipelines/downstream_pipelines/#pass-cicd-variables-to-a-downstream-pipeline
func ofMergeRequest(env func(string) string) bool {
	switch env("CI_PIPELINE_SOURCE") {
	case "merge_request_event", "parent_pipeline", "":
		return changeNumber(env("CI_MERGE_REQUEST_IID")) != ""
	}
	return false
}

// gitlabOpenRequest sets the open merge request of the branch, as group/project!7,group/other!8: the first to this
// project, else the first of all.
// https://docs.gitlab.com/ci/variables/predefined_variables/ (CI_OPEN_MERGE_REQUESTS)
func (i *Info) gitlabOpenRequest(list string) {
	var found Change
	for entry := range strings.SplitSeq(list, ",") {
		project, number, _ := strings.Cut(strings.TrimSpace(entry), "!")
		if id := changeNumber(number); id != "" && project != "" && (found.ID == "" || project == i.Repository.Project && found.Project != project) {
			found = Change{ID: id, Project: project, Branch: true}
		}
	}
	if found.ID != "" && i.Repository.ServerURL != "" {
		found.URL = i.Repository.ServerURL + "/" + found.Project + "/-/merge_requests/" + found.ID
	}
	i.Change = found
}

// gitlabChange sets what a merge request pipeline says. CI_COMMIT_SHA is the source branch's commit in a detached pipeline
// and a merge made for the test in a merged results pipeline and a merge train; only there the commits of both branches
// are in variables of their own.
// https://docs.gitlab.com/ci/variables/predefined_variables/#predefined-variables-for-merge-request-pipelines
func (i *Info) gitlabChange(env func(string) string) {
	i.Change.ID = env("CI_MERGE_REQUEST_IID")
	if i.Change.ID == "" {
		return
	}
	i.Head.Ref, i.Head.Type = cmp.Or(env("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME"), i.Head.Ref), Branch
	i.Head.SHA = cmp.Or(env("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA"), i.Head.SHA)
	i.Change.BaseRef = env("CI_MERGE_REQUEST_TARGET_BRANCH_NAME")
	i.Change.BaseSHA = cmp.Or(env("CI_MERGE_REQUEST_TARGET_BRANCH_SHA"), env("CI_MERGE_REQUEST_DIFF_BASE_SHA"))
	i.Change.Title = env("CI_MERGE_REQUEST_TITLE")
	i.Change.Project = cmp.Or(env("CI_MERGE_REQUEST_PROJECT_PATH"), i.Repository.Project)
	if project := publicURL(cmp.Or(env("CI_MERGE_REQUEST_PROJECT_URL"), i.Repository.URL)); project != "" {
		i.Change.URL = project + "/-/merge_requests/" + url.PathEscape(i.Change.ID)
	}
	source := env("CI_MERGE_REQUEST_SOURCE_PROJECT_PATH")
	i.Change.Fork = source != "" && source != i.Change.Project
}

// gitlabJob takes CI_JOB_NAME apart: "test: [a, b]" is a job of parallel:matrix, "test 2/5" one of parallel. The matrix
// variables' own names are not told. A job name may look so without being one: CI_NODE_INDEX tells.
// https://docs.gitlab.com/ci/yaml/#parallelmatrix
func gitlabJob(env func(string) string) (name, matrix, label string) {
	name = env("CI_JOB_NAME")
	index, total := env("CI_NODE_INDEX"), env("CI_NODE_TOTAL")
	if index == "" {
		return name, "", ""
	}
	if base, ok := strings.CutSuffix(name, " "+index+"/"+total); ok {
		return base, quoteAll(index + "/" + total), index + "of" + total
	}
	base, values, ok := strings.Cut(name, ": [")
	if !ok || !strings.HasSuffix(values, "]") {
		return name, "", ""
	}
	matrix = quoteAll(strings.Split(strings.TrimSuffix(values, "]"), ", ")...)
	_, label = matrixCell(matrix)
	return base, matrix, label
}

func quoteAll(values ...string) string {
	text, err := json.Marshal(values)
	if err != nil {
		return ""
	}
	return string(text)
}
