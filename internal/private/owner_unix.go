//go:build unix

package private

import (
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
)

const (
	superuser    = 0
	unmapped     = 65534 // of files whose owner is not in our user namespace, https://man7.org/linux/man-pages/man7/user_namespaces.7.html
	othersWrite  = 0o022
	allUsersHere = "0 0 4294967295" // the map of a system without user namespaces
)

// foreign says in which way a file is not ours alone; empty: it is ours. sticky is a folder in which others may create entries.
func foreign(info fs.FileInfo, sticky bool) string {
	owner, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !ok:
		return "has no known owner"
	case !trusted(owner.Uid):
		return fmt.Sprintf("belongs to another user (uid %d)", owner.Uid)
	case info.Mode()&fs.ModeSymlink == 0 && info.Mode().Perm()&othersWrite != 0 && !sticky:
		return fmt.Sprintf("may be written by other users (mode %04o)", info.Mode().Perm())
	}
	return ""
}

func trusted(uid uint32) bool {
	return uid == superuser || int(uid) == os.Geteuid() || uid == unmapped && inNamespace()
}

// inNamespace reports whether we are in a user namespace without the machine's root, as in an unprivileged container: root's files
// then have the unmapped owner.
func inNamespace() bool {
	text, err := os.ReadFile("/proc/self/uid_map")
	return err == nil && strings.Join(strings.Fields(string(text)), " ") != allUsersHere
}
