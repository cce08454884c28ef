package cli

import (
	"context"
	"slices"
	"time"

	"github.com/Iyalvan/mlops-track/internal/notice"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/artifact"
	"github.com/Iyalvan/mlops-track/publish"
	"github.com/Iyalvan/mlops-track/publish/report"
	"github.com/Iyalvan/mlops-track/step"
	"github.com/Iyalvan/mlops-track/step/results"
	"github.com/Iyalvan/mlops-track/track"
)

// uploadInterval is how often the progress of a long upload is logged.
const uploadInterval = 5 * time.Second

// finish collects the outputs of the step, closes the run, and returns what to report about it. It returns only when the run is
// closed or cannot be.
func (j job) finish(watched context.Context, t tracking, run mlflow.Run, result step.Result, live *results.Follower) publish.Ended {
	if watched.Err() == nil { // a cancel of the step was logged when it came
		defer context.AfterFunc(watched, func() {
			j.console.Say("%v: the step has ended, so the run's status does not change; finalization ends within %s", context.Cause(watched), closeBudget)
		})()
	}
	extra := extraTime(j.settings.Step.StopGrace)
	server, tick, cancel := within(watched, closeBudget+extra, j.settings.Store.FinishTimeout)
	defer cancel()
	storing, _, cancelStoring := within(watched, storeBudget+extra, 0)
	defer cancelStoring()
	t.offline.Limit(server, tick)

	defer live.Close()
	metrics := live.Finish(server, tick)
	if metrics.Err != nil {
		metrics = live.Rest(storing, func(ctx context.Context, points []mlflow.Metric) error {
			return t.LogBatch(ctx, run.ID, mlflow.Batch{Metrics: points})
		})
	}
	outputs := t.clean(step.Collect(j.files, j.settings.Step, metrics, step.Places{Roots: j.resultFolders(), Own: j.ownFiles(t, run)}))
	finished := track.Finisher{
		Store: t.Store, Artifacts: t.offline, RunName: j.settings.Run.Name, RegisterModel: j.settings.Run.RegisterModel,
		OnDefault: j.info.Head.OnDefault, Uploading: j.sayUploading(len(outputs.Files)),
		Outdated: t.incomplete,
	}.Finish(storing, run, result, outputs)

	ended := publish.Ended{
		Run: finished, Step: result, Place: j.place(t, run.ExperimentID, run.ID), Notices: slices.Concat(finished.Notices, t.renamedNotices(), j.lost(t)),
		ExitCode: exitCode(finished.Verdict.ExitCode, j.settings.Store.OnTrackingError, len(finished.Faults) > 0 || metrics.Err != nil),
	}
	if result.Interrupt == nil && !t.incomplete() { // after a cancel there is no time; of half a curve nobody has anything
		ended.Curves = publish.Curves(storing, t.Store, run.ID, finished.Run.Metrics)
	}
	j.console.Tell(ended.Notices...)
	return ended
}

// lost returns the warning that a part of the run is stored offline. For a run that began offline it was logged then.
func (j job) lost(t tracking) []notice.Notice {
	if !t.incomplete() {
		return nil
	}
	return append(notice.FromError(t.offline.Lost()), notice.Warn(
		"the tracking server did not store all of the run; the rest is stored offline in "+j.settings.Store.OfflineDir, j.uploadLater(),
	))
}

// resultFolders returns the folders, besides the working directory, in which files of the step may be.
func (j job) resultFolders() []string {
	folders := append([]string{j.Dir}, j.temporaryFolders()...)
	if j.info.InCI() && j.info.Job.Workspace != "" {
		folders = append(folders, j.info.Job.Workspace)
	}
	return folders
}

// sayUploading returns a function that logs the progress of an upload now and then.
func (j job) sayUploading(files int) func(artifact.Progress) {
	told := time.Now()
	return func(done artifact.Progress) {
		if time.Since(told) >= uploadInterval {
			told = time.Now()
			j.console.Say("uploaded %d of %d artifacts, %s", done.Files, files, report.Size(done.Bytes))
		}
	}
}

// exitCode returns the job's: the verdict's, or 1 if something could not be stored and on-tracking-error is fail.
func exitCode(verdict int, onTrackingError string, lost bool) int {
	if verdict == exitOK && onTrackingError == "fail" && lost {
		return exitError
	}
	return verdict
}

// publisher reports the runs of the job.
func (j job) publisher() publish.Publisher {
	return j.app.publisher(j.settings.Report, j.info, j.system)
}
