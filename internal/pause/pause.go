// Package pause waits between two attempts, no longer than a context lasts.
package pause

import (
	"context"
	"time"
)

// For waits and returns whether ctx let it; it does not even begin where ctx would not.
func For(ctx context.Context, wait time.Duration) bool {
	if end, ok := ctx.Deadline(); ok && time.Until(end) < wait {
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
