package track

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// After a cancel GitHub kills what is left 10 s after it has asked. The last word with the store is spoken before that, and
// what the store did not take is kept in between.
// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-cancellation
const (
	closeBudget = 7500 * time.Millisecond
	keepBudget  = 9500 * time.Millisecond
	usualGrace  = 5 * time.Second // the default of stop-grace, which both have room for
)

// extraTime is what the budgets have besides: who makes stop-grace longer than usual has more time than GitHub gives.
func (p Plan) extraTime() time.Duration { return max(0, p.StopGrace-usualGrace) }

// interrupts takes the signals that ask this process to end, from the start of the job to its end.
type interrupts struct {
	ctx     context.Context // done when the first signal has come; its cause is an interrupted
	forward chan os.Signal  // every signal, for the step
	stop    func()
}

// interrupted is the cause of a context that a signal has ended.
type interrupted struct {
	signal os.Signal
	at     time.Time
}

func (i interrupted) Error() string { return fmt.Sprintf("interrupted by %s", i.signal) }

func watch(ctx context.Context, signals <-chan os.Signal) *interrupts {
	ctx, cancel := context.WithCancelCause(ctx)
	in := &interrupts{ctx: ctx, forward: make(chan os.Signal, 8)}
	ended := make(chan struct{})
	in.stop = func() { close(ended); cancel(nil) }
	go func() {
		for {
			select {
			case sig := <-signals:
				cancel(interrupted{signal: sig, at: time.Now()}) // only the first one counts
				select {
				case in.forward <- sig:
				default: // nobody listens any more
				}
			case <-ended:
				return
			}
		}
	}()
	return in
}

// after is a context for work after the step. It lives on when a signal has come, but only for budget from then; and it
// ends when tick was not called for stall.
func (in *interrupts) after(budget, stall time.Duration) (ctx context.Context, tick, cancel func()) {
	ctx, end := context.WithCancelCause(context.WithoutCancel(in.ctx))
	timer := time.AfterFunc(stall, func() { end(fmt.Errorf("no progress for %s", stall)) })
	unwatch := context.AfterFunc(in.ctx, func() {
		if cause, ok := errors.AsType[interrupted](context.Cause(in.ctx)); ok {
			time.AfterFunc(time.Until(cause.at.Add(budget)), func() { end(cause) })
		}
	})
	return ctx, func() { timer.Reset(stall) }, func() { unwatch(); timer.Stop(); end(nil) }
}
