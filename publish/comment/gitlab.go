package comment

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"sync"

	gitlab "gitlab.com/gitlab-org/api/client-go/v2"
)

// GitLabOptions say which merge request it is and which token to use.
type GitLabOptions struct {
	HTTP *http.Client // sends the requests; redirects, the size of answers and the time of a request are bounded in addition
	// APIURL is CI_API_V4_URL, as https://gitlab.example.com/api/v4; empty: https://gitlab.com/api/v4.
	APIURL string
	Token  string
	// JobToken is true if Token is CI_JOB_TOKEN. No version of GitLab lets it write notes by default: expect a *DeniedError.
	JobToken bool
	Project  string // path or id, of the project that the merge request goes to
	Number   int    // the iid, CI_MERGE_REQUEST_IID

	UserAgent string
}

// GitLab is a merge request on gitlab.com or a self-managed GitLab. It is safe for concurrent use.
type GitLab struct {
	client  *gitlab.Client
	project string
	iid     int64
	job     bool

	mu sync.Mutex
	me int64
}

var _ Host = (*GitLab)(nil)

const (
	gitlabAPI = "https://gitlab.com/api/v4"
	// gitlabLimit is less than the 1,000,000 characters that GitLab takes
	// (https://docs.gitlab.com/administration/instance_limits/#size-of-comments-and-descriptions-of-issues-merge-requests-and-epics).
	gitlabLimit = 990_000
)

// NewGitLab returns the merge request. It sends nothing; a wrong option is an error that names it.
func NewGitLab(o GitLabOptions) (*GitLab, error) {
	if o.Project == "" {
		return nil, errors.New("project of the merge request is empty")
	}
	if o.Number <= 0 {
		return nil, fmt.Errorf("merge request number %d is not positive", o.Number)
	}
	if o.APIURL == "" {
		o.APIURL = gitlabAPI
	}
	base, err := apiURL("CI_API_V4_URL", o.APIURL)
	if err != nil {
		return nil, err
	}
	options := []gitlab.ClientOptionFunc{
		gitlab.WithBaseURL(base.String()), gitlab.WithHTTPClient(bounded(o.HTTP)), gitlab.WithoutRetries(),
		gitlab.WithCustomLimiter(unlimited{}), gitlab.WithURLWarningLogger(slog.New(slog.NewTextHandler(io.Discard, nil))),
	}
	if o.UserAgent != "" {
		options = append(options, gitlab.WithUserAgent(o.UserAgent))
	}
	open := gitlab.NewClient // sends PRIVATE-TOKEN
	if o.JobToken {
		open = gitlab.NewJobClient // sends JOB-TOKEN
	}
	client, err := open(o.Token, options...)
	if err != nil {
		return nil, fmt.Errorf("make a client for GitLab at %q: %w", base.Redacted(), err)
	}
	return &GitLab{client: client, project: o.Project, iid: int64(o.Number), job: o.JobToken}, nil
}

// unlimited turns off the client's own rate limit.
type unlimited struct{}

func (unlimited) Wait(context.Context) error { return nil }

// Limit is 990,000 bytes.
func (g *GitLab) Limit() int { return gitlabLimit }

// List returns a page of own notes, without the system notes that GitLab wrote under our account.
func (g *GitLab) List(ctx context.Context, page int) (Page, error) {
	me, err := g.whoami(ctx)
	if err != nil {
		return Page{}, err
	}
	opts := &gitlab.ListMergeRequestNotesOptions{OrderBy: new("created_at"), Sort: new("asc")}
	opts.Page, opts.PerPage = int64(page), perPage
	all, resp, err := g.client.Notes.ListMergeRequestNotes(g.project, g.iid, opts, gitlab.WithContext(ctx))
	if err != nil {
		return Page{}, g.fault(g.about("list notes of"), resp, err)
	}
	out := Page{Next: int(resp.NextPage)}
	for _, n := range all {
		if n.Author.ID == me && !n.System {
			out.Comments = append(out.Comments, g.fromNote(n))
		}
	}
	return out, nil
}

func (g *GitLab) fromNote(n *gitlab.Note) Comment {
	return Comment{ID: n.ID, URL: g.noteURL(n.ID), Body: n.Body}
}

// noteURL returns the page of a note. For a project that is known only by its id it is empty.
func (g *GitLab) noteURL(id int64) string {
	base := g.client.BaseURL()
	if !strings.Contains(g.project, "/") {
		return ""
	}
	root, _, _ := strings.Cut(base.String(), "/api/v4")
	return fmt.Sprintf("%s/%s/-/merge_requests/%d#note_%d", root, g.project, g.iid, id)
}

