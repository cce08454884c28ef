package offline

import (
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// running is the lock that a job holds as long as it may write a stored run. It ends with the job, however that ends.
func running(dir string, n Note) *flock.Flock {
	const mode = 0o644 // as the notes
	return flock.New(filepath.Join(dir, "kept", n.RunID+".lock"), flock.SetPermissions(mode))
}

// holdRunning takes the lock of a run. A folder where that cannot be done has a run whose upload does not wait for its end.
func holdRunning(dir string, n Note) func() error {
	lock := running(dir, n)
	if held, err := lock.TryLock(); err != nil || !held {
		return func() error { return nil }
	}
	return func() error { _ = os.Remove(lock.Path()); return lock.Unlock() }
}

// isRunning reports whether the job of a stored run may still write it.
func isRunning(dir string, n Note) bool {
	lock := running(dir, n)
	if info, err := os.Lstat(lock.Path()); err != nil || !info.Mode().IsRegular() {
		return false
	}
	free, err := lock.TryRLock()
	defer func() { _ = lock.Unlock() }()
	return err == nil && !free
}
