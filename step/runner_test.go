//go:build unix

package step_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/settings"
	"github.com/Iyalvan/mlops-track/step"
	"github.com/Iyalvan/mlops-track/step/results"
)

// run runs a script on this machine with the files through which a step talks.
func run(t *testing.T, s settings.Step, signals <-chan os.Signal) (step.Result, step.Files) {
	t.Helper()
	files := step.NewFiles(s, t.TempDir())
	if p := files.Prepare(s.Script, step.HookConfig{}).Problems; len(p) > 0 {
		t.Fatal(p)
	}
	stderr, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stderr.Close() })
	env := step.NewEnvironment([]string{"PATH=" + os.Getenv("PATH")}, files.Variables(s.WorkingDirectory, ""), nil)
	var runner step.Runner = step.Local{}
	return runner.Run(step.Command{
		Args: step.Args(s, files.Script), Dir: s.WorkingDirectory, Env: env.All, Stderr: stderr, Grace: time.Second,
	}, signals, func(os.Signal) {}), files
}

func TestAStepTalksThroughItsFiles(t *testing.T) {
	s := settings.Step{WorkingDirectory: t.TempDir(), Shell: "sh", Script: `
echo '{"loss": 0.5, "step": 1}' > "$MLOPS_METRICS"
echo '{"loss": 0.25, "step": 2}' >> "$MLOPS_METRICS"
mkdir plots
echo x > plots/a.txt
printf '{"params": {"dir": "%s"}, "artifacts": "plots"}' "$PWD" > "$MLOPS_RESULT"
echo last words >&2
`}
	result, files := run(t, s, nil)
	if result.ExitCode != 0 || result.NotRun != nil || result.Tail != "last words\n" || result.End.Before(result.Start) {
		t.Fatalf("result %+v", result)
	}
	var steps []int64
	follower := results.Follow(files.Metrics, files.Work, func(_ context.Context, points []mlflow.Metric) error {
		for _, p := range points {
			steps = append(steps, p.Step)
		}
		return nil
	})
	defer follower.Close()
	metrics := follower.Finish(t.Context(), nil)
	if diff := cmp.Diff([]int64{1, 2}, steps); diff != "" {
		t.Errorf("live metrics (-want +got):\n%s", diff)
	}
	out := step.Collect(files, s, metrics, step.Places{})
	if len(out.Problems) > 0 || len(out.Files) != 1 || out.Files[0].Target != "a.txt" {
		t.Errorf("outputs %+v", out)
	}
	if diff := cmp.Diff([]mlflow.Param{{Key: "dir", Value: s.WorkingDirectory}}, out.Result.Params); diff != "" {
		t.Errorf("params (-want +got):\n%s", diff)
	}
}

func TestAScriptEndsWithItsFirstError(t *testing.T) {
	result, _ := run(t, settings.Step{WorkingDirectory: t.TempDir(), Shell: "sh", Script: "false\nexit 9"}, nil)
	if result.ExitCode != 1 {
		t.Errorf("exit code %d", result.ExitCode)
	}
}

func TestASignalIsPassedOnToTheStep(t *testing.T) {
	signals := make(chan os.Signal, 1)
	dir := t.TempDir()
	go func() {
		for range 2000 {
			if _, err := os.Stat(filepath.Join(dir, "ready")); err == nil {
				break
			}
			time.Sleep(5 * time.Millisecond)
		}
		signals <- syscall.SIGTERM
	}()
	result, _ := run(t, settings.Step{WorkingDirectory: dir, Command: []string{"sh", "-c", "touch ready; exec sleep 60"}}, signals)
	if result.Interrupt != syscall.SIGTERM || result.Signal != syscall.SIGTERM || result.ExitCode != 143 || result.Forced {
		t.Errorf("result %+v", result)
	}
}

func TestACommandThatIsNotThereIsAResult(t *testing.T) {
	result, _ := run(t, settings.Step{WorkingDirectory: t.TempDir(), Command: []string{"no-such-program"}}, nil)
	if result.ExitCode != 127 || !errors.Is(result.NotRun, exec.ErrNotFound) {
		t.Errorf("result %+v", result)
	}
}

// fire is a signal of another system.
type fire struct{}

func (fire) Signal()        {}
func (fire) String() string { return "fire" }

func TestSignalName(t *testing.T) {
	for want, sig := range map[string]os.Signal{"SIGTERM": syscall.SIGTERM, "SIGINT": os.Interrupt, "fire": fire{}} {
		if got := step.SignalName(sig); got != want {
			t.Errorf("signal %q, want %q", got, want)
		}
	}
}
