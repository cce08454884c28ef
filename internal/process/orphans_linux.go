package process

import "golang.org/x/sys/unix"

// adoptOrphans makes this process the parent of surviving processes of the step, as it is anyway where it is PID 1 of a
// container: so it can reap those that have ended (prctl(2), PR_SET_CHILD_SUBREAPER).
func adoptOrphans() { _ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }
