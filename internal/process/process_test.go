//go:build unix

package process_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/Iyalvan/mlops-track/internal/process"
)

// run runs a shell script with its standard error in a file, and returns what came out there.
func run(t *testing.T, cmd process.Command, signals <-chan os.Signal) (process.Result, string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "stderr")
	stderr, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer stderr.Close()
	if cmd.Dir == "" {
		cmd.Dir = t.TempDir()
	}
	if cmd.Grace == 0 {
		cmd.Grace = time.Minute
	}
	cmd.Env, cmd.Stderr = os.Environ(), stderr
	res := process.Run(cmd, signals, func(os.Signal) {})
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(text)
}

func sh(script string) process.Command { return process.Command{Args: []string{"sh", "-c", script}} }

func TestExitCodesAreTheShells(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "data.txt"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "hello.sh"), []byte("#!/bin/sh\nexit 7\n"), 0o700); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
	cases := []struct {
		name   string
		args   []string
		code   int
		signal syscall.Signal
		notRun bool
	}{
		{"success", []string{"true"}, 0, 0, false},
		{"exit n", []string{"sh", "-c", "exit 3"}, 3, 0, false},
		{"killed", []string{"sh", "-c", "kill -KILL $$"}, 137, syscall.SIGKILL, false},
		{"segmentation fault", []string{"sh", "-c", "kill -SEGV $$"}, 139, syscall.SIGSEGV, false},
		{"not found on PATH", []string{"no-such-program"}, 127, 0, true},
		{"not found in folder", []string{"./no-such-program"}, 127, 0, true},
		{"not executable", []string{"./data.txt"}, 126, 0, true},
		{"a folder", []string{dir}, 126, 0, true},
		{"relative to the step's folder", []string{"./hello.sh"}, 7, 0, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			res, _ := run(t, process.Command{Args: c.args, Dir: dir}, nil)
			if res.ExitCode != c.code || res.Signal != c.signal || (res.NotRun != nil) != c.notRun {
				t.Errorf("exit code %d, signal %v, not run: %v; want %d, %v, %t", res.ExitCode, res.Signal, res.NotRun, c.code, c.signal, c.notRun)
			}
		})
	}
}

func TestSignalIsPassedOnToTheGroup(t *testing.T) {
	dir := t.TempDir()
	signals := make(chan os.Signal, 1)
	go func() {
		waitFor(t, filepath.Join(dir, "ready"))
		signals <- syscall.SIGTERM
	}()
	cmd := sh(`trap 'wait; exit 9' TERM; (trap 'echo inner > inner; exit 0' TERM; touch ready; while :; do sleep 0.05; done) & wait`)
	cmd.Dir = dir
	res, _ := run(t, cmd, signals)
	if res.ExitCode != 9 || res.Interrupt != syscall.SIGTERM || res.Forced {
		t.Errorf("result = %+v, want exit code 9 after SIGTERM without force", res)
	}
	if _, err := os.Stat(filepath.Join(dir, "inner")); err != nil {
		t.Errorf("the grandchild did not get the signal: %v", err)
	}
}

func TestGraceEndsWithKill(t *testing.T) {
	dir := t.TempDir()
	signals := make(chan os.Signal, 1)
	go func() {
		waitFor(t, filepath.Join(dir, "ready"))
		signals <- syscall.SIGTERM
	}()
	cmd := sh(`trap '' TERM INT; touch ready; while :; do sleep 0.05; done`)
	cmd.Dir, cmd.Grace = dir, 100*time.Millisecond
	res, _ := run(t, cmd, signals)
	if res.ExitCode != 137 || !res.Forced {
		t.Errorf("result = %+v, want 137 by force", res)
	}
}

func TestGrandchildThatKeepsTheStreamsOpenDoesNotHoldUsUp(t *testing.T) {
	if testing.Short() {
		t.Skip("waits 3 s for a real process, which no virtual clock can shorten; run it without -short")
	}
	dir := t.TempDir()
	cmd := sh(`sleep 1000 & echo $! > pid; echo said >&2`)
	cmd.Dir = dir
	res, stderr := run(t, cmd, nil)
	pid, err := os.ReadFile(filepath.Join(dir, "pid"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = process.Run(process.Command{Args: []string{"kill", strings.TrimSpace(string(pid))}, Dir: dir}, nil, nil)
	}()
	if res.ExitCode != 0 || !res.Survivors {
		t.Errorf("result = %+v, want 0 and something left", res)
	}
	if stderr != "said\n" {
		t.Errorf("standard error = %q", stderr)
	}
}

func TestTailKeepsTheEndAndMemoryIsBounded(t *testing.T) {
	res, stderr := run(t, sh(`i=0; while [ $i -lt 20000 ]; do echo "line $i of the log" >&2; i=$((i+1)); done`), nil)
	if !strings.HasSuffix(res.Tail, "line 19999 of the log\n") || len(res.Tail) > 16<<10 {
		t.Errorf("tail of %d bytes ends with %q", len(res.Tail), res.Tail[max(0, len(res.Tail)-40):])
	}
	if strings.Count(stderr, "\n") != 20000 {
		t.Errorf("%d lines passed through, want 20000", strings.Count(stderr, "\n"))
	}
}

func TestOneFileForBothStreamsKeepsTheirOrder(t *testing.T) {
	both, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer both.Close()
	cmd := sh(`for i in 1 2 3 4 5 6 7 8 9; do echo out $i; echo err $i >&2; done`)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = t.TempDir(), os.Environ(), both, both
	process.Run(cmd, nil, nil)
	if _, err := both.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(both)
	want := ""
	for _, i := range "123456789" {
		want += "out " + string(i) + "\nerr " + string(i) + "\n"
	}
	if string(text) != want {
		t.Errorf("log:\n%s", text)
	}
}

func waitFor(t *testing.T, file string) {
	for range 2000 {
		if _, err := os.Stat(file); err == nil {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Errorf("%s never appeared", file)
}

// shouting is a filter that holds the last byte back until it is closed.
type shouting struct {
	to   io.Writer
	held string
}

func (s *shouting) Write(p []byte) (int, error) {
	text := s.held + strings.ToUpper(string(p))
	s.held = text[len(text)-1:]
	_, err := io.WriteString(s.to, text[:len(text)-1])
	return len(p), err
}

func (s *shouting) Close() error {
	_, err := io.WriteString(s.to, s.held)
	return err
}

// TestFilterChangesWhatIsKept leaves what passes through as it is.
func TestFilterChangesWhatIsKept(t *testing.T) {
	cmd := sh("printf one >&2; printf ' two' >&2")
	cmd.Filter = func(w io.Writer) io.WriteCloser { return &shouting{to: w} }
	if res, passed := run(t, cmd, nil); res.Tail != "ONE TWO" || passed != "one two" {
		t.Errorf("kept %q, passed on %q", res.Tail, passed)
	}
}
