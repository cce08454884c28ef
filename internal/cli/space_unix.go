//go:build unix

package cli

import (
	"math"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// takesFiles reports whether files can be written in a folder, or where it would be made. It writes nothing.
func takesFiles(dir string) bool {
	for {
		if _, err := os.Lstat(dir); err == nil || dir == filepath.Dir(dir) {
			break
		}
		dir = filepath.Dir(dir)
	}
	var space unix.Statfs_t
	if err := unix.Statfs(dir, &space); err == nil && space.Blocks > 0 && space.Bavail == 0 {
		return false
	}
	return unix.Access(dir, unix.W_OK|unix.X_OK) == nil
}

// maxOpenFiles returns how many files this process may have open at a time.
func maxOpenFiles() uint64 {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return math.MaxUint64
	}
	return uint64(limit.Cur) //nolint:unconvert // signed on FreeBSD
}
