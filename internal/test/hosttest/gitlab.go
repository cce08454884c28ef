package hosttest

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"

	gitlab "gitlab.com/gitlab-org/api/client-go/v2"
)

// GitLab is a GitLab with one project; its API is at /api/v4.
type GitLab struct {
	served
	thread
	desk
	t       testing.TB
	project string
	// MaxBody is how many characters a note may have.
	MaxBody int
	// QuickActions are the lines that GitLab would have carried out.
	QuickActions []string
}

// NewGitLab returns a GitLab with an empty project, group/name.
func NewGitLab(t testing.TB, project string) *GitLab {
	g := &GitLab{t: t, project: project, MaxBody: 1_000_000}
	g.served.answer = g.route
	return g
}

// AddSystemNote lets GitLab note something under somebody's name.
func (g *GitLab) AddSystemNote(number int, author, body string) int64 {
	return g.add(number, author, body, true).ID
}

func (g *GitLab) route(w http.ResponseWriter, r *http.Request) {
	token, job := r.Header.Get("Private-Token"), r.Header.Get("Job-Token")
	account, known := g.account(token + job)
	path := strings.TrimPrefix(r.URL.Path, "/api/v4")
	switch {
	case !known || account.Job != (job != ""):
		scold(w, http.StatusUnauthorized, "401 Unauthorized")
		return
	case path == "/job" && account.Job:
		reply(w, http.StatusOK, gitlab.Job{ID: 7, User: &gitlab.User{ID: g.userID(account.Login), Username: account.Login}})
		return
	case account.Job: // https://docs.gitlab.com/ci/jobs/ci_job_token/#job-token-access
		scold(w, http.StatusUnauthorized, "401 Unauthorized")
		return
	case path == "/user":
		reply(w, http.StatusOK, gitlab.User{ID: g.userID(account.Login), Username: account.Login})
		return
	}
	if path == "/projects/"+g.project+"/merge_requests" {
		out := []gitlab.BasicMergeRequest{}
		for _, number := range g.from(r.URL.Query().Get("source_branch")) {
			request, _ := g.request(number)
			out = append(out, g.mergeRequest(number, request))
		}
		reply(w, http.StatusOK, out)
		return
	}
	rest, ours := strings.CutPrefix(path, "/projects/"+g.project+"/merge_requests/")
	parts := strings.Split(rest, "/")
	number := atoi(parts[0])
	request, found := g.request(number)
	switch {
	case !ours:
		scold(w, http.StatusNotFound, "404 Project Not Found")
	case !found:
		scold(w, http.StatusNotFound, "404 Not found")
	case len(parts) == 1:
		reply(w, http.StatusOK, g.mergeRequest(number, request))
	case r.Method == http.MethodGet:
		g.page(w, r, number)
	case account.ReadOnly:
		scold(w, http.StatusForbidden, "403 Forbidden")
	case len(parts) == 2:
		g.create(w, r, account, number)
	default:
		g.one(w, r, account, int64(atoi(parts[2])))
	}
}

func (g *GitLab) mergeRequest(number int, r Request) gitlab.BasicMergeRequest {
	out := gitlab.BasicMergeRequest{IID: int64(number), State: "opened", SHA: r.Head, SourceBranch: r.Branch, SourceProjectID: 1, TargetProjectID: 1}
	if r.Closed {
		out.State = "merged"
	}
	if r.Fork {
		out.SourceProjectID = 2
	}
	return out
}

func (g *GitLab) page(w http.ResponseWriter, r *http.Request, number int) {
	query := r.URL.Query()
	if query.Get("sort") != "asc" || query.Get("order_by") != "created_at" {
		g.t.Errorf("notes listed by %q %q; the default is the newest first", query.Get("order_by"), query.Get("sort"))
	}
	size, page := max(atoi(query.Get("per_page")), 1), max(atoi(query.Get("page")), 1)
	part, next, last := pageOf(g.list(number, g.asOf()), page, size)
	w.Header().Set("X-Page", strconv.Itoa(page))
	w.Header().Set("X-Total-Pages", strconv.Itoa(last))
	w.Header().Set("X-Next-Page", "")
	if next > 0 {
		w.Header().Set("X-Next-Page", strconv.Itoa(next))
	}
	out := []gitlab.Note{}
	for _, c := range part {
		out = append(out, g.note(c))
	}
	reply(w, http.StatusOK, out)
}

func (g *GitLab) create(w http.ResponseWriter, r *http.Request, account Account, number int) {
	if body, ok := g.body(w, r); ok {
		reply(w, http.StatusCreated, g.note(g.add(number, account.Login, body, false)))
	}
}

// one changes and deletes a note: only its author may change it.
func (g *GitLab) one(w http.ResponseWriter, r *http.Request, account Account, id int64) {
	c, _, found := g.get(id)
	switch {
	case !found:
		scold(w, http.StatusNotFound, "404 Not found")
	case c.Author != account.Login:
		scold(w, http.StatusForbidden, "403 Forbidden")
	case r.Method == http.MethodDelete:
		g.remove(id)
		w.WriteHeader(http.StatusNoContent)
	default:
		if body, ok := g.body(w, r); ok {
			c, _ := g.setBody(id, body)
			reply(w, http.StatusOK, g.note(c))
		}
	}
}

func (g *GitLab) body(w http.ResponseWriter, r *http.Request) (string, bool) {
	var sent struct{ Body string }
	_ = json.NewDecoder(r.Body).Decode(&sent)
	for line := range strings.Lines(sent.Body) {
		if strings.HasPrefix(line, "/") {
			g.desk.mu.Lock()
			g.QuickActions = append(g.QuickActions, strings.TrimSpace(line))
			g.desk.mu.Unlock()
		}
	}
	switch {
	case sent.Body == "":
		reply(w, http.StatusBadRequest, map[string]any{"error": "body is missing"})
	case characters(sent.Body) > g.MaxBody:
		reply(w, http.StatusBadRequest, map[string]any{"message": map[string]any{
			"note": []string{"is too long (maximum is 1000000 characters)"}}})
	default:
		return sent.Body, true
	}
	return "", false
}

func (g *GitLab) note(c Comment) gitlab.Note {
	return gitlab.Note{
		ID: c.ID, Body: c.Body, System: c.System, CreatedAt: &c.Created, UpdatedAt: &c.Updated, NoteableType: "MergeRequest",
		Author: gitlab.NoteAuthor{ID: g.userID(c.Author), Username: c.Author},
	}
}

func scold(w http.ResponseWriter, status int, message string) {
	reply(w, status, map[string]any{"message": message})
}
