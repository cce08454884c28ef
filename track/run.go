package track

import (
	"context"
	"errors"
	"os"
	"syscall"

	"github.com/Iyalvan/mlops-track/internal/process"
	"github.com/Iyalvan/mlops-track/mlflow"
)

// Outcome is what the job came to.
type Outcome struct {
	Closed

	Step       StepResult
	RunURL     string // empty where the store has no page
	Store      string // redacted
	CommentURL string // of the comment with the report; empty if there is none

	Offline string // folder where the run, or its rest, was kept; empty if the server has it all
	Refused error  // why the step was not started; nil if it was
}

// run does the whole job: open the run, run the step, take what it left, close the run. It returns only when the run is
// closed or cannot be.
func run(in *interrupts, p Plan, host Host) Outcome {
	creds, err := assume(in.ctx, p, host)
	if err != nil {
		return refusal(in, err)
	}
	defer func() { warn(host, creds.stop()) }()
	host.Access = creds.access(p, host.Access)
	o, err := start(in.ctx, p, host)
	if err != nil {
		return refusal(in, err)
	}
	out := Outcome{Store: o.store.Display, RunURL: o.store.RunURL(o.run.ExperimentID, o.run.ID)}
	sayOpened(host.Console, p, o, out.RunURL)
	step, l := work(p, o, creds, host, in)

	if in.ctx.Err() == nil { // a cancel of the step was told when it came
		defer context.AfterFunc(in.ctx, func() {
			host.Console.Say("%v: the step has ended, so its status stays; what the store has not got in %s is given up", context.Cause(in.ctx), closeBudget)
		})()
	}
	closing, tick, cancel := in.after(closeBudget+p.extraTime(), p.FinishTimeout)
	defer cancel()
	if step.follower != nil {
		step.Points = step.follower.Finish(closing, tick)
	}
	out.Step = step
	out.Closed = finalize(closing, tick, p, o, step, l, func(line string) { host.Console.Say("%s", line) })
	switch {
	case o.kept:
		out.Offline = p.OfflineDir
		warn(host, keepModel(p, o, out.Closed))
	case p.OnTrackingError == "keep" && worthKeeping(append(out.Faults, step.Points.Err)):
		out = keepRest(in, p, o, l, out, host)
	}
	tell(host.Console, p, out)
	out.ExitCode = exitCode(p, out)
	if err := o.close(closing); err != nil {
		host.Console.Warn("close the store: "+err.Error(), "")
	}
	return out
}

// work runs the step and reads what it left.
func work(p Plan, o open, creds credentials, host Host, in *interrupts) (StepResult, Left) {
	env, err := stepEnvironment(p, o, creds, host.PythonDir, host.Environ)
	if err == nil {
		err = prepareFiles(p, o, host)
	}
	if err != nil {
		return StepResult{Result: process.Result{NotRun: err, ExitCode: 1, Start: host.Now(), End: host.Now()}}, Left{}
	}
	host.Console.Say("step: %s", commandLine(p))
	step := runStep(p, o, env, host, in)
	return step, gather(p, host)
}

// refusal is the outcome of a job whose run could not be opened.
func refusal(in *interrupts, err error) Outcome {
	out := Outcome{Refused: err}
	out.Status, out.ExitCode = mlflow.Failed, 1
	if cause, ok := errors.AsType[interrupted](context.Cause(in.ctx)); ok {
		out.Status, out.ExitCode = mlflow.Killed, 128+signalNumber(cause.signal)
	}
	return out
}

// exitCode is the job's: the verdict's, or 1 where the user wants a lost server to count.
func exitCode(p Plan, out Outcome) int {
	lost := len(out.Faults) > 0 || out.Step.Points.Err != nil
	if out.ExitCode == 0 && p.OnTrackingError == "fail" && lost {
		return 1
	}
	return out.ExitCode
}

func signalNumber(sig os.Signal) int {
	if s, ok := sig.(syscall.Signal); ok {
		return int(s)
	}
	return 0
}
