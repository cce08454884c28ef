//go:build linux

package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/Iyalvan/mlops-track/internal/test/testenv"
)

// TestTrackingNeverKeepsTheStepFromRunning holds that whatever stands in the way of tracking, the step runs, its exit code is
// the job's, and one warning says what is missing.
func TestTrackingNeverKeepsTheStepFromRunning(t *testing.T) {
	t.Parallel()
	s := newStories(t)
	for _, c := range []struct {
		name  string
		env   []string
		flags []string
		limit string // what a shell does before
		words string // of the warning; none: nothing is missing
		runs  bool   // the run is in mlflow.db of the working folder
	}{
		{name: "many tags", flags: tags(60, 2500), words: "too long for an environment variable", runs: true},
		{name: "long PYTHONPATH", env: []string{"PYTHONPATH=" + strings.Repeat("p", 131_000)}, words: "the step gets no MLFLOW_RUN_CONTEXT, PYTHONPATH of ours", runs: true},
		{name: "no TMPDIR", env: []string{"TMPDIR=/nowhere"}, words: `the temporary folder "/nowhere" cannot be used`, runs: true},
		{name: "TMPDIR that takes no files", env: []string{"TMPDIR=/proc"}, words: `the temporary folder "/proc" cannot be used`, runs: true},
		{name: "no PATH", limit: "unset PATH", runs: true},
		{name: "store that cannot be written", flags: []string{"--tracking-uri", "sqlite:////proc/none/mlflow.db"}, words: "the run is stored in "},
		{name: "folder that cannot be written", flags: []string{"--tracking-uri", "file:///proc/none"}, words: "the run is stored in "},
		{
			name: "server unreachable, offline folder cannot be written", words: "the run is stored offline in ",
			flags: []string{"--tracking-uri", "http://127.0.0.1:1", "--offline-dir", "/proc/none"},
		},
		{name: "no file may be written", limit: "ulimit -f 0", words: "the step runs without being tracked"},
		{name: "few files may be open", limit: "ulimit -n 16", words: "only 16 files may be open at a time"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir, temporary := t.TempDir(), t.TempDir()
			args := append(append([]string{"run"}, c.flags...), "--", "sh", "-c", "echo ran; exit 3")
			call := call{dir: dir, env: append([]string{"TMPDIR=" + temporary}, c.env...)}
			got := s.limited(t, call, c.limit, args...)
			got.says(t, 3, c.words)
			if got.stdout != "ran\n" {
				t.Errorf("the step printed %q", got.stdout)
			}
			if missing := strings.Contains(got.stderr, "warning: "); missing != (c.words != "") {
				t.Errorf("warnings:\n%s", got.stderr)
			}
			if _, err := os.Stat(filepath.Join(dir, "mlflow.db")); (err == nil) != c.runs && !strings.HasPrefix(c.limit, "ulimit") {
				t.Errorf("a run in the working folder is %t: %v", err == nil, err)
			}
			if kept, _ := filepath.Glob(filepath.Join(temporary, "mlops-track-kept-*", "mlflow.db")); strings.Contains(c.words, "stored") && len(kept) != 1 {
				t.Errorf("kept: %q\n%s", kept, got.stderr)
			}
		})
	}
}

// TestWhatMayNotBeTrackedStops holds that on-tracking-error: fail and a server that rejects the job still stop it.
func TestWhatMayNotBeTrackedStops(t *testing.T) {
	t.Parallel()
	s := newStories(t)
	dir := t.TempDir()
	for _, flags := range [][]string{
		{"--on-tracking-error", "fail", "--tracking-uri", "sqlite:////proc/none/mlflow.db"},
		{"--tracking-uri", testenv.Server(t, 3) + "/none"},
	} {
		got := s.call(t, call{dir: dir}, append(append([]string{"run"}, flags...), "--", "sh", "-c", "echo ran")...)
		if got.code != 1 || got.stdout != "" {
			t.Errorf("%q: exit code %d, %q\n%s", flags, got.code, got.stdout, got.stderr)
		}
	}
}

func tags(n, size int) []string {
	var flags []string
	for i := range n {
		flags = append(flags, "--tag", fmt.Sprintf("t%d=%s", i, strings.Repeat("v", size)))
	}
	return flags
}

// limited is call by a shell that does something before, such as to set a limit.
func (s stories) limited(t *testing.T, c call, limit string, args ...string) ended {
	t.Helper()
	if limit == "" {
		return s.call(t, c, args...)
	}
	shell := s
	shell.program = []string{"sh", "-c", limit + ` && exec "$@"`, "sh"}
	return shell.call(t, c, args...)
}

// TestSpecialFilesOfAStep holds that no file which a step leaves can hang the job.
func TestSpecialFilesOfAStep(t *testing.T) {
	t.Parallel()
	s := newStories(t)
	for name, c := range map[string]struct {
		script string
		code   int
		words  string
	}{
		"metrics: link into /proc":    {`ln -s /proc/self/environ "$MLOPS_METRICS"; sleep 0.2`, 0, "a file of the kernel's procfs"},
		"metrics: link to a device":   {`ln -s /dev/zero "$MLOPS_METRICS"; sleep 0.2`, 0, "a device, not a regular file"},
		"metrics: folder":             {`mkdir "$MLOPS_METRICS"`, 0, "a directory, not a regular file"},
		"metrics: huge and no line":   {`truncate -s 1T "$MLOPS_METRICS"`, 0, "without a line end"},
		"metrics: pipe nobody writes": {`mkfifo "$MLOPS_METRICS"`, 0, ""},
		"result: pipe":                {`mkfifo "$MLOPS_RESULT"`, 1, "a named pipe, not a regular file"},
		"result: link to a device":    {`ln -s /dev/zero "$MLOPS_RESULT"`, 1, "a device, not a regular file"},
		"events: pipe":                {`rm -f "$MLOPS_HOOK/events.jsonl"; mkfifo "$MLOPS_HOOK/events.jsonl"`, 0, "a named pipe, not a regular file"},
		"events: link to a device":    {`ln -sf /dev/random "$MLOPS_HOOK/events.jsonl"`, 0, "a device, not a regular file"},
		"artifacts: pipe": {
			`mkdir out; mkfifo out/p; echo x > out/x; echo '{"artifacts": "out"}' > "$MLOPS_RESULT"`, 0, `out/p" is not uploaded: it is not a regular file`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := s.call(t, call{dir: t.TempDir()}, "run", "--", "sh", "-c", c.script)
			got.says(t, c.code, c.words)
			if got.state.Sys().(syscall.WaitStatus).Signaled() {
				t.Error("ended by a signal")
			}
		})
	}
}
