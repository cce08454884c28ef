package publish

import (
	"cmp"
	"context"
	"errors"

	"github.com/Iyalvan/mlops-track/internal/console"
	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/publish/comment"
	"github.com/Iyalvan/mlops-track/publish/report"
	"github.com/Iyalvan/mlops-track/settings"
)

// Thread is where a report is posted: one pull or merge request.
type Thread struct {
	Number   string // of the request; empty: no request
	Queue    bool   // the job runs in a merge queue: nobody reads a comment there
	Settings settings.Comment
	Open     func(number string, c settings.Comment) (Request, error) // nil: the CI system has no requests
	// Find returns the number of the open request from the job's branch, empty if there is none; nil: the job has no branch to look for.
	Find func(ctx context.Context, c settings.Comment) (number string, err error)
}

// Request is a pull or merge request on GitHub or GitLab.
type Request interface {
	comment.Host
	PullRequest(ctx context.Context) (comment.PullRequest, error)
}

// Key returns the key of the comment that holds the report of a job: the jobs of a matrix share one.
func (t Thread) Key(pipeline, job, experiment string) string {
	return cmp.Or(t.Settings.Key, join(pipeline, job, experiment))
}

// Wanted reports whether a comment is to be posted. Where the CI system has no comments, that is so only with
// comment: always.
func (t Thread) Wanted() bool { return t.enabled() && (t.Open != nil || t.Settings.When == "always") }

func (t Thread) enabled() bool { return t.Settings.When != "never" && t.Number != "" && !t.Queue }

// Post puts a report into the comment of the thread and returns its URL. A rejected comment does not fail the job: the log
// says why there is no comment and what to do.
func (t Thread) Post(ctx context.Context, c *console.Console, r report.Report) (url string) {
	tell := func(text, hint string) { t.tell(c, text, hint) }
	if !t.enabled() || t.Open == nil { // the latter is logged once, not for each report
		if t.Settings.When == "always" && t.Open != nil {
			c.Warn("no comment: this job is not for a pull or merge request", "run it on pull_request or in a merge request pipeline, open a request for the branch, or set comment-on")
		}
		return ""
	}
	request, err := t.request()
	if err != nil {
		tell("no comment: "+err.Error(), hint.Of(err))
		return ""
	}
	posted, err := comment.Post(ctx, request, key(r.Job.Foreign != "", r.Origin.Key), section(r), comment.Mode(t.Settings.Mode))
	switch {
	case err == nil && posted.URL != "":
		c.Say("comment %s: %s", posted.Outcome, posted.URL)
	case err != nil && posted.URL != "": // an older comment could not be removed
		tell("comment: "+err.Error(), hint.Of(err))
	case err != nil:
		tell("no comment on #"+t.Number+": "+err.Error(), hint.Of(err))
	}
	return posted.URL
}

// tell logs why there is no comment: as a warning only if one must be.
func (t Thread) tell(c *console.Console, text, hint string) {
	if t.Settings.When == "always" {
		c.Warn(text, hint)
		return
	}
	c.Say("%s", text)
	if hint != "" {
		c.Say("hint: %s", hint)
	}
}

// located returns the thread with the number of the branch's open request, if the job is for a branch. If that cannot be read, the
// log says so, and the thread takes no reports.
func (t Thread) located(ctx context.Context, c *console.Console) Thread {
	if t.Number != "" || t.Find == nil || t.Queue || t.Settings.When == "never" {
		return t
	}
	number, err := t.Find(ctx, t.Settings)
	if err != nil {
		t.tell(c, "no comment: "+err.Error(), hint.Of(err))
		t.Settings.When = "never"
	}
	t.Number = number
	return t
}

// Check reads the request with the token that will write.
func (t Thread) Check(ctx context.Context) error {
	request, err := t.request()
	if err != nil {
		return err
	}
	_, err = request.PullRequest(ctx)
	return err
}

func (t Thread) request() (Request, error) {
	if t.Open == nil {
		return nil, errNoComments
	}
	return t.Open(t.Number, t.Settings)
}

// errNoComments is why there is no comment on any other CI system.
var errNoComments = errors.New("comments are for GitHub Actions and GitLab CI")

// key returns the key of the comment for a report. A report that somebody else wrote never gets into one of trusted jobs.
func key(foreign bool, text string) comment.Key {
	if foreign {
		return comment.Foreign(text)
	}
	return comment.Own(text)
}

// section returns a report as its part of a comment.
func section(r report.Report) comment.Section {
	return comment.Section{
		Name: r.Origin.Section, Step: r.Origin.Place.Step, Report: r.Run.ID, Job: r.Origin.Place.Job, Family: r.Origin.Place.Family,
		Order:  comment.Order{Run: r.Origin.Run, Attempt: r.Origin.Attempt, Time: r.Origin.Ended},
		Render: func(limit int) string { return report.Comment(r, limit) },
	}
}
