//go:build unix

package guard

import (
	"os"
	"os/signal"
	"syscall"
)

// catch catches every signal that ends a program and that another process may send, so that none ends this process without closing the
// run. A fault of our own stays a panic: the runtime tells it from a signal that was sent.
func catch() <-chan os.Signal {
	caught := make(chan os.Signal, 64)
	// First those for which the runtime would end the process with a dump of its goroutines.
	signal.Notify(caught, syscall.SIGQUIT, syscall.SIGABRT, syscall.SIGILL, syscall.SIGTRAP, syscall.SIGBUS, syscall.SIGFPE, syscall.SIGSEGV,
		syscall.SIGSYS, syscall.SIGTERM, syscall.SIGINT, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGALRM, syscall.SIGVTALRM, syscall.SIGXCPU,
		syscall.SIGIO)
	signal.Notify(caught, systemSignals()...)
	if !signal.Ignored(syscall.SIGHUP) { // nohup has it ignored
		signal.Notify(caught, syscall.SIGHUP)
	}
	// A log that nobody reads any more (| head) must not end the job: a caught SIGPIPE makes writing fail instead. It is
	// not ignored, as the command would inherit that.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	return caught
}
