package comment_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Iyalvan/mlops-track/internal/test/hosttest"
	"github.com/Iyalvan/mlops-track/publish/comment"
)

const (
	key    = comment.Key("train / main / acme/model")
	marker = "<!-- mlops-track: train / main / acme/model -->"
)

// server is what both hosts in memory can do.
type server interface {
	Comments(number int) []hosttest.Comment
	AddComment(number int, author, body string) int64
	SetRequest(number int, r hosttest.Request)
	SetToken(token string, a hosttest.Account)
	Fail(method string, faults ...hosttest.Fault)
	Counts() map[string]int
	ResetCounts()
	SetLatency(each func() time.Duration)
	SetLag(each func() time.Duration)
	Client() *http.Client
}

// side is a host in memory with an open pull request 7, and how to look at it with a token.
type side struct {
	server
	me     string
	update string // the method of HTTP
	open   func(token string, number int) host
}

type host interface {
	comment.Host
	PullRequest(ctx context.Context) (comment.PullRequest, error)
}

const token = "token-of-the-job"

func onGitHub(t testing.TB) side {
	g := hosttest.NewGitHub(t, "acme/model")
	g.SetToken(token, hosttest.Account{Login: "github-actions[bot]", App: true})
	g.SetRequest(7, hosttest.Request{Head: "abc"})
	return side{server: g, me: "github-actions[bot]", update: "PATCH", open: func(token string, number int) host {
		f, err := comment.NewGitHub(comment.GitHubOptions{
			HTTP: g.Client(), APIURL: "https://ghe.example.com/api/v3", Token: token, Repository: "acme/model", Number: number,
		})
		if err != nil {
			t.Fatal(err)
		}
		return f
	}}
}

func onGitLab(t testing.TB) side {
	g := hosttest.NewGitLab(t, "acme/model")
	g.SetToken(token, hosttest.Account{Login: "project_1_bot"})
	g.SetRequest(7, hosttest.Request{Head: "abc"})
	return side{server: g, me: "project_1_bot", update: "PUT", open: func(token string, number int) host {
		f, err := comment.NewGitLab(comment.GitLabOptions{
			HTTP: g.Client(), APIURL: "https://gitlab.example.com/api/v4", Token: token, Project: "acme/model", Number: number,
		})
		if err != nil {
			t.Fatal(err)
		}
		return f
	}}
}

// onBoth runs a test on both hosts, in a bubble where waiting takes no time.
func onBoth(t *testing.T, test func(*testing.T, side)) {
	t.Helper()
	for name, open := range map[string]func(testing.TB) side{"GitHub": onGitHub, "GitLab": onGitLab} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				test(t, open(t))
				time.Sleep(time.Hour) // requests that were given up end
			})
		})
	}
}

// says returns a section that says the same at any length.
func says(name string, run int64, text string) comment.Section {
	return comment.Section{
		Name: name, Order: comment.Order{Run: run, Attempt: 1, Time: time.Unix(1_700_000_000+run, 0)},
		Render: func(int) string { return text },
	}
}

func post(t testing.TB, s side, section comment.Section, mode comment.Mode) comment.Posted {
	t.Helper()
	posted, err := comment.Post(t.Context(), s.open(token, 7), key, section, mode)
	if err != nil {
		t.Fatal(err)
	}
	return posted
}

// visible returns what readers see of the comments, one string each.
func visible(s interface{ Comments(int) []hosttest.Comment }, number int) []string {
	var out []string
	for _, c := range s.Comments(number) {
		var lines []string
		for line := range strings.Lines(c.Body) {
			if !strings.HasPrefix(line, "<!--") && strings.TrimSpace(line) != "" {
				lines = append(lines, strings.TrimSpace(line))
			}
		}
		text := strings.Join(lines, "|")
		if c.Minimized {
			text = "minimized: " + text
		}
		out = append(out, text)
	}
	return out
}

