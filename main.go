// Command mlops-track runs a machine-learning training command as one MLflow run, closed with the correct status.
package main

import (
	"context"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/Iyalvan/mlops-track/internal/cli"
)

// version is set by the linker in releases.
var version = "0.1.0-dev"

func main() {
	log.SetOutput(io.Discard) // the AWS SDK's, which writes there what it returns as an error, too
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	// A log that nobody reads any more (| head) must not end the job: a caught SIGPIPE makes writing fail instead. It is
	// not ignored, as the command would inherit that.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	dir, err := os.Getwd()
	if err != nil {
		dir = "."
	}
	os.Exit(cli.Main(context.Background(), cli.Process{
		Args:    os.Args[1:],
		Environ: os.Environ(),
		Dir:     dir,
		Stdin:   os.Stdin,
		Stdout:  os.Stdout,
		Stderr:  os.Stderr,
		Signals: signals,
		Version: version,
	}))
}
