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

// Thread is where a report is posted: one pull or merge request, and who posts.
type Thread struct {
	Number   string // of the request; empty: there is none
	Queue    bool   // the job tries the request in a merge queue: nobody reads a comment there
	Settings settings.Comment
	Open     func(number string, c settings.Comment) (Request, error) // nil: the CI system has no requests
}

// Request is a pull or merge request as GitHub or GitLab tells of it.
type Request interface {
	comment.Host
	PullRequest(ctx context.Context) (comment.PullRequest, error)
}

// Key says which comment the report of a job stands in: the jobs of a matrix share one.
func (t Thread) Key(pipeline, job, experiment string) string {
	return cmp.Or(t.Settings.Key, join(" / ", pipeline, job, experiment))
}

// Wanted reports whether there is something to comment on, and it is asked for. Where the CI system has no comments, they are
// asked for only by comment: always.
func (t Thread) Wanted() bool { return t.asked() && (t.Open != nil || t.Settings.When == "always") }

func (t Thread) asked() bool { return t.Settings.When != "never" && t.Number != "" && !t.Queue }

// Post puts a report into the comment of the thread and returns its URL. A comment that is rejected is no failure: the log
// says why there is none, and what would bring it.
func (t Thread) Post(ctx context.Context, c *console.Console, r report.Report) (url string) {
	tell := func(text, hint string) {
		if t.Settings.When == "always" {
			c.Warn(text, hint)
			return
		}
		c.Say("%s", text)
		if hint != "" {
			c.Say("hint: %s", hint)
		}
	}
	if !t.asked() || t.Open == nil { // the latter is told once, not for each report
		if t.Settings.When == "always" && t.Open != nil {
			c.Warn("no comment: this job is not for a pull or merge request", "run it on pull_request, or in a merge request pipeline")
		}
		return ""
	}
	request, err := t.request()
	if err != nil {
		tell("no comment: "+err.Error(), hint.Of(err))
		return ""
	}
	posted, err := comment.Post(ctx, request, comment.Key(r.Origin.Key), section(r), comment.Mode(t.Settings.Mode))
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

// Look asks for the request.
func (t Thread) Look(ctx context.Context) error {
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

// section is a report as its part of a comment.
func section(r report.Report) comment.Section {
	return comment.Section{
		Name:   r.Origin.Section,
		Order:  comment.Order{Run: r.Origin.Run, Attempt: r.Origin.Attempt, Time: r.Origin.Ended},
		Render: func(limit int) string { return report.Comment(r, limit) },
	}
}
