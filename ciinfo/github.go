package ciinfo

import (
	"cmp"
	"encoding/json"
	"path"
	"strconv"
	"strings"
)

// maxEvent is the size of an event file that is looked at. GitHub caps payloads at 25 MB.
// https://docs.github.com/en/webhooks/webhook-events-and-payloads#payload-cap
const maxEvent = 32 << 20

// githubEvent is the part of the event payload that is read.
// https://docs.github.com/en/webhooks/webhook-events-and-payloads
type githubEvent struct {
	Repository  githubRepository `json:"repository"`
	PullRequest *githubChange    `json:"pull_request"`
	Issue       *struct {
		githubChange

		PullRequest *struct{} `json:"pull_request"` // there if the issue is a pull request
	} `json:"issue"`
	MergeGroup *struct {
		HeadSHA string `json:"head_sha"`
		HeadRef string `json:"head_ref"`
		BaseSHA string `json:"base_sha"`
		BaseRef string `json:"base_ref"`
	} `json:"merge_group"`
	WorkflowRun *struct {
		Event          string            `json:"event"`
		HeadBranch     string            `json:"head_branch"`
		HeadSHA        string            `json:"head_sha"`
		HeadRepository *githubRepository `json:"head_repository"`
		PullRequests   []githubChange    `json:"pull_requests"` // empty if they come from a fork
	} `json:"workflow_run"`
}

type githubRepository struct {
	FullName      string `json:"full_name"`
	DefaultBranch string `json:"default_branch"`
}

type githubChange struct {
	Number int          `json:"number"`
	Title  string       `json:"title"`
	URL    string       `json:"html_url"`
	Head   githubCommit `json:"head"`
	Base   githubCommit `json:"base"`
}

type githubCommit struct {
	Ref  string            `json:"ref"`
	SHA  string            `json:"sha"`
	Repo *githubRepository `json:"repo"` // null when the fork was deleted
}

func detectGitHub(s Source) Info {
	env := s.Getenv
	event := readEvent(s)
	server := publicURL(cmp.Or(env("GITHUB_SERVER_URL"), "https://github.com"))
	repository := env("GITHUB_REPOSITORY")
	info := Info{
		Provider:      GitHub,
		VCS:           "github",
		Event:         githubEventKind(env),
		EventName:     env("GITHUB_EVENT_NAME"),
		Project:       repository,
		ServerURL:     server,
		APIURL:        publicURL(env("GITHUB_API_URL")),
		DefaultBranch: event.Repository.DefaultBranch,
		Workspace:     env("GITHUB_WORKSPACE"),
		HeadRef:       cmp.Or(env("GITHUB_REF_NAME"), shortRef(env("GITHUB_REF"))),
		HeadType:      cmp.Or(env("GITHUB_REF_TYPE"), refType(env("GITHUB_REF"))),
		HeadSHA:       env("GITHUB_SHA"),
		CheckoutSHA:   env("GITHUB_SHA"),
		TokenMayWrite: true,
		PipelineName:  env("GITHUB_WORKFLOW"),
		PipelineRunID: env("GITHUB_RUN_ID"),
		JobName:       env("GITHUB_JOB"),
		JobID:         s.JobID,
		WorkerName:    env("RUNNER_NAME"),
		User:          env("GITHUB_ACTOR"),
	}
	info.Attempt, _ = strconv.Atoi(env("GITHUB_RUN_ATTEMPT"))
	if repository != "" {
		info.Repository = path.Base(repository)
		info.RepositoryURL = publicURL(server + "/" + repository)
	}
	if info.EventName == "schedule" { // scheduled workflows run on the default branch only
		info.DefaultBranch = cmp.Or(info.DefaultBranch, info.HeadRef)
	}
	info.githubURLs()
	info.githubHead(env, event)
	if dependabotReadOnly(info) {
		info.TokenMayWrite = false
	}
	return info
}

// readEvent reads the event file. One that is missing, garbled or huge is as good as empty.
func readEvent(s Source) githubEvent {
	var event githubEvent
	name := s.Getenv("GITHUB_EVENT_PATH")
	if name == "" || s.ReadFile == nil {
		return event
	}
	text, err := s.ReadFile(name)
	if err != nil || len(text) > maxEvent {
		return event
	}
	_ = json.Unmarshal(text, &event) // what has the wrong type is left empty, the rest is taken
	return event
}

func githubEventKind(env func(string) string) Event {
	switch env("GITHUB_EVENT_NAME") {
	case "push", "release", "create":
		if env("GITHUB_REF_TYPE") == Tag {
			return EventTag
		}
		return EventPush
	case "pull_request", "pull_request_target", "pull_request_review", "pull_request_review_comment":
		return EventChange
	case "merge_group":
		return EventMergeGroup
	case "schedule":
		return EventSchedule
	case "workflow_dispatch":
		return EventManual
	case "workflow_run", "workflow_call":
		return EventUpstream
	case "repository_dispatch":
		return EventAPI
	}
	return EventOther
}

