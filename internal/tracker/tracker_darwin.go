package tracker

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// initialNamespace is the only one.
const initialNamespace = ""

func boot() string {
	id, err := unix.Sysctl("kern.bootsessionuuid")
	if err != nil {
		return ""
	}
	return id
}

func machine() string {
	id, err := unix.Sysctl("kern.uuid")
	if err != nil {
		return ""
	}
	return machineHash(id)
}

func namespace() string { return initialNamespace }

// look reads when a process was started, in microseconds.
func look(pid int) (start string, there presence) {
	if errors.Is(unix.Kill(pid, 0), unix.ESRCH) {
		return "", absent
	}
	info, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil {
		return "", unknown
	}
	return fmt.Sprintf("%d.%06d", info.Proc.P_starttime.Sec, info.Proc.P_starttime.Usec), present
}
