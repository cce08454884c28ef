package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/Iyalvan/mlops-track/internal/notice"
	"github.com/Iyalvan/mlops-track/internal/redact"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/step"
	"github.com/Iyalvan/mlops-track/step/results"
)

// prepare writes the files that the step reads. The job that is returned has those that are there; what is missing is a warning.
func (j job) prepare(t tracking, run mlflow.RunRef) (job, []notice.Notice) {
	prepared := j.files.Prepare(j.settings.Step.Script, j.hook(t, run))
	for _, file := range prepared.Renamed {
		j.console.Say("%s of an earlier run is renamed to %s.old", file, filepath.Base(file))
	}
	notices := slices.Clone(j.python.problems())
	for _, p := range prepared.Problems {
		notices = append(notices, notice.Warn(p.Message, p.Hint))
	}
	j.console.Tell(notices...)
	j.files = prepared.Files
	return j, notices
}

// train runs the step and follows its live metrics. It returns no error: a step that could not be started
// is a result, too.
func (j job) train(t tracking, runID string, env step.Environment) (step.Result, *results.Follower, []notice.Notice) {
	j.watcher.enter(running)
	defer j.watcher.enter(finishing)
	direct := t.direct()
	follower := results.Follow(j.files.Metrics, j.files.Work, func(ctx context.Context, points []mlflow.Metric) error {
		return direct.LogBatch(ctx, runID, mlflow.Batch{Metrics: points})
	})
	j.console.Say("step: %s", step.CommandLine(j.settings.Step.Command, j.settings.Step.Script))
	run := func(env []string) step.Result {
		return j.runner.Run(j.command(env), j.watcher.forward, func(sig os.Signal) { j.markKilled(direct, runID, sig) })
	}
	result := run(env.All)
	var notices []notice.Notice
	for _, smaller := range env.Smaller() {
		if !errors.Is(result.NotRun, syscall.E2BIG) {
			break
		}
		notices = []notice.Notice{notice.Warn(
			"arguments and environment are too long for this system: the step gets no "+strings.Join(smaller.Without, ", ")+" of ours",
			"shorten tags and environment variables; without these variables the step may not find its run",
		)}
		result = run(smaller.All)
	}
	j.console.Tell(notices...)
	return result, follower, notices
}

// command returns the step with an environment.
func (j job) command(env []string) step.Command {
	return step.Command{
		Args: step.Args(j.settings.Step, j.files.Script), Dir: j.settings.Step.WorkingDirectory, Env: env,
		Stdin: j.Stdin, Stdout: j.Stdout, Stderr: j.Stderr, Grace: j.settings.Step.StopGrace,
	}
}

// markKilled writes the run's status as soon as the signal comes: there may be no time later.
func (j job) markKilled(st mlflow.Store, runID string, sig os.Signal) {
	j.console.Say("%s: forwarded to the step; the run is marked KILLED", step.SignalName(sig))
	ctx, cancel := context.WithTimeout(context.Background(), killedTimeout)
	defer cancel()
	if err := st.UpdateRun(ctx, runID, mlflow.RunUpdate{Status: mlflow.Killed, End: time.Now()}); err != nil {
		j.console.Say("mark the run KILLED: %v; retried at the end", err)
	}
}

// redactingRunner is a runner whose results hold no secrets: the end of standard error is brought into the form in which it is shown,
// and secrets are removed from that, when the step has ended and all of them are known.
type redactingRunner struct {
	runner  step.Runner
	secrets *redact.Redactor
}

// Run runs a command.
func (r redactingRunner) Run(c step.Command, signals <-chan os.Signal, interrupted func(os.Signal)) step.Result {
	c.Filter = r.secrets.Tail
	result := r.runner.Run(c, signals, interrupted)
	result.Tail = r.secrets.Text(result.Tail)
	return result
}