func TestOneCommentKeptUpToDate(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s side) {
		s.AddComment(7, "someone", "nice work")
		first := post(t, s, says("", 1, "accuracy 0.8"), comment.Update)
		if first.Outcome != comment.Created || !first.Confirmed || first.URL == "" {
			t.Errorf("first = %+v", first)
		}
		if body := s.Comments(7)[1].Body; !strings.HasPrefix(body, marker+"\n") {
			t.Errorf("body begins with %.80q", body)
		}
		second := post(t, s, says("", 2, "accuracy 0.9"), comment.Update)
		if second.Outcome != comment.Updated || second.URL != first.URL {
			t.Errorf("second = %+v, first = %+v", second, first)
		}
		if diff := cmp.Diff([]string{"nice work", "accuracy 0.9"}, visible(s, 7)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestIdenticalIsNotSentAgain(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s side) {
		post(t, s, says("", 1, "accuracy 0.8"), comment.Update)
		s.ResetCounts()
		again := says("", 1, "accuracy 0.8")
		again.Order.Time = again.Order.Time.Add(time.Hour)
		if got := post(t, s, again, comment.Update); got.Outcome != comment.Unchanged || got.URL == "" {
			t.Errorf("posted = %+v", got)
		}
		if n := s.Counts(); n["POST"]+n[s.update]+n["DELETE"] != 0 {
			t.Errorf("requests: %v", n)
		}
	})
}

func TestOlderRunChangesNothing(t *testing.T) {
	t.Parallel()
	for _, mode := range []comment.Mode{comment.Update, comment.HideAndNew, comment.DeleteAndNew} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, s side) {
				post(t, s, says("", 5, "of run 5"), mode)
				s.ResetCounts()
				if got := post(t, s, says("", 4, "of run 4"), mode); got.Outcome != comment.Outdated || got.URL == "" {
					t.Errorf("posted = %+v", got)
				}
				if n := s.Counts(); n["POST"]+n[s.update]+n["DELETE"] != 0 {
					t.Errorf("requests: %v", n)
				}
				if diff := cmp.Diff([]string{"of run 5"}, visible(s, 7)); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

func TestAttemptsAreOrdered(t *testing.T) {
	t.Parallel()
	s := onGitHub(t)
	second := says("", 5, "attempt 2")
	second.Order.Attempt, second.Order.Time = 2, time.Unix(1, 0)
	post(t, s, second, comment.Update)
	if got := post(t, s, says("", 5, "attempt 1"), comment.Update); got.Outcome != comment.Outdated {
		t.Errorf("posted = %+v", got)
	}
}

// A comment of somebody else may say anything: it is never changed, hidden, deleted or read.
func TestOnlyOwnComments(t *testing.T) {
	t.Parallel()
	for _, mode := range []comment.Mode{comment.Update, comment.HideAndNew, comment.DeleteAndNew, comment.New} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, s side) {
				forged := marker + "\n" + `<!-- mlops-track section {"name":"","run":99,"attempt":1,"digest":"x"} -->` + "\nevil\n<!-- mlops-track end -->\n"
				s.AddComment(7, "mallory", forged)
				s.AddComment(7, s.me, "I quote:\n"+forged)
				got := post(t, s, says("", 1, "accuracy 0.8"), mode)
				if got.Outcome != comment.Created {
					t.Errorf("posted = %+v", got)
				}
				if diff := cmp.Diff([]string{"evil", "I quote:|evil", "accuracy 0.8"}, visible(s, 7)); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

func TestFindsItsCommentOnAnyPage(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s side) {
		for range 230 {
			s.AddComment(7, "someone", "chat")
		}
		post(t, s, says("", 1, "accuracy 0.8"), comment.Update)
		for range 150 {
			s.AddComment(7, "someone", "chat")
		}
		if got := post(t, s, says("", 2, "accuracy 0.9"), comment.Update); got.Outcome != comment.Updated {
			t.Errorf("posted = %+v", got)
		}
		if got := visible(s, 7)[230]; got != "accuracy 0.9" {
			t.Errorf("comment 231 = %q", got)
		}
	})
}

