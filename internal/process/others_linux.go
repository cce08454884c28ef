package process

import (
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// The real-time signals that are free for programs; the two before are the C library's (signal(7)).
const (
	firstRealTime = 34
	lastRealTime  = 64
)

func realTime() []os.Signal {
	var all []os.Signal
	for n := firstRealTime; n <= lastRealTime; n++ {
		all = append(all, syscall.Signal(n))
	}
	return all
}

// suspend does to this process what SIGTSTP does by default. It returns when the process continues; at once where the system ignores the
// signal, because no shell is there that could continue it. A signal to this thread has taken effect when Tgkill returns.
func suspend() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	_ = unix.Tgkill(os.Getpid(), unix.Gettid(), syscall.SIGTSTP)
}
