package process_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Iyalvan/mlops-track/internal/process"
)

// joinGroup makes the test binary a program that enters a control group and runs a command which eats memory.
const joinGroup = "PROCESS_TEST_JOIN_GROUP"

func TestMain(m *testing.M) {
	group := os.Getenv(joinGroup)
	if group == "" {
		os.Exit(m.Run())
	}
	if err := os.WriteFile(filepath.Join(group, "cgroup.procs"), fmt.Append(nil, os.Getpid()), 0o600); err != nil {
		panic(err)
	}
	// tail keeps all of an endless line in memory.
	res := process.Run(process.Command{Args: []string{"tail", "/dev/zero"}, Dir: ".", Env: os.Environ(), Grace: time.Second}, nil, nil)
	if err := json.NewEncoder(os.Stdout).Encode(map[string]any{"code": res.ExitCode, "oom": res.OOM}); err != nil {
		panic(err)
	}
}

// TestOutOfMemory holds that a command which the kernel kills for want of memory is told from one that somebody kills.
func TestOutOfMemory(t *testing.T) {
	group := limitedGroup(t)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), joinGroup+"="+group)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.TrimSpace(string(out)), `{"code":137,"oom":true}`; got != want {
		t.Errorf("result = %s, want %s", got, want)
	}
}

// limitedGroup makes a control group with 64 MiB below our own, or skips the test where that is not allowed.
func limitedGroup(t *testing.T) string {
	t.Helper()
	parent, limit := "/sys/fs/cgroup/memory", "memory.limit_in_bytes" // version 1
	if _, err := os.Stat(parent); err != nil {
		parent, limit = "/sys/fs/cgroup", "memory.max"
	}
	group := filepath.Join(parent, fmt.Sprintf("mlops-track-test-%d", os.Getpid()))
	if err := os.Mkdir(group, 0o755); err != nil { //nolint:gosec // as the kernel makes them
		t.Skipf("TestOutOfMemory: no control group can be made here: %v", err)
	}
	t.Cleanup(func() {
		for range 100 { // the kernel lets go of the last process a moment later
			if os.Remove(group) == nil {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
	})
	if err := os.WriteFile(filepath.Join(group, limit), []byte("67108864"), 0o600); err != nil {
		t.Skipf("TestOutOfMemory: memory cannot be limited here: %v", err)
	}
	return group
}
