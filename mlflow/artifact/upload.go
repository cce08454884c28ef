package artifact

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// File is a local file and the path that it gets in a Repo.
type File struct {
	Path   string
	Target string // relative, with slashes
}

// Options change how files are uploaded.
type Options struct {
	Workers  int                 // files at a time; 0: the Repo's default
	Progress func(done Progress) // called when more is sent than ever before, one call at a time; may be nil
}

// Progress is how far an upload is. Bytes of a repeated attempt count once.
type Progress struct {
	Files int
	Bytes int64
}

// Result is the result of an upload.
type Result struct {
	Files    int       // uploaded, or there already
	Bytes    int64     // of those
	Skipped  int       // of those, because they were there with the same content
	Failed   []Failure // in the order of the files
	Manifest error     // why the manifest was not written; nil also where the Repo gets none
}

// Failure is a file that was not uploaded.
type Failure struct {
	File File
	Err  error
}

// Upload uploads files to a Repo, several at a time. After a failure the other files are still tried, unless
// the context ends or the server rejects every request; the rest is then reported as failed, too.
func Upload(ctx context.Context, repo Repo, files []File, opts Options) Result {
	to, err := begin(ctx, repo)
	if err != nil {
		return AllFailed(files, err)
	}
	if opts.Workers <= 0 {
		opts.Workers = to.workers()
	}
	u := &upload{repo: to, progress: opts.Progress, errs: make([]error, len(files))}
	u.all(ctx, files, opts.Workers)
	r := Result{Files: u.done.Files, Bytes: u.done.Bytes, Manifest: to.end(ctx), Skipped: to.skipped()}
	for i, err := range u.errs {
		if err != nil {
			r.Failed = append(r.Failed, Failure{File: files[i], Err: err})
		}
	}
	return r
}

// AllFailed returns the result of an upload that could not begin.
func AllFailed(files []File, err error) Result {
	var r Result
	for _, file := range files {
		r.Failed = append(r.Failed, Failure{File: file, Err: err})
	}
	return r
}

// batch is where the files of one upload go.
type batch interface {
	Put(ctx context.Context, path string, from Source) error
	workers() int // default number of files at a time
	skipped() int // files that were there already
	end(ctx context.Context) error
}

// begin prepares a Repo for an upload.
func begin(ctx context.Context, repo Repo) (batch, error) {
	if b, ok := repo.(interface {
		begin(context.Context) (batch, error)
	}); ok {
		return b.begin(ctx)
	}
	return oneByOne{repo}, nil
}

// oneByOne is a Repo that needs no preparation.
type oneByOne struct{ Repo }

func (oneByOne) workers() int              { return 8 }
func (oneByOne) skipped() int              { return 0 }
func (oneByOne) end(context.Context) error { return nil }

type upload struct {
	repo     batch
	progress func(Progress)
	errs     []error // by file

	mu       sync.Mutex
	done     Progress
	most     int64 // the most bytes that were ever sent
	restarts int   // of big files
}

// A big file that fails has its way to go once more, which is progress too, but not for ever: who waits for progress would
// otherwise wait for a server that never takes it.
const (
	bigRestart  = 64 << 20 // bytes
	maxRestarts = 3
)

func (u *upload) all(ctx context.Context, files []File, workers int) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var group errgroup.Group
	group.SetLimit(workers)
	for i, file := range files {
		if ctx.Err() != nil {
			u.errs[i] = fmt.Errorf("not tried: %w", context.Cause(ctx))
			continue
		}
		group.Go(func() error {
			u.errs[i] = u.file(ctx, file)
			if rejected, ok := errors.AsType[*mlflow.RejectedError](u.errs[i]); ok && rejected.Lasting() {
				stop(u.errs[i]) // with its hint
			}
			return nil
		})
	}
	_ = group.Wait() // the errors are kept by file
}

func (u *upload) file(ctx context.Context, f File) error {
	var sent atomic.Int64 // parts of one file are sent at the same time
	err := u.repo.Put(ctx, f.Target, Source{Path: f.Path, Sent: func(bytes int64) {
		sent.Add(bytes)
		u.move(0, bytes)
	}})
	if err != nil {
		u.move(0, -sent.Load())
		return err
	}
	u.move(1, 0)
	return nil
}

func (u *upload) move(files int, bytes int64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.done.Files += files
	u.done.Bytes += bytes
	if bytes <= -bigRestart && u.restarts < maxRestarts {
		u.restarts++
		u.most = u.done.Bytes
	}
	if u.progress != nil && (files > 0 || u.done.Bytes > u.most) {
		u.progress(u.done)
	}
	u.most = max(u.most, u.done.Bytes)
}
