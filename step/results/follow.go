package results

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/Iyalvan/mlops-track/internal/retry"
	"github.com/Iyalvan/mlops-track/mlflow"
)

const (
	pollInterval  = 200 * time.Millisecond // between two looks at the file
	flushInterval = 600 * time.Millisecond // how long points may wait for more of them
	firstWait     = 500 * time.Millisecond // after a failed post; doubled each time
	longestWait   = 30 * time.Second       // while the step runs
	finishWait    = 5 * time.Second        // at the end

	maxRejected = 100 // single points; with more, the cause is not the points
)

// Follower uploads the points of a metrics file while the step writes it. Reading and posting overlap. At most a few
// batches are in memory: while the store is unreachable the points stay in the file.
type Follower struct {
	post    Post
	cancel  context.CancelFunc // ends reading and posting
	stop    context.CancelFunc // called when the step has ended
	batches chan batch
	tick    func() // set before running ends
	reader  *pointReader
	read    chan struct{} // closed when the reader has ended; readErr is set
	readErr error
	posted  chan struct{} // closed when the poster has ended; done is set
	done    uploaded
}

// uploaded is what the poster has done.
type uploaded struct {
	points   int
	rejected int
	firstErr error // why the first of these was rejected
	file     int   // as in batch
	end      int64
	err      error
}

// Follow starts to follow a file, which may not exist yet. A post that fails is retried until Finish ends; only points
// that the store rejects (*mlflow.RejectedError) are omitted. Finish must be called.
func Follow(path string, post Post) *Follower {
	f := &Follower{
		post: post, batches: make(chan batch), reader: newPointReader(path, 0),
		read: make(chan struct{}), posted: make(chan struct{}),
	}
	ctx, cancel := context.WithCancel(context.Background())
	running, stop := context.WithCancel(context.Background())
	f.cancel, f.stop = cancel, stop
	go f.readOn(ctx, running)
	go f.postOn(ctx, running)
	return f
}

// Finish reads the rest of the file, uploads it and ends. It gives up when ctx is done. tick is called for each batch that
// Finish uploads; it may be nil. Finish is called once.
func (f *Follower) Finish(ctx context.Context, tick func()) Followed {
	f.tick = tick
	f.stop()
	defer f.cancel()
	defer context.AfterFunc(ctx, f.cancel)()
	<-f.read
	<-f.posted
	f.reader.tail.close()
	out := Followed{
		Lines: f.reader.lines, Bad: f.reader.bad, BadLines: f.reader.badLines,
		Points: f.done.points, Rejected: f.done.rejected, FirstRejection: f.done.firstErr, Err: cmp.Or(f.done.err, f.readErr),
	}
	if f.done.file == f.reader.tail.files { // else nothing of the current file was uploaded
		out.Offset = f.done.end
	}
	return out
}

// readOn reads until the step has ended, that is, running is done, and everything is read.
func (f *Follower) readOn(ctx, running context.Context) {
	defer close(f.read)
	defer close(f.batches)
	poll := time.NewTicker(pollInterval)
	defer poll.Stop()
	hand := func(b batch) error { return f.hand(ctx, b) }
	for {
		last := running.Err() != nil // checked before reading, so that all that was written before the end is read
		err := f.reader.read(last, hand)
		if err == nil && len(f.reader.pending.points) > 0 && time.Since(f.reader.since) >= flushInterval {
			err = f.reader.flush(hand)
		}
		if last {
			f.readErr = err
			return
		}
		select { // an error of the file may be temporary: it is read again
		case <-poll.C:
		case <-running.Done():
		case <-ctx.Done():
			f.readErr = ctx.Err()
			return
		}
	}
}

// hand sends a batch to the poster.
func (f *Follower) hand(ctx context.Context, b batch) error {
	select {
	case f.batches <- b:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// postOn uploads batches until there are no more or an error is permanent.
func (f *Follower) postOn(ctx, running context.Context) {
	defer close(f.posted)
	for b := range f.batches {
		if f.done.err = f.upload(ctx, running, b.points); f.done.err != nil {
			f.cancel() // stop the reader
			return
		}
		f.done.file, f.done.end = b.file, b.end
	}
}

// upload posts points. If the store rejects them, each half is tried, so that a bad point does not affect the
// others; a single one is omitted. After an error nothing more can be uploaded.
func (f *Follower) upload(ctx, running context.Context, points []mlflow.Metric) error {
	if len(points) == 0 {
		return nil
	}
	err := f.postWithRetry(ctx, running, points)
	var rejected *mlflow.RejectedError
	switch {
	case err == nil:
		f.done.points += len(points)
		return nil
	case !errors.As(err, &rejected), rejected.Lasting(), errors.Is(err, mlflow.ErrNotFound), f.done.rejected >= maxRejected:
		return err
	case len(points) > 1:
		half := len(points) / 2
		if err := f.upload(ctx, running, points[:half]); err != nil {
			return err
		}
		return f.upload(ctx, running, points[half:])
	}
	f.done.rejected++
	if f.done.firstErr == nil {
		f.done.firstErr = err
	}
	return nil
}

// postWithRetry posts points and retries while the store is unreachable. When the step ends, waiting points are posted at once,
// and from then on retried more often.
func (f *Follower) postWithRetry(ctx, running context.Context, points []mlflow.Metric) error {
	post := func(context.Context) error {
		err := f.post(ctx, points)
		if err == nil && running.Err() != nil && f.tick != nil {
			f.tick()
		}
		return err
	}
	policy := retry.Policy{
		Backoff: retry.Backoff{First: firstWait, Max: longestWait},
		Classify: func(_ int, err error) retry.Decision {
			if isRejected(err) {
				return retry.Stop()
			}
			return retry.Again()
		},
	}
	if running.Err() == nil {
		if err := retry.Do(running, policy, post); err == nil || isRejected(err) || ctx.Err() != nil {
			return err
		}
	}
	policy.Backoff.Max = finishWait
	return retry.Do(ctx, policy, post)
}

func isRejected(err error) bool {
	_, ok := errors.AsType[*mlflow.RejectedError](err)
	return ok
}
