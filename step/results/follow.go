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
	pollInterval  = 50 * time.Millisecond  // between two looks at the file
	flushInterval = 600 * time.Millisecond // how long points may wait for more of them
	firstWait     = 500 * time.Millisecond // after a failed post; doubled each time
	longestWait   = 30 * time.Second       // while the step runs
	finishWait    = 5 * time.Second        // at the end

	maxRejected = 100 // single points; with more, the cause is not the points
)

// Follower uploads the points of a metrics file while the step writes it. Reading does not wait for uploading: what the
// store has not taken yet waits in a queue.
type Follower struct {
	post   Post
	stop   context.CancelFunc // called when the step has ended
	giveUp context.CancelFunc // ends reading and posting
	tick   func()             // set before running ends
	queue  *queue
	reader *pointReader
	read   chan struct{} // closed when the reader has ended
	posted chan struct{} // closed when the poster has ended; done is set
	done   uploaded
}

// uploaded is what the poster has done.
type uploaded struct {
	points   int
	rejected int
	firstErr error // why the first of these was rejected
	err      error
}

// Follow starts to follow a file, which may not exist yet. Points that wait for the store may be stored in a folder meanwhile. A
// post that fails is retried until Finish ends; only points that the store rejects (*mlflow.RejectedError) are
// omitted. Finish must be called, and Close at the end.
func Follow(path, folder string, post Post) *Follower {
	f := &Follower{
		post: post, queue: newQueue(folder), reader: newPointReader(path),
		read: make(chan struct{}), posted: make(chan struct{}),
	}
	ctx, giveUp := context.WithCancel(context.Background())
	running, stop := context.WithCancel(context.Background())
	f.giveUp, f.stop = giveUp, stop
	go f.readOn(ctx, running)
	go f.postOn(ctx, running)
	return f
}

// Finish reads the rest of the file, uploads it and ends. It gives up when ctx is done. tick is called for each batch that
// Finish uploads; it may be nil. Finish is called once.
func (f *Follower) Finish(ctx context.Context, tick func()) Followed {
	f.tick = tick
	f.stop()
	defer context.AfterFunc(ctx, f.giveUp)()
	<-f.posted
	<-f.read
	return f.followed()
}

// Rest uploads with another function what Finish did not upload. It stops at the first error.
func (f *Follower) Rest(ctx context.Context, post Post) Followed {
	f.done.err = nil
	if f.reader.tail.end < 0 {
		f.reader.tail.finishAt()
	}
	for again := true; again && f.done.err == nil; {
		if f.reader.failed != nil { // it goes on where it stopped
			_ = f.reader.read(ctx, true, f.queue.add) // the reader has the error
		}
		again = errors.Is(f.reader.failed, errFull)
		f.done.err = f.drain(ctx, post)
	}
	return f.followed()
}

func (f *Follower) drain(ctx context.Context, post Post) error {
	for {
		points, err := f.queue.first()
		if err != nil || len(points) == 0 {
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := post(ctx, points); err != nil {
			return err
		}
		f.done.points += len(points)
		f.queue.remove(len(points))
	}
}

// Close frees what the follower holds; what was not uploaded by then is lost.
func (f *Follower) Close() {
	f.giveUp()
	f.reader.tail.close()
	f.queue.close()
}

func (f *Follower) followed() Followed {
	r := f.reader
	return Followed{
		Lines: r.lines, Bad: r.bad, BadLines: r.badLines, Rewrites: r.tail.rewrites, Unseen: r.tail.unseen(),
		Points: f.done.points, Rejected: f.done.rejected, FirstRejection: f.done.firstErr, Err: cmp.Or(f.done.err, r.failed),
	}
}

// readOn reads until the step has ended, that is, running is done, and everything is read.
func (f *Follower) readOn(ctx, running context.Context) {
	defer close(f.read)
	defer f.queue.end()
	poll := time.NewTicker(pollInterval)
	defer poll.Stop()
	stopped, nobody := running.Done(), (<-chan struct{})(nil)
	for last := false; ; {
		if !last && running.Err() != nil { // checked before reading, so that all that was written before the end is read
			last, stopped, nobody = true, nil, f.posted
			f.reader.tail.finishAt()
		}
		err := f.reader.read(ctx, last, f.queue.add)
		if last && !(errors.Is(err, errFull) && open(nobody)) {
			return
		}
		select { // an error of the file may be temporary: it is read again
		case <-poll.C:
		case <-f.queue.room:
		case <-stopped:
		case <-nobody:
		case <-ctx.Done():
			f.reader.failed = context.Cause(ctx)
			return
		}
	}
}

func open(c <-chan struct{}) bool {
	select {
	case <-c:
		return false
	default:
		return true
	}
}

// postOn uploads batches until there are no more or an error is permanent.
func (f *Follower) postOn(ctx, running context.Context) {
	defer close(f.posted)
	for {
		points, err := f.batch(ctx)
		if err == nil && len(points) > 0 {
			err = f.upload(ctx, running, points)
		}
		if f.done.err = err; err != nil || len(points) == 0 {
			return
		}
		f.queue.remove(len(points))
	}
}

// batch waits for a full batch, or less after flushInterval and at the end. It is empty when there is nothing more.
func (f *Follower) batch(ctx context.Context) ([]mlflow.Metric, error) {
	var due <-chan time.Time
	for {
		points, ended := f.queue.size()
		if points >= mlflow.MaxBatchMetrics || ended {
			return f.queue.first()
		}
		if points > 0 && due == nil {
			due = time.After(flushInterval)
		}
		select {
		case <-f.queue.changed:
		case <-due:
			return f.queue.first()
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
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
	case !errors.As(err, &rejected), rejected.Err != nil, rejected.Lasting(), errors.Is(err, mlflow.ErrNotFound), f.done.rejected >= maxRejected:
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
			if final(err, running.Err() != nil) {
				return retry.Stop()
			}
			return retry.Again()
		},
	}
	if running.Err() == nil {
		if err := retry.Do(running, policy, post); err == nil || final(err, running.Err() != nil) || ctx.Err() != nil {
			return err
		}
	}
	policy.Backoff.Max = finishWait
	return retry.Do(ctx, policy, post)
}

// final reports whether posting again is of no use: the store rejects the points, or it cannot write on this machine and
// the step, which may have filled the disk, has ended.
func final(err error, ended bool) bool {
	rejected, ok := errors.AsType[*mlflow.RejectedError](err)
	return ok && (rejected.Err == nil || ended)
}