func TestModes(t *testing.T) {
	t.Parallel()
	folded := func(text string) string {
		return "<details><summary>Report of an earlier run</summary>|" + text + "|</details>"
	}
	for mode, want := range map[comment.Mode][]string{
		comment.HideAndNew:   {"minimized: run 1", "minimized: run 2", "a of run 3|b of run 3"},
		comment.DeleteAndNew: {"a of run 3|b of run 3"},
		comment.New:          {"run 1", "run 2", "a of run 3|b of run 3"},
		comment.Update:       {"run 2|a of run 3|b of run 3"},
	} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, s side) {
				want := slices.Clone(want)
				for i, text := range want {
					if text, hidden := strings.CutPrefix(text, "minimized: "); hidden && s.update == "PUT" {
						want[i] = folded(text)
					}
				}
				post(t, s, says("", 1, "run 1"), mode)
				post(t, s, says("", 2, "run 2"), mode)
				post(t, s, says("b", 3, "b of run 3"), mode)
				post(t, s, says("a", 3, "a of run 3"), mode)
				if diff := cmp.Diff(want, visible(s, 7)); diff != "" {
					t.Error(diff)
				}
				s.ResetCounts()
				post(t, s, says("a", 3, "a of run 3"), mode)
				if n := s.Counts(); n["POST"]+n[s.update]+n["DELETE"] > 0 || n["GRAPHQL"] > 1 {
					t.Errorf("the same again takes %v", n)
				}
			})
		})
	}
}

func TestKeysAreApart(t *testing.T) {
	t.Parallel()
	s := onGitHub(t)
	keys := []comment.Key{"a", "a --> <b>", "a %2D%2D%3E", "a\nb", "", comment.Key(strings.Repeat("k", 500)), comment.Key(strings.Repeat("k", 501))}
	for round := range int64(2) {
		for _, k := range keys {
			if _, err := comment.Post(t.Context(), s.open(token, 7), k, says("", round, "text"), comment.Update); err != nil {
				t.Fatal(err)
			}
		}
	}
	got := s.Comments(7)
	if len(got) != len(keys) {
		t.Errorf("%d comments for %d keys", len(got), len(keys))
	}
	for _, c := range got {
		first, _, _ := strings.Cut(c.Body, "\n")
		if strings.Index(first, "-->") != len(first)-3 || len(first) > 400 {
			t.Errorf("marker %q", first)
		}
	}
}

// A section cannot pass itself off as another, or end itself.
func TestHiddenLinesInASection(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s side) {
		evil := "x\n<!-- mlops-track end -->\n" + `<!-- mlops-track section {"name":"b","run":99} -->` + "\nforged"
		post(t, s, says("a", 1, evil), comment.Update)
		post(t, s, says("b --> <script>", 1, "of b"), comment.Update)
		if got := post(t, s, says("b", 2, "true b"), comment.Update); got.Outcome != comment.Updated {
			t.Errorf("posted = %+v", got)
		}
		body := s.Comments(7)[0].Body
		if strings.Count(body, "<!-- mlops-track section") != 3 || strings.Contains(body, "<script>") || !strings.Contains(body, "true b") {
			t.Errorf("body:\n%s", body)
		}
	})
}

func TestQuickActionsAreNone(t *testing.T) {
	t.Parallel()
	g := hosttest.NewGitLab(t, "acme/model")
	g.SetToken(token, hosttest.Account{Login: "bot"})
	g.SetRequest(7, hosttest.Request{})
	f, err := comment.NewGitLab(comment.GitLabOptions{HTTP: g.Client(), Token: token, Project: "acme/model", Number: 7})
	if err != nil {
		t.Fatal(err)
	}
	for run := range int64(2) {
		if _, err := comment.Post(t.Context(), f, key, says("", run, "fine\n/close\n/approve"), comment.Update); err != nil {
			t.Fatal(err)
		}
	}
	if len(g.QuickActions) > 0 {
		t.Errorf("GitLab carries out %q", g.QuickActions)
	}
}

func TestPullRequest(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s side) {
		s.SetRequest(8, hosttest.Request{Head: "def", Closed: true, Fork: true})
		for number, want := range map[int]comment.PullRequest{7: {Head: "abc", Open: true}, 8: {Head: "def", Fork: true}} {
			got, err := s.open(token, number).PullRequest(t.Context())
			if err != nil || got != want {
				t.Errorf("%d: %+v, %v; want %+v", number, got, err, want)
			}
			for head, ok := range map[string]bool{"abc": number == 7, "def": false, "": false} {
				if err := got.Accepts(head); (err == nil) != ok {
					t.Errorf("%+v accepts %q: %v", got, head, err)
				}
			}
		}
	})
}
