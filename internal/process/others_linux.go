package process

import (
	"os"
	"runtime"
	"syscall"
	"unsafe"

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
// signal, because no shell is there that could continue it.
func suspend() {
	runtime.LockOSThread() // a signal to this very thread has taken effect when Tgkill returns
	defer runtime.UnlockOSThread()
	// signal.Reset does not bring the default back for this signal. The members of rt_sigaction(2)'s struct do not matter here: all zero is
	// SIG_DFL.
	var byDefault, caught [4]uint64
	const setSize = 8
	const call, stop = unix.SYS_RT_SIGACTION, uintptr(syscall.SIGTSTP)
	_, _, _ = unix.RawSyscall6(call, stop, uintptr(unsafe.Pointer(&byDefault)), uintptr(unsafe.Pointer(&caught)), setSize, 0, 0) //nolint:gosec // see above
	_ = unix.Tgkill(os.Getpid(), unix.Gettid(), syscall.SIGTSTP)
	_, _, _ = unix.RawSyscall6(call, stop, uintptr(unsafe.Pointer(&caught)), 0, setSize, 0, 0) //nolint:gosec // see above
}
