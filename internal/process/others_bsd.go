//go:build unix && !linux

package process

import (
	"os"
	"syscall"
	"time"
)

// realTime returns nothing: Go knows no real-time signals of this system.
func realTime() []os.Signal { return nil }

// suspend stops this process until it is continued. Another thread may get the signal, a moment later.
func suspend() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
	time.Sleep(50 * time.Millisecond)
}
