package ciinfo

import "strconv"

// Provider is a CI system.
type Provider string

// The CI systems that are known, and the place without one.
const (
	GitHub Provider = "github" // GitHub Actions, and what imitates it
	GitLab Provider = "gitlab"
	Local  Provider = "local" // a laptop, or a CI system that is not known
)

// Event is the kind of thing that started the pipeline, in one vocabulary for all systems.
type Event string

// The kinds of events.
const (
	EventPush       Event = "push"         // to a branch
	EventTag        Event = "tag"          // a tag was pushed, or a release made of it
	EventChange     Event = "pull_request" // a pull request or merge request was opened or updated
	EventMergeGroup Event = "merge_group"  // a merge queue (GitHub) or merge train (GitLab) tries a change
	EventSchedule   Event = "schedule"
	EventManual     Event = "manual"   // somebody pressed a button
	EventUpstream   Event = "upstream" // another pipeline started this one
	EventAPI        Event = "api"      // a program started it
	EventOther      Event = "other"
)

// The types of a git reference, in OpenTelemetry's words.
const (
	Branch = "branch"
	Tag    = "tag"
)

// Info is what is known about the job. Every field may be empty, except Provider. On a change, a pull request or merge
// request, head is the source branch and its own commit; what a CI system merged for the test is CheckoutSHA.
type Info struct {
	Provider  Provider
	Event     Event
	EventName string // the system's own word: GITHUB_EVENT_NAME, CI_PIPELINE_SOURCE

	Project        string // default experiment: GITHUB_REPOSITORY, CI_PROJECT_PATH; empty on a laptop
	Repository     string // name without owner or group
	RepositoryURL  string // without credentials and ".git"
	VCS            string // what hosts the repository, in OpenTelemetry's words: github, gitlab, bitbucket
	ServerURL      string // GITHUB_SERVER_URL, CI_SERVER_URL; no slash at the end
	APIURL         string // GITHUB_API_URL, CI_API_V4_URL; no slash at the end
	DefaultBranch  string // repository.default_branch of the event, CI_DEFAULT_BRANCH
	OnDefault      bool   // the job is for a commit on the default branch, not for a change or a tag
	Workspace      string // GITHUB_WORKSPACE, CI_PROJECT_DIR, the top folder of the git repository
	HeadRef        string // short name of the branch or tag
	HeadType       string // Branch, Tag
	HeadSHA        string
	CheckoutSHA    string // GITHUB_SHA, CI_COMMIT_SHA: what is checked out unless the job asks for another commit
	BaseRef        string // target branch of a change
	BaseSHA        string // commit of the target branch that the change was compared with
	ChangeID       string // number of the pull request or merge request
	ChangeTitle    string // written by the author of the change
	ChangeURL      string // page of the change
	ChangeProject  string // project that the change belongs to; another one than Project when GitLab tests a fork in the fork
	Fork           bool   // the change comes from another repository, so its author need not be trusted
	TokenMayWrite  bool   // the job's own token may comment on the change, if the workflow's permissions allow it
	PipelineName   string // GITHUB_WORKFLOW, CI_PIPELINE_NAME
	PipelineRunID  string // GITHUB_RUN_ID, CI_PIPELINE_ID
	PipelineRunURL string
	Attempt        int    // GITHUB_RUN_ATTEMPT, from 1; 0 where the system does not count, as GitLab
	JobName        string // GITHUB_JOB, CI_JOB_NAME without the matrix part
	JobID          string // setting job-id (job.check_run_id), CI_JOB_ID
	JobURL         string
	WorkerName     string // RUNNER_NAME, CI_RUNNER_DESCRIPTION
	User           string // GITHUB_ACTOR, GITLAB_USER_LOGIN, the user of the laptop

	Matrix      string // the job's cell of a matrix as compact JSON with sorted keys
	MatrixLabel string // the same for people and run names: os=linux,py=3.12; at most 64 characters
}

// Source is where Detect looks.
type Source struct {
	Getenv   func(string) string
	ReadFile func(string) ([]byte, error) // reads the event file
	Dir      string                       // folder in which git is asked on a laptop
	Matrix   string                       // setting matrix: JSON; empty or null outside a matrix
	JobID    string                       // setting job-id
}

// Detect says what is known about this job.
func Detect(s Source) Info {
	var info Info
	switch {
	case s.Getenv("GITHUB_ACTIONS") == "true":
		info = detectGitHub(s)
	case s.Getenv("GITLAB_CI") == "true":
		info = detectGitLab(s)
	default:
		info = detectLocal(s)
	}
	if matrix, label := matrixCell(s.Matrix); label != "" {
		info.Matrix, info.MatrixLabel = matrix, label
	}
	info.OnDefault = info.HeadType == Branch && info.HeadRef != "" && info.HeadRef == info.DefaultBranch &&
		info.ChangeID == "" && !info.Fork
	return info
}

// InCI says whether a CI system was recognised.
func (i Info) InCI() bool { return i.Provider == GitHub || i.Provider == GitLab }

// ShortSHA is the head's commit in seven characters.
func (i Info) ShortSHA() string { return i.HeadSHA[:min(7, len(i.HeadSHA))] }

// RunNumber is the id of the pipeline run as a number, which grows from run to run; 0 where it is none.
func (i Info) RunNumber() int64 {
	n, err := strconv.ParseInt(i.PipelineRunID, 10, 64)
	if err != nil {
		return 0
	}
	return n
}
