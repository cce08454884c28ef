// Command mlops-track runs a machine-learning training command as one MLflow run, closed with the correct status.
package main

import (
	"context"
	"io"
	"log"
	"os"

	"github.com/Iyalvan/mlops-track/internal/cli"
	"github.com/Iyalvan/mlops-track/internal/guard"
)

// version is set by the linker in releases.
var version = "0.1.0-dev"

func main() {
	log.SetOutput(io.Discard) // the AWS SDK's, which writes there what it returns as an error, too
	dir, err := os.Getwd()
	if err != nil {
		dir = "."
	}
	os.Exit(cli.Main(context.Background(), cli.Process{
		Args:    guard.Args()[1:],
		Environ: guard.Environ(),
		Dir:     dir,
		Stdin:   os.Stdin,
		Stdout:  os.Stdout,
		Stderr:  os.Stderr,
		Signals: guard.Signals(),
		Version: version,
		Hide:    guard.HideArgument,
	}))
}
