package track

import (
	"context"
	"fmt"
	"os"
	"time"
)

// cancelBudget is the time from the first signal to the last word with the store. GitHub kills what is left 10 s after it
// has asked; what the store did not take is kept in between.
// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-cancellation
const cancelBudget = 7500 * time.Millisecond

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

// closing is a context for the work after the step. It lives on when a signal has come, but only as long as a cancelled
// job may; and it ends when tick was not called for stall.
func (in *interrupts) closing(stall time.Duration) (ctx context.Context, tick, cancel func()) {
	ctx, end := context.WithCancelCause(context.WithoutCancel(in.ctx))
	timer := time.AfterFunc(stall, func() { end(fmt.Errorf("no progress for %s", stall)) })
	unwatch := context.AfterFunc(in.ctx, func() {
		if cause, ok := context.Cause(in.ctx).(interrupted); ok { //nolint:errorlint // set by us, never wrapped
			left := time.Until(cause.at.Add(cancelBudget))
			time.AfterFunc(left, func() { end(cause) })
		}
	})
	return ctx, func() { timer.Reset(stall) }, func() { unwatch(); timer.Stop(); end(nil) }
}
