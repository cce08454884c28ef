package publish_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Iyalvan/mlops-track/ciinfo"
	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/internal/test/hosttest"
	"github.com/Iyalvan/mlops-track/publish"
	"github.com/Iyalvan/mlops-track/publish/comment"
	"github.com/Iyalvan/mlops-track/publish/report"
	"github.com/Iyalvan/mlops-track/settings"
)

func TestThreadKey(t *testing.T) {
	t.Parallel()
	if key := (publish.Thread{}).Key("train", "", "acme/model"); key != "train / acme/model" {
		t.Errorf("key %q", key)
	}
	if key := (publish.Thread{Settings: settings.Comment{Key: "mine"}}).Key("train", "main", "x"); key != "mine" {
		t.Errorf("key %q", key)
	}
}

// Why there is no comment is told: as a warning to who wants one always, in passing to others, not at all where none is due.
func TestNoComment(t *testing.T) {
	t.Parallel()
	open := func(string, settings.Comment) (publish.Request, error) {
		return nil, hint.With(errors.New("there is no token"), "set github-token")
	}
	for name, c := range map[string]struct {
		thread publish.Thread
		want   string // "" for nothing at all
	}{
		"never":              {publish.Thread{Number: "7", Settings: settings.Comment{When: "never"}, Open: open}, ""},
		"auto, no request":   {publish.Thread{Settings: settings.Comment{When: "auto"}, Open: open}, ""},
		"auto, merge queue":  {publish.Thread{Number: "7", Queue: true, Settings: settings.Comment{When: "auto"}, Open: open}, ""},
		"always, no request": {publish.Thread{Settings: settings.Comment{When: "always"}, Open: open}, "warning: no comment: this job is not for a pull or merge request"},
		"auto, no token":     {publish.Thread{Number: "7", Settings: settings.Comment{When: "auto"}, Open: open}, "mlops-track: no comment: there is no token\nmlops-track: hint: set github-token"},
		"always, no token":   {publish.Thread{Number: "7", Settings: settings.Comment{When: "always"}, Open: open}, "warning: no comment: there is no token\nmlops-track: hint: set github-token"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			if url := c.thread.Post(t.Context(), d.Console, report.Report{}); url != "" {
				t.Errorf("url %q", url)
			}
			if got := d.log.String(); got != "" && c.want == "" || !strings.Contains(got, c.want) {
				t.Errorf("log %q, want %q", got, c.want)
			}
		})
	}
}

// A comment that GitHub rejects is no failure: the log says why, and what would bring it.
func TestRejectedComment(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		g := d.onGitHub(t)
		g.SetToken("token", hosttest.Account{Login: "github-actions[bot]", App: true, ReadOnly: true})
		d.Publish(t.Context(), ended())
		contains(t, "log", d.log.String(), "mlops-track: no comment on #7: ", "pull-requests: write")
		if strings.Contains(d.read(t, "dotenv"), "COMMENT_URL") || len(g.Comments(7)) != 0 {
			t.Errorf("comments %v", g.Comments(7))
		}
	})
}

func TestCheck(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.onGitHub(t)
		if err := d.Thread.Check(t.Context()); err != nil {
			t.Error(err)
		}
		d.Thread.Number = "8"
		if err := d.Thread.Check(t.Context()); err == nil {
			t.Error("a request that does not exist is there")
		}
	})
}

// later is a report of an earlier job.
func later(name string, run int64) report.Report {
	return report.Report{
		Run: report.Run{Name: name, ID: name}, Outcome: report.Outcome{Status: "FINISHED", Duration: time.Minute},
		Origin: report.Origin{Change: "7", Head: "0123456789abcdef", Key: "train / main / acme/model", Section: name, Run: run, Attempt: 1},
	}
}

