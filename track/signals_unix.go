//go:build unix

package track

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// signalName is the name of a signal as people know it: SIGTERM.
func signalName(sig os.Signal) string {
	if s, ok := sig.(syscall.Signal); ok {
		return unix.SignalName(s)
	}
	return sig.String()
}
