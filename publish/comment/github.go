package comment

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/google/go-github/v60/github"
)

// GitHubOptions say which pull request it is and which token to use.
type GitHubOptions struct {
	HTTP *http.Client // sends the requests; redirects, the size of answers and the time of a request are bounded in addition
	// APIURL is GITHUB_API_URL, as https://github.example.com/api/v3; empty: https://api.github.com.
	APIURL string
	// GraphQLURL is GITHUB_GRAPHQL_URL; empty: that which belongs to APIURL.
	GraphQLURL string
	Token      string
	Repository string // owner/name
	Number     int
	// Fork is true if the pull request comes from a fork; it selects the advice when the token may not write.
	Fork      bool
	UserAgent string
}

// GitHub is a pull request on GitHub, or GitHub Enterprise Server. It is safe for concurrent use.
type GitHub struct {
	client      *github.Client
	graphql     string
	owner, repo string
	number      int
	fork        bool

	mu sync.Mutex
	me string
}

var _ Host = (*GitHub)(nil)

const (
	githubAPI = "https://api.github.com"
	// githubLimit is less than the 65,536 characters that GitHub takes.
	githubLimit = 60_000
	perPage     = 100
	// actionsBot is the account of a workflow's GITHUB_TOKEN.
	actionsBot = "github-actions[bot]"
)

// NewGitHub returns the pull request. It sends nothing; a wrong option is an error that names it.
func NewGitHub(o GitHubOptions) (*GitHub, error) {
	owner, repo, ok := strings.Cut(o.Repository, "/")
	if !ok || owner == "" || repo == "" || strings.ContainsAny(repo, "/?#") || repo == "." || repo == ".." {
		return nil, fmt.Errorf("repository %q is not owner/name", o.Repository)
	}
	if o.Number <= 0 {
		return nil, fmt.Errorf("pull request number %d is not positive", o.Number)
	}
	if o.APIURL == "" {
		o.APIURL = githubAPI
	}
	base, err := apiURL("GITHUB_API_URL", o.APIURL)
	if err != nil {
		return nil, err
	}
	if o.GraphQLURL == "" {
		o.GraphQLURL = graphqlOf(base)
	}
	graphql, err := apiURL("GITHUB_GRAPHQL_URL", o.GraphQLURL)
	if err != nil {
		return nil, err
	}
	client := github.NewClient(bounded(o.HTTP))
	if o.Token != "" {
		client = client.WithAuthToken(o.Token)
	}
	client.BaseURL = base
	if o.UserAgent != "" {
		client.UserAgent = o.UserAgent
	}
	return &GitHub{
		client: client, graphql: strings.TrimRight(graphql.String(), "/"),
		owner: url.PathEscape(owner), repo: url.PathEscape(repo), number: o.Number, fork: o.Fork,
	}, nil
}

// graphqlOf returns the GraphQL URL for a REST API: api.github.com/graphql, or HOST/api/graphql on an Enterprise Server
// (https://docs.github.com/enterprise-server/graphql/guides/forming-calls-with-graphql#the-graphql-endpoint).
func graphqlOf(base *url.URL) string {
	u := *base
	if path, ok := strings.CutSuffix(u.Path, "/v3/"); ok {
		u.Path = path + "/"
	}
	return u.JoinPath("graphql").String()
}

// Limit is 60,000 bytes.
func (g *GitHub) Limit() int { return githubLimit }

// List returns a page of own comments.
func (g *GitHub) List(ctx context.Context, page int) (Page, error) {
	me, err := g.whoami(ctx)
	if err != nil {
		return Page{}, err
	}
	all, resp, err := g.client.Issues.ListComments(ctx, g.owner, g.repo, g.number,
		&github.IssueListCommentsOptions{ListOptions: github.ListOptions{Page: page, PerPage: perPage}})
	if err != nil {
		return Page{}, g.fault(g.about("list comments of"), err)
	}
	out := Page{Next: resp.NextPage}
	for _, c := range all {
		if strings.EqualFold(c.GetUser().GetLogin(), me) {
			out.Comments = append(out.Comments, fromGitHub(c))
		}
	}
	return out, nil
}

func fromGitHub(c *github.IssueComment) Comment {
	return Comment{ID: c.GetID(), URL: c.GetHTMLURL(), Body: c.GetBody(), node: c.GetNodeID()}
}

// Create adds a comment.
func (g *GitHub) Create(ctx context.Context, body string) (Comment, error) {
	doing := g.about("create comment on")
	c, _, err := g.client.Issues.CreateComment(ctx, g.owner, g.repo, g.number, &github.IssueComment{Body: &body})
	if err != nil {
		return Comment{}, g.fault(doing, err)
	}
	if c.GetID() == 0 {
		return Comment{}, unanswered(doing, errors.New("the answer has no id"))
	}
	return fromGitHub(c), nil
}

// Update replaces a comment's body.
func (g *GitHub) Update(ctx context.Context, id int64, body string) error {
	if _, _, err := g.client.Issues.EditComment(ctx, g.owner, g.repo, id, &github.IssueComment{Body: &body}); err != nil {
		return g.fault(g.about("update comment on"), err)
	}
	return nil
}

