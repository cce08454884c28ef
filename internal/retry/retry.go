package retry

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Policy is how often something is tried.
type Policy struct {
	Backoff  Backoff
	Attempts int // at most; 0: as long as the context lasts
	// Classify says what the error of the nth attempt, counted from 1, means; nil: it may always pass.
	Classify func(n int, err error) Decision
}

// Decision is what to do after an attempt that failed. The zero value is Again.
type Decision struct {
	stop  bool
	fixed bool
	after time.Duration
}

// Stop is for an error that lasts.
func Stop() Decision { return Decision{stop: true} }

// Again is for an error that may pass; the next attempt comes after the policy's back-off.
func Again() Decision { return Decision{} }

// After is for an error that passes after a known time.
func After(wait time.Duration) Decision { return Decision{fixed: true, after: wait} }

// LateError is the error of the last attempt, where the context ends before the next one would begin.
type LateError struct {
	Wait time.Duration
	Err  error
}

func (e *LateError) Error() string {
	return fmt.Sprintf("%v (the next attempt makes sense in %s, and there is no time for it)", e.Err, e.Wait.Round(time.Second))
}

// Unwrap returns the error of the attempt.
func (e *LateError) Unwrap() error { return e.Err }

// Do makes attempts until one succeeds, the policy says stop, or ctx ends. It returns the error of the last attempt: as it is,
// in a *LateError, or with the cause for which ctx ended. It makes one attempt even if ctx has ended.
func Do(ctx context.Context, p Policy, attempt func(context.Context) error) error {
	for n := 1; ; n++ {
		err := attempt(ctx)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return interrupted(ctx, err)
		}
		decision := p.decide(n, err)
		if decision.stop {
			return err
		}
		wait := decision.after
		if !decision.fixed {
			wait = p.Backoff.Wait(n)
		}
		switch {
		case Wait(ctx, wait):
		case ctx.Err() != nil:
			return interrupted(ctx, err)
		default:
			return &LateError{Wait: wait, Err: err}
		}
	}
}

func (p Policy) decide(n int, err error) Decision {
	switch {
	case p.Attempts > 0 && n >= p.Attempts:
		return Stop()
	case p.Classify == nil:
		return Again()
	}
	return p.Classify(n, err)
}

// interrupted is the last error with the reason for which there is no further attempt.
func interrupted(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	if errors.Is(err, cause) {
		return err
	}
	return fmt.Errorf("%w (%w)", err, cause)
}
