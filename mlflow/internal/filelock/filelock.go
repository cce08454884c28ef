// Package filelock is the lock that keeps the processes which write one embedded store apart: flock(2) on a file beside
// it (LockFileEx on Windows), so it ends with its process. The lock file stays; removing it would open a race.
//
// Python takes the same lock with fcntl.flock.
package filelock

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gofrs/flock"
)

// poll is how often a lock that another process holds is tried again; flock(2) cannot wait with a context.
const poll = 5 * time.Millisecond

// Lock is one lock file. Goroutines of one process queue for it in memory.
type Lock struct {
	turn chan struct{}
	file *flock.Flock
}

// New returns the lock of that file, which is created by the first With.
func New(path string) *Lock {
	const mode = 0o666 // less the umask: another user of a shared folder may lock too
	return &Lock{turn: make(chan struct{}, 1), file: flock.New(path, flock.SetPermissions(mode))}
}

// With runs do while it holds the lock. It waits for the lock as long as ctx lasts.
func (l *Lock) With(ctx context.Context, do func() error) (err error) {
	select {
	case l.turn <- struct{}{}:
	case <-ctx.Done():
		return l.waited(ctx.Err())
	}
	defer func() { <-l.turn }()
	if _, err := l.file.TryLockContext(ctx, poll); err != nil {
		return l.waited(err)
	}
	defer func() { err = errors.Join(err, l.file.Unlock()) }()
	return do()
}

func (l *Lock) waited(err error) error {
	return fmt.Errorf("take lock %q: %w", l.file.Path(), err)
}