// Create adds a note.
func (g *GitLab) Create(ctx context.Context, body string) (Comment, error) {
	doing := g.about("create note on")
	opts := &gitlab.CreateMergeRequestNoteOptions{Body: new(inert(body))}
	n, resp, err := g.client.Notes.CreateMergeRequestNote(g.project, g.iid, opts, gitlab.WithContext(ctx))
	if err != nil {
		return Comment{}, g.fault(doing, resp, err)
	}
	if n.ID == 0 {
		return Comment{}, unanswered(doing, errors.New("the answer has no id"))
	}
	return g.fromNote(n), nil
}

// Update replaces a note's body.
func (g *GitLab) Update(ctx context.Context, id int64, body string) error {
	opts := &gitlab.UpdateMergeRequestNoteOptions{Body: new(inert(body))}
	if _, resp, err := g.client.Notes.UpdateMergeRequestNote(g.project, g.iid, id, opts, gitlab.WithContext(ctx)); err != nil {
		return g.fault(g.about("update note on"), resp, err)
	}
	return nil
}

// Delete removes a note.
func (g *GitLab) Delete(ctx context.Context, id int64) error {
	if resp, err := g.client.Notes.DeleteMergeRequestNote(g.project, g.iid, id, gitlab.WithContext(ctx)); err != nil {
		return g.fault(g.about("delete note on"), resp, err)
	}
	return nil
}

// Hide folds a note: GitLab cannot hide one.
func (g *GitLab) Hide(ctx context.Context, c Comment, body string) error {
	first, rest, _ := strings.Cut(body, "\n")
	return g.Update(ctx, c.ID, first+"\n<details><summary>Report of an earlier run</summary>\n\n"+rest+"\n\n</details>\n")
}

// PullRequest returns the state of the merge request.
func (g *GitLab) PullRequest(ctx context.Context) (PullRequest, error) {
	mr, resp, err := g.client.MergeRequests.GetMergeRequest(g.project, g.iid, nil, gitlab.WithContext(ctx))
	if err != nil {
		return PullRequest{}, g.fault(g.about("read merge request"), resp, err)
	}
	return PullRequest{Head: mr.SHA, Open: mr.State == "opened", Fork: mr.SourceProjectID != mr.TargetProjectID}, nil
}

// whoami returns the user that the token writes as: for a job token, the user who started the job.
func (g *GitLab) whoami(ctx context.Context) (int64, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.me != 0 {
		return g.me, nil
	}
	const doing = "read the account of gitlab-token"
	if g.job {
		job, resp, err := g.client.Jobs.GetJobTokensJob(nil, gitlab.WithContext(ctx))
		if err != nil {
			return 0, g.fault(doing, resp, err)
		}
		if job.User != nil {
			g.me = job.User.ID
		}
	} else {
		user, resp, err := g.client.Users.CurrentUser(gitlab.WithContext(ctx))
		if err != nil {
			return 0, g.fault(doing, resp, err)
		}
		g.me = user.ID
	}
	if g.me == 0 {
		return 0, fmt.Errorf("%s: the answer names no user", doing)
	}
	return g.me, nil
}

// fault turns an error of the client into one of ours.
func (g *GitLab) fault(doing string, resp *gitlab.Response, err error) error {
	if resp == nil || resp.Response == nil || resp.StatusCode < 400 {
		return unanswered(doing, err)
	}
	message := ""
	if answer, ok := errors.AsType[*gitlab.ErrorResponse](err); ok {
		message = trimBraces(answer.Message)
	}
	r := errorAnswer{doing: doing, resp: resp.Response, message: message, advice: gitlabAdvice()}
	if g.job {
		r.is = withJobToken
	}
	return r.err()
}

// trimBraces removes the client's braces from a message, as in {message: 401 Unauthorized}.
func trimBraces(message string) string {
	for _, name := range []string{"message", "error"} {
		if inner, ok := strings.CutPrefix(message, "{"+name+": "); ok {
			return strings.TrimSuffix(inner, "}")
		}
	}
	return message
}

func (g *GitLab) about(verb string) string { return fmt.Sprintf("%s %s!%d", verb, g.project, g.iid) }

// quickAction is a line that GitLab would carry out (https://docs.gitlab.com/user/project/quick_actions/). It stops being
// one with a space before it.
var quickAction = regexp.MustCompile(`(?m)^/[A-Za-z_]`)

func inert(body string) string { return quickAction.ReplaceAllString(body, " $0") }
