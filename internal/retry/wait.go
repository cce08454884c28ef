package retry

import (
	"context"
	"math/rand/v2"
	"time"
)

// Backoff is how the wait between attempts grows: twice as long each time.
type Backoff struct {
	First time.Duration // after the first attempt
	Max   time.Duration
	// Jitter is the part of a wait that is left to chance, so that clients which failed together do not come back together:
	// with 0.5 a wait of 4 s lasts 2 to 4 s.
	Jitter float64
}

// Wait returns the wait after the nth attempt, counted from 1.
func (b Backoff) Wait(n int) time.Duration {
	wait := b.First
	for i := 1; i < n && wait < b.Max; i++ {
		wait *= 2
	}
	wait = min(wait, b.Max)
	if chance := time.Duration(float64(wait) * b.Jitter); chance > 0 {
		wait -= rand.N(chance + 1)
	}
	return wait
}

// Wait waits and returns whether ctx let it; it does not even begin where ctx ends earlier.
func Wait(ctx context.Context, wait time.Duration) bool {
	if !inTime(ctx, wait) || ctx.Err() != nil {
		return false
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// inTime reports whether ctx lasts longer than a wait, as far as its deadline says.
func inTime(ctx context.Context, wait time.Duration) bool {
	end, ok := ctx.Deadline()
	return !ok || time.Until(end) >= wait
}
