package comment_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/internal/test/hosttest"
	"github.com/Iyalvan/mlops-track/publish/comment"
)

// What passes by itself is waited for, as long as the server asks and no request twice too many.
func TestPassingFaults(t *testing.T) {
	t.Parallel()
	in := func(wait time.Duration) time.Time { return time.Now().Add(wait) }
	for name, c := range map[string]struct {
		faults func() []hosttest.Fault
		least  time.Duration // that it takes
	}{
		"nothing":  {func() []hosttest.Fault { return nil }, 0},
		"slow":     {func() []hosttest.Fault { return []hosttest.Fault{hosttest.Slow(time.Second)} }, time.Second},
		"too slow": {func() []hosttest.Fault { return []hosttest.Fault{hosttest.Slow(time.Minute)} }, time.Second},
		"500, 503": {func() []hosttest.Fault { return []hosttest.Fault{{Status: 500}, {Status: 503, Body: "<html>"}} }, 0},
		"503 with wait": {func() []hosttest.Fault {
			return []hosttest.Fault{{Status: 503, Header: map[string]string{"Retry-After": "9"}}}
		}, 9 * time.Second},
		"429":            {func() []hosttest.Fault { return []hosttest.Fault{hosttest.TooMany("17"), hosttest.TooMany("2")} }, 19 * time.Second},
		"limit 403":      {func() []hosttest.Fault { return []hosttest.Fault{hosttest.RateLimited(403, in(90*time.Second))} }, 90 * time.Second},
		"limit 429":      {func() []hosttest.Fault { return []hosttest.Fault{hosttest.RateLimited(429, in(90*time.Second))} }, 90 * time.Second},
		"secondary":      {func() []hosttest.Fault { return []hosttest.Fault{hosttest.SecondaryLimited("21")} }, 21 * time.Second},
		"secondary mute": {func() []hosttest.Fault { return []hosttest.Fault{hosttest.SecondaryLimited("")} }, time.Minute},
		"dropped":        {func() []hosttest.Fault { return []hosttest.Fault{{Drop: true}, {Drop: true, Late: true}} }, 0},
		"cut":            {func() []hosttest.Fault { return []hosttest.Fault{{Cut: true}, {Cut: true}} }, 0},
		"502 but done":   {func() []hosttest.Fault { return []hosttest.Fault{{Status: 502, Late: true}} }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, s side) {
				for _, method := range []string{"GET", "POST", s.update} {
					s.SetRequest(7, hosttest.Request{})
					if method == s.update {
						post(t, s, says("", 1, "first"), comment.Update)
					}
					s.Fail(method, c.faults()...)
					began := time.Now()
					post(t, s, says("", 2, "second"), comment.Update)
					if took := time.Since(began); took < c.least || took > c.least+40*time.Second {
						t.Errorf("%s: took %v", method, took)
					}
					if got := visible(s, 7); len(got) != 1 || got[0] != "second" {
						t.Errorf("%s: %q", method, got)
					}
					for _, old := range s.Comments(7) {
						if err := s.open(token, 7).Delete(t.Context(), old.ID); err != nil {
							t.Fatal(err)
						}
					}
				}
			})
		})
	}
}

// What will not pass is asked once.
func TestLastingFaults(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s side) {
		s.Fail("POST", hosttest.Fault{Status: 422, Body: `{"message":"Validation Failed"}`})
		if _, err := comment.Post(t.Context(), s.open(token, 7), key, says("", 1, "x"), comment.Update); err == nil ||
			!strings.Contains(err.Error(), "422 Validation Failed") {
			t.Errorf("err = %v", err)
		}
		if n := s.Counts()["POST"]; n != 1 {
			t.Errorf("%d requests", n)
		}
	})
}

