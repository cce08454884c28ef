package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"time"

	"github.com/Iyalvan/mlops-track/ciinfo"
	"github.com/Iyalvan/mlops-track/internal/ci"
	"github.com/Iyalvan/mlops-track/internal/notice"
	"github.com/Iyalvan/mlops-track/internal/process"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/settings"
	"github.com/Iyalvan/mlops-track/step"
	"github.com/Iyalvan/mlops-track/track"
)

// job is the main job with what it works with, built once.
type job struct {
	*app

	settings settings.Settings
	info     ciinfo.Info
	system   ci.System
	runner   step.Runner
	files    step.Files
	python   pythonHook
}

// track runs the main job, from checked settings to the exit code. An error means that the step was not started.
func (a *app) track(watched context.Context, s settings.Settings) error {
	work, notices := a.workFolder()
	hook := a.startPythonHook(work)
	if work != "" {
		defer func() { hook.wait(); _ = os.RemoveAll(work) }()
	}
	s = a.withOfflineDir(s, work)
	info := a.detectCI(s.CI, s.Step.WorkingDirectory)
	j := job{
		app: a, settings: s, info: info, system: a.system(info), runner: redactingRunner{step.Local{}, a.secrets},
		files: step.NewFiles(s.Step, work), python: hook,
	}
	plan := track.NewPlan(s.Run, info, track.Program{
		Version: a.Version, JobTag: rand.Text(), Source: step.Source(s.Step.Command), Dir: a.Dir, Origin: originTags(),
	}, time.Now())
	notices = append(notices, plan.Notices...)
	a.console.Tell(notices...)
	if s.DryRun {
		return j.describe(plan)
	}
	creds, err := j.assume(watched, s.AWS, j.system.AWS, work)
	if err != nil {
		return j.notStarted(watched, err)
	}
	defer func() { a.console.Tell(notice.FromError(creds.stop())...) }()
	if watched.Err() != nil {
		return j.notStarted(watched, context.Cause(watched))
	}
	a.watcher.enter(opening)
	opened, err := j.openAnyhow(watched, plan, creds)
	if errors.Is(err, errNowhere) {
		j.untracked(err)
		return nil
	}
	if err != nil {
		return j.notStarted(watched, err)
	}
	t, run := opened.tracking, opened.run
	notices = append(notices, opened.notices...)
	defer func() { a.console.Tell(notice.FromError(t.close(watched))...) }()
	notices = append(notices, opened.job.tellOpened(t, run.Ref())...)

	j, unprepared := opened.job.prepare(t, run.Ref())
	variables, tooLong := j.variables(t, run.Ref(), plan.Tags, creds)
	notices = append(notices, append(unprepared, tooLong...)...)
	result, live, notPassed := j.train(t, run.ID, step.NewEnvironment(a.Environ, variables, s.Step.PassEnv))
	notices = append(notices, notPassed...)
	ended := j.finish(watched, t, run, result, live)
	ended.Experiment, ended.Account, ended.Notices = plan.Experiment, creds.account(), append(notices, ended.Notices...)
	a.code = ended.ExitCode
	publishing, _, cancel := within(watched, storeBudget+extraTime(s.Step.StopGrace), s.Store.FinishTimeout)
	defer cancel()
	j.publisher().Publish(publishing, ended)
	return nil
}

// notStarted ends a job whose run could not be opened.
func (j job) notStarted(watched context.Context, err error) error {
	status, code := mlflow.Failed, exitError
	if cause, ok := errors.AsType[interruption](context.Cause(watched)); ok {
		status, code = mlflow.Killed, process.SignalCode(cause.signal)
	}
	j.publisher().NotStarted(status, code)
	j.code = code
	return err
}
