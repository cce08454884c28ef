package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// After a cancel GitHub kills the job's processes 10 s after the first signal. The server has until closeBudget to store the run;
// the rest is stored offline until storeBudget.
// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-cancellation
const (
	closeBudget = 7500 * time.Millisecond
	storeBudget = 9500 * time.Millisecond
	usualGrace  = 5 * time.Second // the default of stop-grace, which both have room for
)

// extraTime is added to the budgets: a user with a longer stop-grace has more time than GitHub gives.
func extraTime(stopGrace time.Duration) time.Duration { return max(0, stopGrace-usualGrace) }

// interruption is the cause of a context that a signal has ended.
type interruption struct {
	signal os.Signal
	at     time.Time
}

func (i interruption) Error() string { return fmt.Sprintf("interrupted by %s", i.signal) }

// watch receives the signals that end this process. The first one ends the returned context, whose cause is an
// interruption; every one goes to forward, for the step.
func watch(ctx context.Context, signals <-chan os.Signal) (watched context.Context, forward <-chan os.Signal, stop func()) {
	watched, cancel := context.WithCancelCause(ctx)
	passed, ended := make(chan os.Signal, 8), make(chan struct{})
	go func() {
		for {
			select {
			case sig := <-signals:
				cancel(interruption{signal: sig, at: time.Now()}) // only the first one counts
				select {
				case passed <- sig:
				default: // the step has ended
				}
			case <-ended:
				return
			}
		}
	}()
	return watched, passed, func() { close(ended); cancel(nil) }
}

// within returns a context for work after the step. It outlives the signal that ended watched, but only for budget from then; and
// it ends when tick was not called for stall, unless that is 0.
func within(watched context.Context, budget, stall time.Duration) (ctx context.Context, tick, cancel func()) {
	ctx, end := context.WithCancelCause(context.WithoutCancel(watched))
	tick = func() {}
	stopTimer := func() bool { return true }
	if stall > 0 {
		timer := time.AfterFunc(stall, func() { end(fmt.Errorf("no progress for %s", stall)) })
		tick, stopTimer = func() { timer.Reset(stall) }, timer.Stop
	}
	unwatch := context.AfterFunc(watched, func() {
		if cause, ok := errors.AsType[interruption](context.Cause(watched)); ok {
			time.AfterFunc(time.Until(cause.at.Add(budget)), func() { end(cause) })
		}
	})
	return ctx, tick, func() { unwatch(); stopTimer(); end(nil) }
}

// signalNumber returns the number of a signal, as in the exit code 128+n.
func signalNumber(sig os.Signal) int {
	if s, ok := sig.(syscall.Signal); ok {
		return int(s)
	}
	return 0
}
