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
	Workers  int                 // files at a time; 0 means 8
	Progress func(done Progress) // called often, one call at a time; may be nil
}

// Progress is how far an upload is. Bytes of a repeated attempt count once.
type Progress struct {
	Files int
	Bytes int64
}

// Result is what an upload came to.
type Result struct {
	Files  int       // uploaded
	Bytes  int64     // of those
	Failed []Failure // in the order of the files
}

// Failure is a file that was not uploaded.
type Failure struct {
	File File
	Err  error
}

const defaultWorkers = 8

// Upload puts files into a Repo, several at a time. A file that fails does not keep the others from being tried, unless
// the context ends or the server refuses whoever asks; the rest is then reported as failed, too.
func Upload(ctx context.Context, repo Repo, files []File, opts Options) Result {
	if opts.Workers <= 0 {
		opts.Workers = defaultWorkers
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	u := &upload{repo: repo, progress: opts.Progress, errs: make([]error, len(files))}
	var group errgroup.Group
	group.SetLimit(opts.Workers)
	for i, file := range files {
		if ctx.Err() != nil {
			u.errs[i] = fmt.Errorf("not tried: %w", context.Cause(ctx))
			continue
		}
		group.Go(func() error {
			u.errs[i] = u.file(ctx, file)
			if refused, ok := errors.AsType[*mlflow.RefusedError](u.errs[i]); ok && refused.Lasting() {
				stop(refused)
			}
			return nil
		})
	}
	_ = group.Wait() // the errors are kept by file
	r := Result{Files: u.done.Files, Bytes: u.done.Bytes}
	for i, err := range u.errs {
		if err != nil {
			r.Failed = append(r.Failed, Failure{File: files[i], Err: err})
		}
	}
	return r
}

type upload struct {
	repo     Repo
	progress func(Progress)
	errs     []error // by file

	mu   sync.Mutex
	done Progress
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
	if u.progress != nil {
		u.progress(u.done)
	}
}
