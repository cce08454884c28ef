//go:build unix

package guard_test

import (
	"os"
	"os/signal"
	"syscall"
	"testing"

	"github.com/Iyalvan/mlops-track/internal/guard"
)

// Every signal that ends a program and that another process may send comes in; none ends this process.
func TestSignalsAreCaught(t *testing.T) {
	for _, sig := range []syscall.Signal{
		syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGILL, syscall.SIGTRAP, syscall.SIGABRT, syscall.SIGBUS, syscall.SIGFPE,
		syscall.SIGUSR1, syscall.SIGSEGV, syscall.SIGUSR2, syscall.SIGALRM, syscall.SIGTERM, syscall.SIGXCPU, syscall.SIGVTALRM, syscall.SIGIO,
		syscall.SIGSYS,
	} {
		if signal.Ignored(sig) { // nohup: what a program was started to ignore it is to ignore
			continue
		}
		if err := syscall.Kill(os.Getpid(), sig); err != nil {
			t.Fatal(err)
		}
		if got := <-guard.Signals(); got != sig {
			t.Errorf("%v comes in as %v", sig, got)
		}
	}
}
