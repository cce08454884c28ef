//go:build unix

package e2e_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/Iyalvan/mlops-track/internal/test/testenv"
)

// tracked is a running mlops-track in a folder of its own.
type tracked struct {
	cmd *exec.Cmd
	dir string
}

// startTracked starts mlops-track in a process group of its own. Standard error goes to a file, as a pipe would be held open by a step that is left
// alone.
func startTracked(t *testing.T, dir string, environ []string, args ...string) tracked {
	t.Helper()
	stderr, err := os.Create(filepath.Join(dir, "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer stderr.Close()
	cmd := exec.Command(filepath.Join(binFolder, "mlops-track"), args...)
	cmd.Dir, cmd.Stderr, cmd.Env = dir, stderr, append(cleanEnviron(dir), environ...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("standard error:\n%s", tracked{cmd, dir}.read("stderr"))
		}
	})
	return tracked{cmd, dir}
}

func (p tracked) signal(t *testing.T, sig os.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
}

// code waits for the end and returns the exit code.
func (p tracked) code() int {
	_ = p.cmd.Wait()
	return p.cmd.ProcessState.ExitCode()
}

func (p tracked) read(file string) string {
	text, _ := os.ReadFile(filepath.Join(p.dir, file))
	return string(text)
}

// stepState returns the state of the process whose id a step has written to the file "pid", as in proc_pid_stat(5); empty if it is gone.
func (p tracked) stepState() string {
	pid, _ := strconv.Atoi(strings.TrimSpace(p.read("pid")))
	return state(pid)
}

func state(pid int) string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, after, _ := strings.Cut(string(text), ") ")
	return strings.TrimSpace(after[:min(1, len(after))])
}

// waitForState waits until a process is in one of some states.
func waitForState(t *testing.T, what string, now func() string, want ...string) {
	t.Helper()
	var got string
	for range 1000 {
		got = now()
		if slices.Contains(want, got) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%s is in state %q, want %q", what, got, want)
}

const sleeping = "echo $$ > pid; touch ready; exec sleep 600"

// TestEverySignalEndsTheStepToo holds that no signal leaves the step alone, the run open, or a dump of goroutines in the log.
func TestEverySignalEndsTheStepToo(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{
		syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGILL, syscall.SIGTRAP, syscall.SIGABRT, syscall.SIGBUS, syscall.SIGFPE,
		syscall.SIGUSR1, syscall.SIGSEGV, syscall.SIGUSR2, syscall.SIGALRM, syscall.SIGTERM, syscall.SIGXCPU, syscall.SIGVTALRM,
		syscall.SIGIO, syscall.SIGSYS,
	} {
		t.Run(unix.SignalName(sig), func(t *testing.T) {
			t.Parallel()
			p := startTracked(t, t.TempDir(), nil, "run", "--outputs-file", "out.env", "--", "sh", "-c", sleeping)
			testenv.WaitForFile(t, filepath.Join(p.dir, "ready"))
			p.signal(t, sig)
			if code := p.code(); code != 128+int(sig) {
				t.Errorf("exit code %d, want %d", code, 128+int(sig))
			}
			if out := p.read("out.env"); !strings.Contains(out, "MLOPS_OUT_STATUS=KILLED") {
				t.Errorf("outputs:\n%s", out)
			}
			if s := p.stepState(); s != "" {
				t.Errorf("the step is in state %s", s)
			}
			if strings.Contains(p.read("stderr"), "goroutine ") {
				t.Error("goroutines are dumped")
			}
		})
	}
}

// TestNoticesReachTheStep holds that a step which catches a scheduler's notice decides what it means.
func TestNoticesReachTheStep(t *testing.T) {
	t.Parallel()
	p := startTracked(t, t.TempDir(), nil, "run", "--outputs-file", "out.env", "--", "sh", "-c",
		`trap 'echo saved > checkpoint' USR1; trap 'exit 0' USR2; touch ready; while :; do sleep 0.05; done`)
	testenv.WaitForFile(t, filepath.Join(p.dir, "ready"))
	p.signal(t, syscall.SIGUSR1)
	testenv.WaitForFile(t, filepath.Join(p.dir, "checkpoint"))
	p.signal(t, syscall.SIGUSR2)
	if code, out := p.code(), p.read("out.env"); code != 0 || !strings.Contains(out, "MLOPS_OUT_STATUS=FINISHED") {
		t.Errorf("exit code %d, outputs:\n%s", code, out)
	}
}

// TestSignalBeforeTheRun holds that a signal which comes before there is a run ends the process like any other program, whatever it is doing.
func TestSignalBeforeTheRun(t *testing.T) {
	t.Parallel()
	hanging := hangingServer(t)
	for name, c := range map[string]struct {
		args []string
		git  string // script in place of git
	}{
		"it reads what git says":       {[]string{"run", "--", "touch", "trained"}, "touch ready; exec sleep 600"},
		"it opens the tracking server": {[]string{"run", "--tracking-uri", hanging, "--", "touch", "trained"}, "touch ready"},
		"another command":              {[]string{"doctor", "--tracking-uri", hanging}, "touch ready"},
	} {
		for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT, syscall.SIGUSR1} {
			t.Run(name+"/"+unix.SignalName(sig), func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				if err := os.WriteFile(filepath.Join(dir, "git"), []byte("#!/bin/sh\n"+c.git+"\n"), 0o700); err != nil { //nolint:gosec // a program
					t.Fatal(err)
				}
				p := startTracked(t, dir, []string{"PATH=" + dir + ":" + os.Getenv("PATH")}, c.args...)
				if c.args[0] == "run" {
					testenv.WaitForFile(t, filepath.Join(dir, "ready"))
				} else {
					time.Sleep(300 * time.Millisecond) // until it asks the server; earlier is just as good
				}
				p.signal(t, sig)
				if code := p.code(); code != 128+int(sig) {
					t.Errorf("exit code %d, want %d", code, 128+int(sig))
				}
				if exists(filepath.Join(dir, "trained")) {
					t.Error("the step was started")
				}
			})
		}
	}
}

