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

// Later reports runs of earlier jobs: it writes the job summary and posts or updates the comment. A report from
// a file may come from an untrusted job, so the request that it names must be open and at the commit that the
// trusted event names.
func (p Publisher) Later(ctx context.Context, reports []report.Report, now time.Time) error {
	var faults []error
	p.tellNoComments()
	url := ""
	for _, r := range reports {
		r = redact.Deep(p.Secrets, r)
		p.Console.Block(report.Terminal(r))
		p.Console.Say("%s", r.Verdict())
		p.writeSummary(r)
		to, err := p.trusted(ctx, r.Origin)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		r.Origin.Key = cmp.Or(p.Thread.Settings.Key, r.Origin.Key)
		if p.untrusted() {
			r.Origin.Run, r.Origin.Attempt, r.Origin.Ended = p.CI.Pipeline.RunNumber(), p.CI.Pipeline.Attempt, now
		}
		url = cmp.Or(to.Post(ctx, p.Console, r, p.Secrets.Text), url)
	}
	if url != "" {
		values := []outputs.Value{{Name: commentURL, Text: url}}
		p.warnOmitted(p.write(values, values))
	}
	return errors.Join(faults...)
}

// untrusted reports whether the reports may come from a job of a fork. Such a job decides neither which request it is for nor
// which report is the newest.
func (p Publisher) untrusted() bool {
	return p.CI.Event.Kind == ciinfo.EventUpstream && p.CI.Event.Name == "workflow_run"
}

// trusted returns the thread that a report may be posted to. If the event does not name the request, as for one from a fork, the
// number in the report is used after a check with GitHub.
func (p Publisher) trusted(ctx context.Context, from report.Origin) (Thread, error) {
	t := p.Thread
	if t.Settings.When == "never" || !p.untrusted() {
		return t, nil
	}
	t.Number = cmp.Or(t.Number, from.Change)
	if t.Number == "" {
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
