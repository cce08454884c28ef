package results_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/step/results"
)

// sink takes points, or fails as it is told.
type sink struct {
	mu      sync.Mutex
	points  []mlflow.Metric
	largest int
	posts   int
	fail    func(points []mlflow.Metric) error
}

func (s *sink) post(ctx context.Context, points []mlflow.Metric) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.posts++
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.fail != nil {
		if err := s.fail(points); err != nil {
			return err
		}
	}
	s.largest = max(s.largest, len(points))
	s.points = append(s.points, points...)
	return nil
}

func (s *sink) setFail(fail func([]mlflow.Metric) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = fail
}

// steps are the steps of the points, in the order in which they came.
func (s *sink) steps() []int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []int64
	for _, p := range s.points {
		out = append(out, p.Step)
	}
	return out
}

// until waits for something to become true.
func until(t *testing.T, what string, happened func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !happened(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

func add(t *testing.T, file, text string) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = f.WriteString(text)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

func stepLines(from, to int) string {
	var b strings.Builder
	for i := from; i < to; i++ {
		fmt.Fprintf(&b, "{\"loss\": 0.5, \"step\": %d}\n", i)
	}
	return b.String()
}

// following is a follower that ends with its test, whether that finished it or failed before.
type following struct {
	*results.Follower

	finished bool
}

func startFollowing(t *testing.T, file string, post results.Post) *following {
	t.Helper()
	return startFollowingIn(t, file, t.TempDir(), post)
}

func startFollowingIn(t *testing.T, file, folder string, post results.Post) *following {
	t.Helper()
	f := &following{Follower: results.Follow(file, folder, post)}
	t.Cleanup(func() {
		defer f.Close()
		if !f.finished {
			over, cancel := context.WithCancel(t.Context())
			cancel()
			f.Finish(over, nil)
		}
	})
	return f
}

func (f *following) Finish(ctx context.Context, tick func()) results.Followed {
	f.finished = true
	return f.Follower.Finish(ctx, tick)
}

func TestFollow(t *testing.T) { synctest.Test(t, follow) }

func follow(t *testing.T) {
	file, s := filepath.Join(t.TempDir(), "metrics.jsonl"), &sink{}
	f := startFollowing(t, file, s.post) // there is no file yet
	start := time.Now().UnixMilli()
	add(t, file, stepLines(0, 3)+`{"loss": 0.1, "st`)
	until(t, "whole lines are delivered", func() bool { return len(s.steps()) == 3 })
	add(t, file, "ep\": 3}\n\n  \n")
	until(t, "the line written in two parts is delivered", func() bool { return len(s.steps()) == 4 })
	add(t, file, "oops\n"+stepLines(4, 5)+`{"loss": 1, "step": 5}`) // the last line has no end
	got := f.Finish(t.Context(), nil)

	if diff := cmp.Diff([]int64{0, 1, 2, 3, 4, 5}, s.steps()); diff != "" {
		t.Error(diff)
	}
	want := results.Followed{
		Lines: 7, Points: 6, Bad: 1, BadLines: []results.BadLine{{Number: 7, Reason: "'o' is not a JSON value at byte 0"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if problems := got.Problems(file); len(problems) != 1 || problems[0].Severity != results.Warning {
		t.Errorf("%v", problems)
	}
	for _, p := range s.points {
		if p.Timestamp < start || p.Timestamp > time.Now().UnixMilli() {
			t.Errorf("time %d is not that of reading", p.Timestamp)
		}
	}
}

func TestFollowWithoutFile(t *testing.T) {
	s := &sink{}
	got := startFollowing(t, filepath.Join(t.TempDir(), "none"), s.post).Finish(t.Context(), nil)
	if diff := cmp.Diff(results.Followed{}, got); diff != "" || s.posts != 0 {
		t.Error(diff, s.posts)
	}
	if got := startFollowing(t, t.TempDir(), s.post).Finish(t.Context(), nil); got.Err == nil {
		t.Error("a folder is no metrics file")
	}
}

// TestFollowFullBatchAtOnce holds that a full batch does not wait for more.
func TestFollowFullBatchAtOnce(t *testing.T) { synctest.Test(t, followFullBatch) }

func followFullBatch(t *testing.T) {
	file, s := filepath.Join(t.TempDir(), "m"), &sink{}
	var long strings.Builder // one line with more points than a batch takes
	long.WriteString(`{"step": 7`)
	for i := range 2500 {
		fmt.Fprintf(&long, `, "k%d": %d`, i, i)
	}
	add(t, file, stepLines(0, 1500)+long.String()+"}\n")
	f := startFollowing(t, file, s.post)
	until(t, "full batches are delivered", func() bool { return len(s.steps()) >= 4000 })
	got := f.Finish(t.Context(), nil)
	if got.Points != 4000 || got.Lines != 1501 || s.largest != 1000 || s.posts != 4 {
		t.Errorf("%+v in %d posts, the largest of %d", got, s.posts, s.largest)
	}
}

func TestFollowTruncatedAndReplaced(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("an open file cannot be replaced")
	}
	synctest.Test(t, followTruncatedAndReplaced)
}

func followTruncatedAndReplaced(t *testing.T) {
	file, s := filepath.Join(t.TempDir(), "m"), &sink{}
	f := startFollowing(t, file, s.post)
	add(t, file, stepLines(0, 10)+`{"half`)
	until(t, "the first lines are delivered", func() bool { return len(s.steps()) == 10 })

	if err := os.Truncate(file, 0); err != nil {
		t.Fatal(err)
	}
	add(t, file, stepLines(10, 12))
	until(t, "lines after the truncation are delivered", func() bool { return len(s.steps()) == 12 })

	add(t, file, `{"loss": 1, "step": 12}`) // no end of line, and none will come
	until(t, "the file is replaced", func() bool { return os.Rename(file, file+".1") == nil })
	add(t, file, stepLines(13, 15))
	got := f.Finish(t.Context(), nil)
	if diff := cmp.Diff([]int64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}, s.steps()); diff != "" {
		t.Error(diff)
	}
	if got.Err != nil || got.Rewrites != 1 { // the file that was replaced has a name yet
		t.Errorf("%+v", got)
	}
}

// TestFollowStoreAway holds that nothing is lost or sent twice while the store is unreachable, and that waiting takes no memory.
func TestFollowStoreAway(t *testing.T) { synctest.Test(t, followStoreAway) }

func followStoreAway(t *testing.T) {
	file, s := filepath.Join(t.TempDir(), "m"), &sink{}
	away := func([]mlflow.Metric) error {
		return &mlflow.UnreachableError{URI: "http://x", Err: errors.New("refused")}
	}
	s.setFail(away)
	f := startFollowing(t, file, s.post)
	add(t, file, stepLines(0, 5000))
	until(t, "delivery is tried", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.posts > 0 })
	s.setFail(nil)
	until(t, "the rest is delivered", func() bool { return len(s.steps()) == 5000 })

	s.setFail(away)
	add(t, file, stepLines(5000, 8000))
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	got := f.Finish(ctx, nil)
	var unreachable *mlflow.UnreachableError
	if got.Points != 5000 || !errors.As(got.Err, &unreachable) {
		t.Errorf("%+v", got)
	}

	s.setFail(nil)
	ticks := 0
	if err := os.Truncate(file, 0); err != nil { // what was read needs the file no more
		t.Fatal(err)
	}
	rest := f.Rest(t.Context(), func(ctx context.Context, points []mlflow.Metric) error {
		ticks++
		return s.post(ctx, points)
	})
	if rest.Points != 8000 || rest.Err != nil || ticks != 3 {
		t.Errorf("%+v in %d batches", rest, ticks)
	}
	for i, step := range s.steps() {
		if int64(i) != step {
			t.Fatalf("point %d has step %d", i, step)
		}
	}
}

// TestRestStopsWhereItCanGoOn holds that what Finish had no time for is read and uploaded later, each point once.
func TestRestStopsWhereItCanGoOn(t *testing.T) {
	file, s := write(t, stepLines(0, 3500)), &sink{}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	f := startFollowing(t, file, func(context.Context, []mlflow.Metric) error { return errors.New("away") })
	if got := f.Finish(over, nil); got.Points != 0 || got.Err == nil {
		t.Errorf("%+v", got)
	}
	s.setFail(func(points []mlflow.Metric) error {
		if points[0].Step >= 2000 {
			return errors.New("full")
		}
		return nil
	})
	if got := f.Rest(t.Context(), s.post); got.Points != 2000 || got.Err == nil {
		t.Errorf("%+v, want 2000 points", got)
	}
	s.setFail(nil)
	if got := f.Rest(t.Context(), s.post); got.Points != 3500 || got.Lines != 3500 || got.Err != nil {
		t.Errorf("%+v, want 3500 points", got)
	}
}

// TestFollowRefused holds that a point which the store refuses costs no other one.
func TestFollowRefused(t *testing.T) {
	file, s := write(t, stepLines(0, 1500)), &sink{}
	s.setFail(func(points []mlflow.Metric) error {
		for _, p := range points {
			if p.Step == 700 || p.Step == 1200 {
				return &mlflow.RejectedError{Call: "POST runs/log-batch", Status: 400, Message: "no " + fmt.Sprint(p.Step)}
			}
		}
		return nil
	})
	ticks := 0
	got := startFollowing(t, file, s.post).Finish(t.Context(), func() { ticks++ })
	if got.Points != 1498 || got.Rejected != 2 || got.Err != nil || !strings.Contains(got.FirstRejection.Error(), "no 700") {
		t.Errorf("%+v", got)
	}
	if problems := got.Problems(file); len(problems) != 1 {
		t.Errorf("%v", problems)
	}

	for name, refuse := range map[string]*mlflow.RejectedError{
		"no access": {Status: 401}, "no run": {Status: 404, Code: "RESOURCE_DOES_NOT_EXIST"}, "nothing at all": {Status: 400},
	} {
		s := &sink{fail: func([]mlflow.Metric) error { return refuse }}
		got := startFollowing(t, file, s.post).Finish(t.Context(), nil)
		if got.Err == nil || got.Points != 0 || s.posts > 1000 {
			t.Errorf("%s: %+v in %d posts", name, got, s.posts)
		}
	}
}

// TestFollowMuch is the story of ten million lines, scaled down. It bounds memory and the number of posts.
func TestFollowMuch(t *testing.T) {
	const lines = 100_000
	file := filepath.Join(t.TempDir(), "m")
	add(t, file, strings.Repeat("x", 5<<20)+"\n"+stepLines(0, lines)+"[]\n")
	var points, posts int
	var before, during runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	f := startFollowing(t, file, func(_ context.Context, batch []mlflow.Metric) error {
		for _, p := range batch {
			if p.Step != int64(points) {
				return fmt.Errorf("point %d has step %d", points, p.Step)
			}
			points++
		}
		if posts++; posts == 50 {
			runtime.GC()
			runtime.ReadMemStats(&during)
		}
		return nil
	})
	got := f.Finish(t.Context(), nil)
	if got.Points != lines || got.Lines != lines+2 || posts != lines/1000 || got.Err != nil {
		t.Errorf("%+v in %d posts", got, posts)
	}
	if got.Bad != 2 || !strings.HasPrefix(got.BadLines[0].Reason, "longer than") || got.BadLines[1].Number != lines+2 {
		t.Errorf("%d bad lines: %v", got.Bad, got.BadLines)
	}
	if grown := int64(during.HeapAlloc) - int64(before.HeapAlloc); grown > 8<<20 {
		t.Errorf("%d bytes are held while reading", grown)
	}
}
