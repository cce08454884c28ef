//go:build unix

package results_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Iyalvan/mlops-track/step/results"
)

func TestFollowANamedPipe(t *testing.T) {
	file, s := filepath.Join(t.TempDir(), "pipe"), &sink{}
	if err := syscall.Mkfifo(file, 0o600); err != nil {
		t.Fatal(err)
	}
	f := startFollowing(t, file, s.post)
	for i := range 3 { // opening it waits for the reader
		add(t, file, stepLines(i, i+1))
	}
	until(t, "the points are delivered", func() bool { return len(s.steps()) == 3 })
	f2, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f2.Close() // a process that survives the step has it open
	if _, err := f2.WriteString(stepLines(3, 4)); err != nil {
		t.Fatal(err)
	}
	got := f.Finish(t.Context(), nil)
	if diff := cmp.Diff([]int64{0, 1, 2, 3}, s.steps()); diff != "" || got.Err != nil || got.Rewrites != 0 {
		t.Errorf("%+v\n%s", got, diff)
	}
}

// TestSpecialFilesEnd holds that neither reading nor its end waits for what is no file.
func TestSpecialFilesEnd(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := os.Symlink("/dev/zero", at("zero")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/proc/self/environ", at("environ")); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(at("pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"zero", "environ", "."} {
		_, problems := results.LoadResult(at(name))
		if len(problems) != 1 || problems[0].Severity != results.Error || !strings.Contains(problems[0].Message, "not a regular file") {
			t.Errorf("result %s: %v", name, problems)
		}
		synctest.Test(t, func(t *testing.T) {
			f := startFollowing(t, at(name), (&sink{}).post)
			time.Sleep(time.Second)
			if got := f.Finish(t.Context(), nil); got.Err == nil || !strings.Contains(got.Err.Error(), "not a regular file") {
				t.Errorf("metrics %s: %+v", name, got)
			}
		})
	}
	if _, problems := results.LoadResult(at("pipe")); len(problems) != 1 {
		t.Errorf("result pipe: %v", problems)
	}
	if _, problems := results.LoadResult(os.DevNull); len(problems) != 0 {
		t.Errorf("result %s: %v", os.DevNull, problems)
	}
	if got := startFollowing(t, os.DevNull, (&sink{}).post).Finish(t.Context(), nil); got.Err != nil {
		t.Errorf("metrics %s: %+v", os.DevNull, got)
	}
}

// TestFollowASparseFile holds that a file without any line is given up, and that a signal ends reading before.
func TestFollowASparseFile(t *testing.T) {
	file := write(t, "")
	if err := os.Truncate(file, 1<<40); err != nil {
		t.Skip("no sparse files here: ", err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if got := startFollowing(t, file, (&sink{}).post).Finish(over, nil); got.Err == nil {
		t.Errorf("%+v", got)
	}
	got := startFollowing(t, file, (&sink{}).post).Finish(t.Context(), nil)
	if got.Err == nil || !strings.Contains(got.Err.Error(), "without a line end") {
		t.Errorf("%+v", got)
	}
}
