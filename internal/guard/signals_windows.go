package guard

import (
	"os"
	"os/signal"
	"syscall"
)

// catch catches Ctrl-C, and closing of the console, logging off and shutting down, which Go calls SIGTERM.
func catch() <-chan os.Signal {
	caught := make(chan os.Signal, 64)
	signal.Notify(caught, os.Interrupt, syscall.SIGTERM)
	return caught
}
