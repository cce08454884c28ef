package artifact

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/mlflow"
)

// direct is a bucket that is used with AWS credentials or, without any, through presigned URLs of the tracking server.
// Which of the two is decided at the first use.
type direct struct {
	bucket *bucket
	server Repo // nil if no server can help

	mu   sync.Mutex
	repo Repo // nil before
}

func (d *direct) open(ctx context.Context) (Repo, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.repo != nil {
		return d.repo, nil
	}
	err := d.bucket.connect(ctx)
	switch {
	case err == nil:
		d.repo = d.bucket
	case errors.Is(err, errNoCredentials) && d.server != nil:
		d.repo = &fallback{Repo: d.server, why: err}
	case errors.Is(err, errNoCredentials):
		return nil, noCredentials(d.bucket.url(), err.Error())
	default:
		return nil, err
	}
	return d.repo, nil
}

func noCredentials(url, message string) error {
	return hint.With(&mlflow.RejectedError{
		Call: "open " + url, All: true, Message: message,
	}, "set role-to-assume, or AWS credentials such as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or start the tracking server with --serve-artifacts")
}

func (d *direct) begin(ctx context.Context) (batch, error) {
	repo, err := d.open(ctx)
	if err != nil {
		return nil, err
	}
	return begin(ctx, repo)
}

// Put implements Repo.
func (d *direct) Put(ctx context.Context, to string, from Source) error {
	repo, err := d.open(ctx)
	if err != nil {
		return err
	}
	return repo.Put(ctx, to, from)
}

// List implements Repo.
func (d *direct) List(ctx context.Context, folder string) ([]Entry, error) {
	repo, err := d.open(ctx)
	if err != nil {
		return nil, err
	}
	return repo.List(ctx, folder)
}

// Open implements Repo.
func (d *direct) Open(ctx context.Context, from string) (io.ReadCloser, error) {
	repo, err := d.open(ctx)
	if err != nil {
		return nil, err
	}
	return repo.Open(ctx, from)
}

// fallback adds, if the server issues no URLs either, why it was asked.
type fallback struct {
	Repo

	why error
}

// Put implements Repo.
func (f *fallback) Put(ctx context.Context, to string, from Source) error {
	err := f.Repo.Put(ctx, to, from)
	if rejected, ok := errors.AsType[*mlflow.RejectedError](err); ok && hint.Of(err) == serveFix {
		return noCredentials("the bucket", f.why.Error()+"; "+rejected.Message)
	}
	return err
}
