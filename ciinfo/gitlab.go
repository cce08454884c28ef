package ciinfo

import (
	"cmp"
	"encoding/json"
	"path"
	"strings"
)

func detectGitLab(s Source) Info {
	env := s.Getenv
	info := Info{
		Provider:       GitLab,
		VCS:            "gitlab",
		Event:          gitlabEventKind(env),
		EventName:      env("CI_PIPELINE_SOURCE"),
		Project:        env("CI_PROJECT_PATH"),
		RepositoryURL:  publicURL(env("CI_PROJECT_URL")),
		ServerURL:      publicURL(env("CI_SERVER_URL")),
		APIURL:         publicURL(env("CI_API_V4_URL")),
		DefaultBranch:  env("CI_DEFAULT_BRANCH"),
		Workspace:      env("CI_PROJECT_DIR"),
		HeadRef:        cmp.Or(env("CI_COMMIT_BRANCH"), env("CI_COMMIT_TAG"), shortRef(env("CI_COMMIT_REF_NAME"))),
		HeadType:       Branch,
		HeadSHA:        env("CI_COMMIT_SHA"),
		CheckoutSHA:    env("CI_COMMIT_SHA"),
		PipelineName:   env("CI_PIPELINE_NAME"),
		PipelineRunID:  env("CI_PIPELINE_ID"),
		PipelineRunURL: publicURL(env("CI_PIPELINE_URL")),
		JobID:          cmp.Or(s.JobID, env("CI_JOB_ID")),
		JobURL:         publicURL(env("CI_JOB_URL")),
		WorkerName:     cmp.Or(env("CI_RUNNER_DESCRIPTION"), env("CI_RUNNER_ID")),
		User:           cmp.Or(env("GITLAB_USER_LOGIN"), env("GITLAB_USER_NAME")),
	}
	if info.Project != "" {
		info.Repository = path.Base(info.Project)
	}
	if env("CI_COMMIT_TAG") != "" {
		info.HeadType = Tag
	}
	info.JobName, info.Matrix, info.MatrixLabel = gitlabJob(env)
	info.gitlabChange(env)
	return info
}

// gitlabEventKind maps CI_PIPELINE_SOURCE. A child pipeline of a merge request pipeline is about the merge request too.
// https://docs.gitlab.com/ci/jobs/job_rules/#ci_pipeline_source-predefined-variable
func gitlabEventKind(env func(string) string) Event {
	if env("CI_MERGE_REQUEST_IID") != "" {
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

// gitlabChange sets what a merge request pipeline says. CI_COMMIT_SHA is the source branch's commit in a detached pipeline
// and a merge made for the test in a merged results pipeline and a merge train; only there the commits of both branches
// are in variables of their own.
// https://docs.gitlab.com/ci/variables/predefined_variables/#predefined-variables-for-merge-request-pipelines
func (i *Info) gitlabChange(env func(string) string) {
	i.ChangeID = env("CI_MERGE_REQUEST_IID")
	if i.ChangeID == "" {
		return
	}
	i.HeadRef, i.HeadType = cmp.Or(env("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME"), i.HeadRef), Branch
	i.HeadSHA = cmp.Or(env("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA"), i.HeadSHA)
	i.BaseRef = env("CI_MERGE_REQUEST_TARGET_BRANCH_NAME")
	i.BaseSHA = cmp.Or(env("CI_MERGE_REQUEST_TARGET_BRANCH_SHA"), env("CI_MERGE_REQUEST_DIFF_BASE_SHA"))
	i.ChangeTitle = env("CI_MERGE_REQUEST_TITLE")
	i.ChangeProject = cmp.Or(env("CI_MERGE_REQUEST_PROJECT_PATH"), i.Project)
	if project := publicURL(cmp.Or(env("CI_MERGE_REQUEST_PROJECT_URL"), i.RepositoryURL)); project != "" {
		i.ChangeURL = project + "/-/merge_requests/" + i.ChangeID
	}
	source := env("CI_MERGE_REQUEST_SOURCE_PROJECT_PATH")
	i.Fork = source != "" && source != i.ChangeProject
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
