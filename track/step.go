package track

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/Iyalvan/mlops-track/internal/process"
	"github.com/Iyalvan/mlops-track/internal/redact"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/step/results"
)

// killedTimeout bounds the first word to the server after a cancel.
const killedTimeout = 5 * time.Second

// StepResult is how the step ended and what was seen while it ran.
type StepResult struct {
	process.Result
	Training Training
	Points   results.Followed // what became of the live metrics file

	follower *results.Follower // to be finished
}

// elapsed is how long the step ran.
func (s StepResult) elapsed() time.Duration { return s.End.Sub(s.Start) }

// runStep runs the step to its end and follows its live metrics meanwhile. It cannot fail: a step that could not be
// started is a result too.
func runStep(p Plan, o open, env Environment, host Host, in *interrupts) StepResult {
	follower := results.Follow(p.Files.Metrics, func(ctx context.Context, points []mlflow.Metric) error {
		cleanMetrics(points, host.Secrets)
		return o.store.LogBatch(ctx, o.run.ID, mlflow.Batch{Metrics: points})
	})
	result := process.Run(process.Command{
		Args: p.Args, Dir: p.WorkingDirectory, Env: env.All,
		Stdin: host.Stdin, Stdout: host.Stdout, Stderr: host.Stderr, Grace: p.StopGrace,
		Filter: func(w io.Writer) io.WriteCloser { return host.Secrets.Writer(w) },
	}, in.forward, func(sig os.Signal) { tellKilled(o, sig, host) })

	training, err := readTraining(p.Files.Hook)
	if err != nil {
		host.Console.Warn(err.Error(), "")
	}
	result.Tail = host.Secrets.Text(result.Tail) // secrets that were minted after they were written
	return StepResult{Result: result, Training: redact.Deep(host.Secrets, training), follower: follower}
}

// tellKilled writes the run's status as soon as the signal comes: there may be no time later.
func tellKilled(o open, sig os.Signal, host Host) {
	host.Console.Say("%s: passed on to the step; the run is marked KILLED", signalName(sig))
	ctx, cancel := context.WithTimeout(context.Background(), killedTimeout)
	defer cancel()
	if err := o.store.UpdateRun(ctx, o.run.ID, mlflow.RunUpdate{Status: mlflow.Killed, End: time.Now()}); err != nil {
		host.Console.Say("mark the run KILLED: %v; it is tried again at the end", err)
	}
}

// prepareFiles writes what the step reads and makes the files that it writes to.
func prepareFiles(p Plan, o open, host Host) error {
	if err := writeHookConfig(p, o); err != nil {
		return fmt.Errorf("prepare the Python hook: %w", err)
	}
	if p.Files.Script != "" {
		if err := os.WriteFile(p.Files.Script, []byte(p.Script+"\n"), 0o600); err != nil {
			return fmt.Errorf("write the script of the step: %w", err)
		}
	}
	for _, file := range []string{p.Files.Result, p.Files.Metrics} {
		if err := setAside(file, host); err != nil {
			return err
		}
	}
	return nil
}

// setAside renames a result of an earlier run, which must not be taken for this one's. What is no plain file, such as
// /dev/null, stays.
func setAside(file string, host Host) error {
	info, err := os.Lstat(file)
	if err != nil || !info.Mode().IsRegular() {
		return nil
	}
	if err := os.Rename(file, file+".old"); err != nil {
		return fmt.Errorf("set aside what was there before: %w", err)
	}
	host.Console.Say("%s was there before: it is now %s.old", file, filepath.Base(file))
	return nil
}
