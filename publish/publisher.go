package publish

import (
	"context"
	"slices"

	"github.com/Iyalvan/mlops-track/ciinfo"
	"github.com/Iyalvan/mlops-track/internal/console"
	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/internal/notice"
	"github.com/Iyalvan/mlops-track/internal/redact"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/publish/outputs"
	"github.com/Iyalvan/mlops-track/publish/report"
	"github.com/Iyalvan/mlops-track/settings"
	"github.com/Iyalvan/mlops-track/step"
	"github.com/Iyalvan/mlops-track/track"
)

// Publisher reports the runs of one job.
type Publisher struct {
	Console *console.Console
	Secrets *redact.Redactor
	CI      ciinfo.Info
	Summary func(render func(limit int) string) error // nil: the CI system has none
	Outputs func(values []outputs.Value) error        // nil: the CI system has none
	Thread  Thread
	Files   settings.Files
}

// Ended is a finished run, with all that is reported about it.
type Ended struct {
	Run        track.FinishedRun
	Step       step.Result
	ExitCode   int // of this process
	Experiment string
	Place      Place
	Curves     map[string][]report.Point
	Notices    []notice.Notice // warnings and errors of the run and of the job around it
	Account    string          // AWS account of the job's credentials; empty: unknown or none
}

// Place is where a run is stored and how to view it.
type Place struct {
	RunURL  string // empty if the store has no web page
	Store   string // tracking URI without secrets
	Offline string // folder where the run, or a part of it, is stored; empty if the server has it all
	View    string // command that shows the run; empty if there is a web page
	Upload  string // command that uploads what is stored offline
}

// Publish reports a run. The comment comes last, because it may take the longest.
func (p Publisher) Publish(ctx context.Context, e Ended) {
	r := redact.Deep(p.Secrets, p.report(e))
	p.Console.Block(report.Terminal(r))
	p.Console.Say("%s", r.Verdict())
	if e.Place.Offline != "" {
		p.Console.Say("stored offline in %s; upload it later: %s", e.Place.Offline, e.Place.Upload)
	} else if e.Place.View != "" {
		p.Console.Say("view run: %s", e.Place.View)
	}
	p.writeSummary(r)
	p.writeReports(r)
	values := p.values(e)
	omitted := p.write(values, values)
	p.warnOmitted(omitted)
	p.tellNoComments()
	url := p.Thread.located(ctx, p.Console).Post(ctx, p.Console, r)
	if url == "" {
		return
	}
	late := outputs.Value{Name: commentURL, Text: p.Secrets.Text(url)}
	more := p.write([]outputs.Value{late}, append(values, late))
	p.warnOmitted(slices.DeleteFunc(more, func(name string) bool { return slices.Contains(omitted, name) })) // the others are in the log already
}

// NotStarted writes the outputs of a job whose run could not be opened: those that a later step reads exist all the same.
func (p Publisher) NotStarted(status mlflow.Status, exitCode int) {
	values := p.values(Ended{Run: track.FinishedRun{Verdict: track.Verdict{Status: status}}, ExitCode: exitCode})
	p.warnOmitted(p.write(values, values))
}

// tellNoComments logs that the CI system has no comments, where one would have been posted.
func (p Publisher) tellNoComments() {
	t := p.Thread
	if t.Open != nil || !t.enabled() && t.Settings.When != "always" {
		return
	}
	place := "in this log"
	if p.Summary != nil {
		place = "on the page of the job"
	}
	if t.Settings.When == "always" {
		p.Console.Warn("no comment: "+errNoComments.Error(), "set comment to auto; the report is "+place)
		return
	}
	p.Console.Say("no comment: %v; the report is %s", errNoComments, place)
}

func (p Publisher) writeSummary(r report.Report) {
	if p.Summary != nil {
		p.tell(p.Summary(func(limit int) string { return report.Comment(r, limit) }))
	}
}

// write writes outputs for later steps and jobs: the CI system gets the new ones, the dotenv file is written with all. It
// returns the names of those that the dotenv file cannot hold.
func (p Publisher) write(fresh, all []outputs.Value) (omitted []string) {
	if p.Outputs != nil {
		p.tell(p.Outputs(fresh))
	}
	if p.Files.Outputs != "" {
		var err error
		omitted, err = outputs.WriteDotenv(p.Files.Outputs, slices.DeleteFunc(slices.Clone(all), p.hidden))
		p.tell(err)
	}
	return omitted
}

func (p Publisher) tell(err error) {
	if err != nil {
		p.Console.Warn(err.Error(), hint.Of(err))
	}
}