// hangingServer takes connections and never answers.
func hangingServer(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return "http://" + l.Addr().String()
}

// TestKilledTracker holds that a step whose tracker is killed is asked to end.
func TestKilledTracker(t *testing.T) {
	t.Parallel()
	p := startTracked(t, t.TempDir(), nil, "run", "--", "sh", "-c", "trap 'touch asked; exit' TERM; echo $$ > pid; touch ready; while :; do sleep 0.05; done")
	testenv.WaitForFile(t, filepath.Join(p.dir, "ready"))
	p.signal(t, syscall.SIGKILL)
	p.code()
	testenv.WaitForFile(t, filepath.Join(p.dir, "asked"))
	waitForState(t, "the step", p.stepState, "", "Z")
}

// TestStopAndContinue holds that Ctrl-Z and what continues a job are meant for the step, too.
func TestStopAndContinue(t *testing.T) {
	t.Parallel()
	p := startTracked(t, t.TempDir(), nil, "run", "--", "sh", "-c", "echo $$ > pid; touch ready; while [ ! -e end ]; do sleep 0.05; done")
	testenv.WaitForFile(t, filepath.Join(p.dir, "ready"))
	tracker := func() string { return state(p.cmd.Process.Pid) }
	for range 2 {
		p.signal(t, syscall.SIGTSTP)
		waitForState(t, "mlops-track", tracker, "T")
		waitForState(t, "the step", p.stepState, "T")
		p.signal(t, syscall.SIGCONT)
		waitForState(t, "mlops-track", tracker, "S", "R")
		waitForState(t, "the step", p.stepState, "S", "R")
	}
	if err := os.WriteFile(filepath.Join(p.dir, "end"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if code := p.code(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// TestNohup holds that a job which was started with nohup outlives the terminal.
func TestNohup(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd := exec.Command("nohup", filepath.Join(binFolder, "mlops-track"), "run", "--", "sh", "-c", "touch ready; while [ ! -e end ]; do sleep 0.05; done")
	cmd.Dir, cmd.Env = dir, cleanEnviron(dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	testenv.WaitForFile(t, filepath.Join(dir, "ready"))
	if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "end"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}
