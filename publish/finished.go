package publish

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/Iyalvan/mlops-track/internal/notice"
	"github.com/Iyalvan/mlops-track/publish/report"
)

// report returns the report of a run that this job made.
func (p Publisher) report(e Ended) report.Report {
	run, verdict := e.Run.Run, e.Run.Verdict
	r := report.Report{
		Run: report.Run{
			Experiment: e.Experiment, Name: run.Name, ID: run.ID, URL: e.Place.RunURL, Store: e.Place.Store, Offline: e.Place.Offline,
		},
		Outcome: report.Outcome{
			Status: string(verdict.Status), ExitCode: e.ExitCode, ErrorType: verdict.ErrorType, ErrorMessage: verdict.ErrorMessage,
			Duration: e.Step.End.Sub(e.Step.Start), LogTail: e.Step.Tail,
		},
		Job: report.Job{
			URL: cmp.Or(p.CI.Job.URL, p.CI.Pipeline.RunURL), Commit: short(p.CI.Trained()), CommitURL: p.CI.CommitURL(),
			Machine: fmt.Sprintf("%s/%s, %d CPUs", runtime.GOOS, runtime.GOARCH, runtime.NumCPU()),
		},
		Values: report.Values{
			OwnParams: e.Run.OwnParams, Histories: e.Curves, Params: run.Params, Metrics: make(map[string]float64, len(run.Metrics)),
		},
		Outputs: report.Outputs{
			Artifacts: report.Artifacts{
				Files: e.Run.Uploads.Files, Bytes: e.Run.Uploads.Bytes, Failed: len(e.Run.Uploads.Failed), Paths: e.Run.Uploaded,
			},
		},
		Warnings: warnings(e.Notices),
		Origin: report.Origin{
			Change: p.CI.Change.ID, Head: p.CI.Head.SHA, Key: p.Thread.Key(p.CI.Pipeline.Name, p.CI.Job.Name, e.Experiment),
			Section: p.CI.Job.MatrixLabel, Place: report.Place{Step: p.CI.Job.Step, Job: p.CI.Job.ID, Family: p.CI.Family()},
			Run: p.CI.Pipeline.RunNumber(), Attempt: p.CI.Pipeline.Attempt, Ended: e.Step.End,
		},
	}
	for key, m := range run.Metrics {
		r.Values.Metrics[key] = m.Value
	}
	if m := e.Run.Model; m.Name != "" {
		r.Outputs.Model = fmt.Sprintf("%s version %s", m.Name, m.Version)
	}
	return r
}

// short is a commit in seven characters.
func short(commit string) string { return commit[:min(7, len(commit))] }

// warnings returns the warnings among notices: errors are in the verdict.
func warnings(notices []notice.Notice) []report.Warning {
	var out []report.Warning
	for _, n := range notices {
		if n.Severity == notice.Warning {
			out = append(out, report.Warning{Text: n.Text, Next: n.Hint})
		}
	}
	return out
}

// join joins what is not empty, as in a key.
func join(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), " / ")
}
