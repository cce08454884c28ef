package publish

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/Iyalvan/mlops-track/ciinfo"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/store"
	"github.com/Iyalvan/mlops-track/publish/report"
	"github.com/Iyalvan/mlops-track/track"
)

// Stored reads a finished run from the store and makes its report from the run's own tags. The comment is that of
// the job that made the run.
func (p Publisher) Stored(ctx context.Context, st *store.Opened, runID, experiment string) (report.Report, error) {
	run, err := st.GetRun(ctx, runID)
	if err != nil {
		return report.Report{}, fmt.Errorf("read run %q: %w", runID, err)
	}
	if run.Status == mlflow.Running || run.Status == mlflow.Scheduled {
		return report.Report{}, fmt.Errorf("run %q is still %s: report it after it has finished", runID, run.Status)
	}
	commit := run.Tags["mlflow.source.git.commit"]
	if run.Tags["vcs.change.id"] != "" { // what is checked out is a merge made for the test
		commit = cmp.Or(run.Tags["vcs.ref.head.revision"], commit)
	}
	r := report.Report{
		Run: report.Run{
			Experiment: experiment, Name: run.Name, ID: run.ID, URL: st.RunURL(run.ExperimentID, run.ID), Store: st.Display,
		},
		Outcome: report.Outcome{
			Status: string(run.Status), ExitCode: int(number(run.Tags["mlops.exit_code"])), ErrorType: run.Tags["mlops.error_type"],
			ErrorMessage: run.Tags["mlops.error_message"], Duration: max(0, run.End.Sub(run.Start)),
		},
		Job: report.Job{
			URL:    cmp.Or(run.Tags["cicd.pipeline.task.run.url.full"], run.Tags["cicd.pipeline.run.url.full"]),
			Commit: short(commit),
		},
		Values: report.Values{
			Params: run.Params, Metrics: make(map[string]float64, len(run.Metrics)), Histories: Curves(ctx, st, run.ID, run.Metrics),
		},
		Warnings: storedWarnings(run.Tags),
		Origin: report.Origin{
			Change: run.Tags["vcs.change.id"], Head: run.Tags["vcs.ref.head.revision"], Section: ciinfo.MatrixLabel(run.Tags["mlops.ci.matrix"]),
			Key:   p.Thread.Key(run.Tags["cicd.pipeline.name"], run.Tags["cicd.pipeline.task.name"], experiment),
			Place: report.Place{Step: run.Tags["mlops.ci.step"], Job: run.Tags["cicd.pipeline.task.run.id"], Family: run.Tags["mlops.ci.family"]},
			Run:   number(run.Tags["cicd.pipeline.run.id"]), Attempt: int(number(run.Tags["mlops.ci.attempt"])), Ended: run.End,
		},
	}
	for key, m := range run.Metrics {
		r.Values.Metrics[key] = m.Value
	}
	return r, nil
}

// number returns a tag as a number; 0 if it is missing.
func number(tag string) int64 {
	n, err := strconv.ParseInt(tag, 10, 64)
	if err != nil { // not every run has one
		return 0
	}
	return n
}

func storedWarnings(tags map[string]string) []report.Warning {
	var out []report.Warning
	if keys := tags["mlops.collisions"]; keys != "" {
		out = append(out, report.Warning{Text: "collision detected: " + keys, Next: "give yours a prefix, as in custom.accuracy"})
	}
	if tags["mlops.autolog"] == string(track.AutologEmpty) {
		out = append(out, report.Warning{Text: strings.Split(track.EmptyAutolog(0).Text, "\n")[0]})
	}
	return out
}
