package publish

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/Iyalvan/mlops-track/ciinfo"
	"github.com/Iyalvan/mlops-track/internal/redact"
	"github.com/Iyalvan/mlops-track/publish/outputs"
	"github.com/Iyalvan/mlops-track/publish/report"
)

// Later reports runs of earlier jobs: it writes the job summary and posts or updates the comment. What a file says may come from an
// untrusted job, and so does what a job of a fork stored: then only this job's own event decides which comment it goes to and which is
// newer, and the request must be open and at the commit that the event names.
func (p Publisher) Later(ctx context.Context, reports []report.Report, now time.Time) error {
	var faults []error
	p.tellNoComments()
	url := ""
	for _, r := range reports {
		if r.Job.Foreign != "" || p.untrusted() {
			r = p.foreign(r, now)
		} else {
			r.Origin.Key = cmp.Or(p.Thread.Settings.Key, r.Origin.Key)
		}
		r = redact.Deep(p.Secrets, r)
		p.Console.Block(report.Terminal(r))
		p.Console.Say("%s", r.Verdict())
		p.writeSummary(r)
		to, err := p.trusted(ctx, r.Origin.Change)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		url = cmp.Or(to.Post(ctx, p.Console, r), url)
	}
	if url != "" {
		values := []outputs.Value{{Name: commentURL, Text: url}}
		p.warnOmitted(p.write(values, values))
	}
	return errors.Join(faults...)
}

// untrusted reports whether the reports may come from a job of a fork.
func (p Publisher) untrusted() bool {
	return p.CI.Event.Kind == ciinfo.EventUpstream && p.CI.Event.Name == "workflow_run"
}

// foreign returns a report that somebody else wrote as what this job knows about it: who wrote it, for which commit and in which run,
// and in which comment it has a place. Of its own words about that, one is left, which tells its reports of one run apart.
func (p Publisher) foreign(r report.Report, now time.Time) report.Report {
	said := r.Origin
	r.Origin = report.Origin{
		Change: said.Change, Section: join(said.Key, said.Section, said.Place.Step), Ended: now,
		Key:   cmp.Or(p.Thread.Settings.Key, join(p.CI.Pipeline.Name, p.CI.Job.Name)),
		Place: report.Place{Job: p.CI.Job.ID}, Run: p.CI.Pipeline.RunNumber(), Attempt: p.CI.Pipeline.Attempt,
	}
	r.Job.Foreign = cmp.Or(r.Job.Foreign, report.FromFile)
	if !p.untrusted() {
		return r
	}
	from := p.CI.Pipeline.Upstream
	r.Origin.Key = cmp.Or(p.Thread.Settings.Key, join(from.Project, cmp.Or(from.File, from.Name)))
	if before := (ciinfo.Pipeline{RunID: from.RunID}).RunNumber(); before > 0 {
		r.Origin.Run, r.Origin.Attempt = before, from.Attempt
	}
	r.Job.URL, r.Job.Commit, r.Job.CommitURL = from.RunURL, p.CI.Head.ShortSHA(), p.CI.CommitURL()
	r.Job.Foreign = "Written by a job of " + cmp.Or(from.Project, "a repository that was deleted")
	return r
}

// trusted returns the thread that a report may be posted to. If the event does not name the request, as for one from a fork, the
// number in the report is used after a check with GitHub, and without one the request of the event's branch.
func (p Publisher) trusted(ctx context.Context, change string) (Thread, error) {
	t := p.Thread
	if t.Settings.When == "never" || !p.untrusted() {
		return t.located(ctx, p.Console), nil
	}
	t.Number = cmp.Or(t.Number, change)
	if t = t.located(ctx, p.Console); t.Number == "" {
		return t, nil
	}
	request, err := t.request()
	if err != nil {
		return t, err
	}
	state, err := request.PullRequest(ctx)
	if err != nil {
		return t, err
	}
	return t, state.Accepts(p.CI.Head.SHA)
}
