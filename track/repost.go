package track

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/Iyalvan/mlops-track/ciinfo"
	"github.com/Iyalvan/mlops-track/internal/redact"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/store"
	"github.com/Iyalvan/mlops-track/publish/outputs"
	"github.com/Iyalvan/mlops-track/publish/report"
)

// Repost reports runs that have ended, in a later job: it writes the job summary and posts or updates the comment. A report from
// a file may come from a job that need not be trusted, so the request that it names must be open and at the commit that the
// trusted event names.
func Repost(ctx context.Context, in Inputs, ci ciinfo.Info, host Host, reports []report.Report) error {
	p := Plan{Inputs: in, CI: ci}
	t := p.Thread(host)
	var faults []error
	url := ""
	for _, r := range reports {
		r = redact.Deep(host.Secrets, r)
		host.Console.Block(report.Terminal(r))
		host.Console.Say("%s", r.Verdict())
		if file := host.Getenv("GITHUB_STEP_SUMMARY"); file != "" {
			warn(host, outputs.WriteSummary(file, func(limit int) string { return report.Comment(r, limit) }))
		}
		to, err := t.trusted(ctx, r.Origin)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		if t.untrusted() {
			r.Origin.Run, r.Origin.Attempt, r.Origin.Ended = ci.RunNumber(), ci.Attempt, host.Now()
		}
		url = first(to.Post(ctx, host.Console, first(in.Report.Key, r.Origin.Key), section(r)), url)
	}
	if url != "" {
		values := []outputs.Value{{Name: commentURL, Text: url}}
		tellLeftOut(host, writeOutputs(p, host, values, values))
	}
	return errors.Join(faults...)
}

// untrusted says whether the reports may come from a job of a fork. Such a job says neither which request it is for nor which
// report is the newest without being asked twice.
func (t Thread) untrusted() bool {
	return t.CI.Event == ciinfo.EventUpstream && t.CI.EventName == "workflow_run"
}

// trusted is the thread that a file may be posted to. Where the event does not name the request, as for one from a fork, the file
// does, and the forge is asked.
func (t Thread) trusted(ctx context.Context, from report.Origin) (Thread, error) {
	if t.Inputs.Comment == "never" || !t.untrusted() {
		return t, nil
	}
	t.Number = cmp.Or(t.Number, from.Change)
	if t.Number == "" {
		return t, nil
	}
	forge, err := t.forge()
	if err != nil {
		return t, err
	}
	request, err := forge.PullRequest(ctx)
	if err != nil {
		return t, err
	}
	return t, request.Accepts(t.CI.HeadSHA)
}

// Stored reads ended runs from the store and makes reports of them. The comment of a run is that of the job that made it.
func Stored(ctx context.Context, in Inputs, ci ciinfo.Info, host Host, ids []string) (reports []report.Report, err error) {
	p := Plan{Inputs: in, CI: ci, Experiment: first(in.Experiment, ci.Project, "Default")}
	st, err := store.Open(ctx, p.storeOptions(host))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, open{store: st}.close(ctx)) }()
	for _, id := range ids {
		run, err := st.GetRun(ctx, id)
		if err != nil {
			return nil, fmt.Errorf("read run %q: %w", id, err)
		}
		if run.Status == mlflow.Running || run.Status == mlflow.Scheduled {
			return nil, fmt.Errorf("run %q is still %s: report it when it has ended", id, run.Status)
		}
		reports = append(reports, stored(ctx, p, st, run))
	}
	return reports, nil
}

// stored makes a report of what a run says of itself.
func stored(ctx context.Context, p Plan, st *store.Opened, run mlflow.Run) report.Report {
	number := func(tag string) int64 {
		n, err := strconv.ParseInt(run.Tags[tag], 10, 64)
		if err != nil { // not every run has one
			return 0
		}
		return n
	}
	r := report.Report{
		Status: string(run.Status), ExitCode: int(number("mlops.exit_code")), ErrorType: run.Tags["mlops.error_type"],
		ErrorMessage: run.Tags["mlops.error_message"], Experiment: p.Experiment, RunName: run.Name, RunID: run.ID,
		RunURL: st.RunURL(run.ExperimentID, run.ID), Store: st.Display, Duration: max(0, run.End.Sub(run.Start)), Params: run.Params,
		JobURL:  first(run.Tags["cicd.pipeline.task.run.url.full"], run.Tags["cicd.pipeline.run.url.full"]),
		Metrics: make(map[string]float64, len(run.Metrics)), Histories: histories(ctx, st, run),
	}
	r.Commit = run.Tags["mlflow.source.git.commit"]
	r.Commit = r.Commit[:min(7, len(r.Commit))]
	for key, m := range run.Metrics {
		r.Metrics[key] = m.Value
	}
	if keys := run.Tags["mlops.collisions"]; keys != "" {
		r.Warnings = append(r.Warnings, report.Warning{Text: "collision detected: " + keys, Next: "give yours a prefix, as in custom.accuracy"})
	}
	if run.Tags["mlops.autolog"] == string(AutologEmpty) {
		r.Warnings = append(r.Warnings, report.Warning{Text: strings.Split(autologEmpty(0).Text, "\n")[0]})
	}
	r.Origin = report.Origin{
		Change: run.Tags["vcs.change.id"], Head: run.Tags["vcs.ref.head.revision"], Section: ciinfo.MatrixLabel(run.Tags["mlops.ci.matrix"]),
		Key: commentKey(p.Report, run.Tags["cicd.pipeline.name"], run.Tags["cicd.pipeline.task.name"], p.Experiment),
		Run: number("cicd.pipeline.run.id"), Attempt: int(number("mlops.ci.attempt")), Ended: run.End,
	}
	return r
}
