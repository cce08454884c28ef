//go:build unix

package process

import (
	"os"
	"syscall"
)

// Ends reports whether a signal asks a program to end, or says that it has a fault. The others that end a program which does not catch them, such
// as SIGUSR1, are notices: what they mean is up to the command.
func Ends(sig os.Signal) bool {
	switch sig {
	case syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT:
		return true
	default:
		return fault(sig)
	}
}

// fault reports whether a signal is one that the system sends a program for a fault of its own.
func fault(sig os.Signal) bool {
	switch sig {
	case syscall.SIGILL, syscall.SIGTRAP, syscall.SIGABRT, syscall.SIGBUS, syscall.SIGFPE, syscall.SIGSEGV, syscall.SIGSYS:
		return true
	default:
		return false
	}
}

// fromOutside reports whether a command that died of a signal was probably sent it by another process, which may have sent it to us, too.
func fromOutside(sig os.Signal) bool {
	return sig != syscall.SIGKILL && sig != syscall.SIGPIPE && !fault(sig)
}
