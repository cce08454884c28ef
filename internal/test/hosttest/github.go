package hosttest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

// GitHub is a GitHub with one repository. Its REST API answers with and without the prefix /api/v3, GraphQL at /graphql
// and /api/graphql.
type GitHub struct {
	served
	thread
	desk
	t          testing.TB
	described  description
	repository string
	// MaxBody is how many characters a comment may have.
	MaxBody int
	// NoGraphQL is that GraphQL is not there.
	NoGraphQL bool
}

// NewGitHub returns a GitHub with an empty repository, owner/name.
func NewGitHub(t testing.TB, repository string) *GitHub {
	t.Helper()
	described, err := describe()
	if err != nil {
		t.Fatal(err)
	}
	g := &GitHub{t: t, described: described, repository: repository, MaxBody: 65536}
	g.served.answer = g.route
	return g
}

func (g *GitHub) route(w http.ResponseWriter, r *http.Request) {
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	account, known := g.account(token)
	r.URL.Path = strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/api/v3"), "/api")
	if r.URL.Path == "/graphql" {
		g.graphql(w, r, account, known)
		return
	}
	if err := g.described.check(r); err != nil {
		g.t.Errorf("%s %s does not conform to GitHub's description: %v", r.Method, r.URL, err)
		refuse(w, http.StatusUnprocessableEntity, "does not conform")
		return
	}
	if !known {
		refuse(w, http.StatusUnauthorized, "Bad credentials")
		return
	}
	if r.URL.Path == "/user" {
		if account.App {
			refuse(w, http.StatusForbidden, "Resource not accessible by integration")
			return
		}
		reply(w, http.StatusOK, g.user(account.Login))
		return
	}
	path, ours := strings.CutPrefix(r.URL.Path, "/repos/"+g.repository+"/")
	if !ours {
		refuse(w, http.StatusNotFound, "Not Found")
		return
	}
	switch parts := strings.Split(path, "/"); {
	case path == "pulls":
		g.pulls(w, r, account)
	case parts[0] == "pulls":
		g.pull(w, atoi(parts[1]))
	case parts[1] == "comments":
		g.one(w, r, account, int64(atoi(parts[2])))
	default:
		g.all(w, r, account, atoi(parts[1]))
	}
}

// all lists and creates comments.
func (g *GitHub) all(w http.ResponseWriter, r *http.Request, account Account, number int) {
	request, ok := g.request(number)
	switch {
	case !ok:
		refuse(w, http.StatusNotFound, "Not Found")
	case r.Method == http.MethodGet:
		g.page(w, r, number)
	case account.ReadOnly:
		refuse(w, http.StatusForbidden, "Resource not accessible by integration")
	case request.Locked:
		refuse(w, http.StatusForbidden, "Unable to create comment because issue is locked.")
	default:
		if body, ok := g.body(w, r); ok {
			reply(w, http.StatusCreated, g.wire(g.add(number, account.Login, body, false), number))
		}
	}
}

func (g *GitHub) page(w http.ResponseWriter, r *http.Request, number int) {
	query := r.URL.Query()
	size, page := max(atoi(query.Get("per_page")), 1), max(atoi(query.Get("page")), 1)
	part, next, last := pageOf(g.list(number, g.asOf()), page, size)
	var links []string
	link := func(to int, rel string) {
		query.Set("page", strconv.Itoa(to))
		u := url.URL{Scheme: "https", Host: "api.github.com", Path: r.URL.Path, RawQuery: query.Encode()}
		links = append(links, fmt.Sprintf("<%s>; rel=%q", &u, rel))
	}
	if next > 0 {
		link(next, "next")
		link(last, "last")
	}
	if page > 1 {
		link(page-1, "prev")
		link(1, "first")
	}
	if links != nil {
		w.Header().Set("Link", strings.Join(links, ", "))
	}
	out := []any{}
	for _, c := range part {
		out = append(out, g.wire(c, number))
	}
	reply(w, http.StatusOK, out)
}

// one changes and deletes a comment.
func (g *GitHub) one(w http.ResponseWriter, r *http.Request, account Account, id int64) {
	_, number, found := g.get(id)
	switch {
	case !found:
		refuse(w, http.StatusNotFound, "Not Found")
	case r.Method == http.MethodGet:
		c, _, _ := g.get(id)
		reply(w, http.StatusOK, g.wire(c, number))
	case account.ReadOnly:
		refuse(w, http.StatusForbidden, "Resource not accessible by integration")
	case r.Method == http.MethodDelete:
		g.remove(id)
		w.WriteHeader(http.StatusNoContent)
	default:
		if body, ok := g.body(w, r); ok {
			c, _ := g.setBody(id, body)
			reply(w, http.StatusOK, g.wire(c, number))
		}
	}
}

