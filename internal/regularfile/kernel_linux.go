package regularfile

import (
	"os"

	"golang.org/x/sys/unix"
)

// kernelFiles returns the file system of a file whose content the kernel makes up as it is read. Such a file says that it is
// regular and has no bytes, may never end, and tells about the process that reads it.
func kernelFiles(f *os.File) (system string, ok bool) {
	var at unix.Statfs_t
	raw, err := f.SyscallConn() // Fd would make a pipe wait
	if err != nil {
		return "", false
	}
	if raw.Control(func(fd uintptr) { err = unix.Fstatfs(int(fd), &at) }) != nil || err != nil {
		return "", false
	}
	switch uint32(at.Type) { //nolint:gosec // magic numbers have 32 bits
	case unix.PROC_SUPER_MAGIC:
		return "procfs", true
	case unix.SYSFS_MAGIC:
		return "sysfs", true
	case unix.CGROUP_SUPER_MAGIC, unix.CGROUP2_SUPER_MAGIC:
		return "cgroupfs", true
	case unix.DEBUGFS_MAGIC, unix.TRACEFS_MAGIC:
		return "debugfs", true
	case unix.SECURITYFS_MAGIC, unix.SELINUX_MAGIC, unix.SMACK_MAGIC:
		return "securityfs", true
	}
	return "", false
}