// A server that stays away costs as much time as there is, and no more.
func TestDeadline(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s side) {
		for range 20 {
			s.Fail("GET", hosttest.Fault{Drop: true})
		}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		began := time.Now()
		if _, err := comment.Post(ctx, s.open(token, 7), key, says("", 1, "x"), comment.Update); err == nil {
			t.Error("no error")
		}
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

// A wait that is longer than the time left is not begun.
func TestRetryAfterBeyondDeadline(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s side) {
		s.Fail("POST", hosttest.TooMany("600"))
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		began := time.Now()
		_, err := comment.Post(ctx, s.open(token, 7), key, says("", 1, "x"), comment.Update)
		if err == nil || !strings.Contains(err.Error(), "10m0s") || time.Since(began) > time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

// There is time to write but none to look again: the comment stands, unconfirmed.
func TestNoTimeToConfirm(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s side) {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		posted, err := comment.Post(ctx, s.open(token, 7), key, says("cell", 1, "x"), comment.Update)
		if err != nil || posted.Outcome != comment.Created || posted.Confirmed {
			t.Errorf("%+v, %v", posted, err)
		}
	})
}

// A list that does not show yet what was created is no reason to create it again.
func TestListThatLags(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s side) {
		s.SetLag(func() time.Duration { return 2 * time.Second })
		posted := post(t, s, says("", 1, "x"), comment.Update)
		if n := s.Counts()["POST"]; n != 1 || posted.Outcome != comment.Created {
			t.Errorf("%+v after %d requests to create", posted, n)
		}
	})
}

func TestTooLong(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s side) {
		switch g := s.server.(type) {
		case *hosttest.GitHub:
			g.MaxBody = 20_000
		case *hosttest.GitLab:
			g.MaxBody = 300_000
		}
		section := says("", 1, "")
		section.Render = func(limit int) string { return strings.Repeat("x", limit) }
		if got := post(t, s, section, comment.Update); got.Outcome != comment.Created {
			t.Errorf("posted = %+v", got)
		}
		if n := len(s.Comments(7)[0].Body); n < 10_000 {
			t.Errorf("the body has %d bytes", n)
		}
	})
}

func TestDenied(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		account hosttest.Account
		request hosttest.Request
		token   string
		number  int
		status  int
		hints   []string // of GitHub, then GitLab
	}{
		"read only": {account: hosttest.Account{ReadOnly: true}, status: 403, hints: []string{"    pull-requests: write\n", "scope api"}},
		"wrong":     {token: "wrong", status: 401, hints: []string{"not valid", "not valid"}},
		"elsewhere": {number: 99, status: 404, hints: []string{"    pull-requests: write\n", "scope api"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, s side) {
				c.account.Login, c.account.App = s.me, true
				s.SetToken(token, c.account)
				c.request.Head = "abc"
				s.SetRequest(7, c.request)
				use, number, want := token, 7, c.hints[0]
				if s.update == "PUT" {
					want = c.hints[1]
				}
				if c.token != "" {
					use = c.token
				}
				if c.number != 0 {
					number = c.number
				}
				began := time.Now()
				posted, err := comment.Post(t.Context(), s.open(use, number), key, says("a", 1, "x"), comment.Update)
				denied, ok := errors.AsType[*comment.DeniedError](err)
				if !ok || denied.Status != c.status || !strings.Contains(hint.Of(err), want) {
					t.Errorf("%+v: %v, hint %q", posted, err, hint.Of(err))
				}
				if time.Since(began) > 0 {
					t.Errorf("it took %v", time.Since(began))
				}
			})
		})
	}
}

func TestDeniedByGitHub(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fork    bool
		account hosttest.Account
		request hosttest.Request
		says    string
		hint    string
	}{
		"fork": {fork: true, account: hosttest.Account{ReadOnly: true}, request: hosttest.Request{Fork: true},
			says: "create comment on acme/model#7: 403 Resource not accessible by integration", hint: "workflow_run:\n"},
		"locked": {request: hosttest.Request{Locked: true}, says: "403 Unable to create comment because issue is locked.", hint: "is locked"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := hosttest.NewGitHub(t, "acme/model")
			c.account.Login, c.account.App = "github-actions[bot]", true
			g.SetToken(token, c.account)
			g.SetRequest(7, c.request)
			f, err := comment.NewGitHub(comment.GitHubOptions{HTTP: g.Client(), Token: token, Repository: "acme/model", Number: 7, Fork: c.fork})
			if err != nil {
				t.Fatal(err)
			}
			_, err = comment.Post(t.Context(), f, key, says("", 1, "x"), comment.Update)
			_, ok := errors.AsType[*comment.DeniedError](err)
			if !ok || !strings.Contains(err.Error(), c.says) || !strings.Contains(hint.Of(err), c.hint) {
				t.Errorf("%v, hint %q", err, hint.Of(err))
			}
		})
	}
}

