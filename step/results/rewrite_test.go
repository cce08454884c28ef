package results_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// rewritten follows a file that a program writes time and again, and returns the steps that arrived and how often lines may
// have been lost.
func rewritten(t *testing.T, rewrite func(file string, i int) error) (steps []int64, rewrites int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		file, s := filepath.Join(t.TempDir(), "m"), &sink{}
		f := startFollowing(t, file, s.post)
		for i := range 5 {
			if err := rewrite(file, i); err != nil {
				t.Fatal(err)
			}
			time.Sleep(500 * time.Millisecond)
		}
		got := f.Finish(t.Context(), nil)
		if got.Err != nil {
			t.Error(got.Err)
		}
		steps, rewrites = s.steps(), got.Rewrites
		if told := len(got.Problems(file)) == 1; told != (rewrites > 0) {
			t.Errorf("%d rewrites, and %v", rewrites, got.Problems(file))
		}
	})
	return steps, rewrites
}

func TestFollowFilesThatAreWrittenAnew(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("an open file cannot be replaced")
	}
	one := func(i int) []byte { return []byte(stepLines(i, i+1)) }
	all := func(i int) []byte { return []byte(stepLines(0, i+1)) }
	replace := func(file string, text []byte) error {
		if err := os.WriteFile(file+".tmp", text, 0o600); err != nil {
			return err
		}
		return os.Rename(file+".tmp", file)
	}
	for name, c := range map[string]struct {
		rewrite  func(file string, i int) error
		rewrites int
	}{
		"one line of one length":       {func(file string, i int) error { return os.WriteFile(file, one(i), 0o600) }, 4},
		"the whole history":            {func(file string, i int) error { return os.WriteFile(file, all(i), 0o600) }, 0},
		"one line in a new file":       {func(file string, i int) error { return replace(file, one(i)) }, 4},
		"the whole history, a new one": {func(file string, i int) error { return replace(file, all(i)) }, 0},
		"overwritten, not truncated": {func(file string, i int) error {
			f, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY, 0o600)
			if err != nil {
				return err
			}
			defer f.Close()
			_, err = f.Write(one(i))
			return err
		}, 4},
		"rotated": {func(file string, i int) error {
			if i > 0 {
				if err := os.Rename(file, fmt.Sprint(file, ".", i)); err != nil {
					return err
				}
			}
			return os.WriteFile(file, one(i), 0o600)
		}, 0},
		"the history becomes shorter and grows": {func(file string, i int) error {
			if i == 3 {
				if err := os.WriteFile(file, []byte(stepLines(0, 2)), 0o600); err != nil {
					return err
				}
				time.Sleep(500 * time.Millisecond)
			}
			return os.WriteFile(file, all(i), 0o600)
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			steps, rewrites := rewritten(t, c.rewrite)
			if diff := cmp.Diff([]int64{0, 1, 2, 3, 4}, steps); diff != "" {
				t.Error(diff)
			}
			if rewrites != c.rewrites {
				t.Errorf("lines may be lost %d times, want %d", rewrites, c.rewrites)
			}
		})
	}
}

// TestLinesAreStampedByTheirArrival holds that a store which takes no points does not change their times.
func TestLinesAreStampedByTheirArrival(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file, s := filepath.Join(t.TempDir(), "m"), &sink{}
		away := true
		s.setFail(func([]mlflow.Metric) error {
			if away {
				return &mlflow.UnreachableError{URI: "http://x"}
			}
			return nil
		})
		f := startFollowing(t, file, s.post)
		var written []int64
		for i := range 30 {
			add(t, file, strings.Repeat(stepLines(i, i+1), 3000)) // more than is held in memory
			written = append(written, time.Now().UnixMilli())
			time.Sleep(time.Second)
		}
		s.mu.Lock()
		away = false
		s.mu.Unlock()
		if got := f.Finish(t.Context(), nil); got.Points != 30*3000 || got.Err != nil {
			t.Errorf("%+v", got)
		}
		for i, p := range s.points {
			if p.Step != int64(i/3000) || math.Abs(float64(p.Timestamp-written[p.Step])) > 100 {
				t.Fatalf("point %d has step %d and came at %d, written at %d", i, p.Step, p.Timestamp, written[i/3000])
			}
		}
	})
}

// TestFollowWithoutSpace holds that points are uploaded where no folder takes those that wait.
func TestFollowWithoutSpace(t *testing.T) {
	file, s := write(t, stepLines(0, 250_000)), &sink{}
	f := startFollowingIn(t, file, filepath.Join(t.TempDir(), "none"), s.post)
	if got := f.Finish(t.Context(), nil); got.Points != 250_000 || got.Err != nil {
		t.Errorf("%+v", got)
	}
	for i, step := range s.steps() {
		if int64(i) != step {
			t.Fatalf("point %d has step %d", i, step)
		}
	}
}

// Files that were renamed before they could be read are told; those that were read, or are older, are not.
func TestFollowTellsFilesThatWereNotSeen(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "m")
	old := time.Now().Add(-time.Hour)
	if err := os.WriteFile(file+".0", []byte(stepLines(0, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(file+".0", old, old); err != nil {
		t.Fatal(err)
	}
	s := &sink{}
	f := startFollowing(t, file, s.post)
	if err := os.WriteFile(file+".1", []byte(stepLines(1, 2)), 0o600); err != nil { // as if it had been renamed at once
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(stepLines(2, 3)), 0o600); err != nil {
		t.Fatal(err)
	}
	got := f.Finish(t.Context(), nil)
	problems := fmt.Sprint(got.Problems(file))
	if !cmp.Equal(got.Unseen, []string{"m.1"}) || !strings.Contains(problems, "not read: m.1") || !cmp.Equal(s.steps(), []int64{2}) {
		t.Errorf("not seen %v, steps %v, problems %s", got.Unseen, s.steps(), problems)
	}
}