// githubURLs sets the pages of the run and of the job.
func (i *Info) githubURLs() {
	if i.RepositoryURL == "" || i.PipelineRunID == "" {
		return
	}
	run := i.RepositoryURL + "/actions/runs/" + i.PipelineRunID
	i.PipelineRunURL = run
	if i.Attempt > 1 {
		i.PipelineRunURL += "/attempts/" + strconv.Itoa(i.Attempt)
	}
	if i.JobID != "" {
		i.JobURL = run + "/job/" + i.JobID
	}
}

// githubHead sets head, base and change for the events in which GITHUB_SHA is not the commit that the run is about.
func (i *Info) githubHead(env func(string) string, event githubEvent) {
	switch {
	case i.Event == EventChange:
		i.githubPullRequest(env, event.PullRequest)
	case event.MergeGroup != nil:
		g := event.MergeGroup
		i.HeadRef, i.HeadType, i.HeadSHA = cmp.Or(shortRef(g.HeadRef), i.HeadRef), Branch, cmp.Or(g.HeadSHA, i.HeadSHA)
		i.BaseRef, i.BaseSHA = shortRef(g.BaseRef), g.BaseSHA
		i.githubChange(githubChange{Number: queuedChange(i.HeadRef)})
	case event.WorkflowRun != nil:
		w := event.WorkflowRun
		i.HeadRef, i.HeadSHA = cmp.Or(w.HeadBranch, i.HeadRef), cmp.Or(w.HeadSHA, i.HeadSHA)
		i.Fork = w.HeadRepository != nil && w.HeadRepository.FullName != i.Project
		if len(w.PullRequests) > 0 {
			i.githubChange(w.PullRequests[0])
			i.BaseRef, i.BaseSHA = w.PullRequests[0].Base.Ref, w.PullRequests[0].Base.SHA
		}
	case event.Issue != nil && event.Issue.PullRequest != nil:
		i.githubChange(event.Issue.githubChange)
	}
}

// githubPullRequest sets what an event about a pull request says. GITHUB_SHA is then a merge made for the test, or the tip
// of the target branch (pull_request_target).
// https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows#pull_request
func (i *Info) githubPullRequest(env func(string) string, pr *githubChange) {
	i.HeadRef, i.HeadType, i.BaseRef = env("GITHUB_HEAD_REF"), Branch, env("GITHUB_BASE_REF")
	if pr == nil { // no event file: GITHUB_REF is refs/pull/7/merge
		i.HeadSHA = ""
		number, _, _ := strings.Cut(strings.TrimPrefix(env("GITHUB_REF"), "refs/pull/"), "/")
		n, _ := strconv.Atoi(number)
		i.githubChange(githubChange{Number: n})
		return
	}
	i.HeadRef, i.HeadSHA = cmp.Or(i.HeadRef, pr.Head.Ref), pr.Head.SHA
	i.BaseRef, i.BaseSHA = cmp.Or(i.BaseRef, pr.Base.Ref), pr.Base.SHA
	i.Fork = pr.Head.Repo == nil || pr.Head.Repo.FullName != i.Project
	i.TokenMayWrite = !i.Fork || i.EventName == "pull_request_target"
	i.githubChange(*pr)
}

// githubChange sets the fields that name a pull request.
func (i *Info) githubChange(pr githubChange) {
	if pr.Number <= 0 {
		return
	}
	i.ChangeID, i.ChangeTitle, i.ChangeProject = strconv.Itoa(pr.Number), pr.Title, i.Project
	i.ChangeURL = publicURL(pr.URL)
	if i.ChangeURL == "" && i.RepositoryURL != "" {
		i.ChangeURL = i.RepositoryURL + "/pull/" + i.ChangeID
	}
}

// queuedChange returns the number of the last pull request in a merge group, 0 if its branch does not tell:
// gh-readonly-queue/main/pr-7-<commit>.
func queuedChange(branch string) int {
	rest, ok := strings.CutPrefix(path.Base(branch), "pr-")
	if !ok {
		return 0
	}
	number, _, _ := strings.Cut(rest, "-")
	n, _ := strconv.Atoi(number)
	return n
}

// dependabotReadOnly says whether the job has Dependabot's read-only token.
// https://docs.github.com/en/code-security/dependabot/working-with-dependabot/dependabot-on-actions
func dependabotReadOnly(i Info) bool {
	return i.User == "dependabot[bot]" && i.EventName != "pull_request_target" &&
		(i.Event == EventPush || i.Event == EventChange)
}
