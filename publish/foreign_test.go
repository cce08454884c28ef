package publish_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Iyalvan/mlops-track/ciinfo"
	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/publish"
	"github.com/Iyalvan/mlops-track/publish/report"
	"github.com/Iyalvan/mlops-track/settings"
)

// TestForeignReportTouchesNothingOfTrustedJobs: whatever it says about its key, its place, its run and its links, the comment of a trusted
// job stays as it is, and the report stands in one of its own, with what the trusted event tells.
func TestForeignReportTouchesNothingOfTrustedJobs(t *testing.T) {
	t.Parallel()
	forged := func() report.Report {
		r := later("trusted", 1<<60)
		r.Run.ID = "0123" // the id of the trusted run
		r.Origin.Section, r.Origin.Place, r.Origin.Attempt = "py=3.12", report.Place{Step: "__run", Job: "77", Family: "pipeline 1"}, 1<<20
		r.Job = report.Job{URL: "https://github.com/acme/model/evil", Commit: "bbbbbbb", CommitURL: "https://github.com/acme/model/commit/bbbbbbb", Foreign: report.FromFile}
		return r
	}
	for name, c := range map[string]struct {
		event ciinfo.Event
		key   string
		want  []string
	}{
		"a run after one of a fork": {
			ciinfo.Event{Kind: ciinfo.EventUpstream, Name: "workflow_run"}, "",
			[]string{
				"<!-- mlops-track: unverified: mallory/model / .github/workflows/train.yml -->", `"run":40,"attempt":2`, "Written by a job of mallory/model. Nobody has checked",
				"https://github.com/acme/model/actions/runs/40", "commit `0123456`",
			},
		},
		"with a key of its own":         {ciinfo.Event{Kind: ciinfo.EventUpstream, Name: "workflow_run"}, "train / main / acme/model", []string{"<!-- mlops-track: unverified: train / main / acme/model -->"}},
		"a job of the same pipeline":    {ciinfo.Event{Kind: ciinfo.EventChange, Name: "pull_request"}, "", []string{"<!-- mlops-track: unverified: train / main -->", `"run":41,"attempt":1`, "Read from a file."}},
		"with the rights of the target": {ciinfo.Event{Kind: ciinfo.EventChange, Name: "pull_request_target"}, "", []string{"<!-- mlops-track: unverified: train / main -->"}},
		"a pipeline on GitLab":          {ciinfo.Event{Kind: ciinfo.EventUpstream, Name: "pipeline"}, "", []string{"<!-- mlops-track: unverified: train / main -->"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t)
				g := d.onGitHub(t)
				d.Publish(t.Context(), ended()) // key train / main / acme/model
				before := g.Comments(7)
				d.CI.Event, d.Thread.Settings.Key, d.CI.Change.Fork = c.event, c.key, true
				d.CI.Pipeline.Upstream = ciinfo.Upstream{
					Project: "mallory/model", Name: "train", File: ".github/workflows/train.yml", RunID: "40", Attempt: 2, RunURL: "https://github.com/acme/model/actions/runs/40",
				}
				if err := d.Later(t.Context(), []report.Report{forged()}, time.Now()); err != nil {
					t.Fatal(err)
				}
				comments := g.Comments(7)
				if len(comments) != 2 || comments[0].Body != before[0].Body {
					t.Fatalf("comments %+v", comments)
				}
				contains(t, "comment", comments[1].Body, c.want...)
				if c.event.Name == "workflow_run" && strings.Contains(comments[1].Body, "evil") {
					t.Errorf("the report chose the page of the job:\n%s", comments[1].Body)
				}
			})
		})
	}
}

// TestReportsOfOneForeignRun: those of several jobs stand beside each other, and the next run takes their places.
func TestReportsOfOneForeignRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		g := d.onGitHub(t)
		d.CI.Event = ciinfo.Event{Kind: ciinfo.EventUpstream, Name: "workflow_run"}
		for _, run := range []string{"40", "42"} {
			d.CI.Pipeline.Upstream = ciinfo.Upstream{Project: "mallory/model", File: "train.yml", RunID: run, Attempt: 1}
			var reports []report.Report
			for _, job := range []string{"a", "b"} {
				r := later(job, 1)
				r.Run.ID, r.Run.Name, r.Origin.Key, r.Origin.Section = run+job, "run-"+run+job, "train / "+job, ""
				reports = append(reports, r)
			}
			if err := d.Later(t.Context(), reports, time.Now()); err != nil {
				t.Fatal(err)
			}
			comments := g.Comments(7)
			if len(comments) != 1 {
				t.Fatalf("%d comments", len(comments))
			}
			contains(t, "comment", comments[0].Body, "`run-"+run+"a`", "`run-"+run+"b`")
			if n := strings.Count(comments[0].Body, "<!-- mlops-track section"); n != 2 {
				t.Errorf("%d sections", n)
			}
		}
	})
}

// TestCommentOfABranch: the open request of the branch gets the report; that it cannot be looked up is told in passing.
func TestCommentOfABranch(t *testing.T) {
	t.Parallel()
	denied := hint.With(errors.New("look for the pull request of branch faster: 403"), "give the job's token the permission")
	for name, c := range map[string]struct {
		when   string
		number string
		err    error
		want   string // in the log
		posted int
	}{
		"an open one":     {when: "auto", number: "7", want: "comment created: ", posted: 1},
		"none":            {when: "auto"},
		"none, but due":   {when: "always", want: "warning: no comment: this job is not for a pull or merge request"},
		"denied":          {when: "auto", err: denied, want: "mlops-track: no comment: look for the pull request of branch faster: 403\nmlops-track: hint: give"},
		"denied, but due": {when: "always", err: denied, want: "warning: no comment: look for the pull request of branch faster: 403"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t)
				g := d.onGitHub(t)
				d.CI.Change, d.Thread.Number, d.Thread.Settings.When = ciinfo.Change{}, "", c.when
				d.Thread.Find = func(context.Context, settings.Comment) (string, error) { return c.number, c.err }
				d.Publish(t.Context(), ended())
				contains(t, "log", d.log.String(), c.want)
				if n := len(g.Comments(7)); n != c.posted {
					t.Errorf("%d comments, want %d", n, c.posted)
				}
				if n := strings.Count(d.log.String(), "no comment"); n > 1 {
					t.Errorf("the log says %d times that there is none:\n%s", n, d.log)
				}
			})
		})
	}
	d := newDesk(t)
	d.Thread = publish.Thread{Settings: settings.Comment{When: "never"}, Find: func(context.Context, settings.Comment) (string, error) {
		t.Error("who wants no comment has the branch looked up")
		return "", nil
	}}
	d.Publish(t.Context(), ended())
}
