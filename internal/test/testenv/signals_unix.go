//go:build unix

package testenv

import (
	"os"
	"os/signal"
	"syscall"
)

// CatchIgnored catches the signals that this process was started to ignore, as nohup and shells do for jobs in the background. Programs
// that it starts then get them as they get them in a terminal: what is ignored is inherited, what is caught is not.
func CatchIgnored() {
	for _, sig := range []os.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT} {
		if signal.Ignored(sig) {
			signal.Notify(make(chan os.Signal, 1), sig)
		}
	}
}