// Reports of earlier jobs become sections of one comment.
func TestLater(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		g := d.onGitHub(t)
		if err := d.Later(t.Context(), []report.Report{later("one", 41), later("two", 41)}, time.Now()); err != nil {
			t.Fatal(err)
		}
		comments := g.Comments(7)
		if len(comments) != 1 {
			t.Fatalf("%d comments", len(comments))
		}
		contains(t, "comment", comments[0].Body, `"name":"one"`, `"name":"two"`, `"run":41`)
		contains(t, "log", d.log.String(), "one finished in 1 min", "two finished in 1 min")
		contains(t, "summary", d.read(t, "summary"), "one", "two")
		contains(t, "dotenv", d.read(t, "dotenv"), "MLOPS_OUT_COMMENT_URL=https://")
	})
}

// A report that a job of a fork wrote names the request, but the trusted event's commit must be its head, and neither which
// report is newest nor its key, where one is set, is the fork's to say.
func TestLaterFromAFork(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		request hosttest.Request
		head    string
		change  string
		fault   string
	}{
		"trusted commit": {request: hosttest.Request{Head: "0123", Fork: true}, head: "0123", change: "7"},
		"another commit": {request: hosttest.Request{Head: "4567", Fork: true}, head: "0123", change: "7", fault: `its head is "4567", not "0123"`},
		"closed":         {request: hosttest.Request{Head: "0123", Closed: true}, head: "0123", change: "7", fault: "it is not open"},
		"no commit":      {request: hosttest.Request{Head: "0123"}, change: "7", fault: "its head is"},
		"other request":  {request: hosttest.Request{Head: "0123"}, head: "0123", change: "8", fault: "there is no request 8"},
		"no request":     {request: hosttest.Request{Head: "0123"}, head: "0123"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t)
				g := d.onGitHub(t)
				g.SetRequest(7, c.request)
				d.Thread.Number, d.Thread.Settings.Key = "", "ours"
				d.CI.Event = ciinfo.Event{Kind: ciinfo.EventUpstream, Name: "workflow_run"}
				d.CI.Head.SHA = c.head
				r := later("one", 1<<50)
				r.Origin.Change = c.change
				err := d.Later(t.Context(), []report.Report{r}, time.UnixMilli(1_700_000_000_000))
				if (err == nil) != (c.fault == "") || err != nil && !strings.Contains(err.Error(), c.fault) {
					t.Errorf("error %v, want %q", err, c.fault)
				}
				comments := g.Comments(7)
				if c.fault != "" || c.change == "" {
					if len(comments) > 0 {
						t.Errorf("comments %v", comments)
					}
					return
				}
				if len(comments) != 1 {
					t.Fatalf("%d comments", len(comments))
				}
				contains(t, "comment", comments[0].Body, "<!-- mlops-track: unverified: ours -->", `"run":41`)
			})
		})
	}
}

// Who wants no comment has none, whatever a report says, and GitHub is asked nothing.
func TestLaterWithoutComments(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	g := d.onGitHub(t)
	d.Thread.Settings.When = "never"
	d.CI.Event = ciinfo.Event{Kind: ciinfo.EventUpstream, Name: "workflow_run"}
	if err := d.Later(t.Context(), []report.Report{later("one", 1)}, time.Now()); err != nil || len(g.Counts()) > 0 {
		t.Errorf("error %v, requests %v", err, g.Counts())
	}
}

// A comment on a GitLab merge request is updated, too.
func TestPublishOnGitLab(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := hosttest.NewGitLab(t, "acme/model")
		g.SetToken("token", hosttest.Account{Login: "project_1_bot"})
		g.SetRequest(7, hosttest.Request{Head: "abc"})
		d := newDesk(t)
		d.Thread.Number = "7"
		d.Thread.Open = func(string, settings.Comment) (publish.Request, error) {
			return comment.NewGitLab(comment.GitLabOptions{
				HTTP: g.Client(), APIURL: "https://gitlab.example.com/api/v4", Token: "token", Project: "acme/model", Number: 7,
			})
		}
		e := ended()
		d.Publish(t.Context(), e)
		e.Run.Run.Name = "second"
		d.Publish(t.Context(), e)
		if comments := g.Comments(7); len(comments) != 1 || !strings.Contains(comments[0].Body, "second") {
			t.Errorf("comments %v", comments)
		}
	})
}
