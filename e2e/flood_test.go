//go:build linux

package e2e_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestOutputFloods: however much a step writes, it passes, and this program stays small.
func TestOutputFloods(t *testing.T) {
	t.Parallel()
	s := newStories(t)
	const lines, bytesOut, maxResident = 10_000_000, 200 << 20, 60 << 20
	// What the kernel counts for an ended child begins with the memory of the test itself, so the step asks while it runs.
	step := "yes | head -n 10000000; yes 'a line of a log' | head -c 209715200 >&2; grep VmHWM /proc/$PPID/status >peak"
	cmd := exec.Command(filepath.Join(s.bin, "mlops-track"), "run", "--", "sh", "-c", step)
	cmd.Dir = t.TempDir()
	cmd.Env = cleanEnviron(cmd.Dir)
	var stdout, stderr counter
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	if stdout.lines != lines || stderr.bytes < bytesOut {
		t.Errorf("%d lines of standard output and %d bytes of standard error passed", stdout.lines, stderr.bytes)
	}
	peak, err := os.ReadFile(filepath.Join(cmd.Dir, "peak"))
	var kilobytes int
	if _, scanErr := fmt.Sscanf(string(peak), "VmHWM: %d kB", &kilobytes); err != nil || scanErr != nil || kilobytes > maxResident>>10 {
		t.Errorf("mlops-track took %q of memory (%v)", peak, err)
	}
}

// counter counts what is written to it.
type counter struct{ bytes, lines int }

func (c *counter) Write(p []byte) (int, error) {
	c.bytes += len(p)
	c.lines += bytes.Count(p, []byte("\n"))
	return len(p), nil
}

// TestStreamsAreUntouched: standard input reaches the step, and what it writes comes out byte for byte, text or not.
func TestStreamsAreUntouched(t *testing.T) {
	t.Parallel()
	s := newStories(t)
	raw := make([]byte, 0, 256<<8)
	for i := range 256 << 8 {
		raw = append(raw, byte(i^i>>8))
	}
	got := s.call(t, call{dir: t.TempDir(), stdin: bytes.NewReader(raw)}, "run", "--", "sh", "-c", "tee /dev/stderr")
	got.says(t, 0)
	if got.stdout != string(raw) || !strings.Contains(got.stderr, string(raw)) {
		t.Errorf("%d bytes came out on standard output and %d on standard error, want %d", len(got.stdout), len(got.stderr), len(raw))
	}
}

// TestFullDisk: a store on a full disk costs no training: the run is stored elsewhere, unless on-tracking-error is fail. One that
// fills up later costs none either.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	s := newStories(t)
	full := t.TempDir()
	if err := syscall.Mount("tmpfs", full, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("a small disk cannot be mounted: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(full, 0) })
	uri := "sqlite:///" + filepath.Join(full, "mlflow.db")

	fill := "head -c 2000000 /dev/zero > '" + filepath.Join(full, "fill") + "'; "
	dir := t.TempDir()
	result := `i=0; while [ $i -lt 20000 ]; do echo "{\"loss\": $i}" >> $MLOPS_METRICS; i=$((i+1)); done; exit 3`
	later := s.call(t, call{dir: dir}, "run", "--tracking-uri", uri, "--", "sh", "-c", fill+result)
	later.says(t, 3, "disk", "full", "hint: free some disk space")

	if err := os.Remove(filepath.Join(full, "mlflow.db")); err != nil {
		t.Fatal(err)
	}
	_ = exec.Command("sh", "-c", fill).Run() // it fails, as the disk is full then
	c := call{dir: dir, env: []string{"TMPDIR=" + t.TempDir()}}
	s.call(t, c, "run", "--tracking-uri", uri, "--on-tracking-error", "fail", "--", "touch", "failed").says(t, 1, "mlflow.db", "disk", "full", "hint: free some disk space")
	s.call(t, c, "run", "--tracking-uri", uri, "--", "touch", "ran").says(t, 0, "mlflow.db", "disk", "full", "the run is stored in", "hint: make the place writable")
	if exists(filepath.Join(dir, "failed")) || !exists(filepath.Join(dir, "ran")) {
		t.Error("the wrong step ran")
	}
}
