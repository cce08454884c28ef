//go:build unix

package step

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// SignalName returns the name of a signal: SIGTERM.
func SignalName(sig os.Signal) string {
	if s, ok := sig.(syscall.Signal); ok {
		return unix.SignalName(s)
	}
	return sig.String()
}
