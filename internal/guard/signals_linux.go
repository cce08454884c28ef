package guard

import (
	"os"
	"syscall"
)

// systemSignals returns the signals that end a program on this system only. The real-time signals are not among them: none has a
// meaning of its own, and to catch all 31 takes a millisecond.
func systemSignals() []os.Signal { return []os.Signal{syscall.SIGPWR, syscall.SIGSTKFLT} }