// Delete removes a comment.
func (g *GitHub) Delete(ctx context.Context, id int64) error {
	if _, err := g.client.Issues.DeleteComment(ctx, g.owner, g.repo, id); err != nil {
		return g.fault(g.about("delete comment on"), err)
	}
	return nil
}

// Hide minimizes a comment as outdated, then replaces its body.
func (g *GitHub) Hide(ctx context.Context, c Comment, body string) error {
	const minimize = `mutation($id: ID!) { minimizeComment(input: {subjectId: $id, classifier: OUTDATED}) { minimizedComment { isMinimized } } }`
	if err := g.ask(ctx, g.about("hide comment on"), minimize, map[string]any{"id": c.node}, nil); err != nil {
		return err
	}
	return g.Update(ctx, c.ID, body)
}

// PullRequest returns the state of the pull request.
func (g *GitHub) PullRequest(ctx context.Context) (PullRequest, error) {
	pr, _, err := g.client.PullRequests.Get(ctx, g.owner, g.repo, g.number)
	if err != nil {
		return PullRequest{}, g.fault(g.about("read pull request"), err)
	}
	head := pr.GetHead()
	return PullRequest{
		Head: head.GetSHA(),
		Open: pr.GetState() == "open",
		Fork: head.GetRepo().GetID() != pr.GetBase().GetRepo().GetID(), // a fork that was deleted has no repository
	}, nil
}

// whoami returns the login that the token writes as. GraphQL knows it for every kind of token; REST only for those of
// people, and rejects the tokens of apps, such as the job's own.
func (g *GitHub) whoami(ctx context.Context) (string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.me != "" {
		return g.me, nil
	}
	doing := "read the account of github-token"
	var answer struct{ Viewer struct{ Login string } }
	err := g.ask(ctx, doing, `query { viewer { login } }`, nil, &answer)
	if isTemporary(err) || isStatus(err, http.StatusUnauthorized) {
		return "", err
	}
	if err != nil || answer.Viewer.Login == "" {
		user, _, err := g.client.Users.Get(ctx, "")
		if err != nil {
			err = g.fault(doing, err)
			if !isStatus(err, http.StatusForbidden) {
				return "", err
			}
			answer.Viewer.Login = actionsBot
		} else {
			answer.Viewer.Login = user.GetLogin()
		}
	}
	g.me = answer.Viewer.Login
	return g.me, nil
}

// ask sends a GraphQL request.
func (g *GitHub) ask(ctx context.Context, doing, query string, variables map[string]any, data any) error {
	req, err := g.client.NewRequest(http.MethodPost, g.graphql, map[string]any{"query": query, "variables": variables})
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	answer := struct {
		Data   any
		Errors []struct{ Type, Message string }
	}{Data: data}
	resp, err := g.client.Do(ctx, req, &answer)
	if err != nil {
		return g.fault(doing, err)
	}
	if len(answer.Errors) == 0 {
		return nil
	}
	rejected := *resp.Response // GraphQL answers an error with status 200
	rejected.StatusCode = http.StatusUnprocessableEntity
	switch answer.Errors[0].Type {
	case "FORBIDDEN", "INSUFFICIENT_SCOPES":
		rejected.StatusCode = http.StatusForbidden
	case "NOT_FOUND":
		rejected.StatusCode = http.StatusNotFound
	case "RATE_LIMITED":
		rejected.StatusCode = http.StatusTooManyRequests
	}
	return errorAnswer{doing: doing, resp: &rejected, message: answer.Errors[0].Message, advice: githubAdvice(), is: g.circumstance()}.err()
}

// fault turns an error of the client into one of ours.
func (g *GitHub) fault(doing string, err error) error {
	if limit, ok := errors.AsType[*github.RateLimitError](err); ok {
		wait := max(time.Until(limit.Rate.Reset.Time), 0) + time.Second
		return &unavailableError{cause: fmt.Errorf("%s: %s", doing, oneLine(limit.Message)), after: wait}
	}
	if limit, ok := errors.AsType[*github.AbuseRateLimitError](err); ok {
		wait := secondaryWait
		if limit.RetryAfter != nil {
			wait = *limit.RetryAfter
		}
		return &unavailableError{cause: fmt.Errorf("%s: %s", doing, oneLine(limit.Message)), after: wait}
	}
	if answer, ok := errors.AsType[*github.ErrorResponse](err); ok {
		message := []string{answer.Message}
		for _, detail := range answer.Errors {
			message = append(message, detail.Message)
		}
		return errorAnswer{doing: doing, resp: answer.Response, message: strings.Join(message, " "), advice: githubAdvice(), is: g.circumstance()}.err()
	}
	return unanswered(doing, err)
}

// circumstance returns the one that selects the advice.
func (g *GitHub) circumstance() string {
	if g.fork {
		return fromFork
	}
	return ""
}

func (g *GitHub) about(verb string) string {
	return fmt.Sprintf("%s %s/%s#%d", verb, g.owner, g.repo, g.number)
}
