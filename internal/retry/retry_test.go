package retry_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Iyalvan/mlops-track/internal/retry"
)

var (
	errBusy = errors.New("busy")
	errNo   = errors.New("no")
)

// attempts returns a function that fails with these errors in turn and notes, in virtual time, when it was called.
func attempts(errs ...error) (do func(context.Context) error, times *[]time.Duration) {
	times = new([]time.Duration)
	began := time.Now()
	return func(context.Context) error {
		*times = append(*times, time.Since(began))
		return errs[min(len(*times), len(errs))-1]
	}, times
}

func TestDo(t *testing.T) {
	t.Parallel()
	byError := func(_ int, err error) retry.Decision {
		if errors.Is(err, errNo) {
			return retry.Stop()
		}
		return retry.Again()
	}
	growing := retry.Backoff{First: time.Second, Max: 3 * time.Second}
	for name, c := range map[string]struct {
		policy retry.Policy
		errs   []error
		limit  time.Duration
		want   []time.Duration // of the attempts
		err    error
	}{
		"passes at once":        {retry.Policy{}, []error{nil}, 0, []time.Duration{0}, nil},
		"back-off with a limit": {retry.Policy{Backoff: growing}, []error{errBusy, errBusy, errBusy, errBusy, nil}, 0, []time.Duration{0, 1, 3, 6, 9}, nil},
		"attempts":              {retry.Policy{Backoff: growing, Attempts: 3}, []error{errBusy}, 0, []time.Duration{0, 1, 3}, errBusy},
		"stop":                  {retry.Policy{Backoff: growing, Classify: byError}, []error{errBusy, errNo, nil}, 0, []time.Duration{0, 1}, errNo},
		"after": {retry.Policy{Backoff: growing, Classify: func(n int, _ error) retry.Decision {
			return retry.After(time.Duration(n-1) * 10 * time.Second)
		}}, []error{errBusy, errBusy, nil}, 0, []time.Duration{0, 0, 10}, nil},
		"deadline": {retry.Policy{Backoff: growing}, []error{errBusy}, 5 * time.Second, []time.Duration{0, 1, 3}, errBusy},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				if c.limit > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, c.limit)
					defer cancel()
				}
				do, times := attempts(c.errs...)
				err := retry.Do(ctx, c.policy, do)
				if !errors.Is(err, c.err) || (err == nil) != (c.err == nil) {
					t.Errorf("error %v, want %v", err, c.err)
				}
				if len(*times) != len(c.want) {
					t.Fatalf("attempts after %v, want %v s", *times, c.want)
				}
				for i, at := range *times {
					if at != c.want[i]*time.Second {
						t.Errorf("attempts after %v, want %v s", *times, c.want)
					}
				}
			})
		})
	}
}

// A wait that the context would not outlast is not begun, and the error says so.
func TestNoTimeIsWasted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		do, times := attempts(errBusy)
		began := time.Now()
		err := retry.Do(ctx, retry.Policy{Classify: func(int, error) retry.Decision { return retry.After(time.Hour) }}, do)
		late, ok := errors.AsType[*retry.LateError](err)
		if !ok || late.Wait != time.Hour || !errors.Is(err, errBusy) || !strings.Contains(err.Error(), "1h0m0s") {
			t.Errorf("error %v", err)
		}
		if time.Since(began) != 0 || len(*times) != 1 {
			t.Errorf("it took %v and %d attempts", time.Since(began), len(*times))
		}
	})
}

func TestCancelledWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		cause := errors.New("the job was cancelled")
		time.AfterFunc(90*time.Second, func() { cancel(cause) })
		do, times := attempts(errBusy)
		began := time.Now()
		err := retry.Do(ctx, retry.Policy{Backoff: retry.Backoff{First: time.Minute, Max: time.Minute}}, do)
		if !errors.Is(err, errBusy) || !errors.Is(err, cause) {
			t.Errorf("error %v", err)
		}
		if time.Since(began) != 90*time.Second || len(*times) != 2 {
			t.Errorf("it took %v and %d attempts", time.Since(began), len(*times))
		}
	})
}

func TestJitter(t *testing.T) {
	t.Parallel()
	b := retry.Backoff{First: time.Second, Max: 8 * time.Second, Jitter: 0.25}
	for n, most := range map[int]time.Duration{1: time.Second, 2: 2 * time.Second, 4: 8 * time.Second, 5: 8 * time.Second, 1000: 8 * time.Second} {
		seen := map[time.Duration]bool{}
		for range 100 {
			wait := b.Wait(n)
			if wait > most || wait < most*3/4 {
				t.Errorf("wait %d is %v, want at most %v less a quarter", n, wait, most)
			}
			seen[wait] = true
		}
		if len(seen) < 50 {
			t.Errorf("wait %d has %d values in 100", n, len(seen))
		}
	}
}

func TestAfterHeader(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"7": 7 * time.Second, "0": 0,
		now.Add(time.Minute).Format(http.TimeFormat):  time.Minute,
		now.Add(-time.Minute).Format(http.TimeFormat): 0,
		"": -1, "-3": -1, "soon": -1, "99999999999": -1,
	} {
		h := http.Header{"Retry-After": {text}, "Date": {now.Format(http.TimeFormat)}}
		got, ok := retry.AfterHeader(h)
		if ok != (want >= 0) || ok && got != want {
			t.Errorf("%q: %v, %v; want %v", text, got, ok, want)
		}
	}
}
