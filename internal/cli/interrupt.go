package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/Iyalvan/mlops-track/internal/process"
	"github.com/Iyalvan/mlops-track/step"
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

func (i interruption) Error() string { return "cancelled by " + step.SignalName(i.signal) }

// watch receives the signals that end this process, for as long as a command of it runs. The first one ends the returned context, whose cause is
// an interruption.
func watch(ctx context.Context, signals <-chan os.Signal) (watched context.Context, w *watcher) {
	watched, cancel := context.WithCancelCause(ctx)
	ended := make(chan struct{})
	w = &watcher{
		forward: make(chan os.Signal, 8), abandoned: make(chan struct{}),
		stop: func() { close(ended); cancel(nil) },
	}
	go func() {
		for {
			select {
			case sig := <-signals:
				w.take(sig, func() bool {
					first := watched.Err() == nil
					cancel(interruption{signal: sig, at: time.Now()}) // only the first one counts
					return first
				})
			case <-ended:
				return
			}
		}
	}()
	return watched, w
}

// phase is how far a job has come. What a signal does depends on it.
type phase int32

const (
	starting  phase = iota // nothing is there that would have to be closed: the process may just end
	opening                // a run may exist
	running                // the step gets the signals
	finishing              // the step has ended; what is left ends by itself, within a budget
)

// watcher knows what to do with the signals of this process.
type watcher struct {
	forward   chan os.Signal // for the step
	abandoned chan struct{}  // closed when the process should end although the command has not
	stop      func()         // ends the watching
	phase     atomic.Int32
	giveUp    sync.Once
}

func (w *watcher) enter(p phase) { w.phase.Store(int32(p)) }

func (w *watcher) in(p phase) bool { return phase(w.phase.Load()) == p }

// take does what a signal is for. interrupt ends the context, and reports whether this was the first signal to do so.
func (w *watcher) take(sig os.Signal, interrupt func() bool) {
	switch {
	case process.Ends(sig):
	case w.in(running): // what a notice means is up to the step
		w.pass(sig)
		return
	case w.in(finishing):
		return
	}
	if interrupt() {
		time.AfterFunc(closeBudget, w.abandon)
	} else {
		w.abandon()
	}
	w.pass(sig)
}

func (w *watcher) pass(sig os.Signal) {
	select {
	case w.forward <- sig:
	default: // the step has ended
	}
}

// abandon makes the process end at once if it is interrupted again, or for too long, before there is a run.
func (w *watcher) abandon() {
	if w.in(starting) {
		w.giveUp.Do(func() { close(w.abandoned) })
	}
}

// exitCode returns the exit code of a process whose command has ended with code: that of a death by the signal that interrupted it, unless a step
// was started, which has its own.
func (w *watcher) exitCode(watched context.Context, code int) int {
	cause, ok := errors.AsType[interruption](context.Cause(watched))
	if ok && (w.in(starting) || w.in(opening)) {
		return process.SignalCode(cause.signal)
	}
	return code
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