func TestJobTokenOfGitLab(t *testing.T) {
	t.Parallel()
	g := hosttest.NewGitLab(t, "acme/model")
	g.SetToken(token, hosttest.Account{Login: "someone", Job: true})
	g.SetRequest(7, hosttest.Request{})
	f, err := comment.NewGitLab(comment.GitLabOptions{HTTP: g.Client(), Token: token, JobToken: true, Project: "acme/model", Number: 7})
	if err != nil {
		t.Fatal(err)
	}
	_, err = comment.Post(t.Context(), f, key, says("", 1, "x"), comment.Update)
	denied, ok := errors.AsType[*comment.DeniedError](err)
	if !ok || denied.Status != 401 || !strings.Contains(hint.Of(err), "CI_JOB_TOKEN") || !strings.Contains(hint.Of(err), "gitlab-token") {
		t.Errorf("%v, hint %q", err, hint.Of(err))
	}
}

// Who we are: an app's token that is not the workflow's own, a person's, and a GitHub without GraphQL.
func TestIdentity(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		account   hosttest.Account
		noGraphQL bool
	}{
		"workflow":          {hosttest.Account{Login: "github-actions[bot]", App: true}, false},
		"workflow, REST":    {hosttest.Account{Login: "github-actions[bot]", App: true}, true},
		"another app":       {hosttest.Account{Login: "acme-ml[bot]", App: true}, false},
		"person":            {hosttest.Account{Login: "Octocat"}, false},
		"person, REST only": {hosttest.Account{Login: "Octocat"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := onGitHub(t)
				s.server.(*hosttest.GitHub).NoGraphQL = c.noGraphQL
				s.SetToken(token, c.account)
				post(t, s, says("", 1, "one"), comment.Update)
				if got := post(t, s, says("", 2, "two"), comment.Update); got.Outcome != comment.Updated {
					t.Errorf("posted = %+v", got)
				}
			})
		})
	}
}

// An older comment that cannot be hidden does not cost the new one.
func TestHidingFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := onGitHub(t)
		post(t, s, says("", 1, "one"), comment.HideAndNew)
		refused := hosttest.Fault{Status: 200, Body: `{"data":null,"errors":[{"type":"FORBIDDEN","message":"Resource not accessible by integration"}]}`}
		s.Fail("GRAPHQL", hosttest.Fault{}, refused)
		posted, err := comment.Post(t.Context(), s.open(token, 7), key, says("", 2, "two"), comment.HideAndNew)
		denied, ok := errors.AsType[*comment.DeniedError](err)
		if posted.Outcome != comment.Created || !posted.Confirmed || !ok || !strings.Contains(denied.Error(), "hide comment") {
			t.Errorf("%+v, %v", posted, err)
		}
		post(t, s, says("", 3, "three"), comment.HideAndNew)
		if got := strings.Join(visible(s, 7), ","); got != "minimized: one,minimized: two,three" {
			t.Errorf("comments: %s", got)
		}
	})
}

// A token never leaves for another host.
func TestRedirectElsewhere(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s side) {
		asked := 0
		for range 3 {
			s.Fail("GET", hosttest.Fault{Status: http.StatusFound, Header: map[string]string{"Location": "https://evil.example.com/"}})
			s.Fail("GRAPHQL", hosttest.Fault{Status: http.StatusTemporaryRedirect, Header: map[string]string{"Location": "https://evil.example.com/"}})
		}
		_, err := comment.Post(t.Context(), s.open(token, 7), key, says("", 1, "x"), comment.Update)
		for _, n := range s.Counts() {
			asked += n
		}
		if err == nil || asked > 2 {
			t.Errorf("err = %v after %d requests", err, asked)
		}
	})
}
