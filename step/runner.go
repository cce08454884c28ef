package step

import (
	"os"

	"github.com/Iyalvan/mlops-track/internal/process"
)

// Command is what a runner runs.
type Command = process.Command

// Result is how the step ended.
type Result = process.Result

// Runner runs a command somewhere and waits for its end. Signals that arrive are forwarded to it; the first one also calls
// interrupted, at once and on its own goroutine. Run returns no error: a command that could not be started is a result, too.
type Runner interface {
	Run(c Command, signals <-chan os.Signal, interrupted func(os.Signal)) Result
}

// Local runs a command on this machine, as a child process in a process group of its own.
type Local struct{}

// Run runs a command.
func (Local) Run(c Command, signals <-chan os.Signal, interrupted func(os.Signal)) Result {
	return process.Run(c, signals, interrupted)
}
