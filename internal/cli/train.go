package cli

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/Iyalvan/mlops-track/internal/redact"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/step"
	"github.com/Iyalvan/mlops-track/step/results"
)

// train runs the step and follows its live metrics. It returns no error: a step that could not be started
// is a result, too.
func (j job) train(t tracking, run mlflow.RunRef, env []string) (step.Result, *results.Follower) {
	j.watcher.enter(running)
	defer j.watcher.enter(finishing)
	direct := t.direct()
	renamed, err := j.files.Prepare(j.settings.Step.Script, j.hook(t, run))
	for _, file := range renamed {
		j.console.Say("%s of an earlier run is renamed to %s.old", file, filepath.Base(file))
	}
	follower := results.Follow(j.files.Metrics, func(ctx context.Context, points []mlflow.Metric) error {
		return direct.LogBatch(ctx, run.ID, mlflow.Batch{Metrics: points})
	})
	if err != nil {
		now := time.Now()
		return step.Result{NotRun: err, ExitCode: exitError, Start: now, End: now}, follower
	}
	j.console.Say("step: %s", step.CommandLine(j.settings.Step.Command, j.settings.Step.Script))
	command := step.Command{
		Args: step.Args(j.settings.Step, j.files.Script), Dir: j.settings.Step.WorkingDirectory, Env: env,
		Stdin: j.Stdin, Stdout: j.Stdout, Stderr: j.Stderr, Grace: j.settings.Step.StopGrace,
	}
	return j.runner.Run(command, j.watcher.forward, func(sig os.Signal) { j.markKilled(direct, run.ID, sig) }), follower
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

// redactingRunner is a runner whose results hold no secrets: the end of standard error passes the redactor as it is
// written, and once more when the step has ended, for secrets that became known after they were written.
type redactingRunner struct {
	runner  step.Runner
	secrets *redact.Redactor
}

// Run runs a command.
func (r redactingRunner) Run(c step.Command, signals <-chan os.Signal, interrupted func(os.Signal)) step.Result {
	c.Filter = func(w io.Writer) io.WriteCloser { return r.secrets.Writer(w) }
	result := r.runner.Run(c, signals, interrupted)
	result.Tail = r.secrets.Text(result.Tail)
	return result
}
