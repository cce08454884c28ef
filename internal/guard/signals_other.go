//go:build unix && !linux

package guard

import (
	"os"
	"syscall"
)

// systemSignals returns the signals that end a program on these systems only.
func systemSignals() []os.Signal { return []os.Signal{syscall.SIGEMT} }
