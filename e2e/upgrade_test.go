//go:build unix

package e2e_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/Iyalvan/mlops-track/internal/test/testenv"
)

// opens is a step whose first MLflow call upgrades the store.
const opens = `
import os
with open("pid.new", "w") as f:
    f.write(str(os.getpid()))
os.rename("pid.new", "pid")
import mlflow
mlflow.log_metric("a", 1)
`

// TestUpgradeIsInterrupted ends a step, gently or not, while its MLflow upgrades the store, at another moment each time. The
// store is good for the next run all the same.
func TestUpgradeIsInterrupted(t *testing.T) {
	t.Parallel()
	s := newStories(t)
	python := testenv.Python(t, 3)
	for _, c := range []struct {
		sig   syscall.Signal
		after time.Duration // since the upgrade began; all must do
	}{
		{syscall.SIGINT, 0},
		{syscall.SIGKILL, 0},
		{syscall.SIGKILL, 300 * time.Millisecond},
		{syscall.SIGINT, 600 * time.Millisecond},
		{syscall.SIGKILL, 1200 * time.Millisecond},
	} {
		t.Run(fmt.Sprintf("%s after %s", c.sig, c.after), func(t *testing.T) {
			dir := t.TempDir()
			writeFile(t, filepath.Join(dir, "step.py"), opens)
			cmd := exec.Command(filepath.Join(s.bin, "mlops-track"), "run", "--", python, "step.py")
			cmd.Dir, cmd.Env = dir, cleanEnviron(dir)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			waitForCopy(t, dir)
			time.Sleep(c.after)
			text, err := os.ReadFile(filepath.Join(dir, "pid"))
			if err != nil {
				t.Fatal(err)
			}
			pid, err := strconv.Atoi(string(text))
			if err != nil {
				t.Fatal(err)
			}
			if c.sig == syscall.SIGINT {
				pid = cmd.Process.Pid
			}
			_ = syscall.Kill(pid, c.sig) // it may have ended
			_ = cmd.Wait()

			again := s.call(t, call{dir: dir}, "run", "--", python, "step.py")
			again.says(t, 0, "1 metric", "finished")
			if left, _ := filepath.Glob(filepath.Join(dir, "mlflow.db.upgrade-*")); len(left) > 0 {
				t.Errorf("the copies %v are left", left)
			}
			raw, err := s.readers[3].read(t, readRequest{URI: "sqlite:///mlflow.db", Run: "last", Dir: dir})
			if err != nil || !strings.Contains(string(raw), `"status": "FINISHED"`) {
				t.Errorf("MLflow reads %s, %v", raw, err)
			}
		})
	}
}

// waitForCopy waits until the upgrade has begun, or is over.
func waitForCopy(t *testing.T, dir string) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if copies, _ := filepath.Glob(filepath.Join(dir, "mlflow.db.upgrade-*")); len(copies) > 0 {
			return
		}
	}
	t.Fatal("the store was not upgraded")
}
