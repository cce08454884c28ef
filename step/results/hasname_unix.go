//go:build unix

package results

import (
	"io/fs"
	"syscall"
)

// hasName reports whether a file that is open has a name yet: it was renamed, not deleted or replaced.
func hasName(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && stat.Nlink > 0
}