// body reads what is to be written, within GitHub's limits, which its description does not tell.
func (g *GitHub) body(w http.ResponseWriter, r *http.Request) (string, bool) {
	var sent struct{ Body string }
	data, _ := io.ReadAll(r.Body)
	_ = json.Unmarshal(data, &sent)
	switch {
	case strings.TrimSpace(sent.Body) == "":
		refuse(w, http.StatusUnprocessableEntity, "Validation Failed", "Body can't be blank")
	case characters(sent.Body) > g.MaxBody:
		refuse(w, http.StatusUnprocessableEntity, "Validation Failed", "Body is too long (maximum is 65536 characters)")
	default:
		return sent.Body, true
	}
	return "", false
}

// pulls lists those from a branch, as owner:branch of this repository or of the fork.
func (g *GitHub) pulls(w http.ResponseWriter, r *http.Request, account Account) {
	if account.NoPulls {
		refuse(w, http.StatusForbidden, "Resource not accessible by integration")
		return
	}
	owner, branch, _ := strings.Cut(r.URL.Query().Get("head"), ":")
	out := []any{}
	for _, number := range g.from(branch) {
		request, _ := g.request(number)
		if from, _, _ := strings.Cut(g.repositoryOf(request), "/"); from == owner {
			out = append(out, g.pullWire(number, request))
		}
	}
	reply(w, http.StatusOK, out)
}

func (g *GitHub) repositoryOf(r Request) string {
	if r.Fork {
		return "someone/fork"
	}
	return g.repository
}

func (g *GitHub) pull(w http.ResponseWriter, number int) {
	request, ok := g.request(number)
	if !ok {
		refuse(w, http.StatusNotFound, "Not Found")
		return
	}
	reply(w, http.StatusOK, g.pullWire(number, request))
}

func (g *GitHub) pullWire(number int, request Request) map[string]any {
	head := map[string]any{"id": 1, "full_name": g.repositoryOf(request)}
	if request.Fork {
		head["id"] = 2
	}
	state := "open"
	if request.Closed {
		state = "closed"
	}
	return map[string]any{
		"number": number, "state": state, "locked": request.Locked,
		"head": map[string]any{"sha": request.Head, "ref": request.Branch, "repo": head},
		"base": map[string]any{"repo": map[string]any{"id": 1, "full_name": g.repository}},
	}
}

func (g *GitHub) graphql(w http.ResponseWriter, r *http.Request, account Account, known bool) {
	var sent struct {
		Query     string
		Variables struct{ ID string }
	}
	if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
		refuse(w, http.StatusBadRequest, "Problems parsing JSON")
		return
	}
	failed := func(kind, message string) {
		reply(w, http.StatusOK, map[string]any{"data": nil, "errors": []any{map[string]any{"type": kind, "message": message}}})
	}
	switch {
	case g.NoGraphQL:
		refuse(w, http.StatusNotFound, "Not Found")
	case !known:
		refuse(w, http.StatusUnauthorized, "Bad credentials")
	case strings.Contains(sent.Query, "viewer"):
		reply(w, http.StatusOK, map[string]any{"data": map[string]any{"viewer": map[string]any{"login": account.Login}}})
	case account.ReadOnly:
		failed("FORBIDDEN", "Resource not accessible by integration")
	case strings.Contains(sent.Query, "minimizeComment") && strings.Contains(sent.Query, "OUTDATED"):
		id := int64(atoi(strings.TrimPrefix(sent.Variables.ID, "IC_")))
		if _, ok := g.change(id, func(c *stored) { c.Minimized = true }); !ok {
			failed("NOT_FOUND", fmt.Sprintf("Could not resolve to a node with the global id of '%s'.", sent.Variables.ID))
			return
		}
		reply(w, http.StatusOK, map[string]any{"data": map[string]any{"minimizeComment": map[string]any{
			"minimizedComment": map[string]any{"isMinimized": true}}}})
	default:
		g.t.Errorf("GraphQL request that is not known here: %s", sent.Query)
		failed("", "Parse error")
	}
}

func (g *GitHub) user(login string) map[string]any {
	kind := "User"
	if strings.HasSuffix(login, "[bot]") {
		kind = "Bot"
	}
	return map[string]any{"login": login, "id": g.userID(login), "type": kind}
}

func (g *GitHub) wire(c Comment, number int) map[string]any {
	return map[string]any{
		"id": c.ID, "node_id": fmt.Sprintf("IC_%d", c.ID), "body": c.Body, "user": g.user(c.Author),
		"created_at": c.Created.UTC(), "updated_at": c.Updated.UTC(),
		"html_url": fmt.Sprintf("https://github.com/%s/pull/%d#issuecomment-%d", g.repository, number, c.ID),
	}
}

func refuse(w http.ResponseWriter, status int, message string, details ...string) {
	answer := map[string]any{"message": message, "documentation_url": "https://docs.github.com/rest", "status": strconv.Itoa(status)}
	for _, d := range details {
		answer["errors"] = []any{map[string]any{"resource": "IssueComment", "code": "unprocessable", "field": "data", "message": d}}
	}
	reply(w, status, answer)
}

func reply(w http.ResponseWriter, status int, answer any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer)
}

func atoi(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}
