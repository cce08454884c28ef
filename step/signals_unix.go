//go:build unix

package step

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// SignalName is the name of a signal as people know it: SIGTERM.
func SignalName(sig os.Signal) string {
	if s, ok := sig.(syscall.Signal); ok {
		return unix.SignalName(s)
	}
	return sig.String()
}
