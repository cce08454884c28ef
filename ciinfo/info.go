package ciinfo

import "strconv"

// The types of a git reference, in OpenTelemetry's words.
const (
	Branch = "branch"
	Tag    = "tag"
)

// Info is what is known about the CI job. Every field may be empty, except Provider.
type Info struct {
	Provider   Provider
	Event      Event
	Repository Repository
	Head       Head
	Change     Change
	Pipeline   Pipeline
	Job        Job
	Checkout   Checkout
}

// Event is what started the pipeline.
type Event struct {
	Kind EventKind
	Name string // the system's own word: GITHUB_EVENT_NAME, CI_PIPELINE_SOURCE
}

// Repository is the git repository that the pipeline belongs to, and the server that hosts it.
type Repository struct {
	Project       string // path with owner or groups, the default experiment: GITHUB_REPOSITORY, CI_PROJECT_PATH; empty on a laptop
	Name          string // without owner or group
	URL           string // without credentials and ".git"
	Host          string // what hosts it, in OpenTelemetry's words: github, gitlab, gitea, bitbucket
	ServerURL     string // GITHUB_SERVER_URL, CI_SERVER_URL; no slash at the end
	APIURL        string // GITHUB_API_URL, CI_API_V4_URL; no slash at the end
	GraphQLURL    string // GITHUB_GRAPHQL_URL
	DefaultBranch string // repository.default_branch of the event, CI_DEFAULT_BRANCH
}

// Head is the branch or tag that the job is about. On a change it is the source branch and that branch's own commit; what
// the CI system merged for the test is CheckoutSHA.
type Head struct {
	Ref         string // short name of the branch or tag
	Type        string // Branch, Tag
	SHA         string
	CheckoutSHA string // GITHUB_SHA, CI_COMMIT_SHA: what is checked out unless the job asks for another commit
	OnDefault   bool   // the job is for a commit on the default branch, not for a change or a tag
}

// Change is the pull request or merge request that the job is about; empty outside one.
type Change struct {
	ID      string // its number
	Title   string // written by its author
	URL     string // its page
	Project string // project that it belongs to; another one than Repository.Project when GitLab tests a fork in the fork
	BaseRef string // target branch
	BaseSHA string // commit of the target branch that the change was compared with
	Fork    bool   // it comes from another repository, so its author need not be trusted
	Branch  bool   // the job is for a branch, and this is the open request of the branch
}

// Pipeline is the workflow and its run.
type Pipeline struct {
	Name    string // GITHUB_WORKFLOW, CI_PIPELINE_NAME
	RunID   string // GITHUB_RUN_ID, CI_PIPELINE_ID
	RunURL  string
	Attempt int // GITHUB_RUN_ATTEMPT, from 1; 0 where the system does not count, as GitLab

	Upstream Upstream
}

// Upstream is the pipeline run that started this one; empty where none did, or nothing is told about it. On GitHub it is that of the
// event workflow_run, and its code need not be trusted.
type Upstream struct {
	Project string // of its head
	Name    string // of the workflow
	File    string // of the workflow
	RunID   string
	RunURL  string
	Attempt int
}

// Job is the job that this process runs in, and the machine.
type Job struct {
	Name        string // GITHUB_JOB, CI_JOB_NAME without the matrix part
	Step        string // GITHUB_ACTION: the step's id, or what the runner calls it
	ID          string // setting job-id (job.check_run_id), CI_JOB_ID
	URL         string
	Worker      string // RUNNER_NAME, CI_RUNNER_DESCRIPTION
	User        string // GITHUB_ACTOR, GITLAB_USER_LOGIN, the user of the laptop
	Workspace   string // GITHUB_WORKSPACE, CI_PROJECT_DIR, the top folder of the git repository
	Matrix      string // the job's cell of a matrix as compact JSON with sorted keys
	MatrixLabel string // the same for people and run names: os=linux,py=3.12; at most 64 characters
}

// Family is what the child pipelines of one pipeline have in common; empty outside them. A GitLab that does not tell the pipeline
// above has their commit.
func (i Info) Family() string {
	switch {
	case i.Event.Name != "parent_pipeline":
		return ""
	case i.Pipeline.Upstream.RunID != "":
		return "pipeline " + i.Pipeline.Upstream.RunID
	case i.Head.CheckoutSHA != "":
		return "commit " + i.Head.CheckoutSHA
	}
	return ""
}

// InCI reports whether a CI system was recognised.
func (i Info) InCI() bool { return i.Provider != Local }

// ShortSHA is the head's commit in seven characters.
func (h Head) ShortSHA() string { return h.SHA[:min(7, len(h.SHA))] }

// Checkout is the git repository in the folder of the step; empty where there is none.
type Checkout struct {
	Folder        string // its top
	Commit        string // HEAD
	Branch        string // empty where HEAD is detached
	URL           string // of the remote origin, without credentials
	DefaultBranch string // of the remote, where git knows it
	Dirty         string // true: files that git knows are changed; false; empty: not known
}

// RunNumber is the id of the pipeline run as a number, which grows from run to run; 0 where the id is not a number.
func (p Pipeline) RunNumber() int64 {
	n, err := strconv.ParseInt(p.RunID, 10, 64)
	if err != nil {
		return 0
	}
	return n
}
