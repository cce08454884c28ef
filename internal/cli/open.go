package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/Iyalvan/mlops-track/internal/notice"
	"github.com/Iyalvan/mlops-track/internal/redact"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/publish"
	"github.com/Iyalvan/mlops-track/step"
	"github.com/Iyalvan/mlops-track/track"
)

// open opens the store and the run of a plan.
func (j job) open(ctx context.Context, plan track.Plan, creds credentials) (tracking, mlflow.Run, error) {
	options, err := j.storeOptions(j.settings.Store.TrackingURI, creds)
	if err != nil {
		return tracking{}, mlflow.Run{}, err
	}
	t, err := openStore(ctx, j.settings.Store, options, j.secrets, plan.Experiment)
	if err != nil {
		return t, mlflow.Run{}, err
	}
	waiting := time.AfterFunc(openingNotice, func() {
		j.console.Say("still opening the run at %s; start-timeout is %s", t.offline.Direct().Display, j.settings.Store.StartTimeout)
	})
	run, err := t.open(ctx, plan)
	waiting.Stop()
	if err != nil {
		j.withdraw(ctx, t)
		err = errors.Join(err, t.close(ctx))
	}
	return t, run, err
}

// withdraw ends, after a cancel, a run that the interrupted opening may have left on the server.
func (j job) withdraw(watched context.Context, t tracking) {
	if watched.Err() == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(watched), withdrawBudget)
	defer cancel()
	run, err := t.offline.Withdraw(ctx)
	switch {
	case err != nil:
		j.console.Say("mark the run KILLED that may be on the server: %v", err)
	case run.ID != "":
		j.console.Say("run %s, which was being opened, is marked KILLED", run.ID)
	}
}

// tellOpened logs where the run is stored, and warns if it is stored offline.
func (j job) tellOpened(t tracking, run mlflow.RunRef) []notice.Notice {
	var notices []notice.Notice
	if t.offline.Began() {
		notices = append(notices, notice.Warn(
			fmt.Sprintf("%v\nthe run is stored offline in %s", t.offline.Lost(), j.settings.Store.OfflineDir), j.uploadLater(),
		))
	}
	notices = append(notices, t.lost...)
	j.console.Tell(notices...)
	place := j.place(t, run.ExperimentID, run.ID)
	where := place.Store
	switch {
	case place.Offline != "":
		where = place.Offline
	case place.RunURL != "":
		where = place.RunURL
	}
	j.console.Say("run %s in experiment %s: %s", run.Name, t.experiment, where)
	if plugin := t.offline.Direct().Plugin; plugin != "" {
		j.console.Say("MLflow's own client needs the Python package %s to log there from the step", plugin)
	}
	return notices
}

// place returns where the run is stored and how to view it.
func (j job) place(t tracking, experimentID, runID string) publish.Place {
	direct := t.offline.Direct()
	p := publish.Place{RunURL: direct.RunURL(experimentID, runID), Store: direct.Display, Upload: j.uploadCommand()}
	if t.offline.Lost() != nil {
		p.Offline = j.settings.Store.OfflineDir
	}
	if p.RunURL == "" && p.Offline == "" && !j.info.InCI() {
		p.View = viewCommand(j.settings.Store.TrackingURI, direct.Display)
	}
	return p
}

// viewCommand returns the command that shows a run whose store has no web page.
func viewCommand(uri, display string) string {
	if uri == "sqlite:///mlflow.db" {
		return "mlops-track ui"
	}
	return "mlops-track ui --tracking-uri " + step.Quote(display)
}

// uploadCommand returns the command that uploads later what is stored offline.
func (j job) uploadCommand() string {
	command := syncCommand(j.shownOfflineDir(), mlflow.RedactURI(j.settings.Store.TrackingURI))
	if resumed := j.settings.Run.Inherited.RunID; resumed != "" { // its tags are those of another job
		return "MLFLOW_RUN_ID=" + step.Quote(resumed) + " " + command
	}
	return command
}

// shownOfflineDir returns the offline folder as a person types it.
func (j job) shownOfflineDir() string { return j.shown(j.settings.Store.OfflineDir) }

// shown returns a folder as a person types it.
func (a *app) shown(dir string) string {
	if rel, err := filepath.Rel(a.Dir, dir); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return dir
}

// uploadLater returns how to archive the offline folder after the CI job, and how to upload it.
func (j job) uploadLater() string {
	later := "upload it later: " + j.uploadCommand()
	if j.system.Keep == nil {
		return later
	}
	return j.system.Keep(j.shownOfflineDir()) + "\nthen " + later
}

// variables are those to set for the step and to remove from what it would inherit. Tags that are too long for them are a warning.
func (j job) variables(t tracking, run mlflow.RunRef, planned []mlflow.Tag, creds credentials) (step.Variables, []notice.Notice) {
	tags := redact.Deep(j.secrets, planned) // the step's environment has the tags as they are stored
	for i := range tags {
		tags[i].Value, _ = mlflow.Truncate(tags[i].Value, mlflow.MaxTagLength)
	}
	named, leftOut := step.RunVariables(run.ID, run.ExperimentID, tags)
	var notices []notice.Notice
	if len(leftOut) > 0 {
		notices = append(notices, notice.Warn(
			fmt.Sprintf("the tags are too long for an environment variable: further runs that the step creates get no %s", strings.Join(leftOut, ", ")),
			"shorten them, or write long values as artifacts; the run itself has them all",
		))
		j.console.Tell(notices...)
	}
	all := []step.Variables{
		named, {Set: t.offline.Direct().ChildEnv},
		j.files.Variables(j.settings.Step.WorkingDirectory, j.python.folder()), creds.variables(j.Environ),
	}
	if j.settings.Step.Script != "" { // the runner gives an action a token that it gives no ordinary step
		all = append(all, step.Variables{Remove: []string{"ACTIONS_RUNTIME_TOKEN"}})
	}
	return step.Join(all...), notices
}

// hook returns the configuration of the Python hook.
func (j job) hook(t tracking, run mlflow.RunRef) step.HookConfig {
	direct, autolog := t.offline.Direct(), j.settings.Step.Autolog
	return step.HookConfig{
		Autolog: autolog.Enabled, AutologConfig: autolog.Config, RunID: run.ID, RunName: run.Name,
		ExperimentID: run.ExperimentID, Experiment: t.experiment,
		TrackingURI: direct.ChildEnv["MLFLOW_TRACKING_URI"], StoreLock: direct.LockPath,
	}
}
