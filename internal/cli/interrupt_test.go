package cli

import (
	"context"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// Every signal goes to the step; the first one ends the context and says which it was and when.
func TestWatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		signals := make(chan os.Signal)
		watched, w := watch(t.Context(), signals)
		if watched.Err() != nil {
			t.Fatal("interrupted before any signal")
		}
		time.Sleep(time.Second)
		at := time.Now()
		signals <- syscall.SIGTERM
		synctest.Wait()
		time.Sleep(time.Second)
		signals <- os.Interrupt
		synctest.Wait()
		cause, ok := errors.AsType[interruption](context.Cause(watched))
		if !ok || cause.signal != syscall.SIGTERM || !cause.at.Equal(at) || cause.Error() != "cancelled by SIGTERM" {
			t.Errorf("cause %v at %s", context.Cause(watched), cause.at)
		}
		if one, two := <-w.forward, <-w.forward; one != syscall.SIGTERM || two != os.Interrupt {
			t.Errorf("passed on %v, %v", one, two)
		}
		w.stop()
	})
}

// Signals that nobody takes any more do not block those who send them; after stop nobody watches.
func TestWatchWithoutAReader(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		signals := make(chan os.Signal)
		watched, w := watch(t.Context(), signals)
		for range 20 {
			signals <- syscall.SIGTERM
		}
		synctest.Wait()
		if len(w.forward) != cap(w.forward) {
			t.Errorf("%d signals wait", len(w.forward))
		}
		w.stop()
		synctest.Wait()
		select {
		case signals <- syscall.SIGTERM:
			t.Error("somebody still watches")
		default:
		}
		if cause := context.Cause(watched); !strings.Contains(cause.Error(), "cancelled by") {
			t.Errorf("cause %v", cause)
		}
	})
}

func TestStoppedWatchIsNoInterruption(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		watched, w := watch(t.Context(), make(chan os.Signal))
		w.stop()
		if _, ok := errors.AsType[interruption](context.Cause(watched)); ok || watched.Err() == nil {
			t.Errorf("cause %v", context.Cause(watched))
		}
	})
}

// lasts is how long a context lasts from now.
func lasts(ctx context.Context) (time.Duration, error) {
	began := time.Now()
	<-ctx.Done()
	return time.Since(began), context.Cause(ctx)
}

// Work after the step outlives the signal by its budget, counted from the signal, also if it begins later.
func TestWithin(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ before, want time.Duration }{
		"begun before the signal": {before: 0, want: time.Second + 7*time.Second},
		"begun after the signal":  {before: 3 * time.Second, want: 5 * time.Second},
		"begun after the budget":  {before: 30 * time.Second, want: 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				signals := make(chan os.Signal, 1)
				watched, w := watch(t.Context(), signals)
				defer w.stop()
				if c.before > 0 {
					time.Sleep(time.Second)
					signals <- syscall.SIGTERM
					time.Sleep(c.before - time.Second)
				} else {
					time.AfterFunc(time.Second, func() { signals <- syscall.SIGTERM })
				}
				if c.before > time.Second {
					c.want = max(0, time.Second+7*time.Second-c.before)
				}
				ctx, _, cancel := within(watched, 7*time.Second, 0)
				defer cancel()
				took, cause := lasts(ctx)
				if _, ok := errors.AsType[interruption](cause); took != c.want || !ok {
					t.Errorf("lasted %s, want %s; cause %v", took, c.want, cause)
				}
			})
		})
	}
}

// It ends without a signal when nothing moves, and not before.
func TestWithinStall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		watched, w := watch(t.Context(), make(chan os.Signal))
		defer w.stop()
		ctx, tick, cancel := within(watched, 7*time.Second, time.Minute)
		defer cancel()
		time.AfterFunc(50*time.Second, tick)
		time.AfterFunc(100*time.Second, tick)
		took, cause := lasts(ctx)
		if took != 160*time.Second || !strings.Contains(cause.Error(), "no progress for 1m0s") {
			t.Errorf("lasted %s, cause %v", took, cause)
		}
	})
}

// It outlives the end of what it was made from, unless that was a signal, and ends when it is told to.
func TestWithinOutlivesItsParent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		parent, end := context.WithCancel(t.Context())
		ctx, tick, cancel := within(parent, time.Second, 0)
		end()
		time.Sleep(time.Hour)
		tick()
		if ctx.Err() != nil {
			t.Errorf("ended: %v", context.Cause(ctx))
		}
		cancel()
		if ctx.Err() == nil {
			t.Error("goes on after its end")
		}
	})
}

func TestExtraTime(t *testing.T) {
	t.Parallel()
	for grace, want := range map[time.Duration]time.Duration{0: 0, 5 * time.Second: 0, time.Minute: 55 * time.Second} {
		if got := extraTime(grace); got != want {
			t.Errorf("extra time for %s: %s, want %s", grace, got, want)
		}
	}
}

// Where there is no run yet, a process that does not end by itself ends all the same: at once when it is asked again, else after the budget.
func TestAbandon(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		phase   phase
		signals int
		want    time.Duration // 0: never
	}{
		"asked once": {starting, 1, closeBudget}, "asked twice": {starting, 2, time.Second}, "a run may exist": {opening, 3, 0}, "a step runs": {running, 3, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				signals := make(chan os.Signal)
				_, w := watch(t.Context(), signals)
				defer w.stop()
				w.enter(c.phase)
				began := time.Now()
				for i := range c.signals {
					time.AfterFunc(time.Duration(i)*time.Second, func() { signals <- syscall.SIGTERM })
				}
				select {
				case <-w.abandoned:
					if took := time.Since(began); took != c.want {
						t.Errorf("given up after %s, want %s", took, c.want)
					}
				case <-time.After(time.Hour):
					if c.want != 0 {
						t.Error("never given up")
					}
				}
			})
		})
	}
}

// The exit code is the verdict's, but where the user wants a lost part of the run to count.
func TestExitCode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		verdict int
		setting string
		lost    bool
		want    int
	}{
		{0, "keep", false, 0}, {0, "keep", true, 0}, {0, "fail", false, 0}, {0, "fail", true, 1},
		{3, "keep", false, 3}, {3, "keep", true, 3}, {3, "fail", true, 3}, {143, "fail", true, 143}, {1, "fail", false, 1},
	} {
		if got := exitCode(c.verdict, c.setting, c.lost); got != c.want {
			t.Errorf("exitCode(%d, %q, %t) = %d, want %d", c.verdict, c.setting, c.lost, got, c.want)
		}
	}
}
