//go:build unix

package reliability_test

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/Iyalvan/mlops-track/internal/test/testenv"
	"github.com/Iyalvan/mlops-track/mlflow"
)

// Steps that take a signal in the three ways there are. Each makes the file "ready".
var steps = []struct {
	name, script string
	exit         func(syscall.Signal) int
}{
	{"dies of it", "touch ready; exec sleep 60", func(s syscall.Signal) int { return 128 + int(s) }},
	{"ends well", "trap 'exit 0' INT TERM HUP QUIT ABRT; touch ready; while :; do sleep 0.05; done", func(syscall.Signal) int { return 0 }},
	{"ignores it", "trap '' INT TERM HUP QUIT ABRT; touch ready; while :; do sleep 0.05; done", func(syscall.Signal) int { return 137 }},
}

// TestSignalMatrix ends jobs by every signal that asks a program to end. The run is KILLED, nothing of the step lives on.
func TestSignalMatrix(t *testing.T) {
	t.Parallel()
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGABRT} {
		r := counted.row("signal to the tracker", unix.SignalName(s)+": steps that die of it, end well, ignore it; each store")
		for _, step := range steps {
			for _, kind := range []string{"SQLite", "folder", "server"} {
				t.Run(fmt.Sprintf("%s/%s/%s", unix.SignalName(s), step.name, kind), func(t *testing.T) {
					t.Parallel()
					dir := t.TempDir()
					j := job{
						dir: dir, uri: uris(t, dir)[kind], experiment: t.Name(), flags: []string{"--stop-grace", "500ms"},
						step: "echo $$ > pid; " + step.script,
					}
					counted.trial(t, r, j.signalled(t, s, step.exit(s)))
				})
			}
		}
	}
}

// signalled sends a signal to a job once its step is ready, and says what is wrong with its end.
func (j job) signalled(t *testing.T, s syscall.Signal, exit int) (broken []string) {
	t.Helper()
	cmd := j.command(t)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	testenv.WaitForFile(t, filepath.Join(j.dir, "ready"))
	if err := cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exit {
		broken = append(broken, fmt.Sprintf("exit code %d, want %d:\n%s", code, exit, logged(cmd)))
	}
	if living(filepath.Join(j.dir, "pid")) {
		broken = append(broken, "the step lives on")
	}
	runs := j.stored(t)
	if len(runs) != 1 || runs[0].Status != mlflow.Killed || runs[0].Tags["mlops.status"] != "killed" {
		broken = append(broken, fmt.Sprintf("the runs are %+v", runs))
	}
	return broken
}

// TestNoticesPassOn: signals by which a scheduler announces something reach the step, and end nothing.
func TestNoticesPassOn(t *testing.T) {
	t.Parallel()
	for _, s := range []syscall.Signal{syscall.SIGUSR1, syscall.SIGUSR2} {
		r := counted.row("signal to the tracker", unix.SignalName(s)+": reaches the step, each store")
		for _, kind := range []string{"SQLite", "folder", "server"} {
			t.Run(unix.SignalName(s)+"/"+kind, func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				j := job{dir: dir, uri: uris(t, dir)[kind], experiment: t.Name(), step: fmt.Sprintf(
					"trap 'touch noticed' %d; touch ready; while [ ! -e noticed ]; do sleep 0.05; done; %s", int(s), training)}
				cmd := j.command(t)
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				testenv.WaitForFile(t, filepath.Join(dir, "ready"))
				_ = cmd.Process.Signal(s)
				stop := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Signal(syscall.SIGTERM) })
				_ = cmd.Wait()
				stop.Stop()
				var broken []string
				if code := cmd.ProcessState.ExitCode(); code != 0 {
					broken = append(broken, fmt.Sprintf("exit code %d:\n%s", code, logged(cmd)))
				}
				counted.trial(t, r, append(broken, j.whole(t)...))
			})
		}
	}
}

// TestRandomCancels cancels jobs at random moments, from the first instruction of the process on.
func TestRandomCancels(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"SQLite", "folder", "server"} {
		r := counted.row("signal to the tracker", "SIGTERM at a random moment, "+kind)
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			uri, random := uris(t, dir)[kind], moments(t.Name())
			for i := range 10 * *rounds {
				j := job{dir: dir, uri: uri, experiment: fmt.Sprint(t.Name(), i), step: training}
				cmd := j.command(t)
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				after := time.Duration(random.Int64N(int64(900 * time.Millisecond)))
				time.Sleep(after)
				_ = cmd.Process.Signal(syscall.SIGTERM)
				_ = cmd.Wait()
				var broken []string
				for _, what := range j.cancelled(t, exitCode(cmd.ProcessState)) {
					broken = append(broken, fmt.Sprintf("after %v: %s\n%s", after, what, logged(cmd)))
				}
				counted.trial(t, r, broken)
			}
		})
	}
}

// exitCode is what a shell tells: a process that SIGTERM ended before it could take the signal has 143, too.
func exitCode(state *os.ProcessState) int {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return state.ExitCode()
}

// cancelled says what does not go together: exit code and run.
func (j job) cancelled(t *testing.T, code int) []string {
	t.Helper()
	if code != 0 && code != 143 {
		return []string{fmt.Sprintf("exit code %d", code)}
	}
	runs := j.stored(t)
	if code == 0 && len(runs) != 1 || len(runs) > 1 {
		return []string{fmt.Sprintf("exit code %d, %d runs", code, len(runs))}
	}
	for _, r := range runs {
		// A signal that comes when the step has ended well changes nothing.
		if r.Status != mlflow.Killed && r.Status != mlflow.Finished || code == 143 && r.Status != mlflow.Killed {
			return []string{fmt.Sprintf("exit code %d, but the run is %s", code, r.Status)}
		}
	}
	return nil
}
