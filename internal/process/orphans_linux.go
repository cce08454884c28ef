package process

import "golang.org/x/sys/unix"

// adoptOrphans makes this process the parent of what the step leaves behind, as it is anyway where it is PID 1 of a
// container: so it sees, and collects, what of that has ended (prctl(2), PR_SET_CHILD_SUBREAPER).
func adoptOrphans() { _ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }
