//go:build unix

package process_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// send sends signals one after the other: each when the command has made the file that is named before it.
func send(t *testing.T, dir string, pairs ...any) <-chan os.Signal {
	signals := make(chan os.Signal)
	go func() {
		for i := 0; i < len(pairs); i += 2 {
			waitFor(t, filepath.Join(dir, pairs[i].(string)))
			signals <- pairs[i+1].(os.Signal)
		}
	}()
	return signals
}

// A notice goes to the step, which decides what it means. It starts no grace period.
func TestNoticeIsPassedOn(t *testing.T) {
	dir := t.TempDir()
	cmd := sh(`trap 'touch one' USR1; trap 'exit 4' USR2; touch ready; while :; do sleep 0.02; done`)
	cmd.Dir, cmd.Grace = dir, 1
	res, _ := run(t, cmd, send(t, dir, "ready", syscall.SIGUSR1, "one", syscall.SIGUSR2))
	if res.ExitCode != 4 || res.Interrupt != nil || res.Forced || len(res.Notices) != 2 {
		t.Errorf("result = %+v, want exit code 4 after two notices", res)
	}
}

// A step that dies of a notice which we passed on was cancelled.
func TestNoticeThatEndsTheStep(t *testing.T) {
	dir := t.TempDir()
	cmd := sh(`touch ready; exec sleep 60`)
	cmd.Dir = dir
	res, _ := run(t, cmd, send(t, dir, "ready", syscall.SIGUSR1))
	if res.ExitCode != 138 || res.Interrupt != syscall.SIGUSR1 {
		t.Errorf("result = %+v, want 138, cancelled by SIGUSR1", res)
	}
}

// A cancel that comes before the command was started keeps it from being started.
func TestCancelBeforeTheStart(t *testing.T) {
	dir := t.TempDir()
	signals := make(chan os.Signal, 1)
	signals <- syscall.SIGQUIT
	cmd := sh(`touch started`)
	cmd.Dir = dir
	res, _ := run(t, cmd, signals)
	if res.ExitCode != 131 || res.Interrupt != syscall.SIGQUIT || res.NotRun != nil || res.End.IsZero() {
		t.Errorf("result = %+v, want 131, cancelled by SIGQUIT", res)
	}
	if _, err := os.Stat(filepath.Join(dir, "started")); err == nil {
		t.Error("the command was started")
	}
}

// The signals that end no program by default, and those that programs make up, go to the command as long as it runs.
func TestOtherSignalsArePassedOn(t *testing.T) {
	for name, number := range map[string]int{"WINCH": 28, "CONT": 18, "40": 40} {
		t.Run(name, func(t *testing.T) {
			if _, err := os.Stat("/proc/self/stat"); err != nil {
				t.Skip("the numbers of these signals are those of Linux")
			}
			dir := t.TempDir()
			cmd := sh(`trap 'exit 7' ` + name + `; touch ready; while :; do sleep 0.02; done`)
			cmd.Dir = dir
			ended := make(chan struct{})
			defer close(ended)
			go func() {
				waitFor(t, filepath.Join(dir, "ready"))
				for { // they are caught a moment after the command has started
					_ = syscall.Kill(os.Getpid(), syscall.Signal(number))
					select {
					case <-ended:
						return
					case <-time.After(20 * time.Millisecond):
					}
				}
			}()
			if res, _ := run(t, cmd, nil); res.ExitCode != 7 || res.Interrupt != nil {
				t.Errorf("result = %+v, want exit code 7", res)
			}
		})
	}
}
