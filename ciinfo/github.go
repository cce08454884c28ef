package ciinfo

import (
	"cmp"
	"encoding/json"
	"net/url"
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
	WorkflowRun *githubWorkflowRun `json:"workflow_run"`
}

type githubWorkflowRun struct {
	ID             int64             `json:"id"`
	Attempt        int               `json:"run_attempt"`
	Name           string            `json:"name"`
	Path           string            `json:"path"`
	URL            string            `json:"html_url"`
	HeadBranch     string            `json:"head_branch"`
	HeadSHA        string            `json:"head_sha"`
	HeadRepository *githubRepository `json:"head_repository"`
	PullRequests   []githubChange    `json:"pull_requests"` // empty if they come from a fork
}

type githubRepository struct {
	FullName      string `json:"full_name"`
	DefaultBranch string `json:"default_branch"`
	URL           string `json:"url"` // of the API
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

// detectGitHub reads GitHub's default variables
// (https://docs.github.com/en/actions/reference/workflows-and-actions/variables) and the event file.
func detectGitHub(s Source) Info {
	env := s.Getenv
	event := readEvent(s)
	server := publicURL(cmp.Or(env("GITHUB_SERVER_URL"), "https://github.com"))
	repository := env("GITHUB_REPOSITORY")
	info := Info{
		Event: Event{Kind: githubEventKind(env), Name: env("GITHUB_EVENT_NAME")},
		Repository: Repository{
			Project:       repository,
			Host:          "github",
			ServerURL:     server,
			APIURL:        publicURL(env("GITHUB_API_URL")),
			GraphQLURL:    publicURL(env("GITHUB_GRAPHQL_URL")),
			DefaultBranch: event.defaultBranch(repository),
		},
		Head: Head{
			Ref:         cmp.Or(env("GITHUB_REF_NAME"), shortRef(env("GITHUB_REF"))),
			Type:        cmp.Or(env("GITHUB_REF_TYPE"), refType(env("GITHUB_REF"))),
			SHA:         env("GITHUB_SHA"),
			CheckoutSHA: env("GITHUB_SHA"),
		},
		Pipeline: Pipeline{Name: env("GITHUB_WORKFLOW"), RunID: env("GITHUB_RUN_ID")},
		Job: Job{
			Name:      env("GITHUB_JOB"),
			Step:      env("GITHUB_ACTION"),
			ID:        s.JobID,
			Worker:    env("RUNNER_NAME"),
			User:      env("GITHUB_ACTOR"),
			Workspace: env("GITHUB_WORKSPACE"),
		},
	}
	info.Pipeline.Attempt = counted(env("GITHUB_RUN_ATTEMPT"), 1)
	if repository != "" {
		info.Repository.Name = path.Base(repository)
		info.Repository.URL = publicURL(server + "/" + repository)
	}
	if info.Event.Name == "schedule" { // scheduled workflows run on the default branch only
		info.Repository.DefaultBranch = cmp.Or(info.Repository.DefaultBranch, info.Head.Ref)
	}
	info.githubURLs()
	info.githubHead(env, event)
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

// defaultBranch is that of this repository, if the payload is about it.
func (e githubEvent) defaultBranch(project string) string {
	if e.Repository.FullName != "" && !strings.EqualFold(e.Repository.FullName, project) {
		return ""
	}
	return e.Repository.DefaultBranch
}

func githubEventKind(env func(string) string) EventKind {
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
	if i.Repository.URL == "" || i.Pipeline.RunID == "" {
		return
	}
	run := i.Repository.URL + "/actions/runs/" + url.PathEscape(i.Pipeline.RunID)
	i.Pipeline.RunURL = run
	if i.Pipeline.Attempt > 1 {
		i.Pipeline.RunURL += "/attempts/" + strconv.Itoa(i.Pipeline.Attempt)
	}
	if i.Job.ID != "" {
		i.Job.URL = run + "/job/" + url.PathEscape(i.Job.ID)
	}
}

// githubHead sets head, base and change for the events in which GITHUB_SHA is not the commit that the run is about. The event's name
// decides which object of the payload is read: others may be there for another reason, as a deployment carries the
// workflow run that made it. Of all other events GITHUB_SHA and GITHUB_REF say what is checked out.
// https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows
func (i *Info) githubHead(env func(string) string, event githubEvent) {
	switch i.Event.Name {
	case "pull_request", "pull_request_target", "pull_request_review", "pull_request_review_comment":
		i.githubPullRequest(env, event.PullRequest)
	case "merge_group":
		if g := event.MergeGroup; g != nil {
			i.Head.Ref, i.Head.Type, i.Head.SHA = cmp.Or(shortRef(g.HeadRef), i.Head.Ref), Branch, cmp.Or(g.HeadSHA, i.Head.SHA)
			i.Change.BaseRef, i.Change.BaseSHA = shortRef(g.BaseRef), g.BaseSHA
			i.githubChange(githubChange{Number: queuedChange(i.Head.Ref)})
		}
	case "workflow_run":
		if event.WorkflowRun != nil {
			i.githubWorkflowRun(*event.WorkflowRun)
		}
	case "issue_comment":
		if event.Issue != nil && event.Issue.PullRequest != nil {
			i.githubChange(event.Issue.githubChange)
		}
	}
}

// githubWorkflowRun sets what is known about the run after which this one was started. Its pull requests are those with its
// head branch: of other repositories too, and of later commits.
func (i *Info) githubWorkflowRun(w githubWorkflowRun) {
	i.Head.Ref, i.Head.SHA = cmp.Or(w.HeadBranch, i.Head.Ref), cmp.Or(w.HeadSHA, i.Head.SHA)
	i.Pipeline.Upstream = Upstream{
		Name: w.Name, File: w.Path, RunID: positive(w.ID), Attempt: w.Attempt, RunURL: publicURL(w.URL), Project: i.Repository.Project,
	}
	i.Change.Fork = true // the repository of a fork that was deleted is null
	if w.HeadRepository != nil {
		i.Pipeline.Upstream.Project = w.HeadRepository.FullName
		i.Change.Fork = !strings.EqualFold(w.HeadRepository.FullName, i.Repository.Project)
	}
	for _, pr := range w.PullRequests {
		here := pr.Base.Repo == nil || pr.Base.Repo.URL == "" || strings.HasSuffix(strings.ToLower(pr.Base.Repo.URL), "/repos/"+strings.ToLower(i.Repository.Project))
		if here && (pr.Head.SHA == "" || pr.Head.SHA == w.HeadSHA) {
			i.githubChange(pr)
			i.Change.BaseRef, i.Change.BaseSHA = pr.Base.Ref, pr.Base.SHA
			return
		}
	}
}

func positive(n int64) string {
	if n <= 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// githubPullRequest sets what an event about a pull request says. GITHUB_SHA is then a merge made for the test, or the tip
// of the target branch (pull_request_target).
// https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows#pull_request
func (i *Info) githubPullRequest(env func(string) string, pr *githubChange) {
	i.Head.Ref, i.Head.Type, i.Change.BaseRef = env("GITHUB_HEAD_REF"), Branch, env("GITHUB_BASE_REF")
	if pr == nil { // no event file: GITHUB_REF is refs/pull/7/merge
		i.Head.SHA = ""
		number, _, _ := strings.Cut(strings.TrimPrefix(env("GITHUB_REF"), "refs/pull/"), "/")
		n, _ := strconv.Atoi(number)
		i.githubChange(githubChange{Number: n})
		return
	}
	i.Head.Ref, i.Head.SHA = cmp.Or(i.Head.Ref, pr.Head.Ref), pr.Head.SHA
	i.Change.BaseRef, i.Change.BaseSHA = cmp.Or(i.Change.BaseRef, pr.Base.Ref), pr.Base.SHA
	i.Change.Fork = pr.Head.Repo == nil || pr.Head.Repo.FullName != i.Repository.Project
	i.githubChange(*pr)
}

// githubChange sets the fields that name a pull request.
func (i *Info) githubChange(pr githubChange) {
	if pr.Number <= 0 {
		return
	}
	i.Change.ID, i.Change.Title, i.Change.Project = strconv.Itoa(pr.Number), pr.Title, i.Repository.Project
	i.Change.URL = publicURL(pr.URL)
	if i.Change.URL == "" && i.Repository.URL != "" {
		i.Change.URL = i.Repository.URL + "/pull/" + i.Change.ID
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
