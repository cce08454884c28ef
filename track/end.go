package track

import (
	"cmp"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"unicode/utf8"

	"github.com/Iyalvan/mlops-track/internal/visible"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/step"
)

// The error types that are not names of Python exceptions.
const (
	errorExit          = "ExitError"
	errorSignal        = "Signal"
	errorOutOfMemory   = "OutOfMemory"
	errorNotFound      = "CommandNotFound"
	errorNotExecutable = "NotExecutable"
	errorMissingParams = "MissingParams"
	errorInvalidResult = "InvalidResult"
)

// maxErrorMessage is the length of tag mlops.error_message in characters.
const maxErrorMessage = 500

// end is how a step ended, as the run's status and tags.
type end struct {
	status    mlflow.Status
	exitCode  int
	errorType string
	message   string
}

// endOf decides from how the step ended and, for a step that succeeded, from its outputs: the faults of its result, and
// whether params are missing altogether.
func endOf(result step.Result, raised step.Exception, faults []string, missing bool) end {
	e := end{status: mlflow.Failed, exitCode: result.ExitCode}
	switch {
	case result.Interrupt != nil:
		e.status, e.errorType, e.message = mlflow.Killed, errorSignal, "cancelled by "+step.SignalName(result.Interrupt)
	case result.NotRun != nil:
		e.errorType, e.message = errorNotExecutable, result.NotRun.Error()
		if errors.Is(result.NotRun, exec.ErrNotFound) || result.ExitCode == 127 {
			e.errorType = errorNotFound
		}
	case result.OOM:
		e.errorType, e.message = errorOutOfMemory, "the kernel killed the step: out of memory"
	case result.Signal != 0:
		e.errorType, e.message = errorSignal, "ended by "+step.SignalName(result.Signal)
	case result.ExitCode != 0 && raised.Type != "":
		e.errorType, e.message = raised.Type, cmp.Or(visible.Text(raised.Message), raised.Type)
	case result.ExitCode != 0:
		e.errorType, e.message = errorExit, lastWords(result.Tail, result.ExitCode)
	case len(faults) > 0:
		e.errorType, e.message, e.exitCode = errorInvalidResult, strings.Join(faults, "; "), 1
	case missing:
		e.errorType, e.exitCode = errorMissingParams, 1
		e.message = "autolog captured no params and the result has none"
	default:
		e.status = mlflow.Finished
	}
	e.message, _ = mlflow.Truncate(e.message, maxErrorMessage)
	return e
}

// tags returns the tags about the end.
func (e end) tags() []mlflow.Tag {
	word := map[mlflow.Status]string{mlflow.Finished: "success", mlflow.Failed: "failed", mlflow.Killed: "killed"}[e.status]
	tags := []mlflow.Tag{{Key: "mlops.status", Value: word}}
	if e.status != mlflow.Finished {
		tags = append(tags,
			mlflow.Tag{Key: "mlops.error_type", Value: e.errorType},
			mlflow.Tag{Key: "mlops.error_message", Value: e.message},
			mlflow.Tag{Key: "mlops.exit_code", Value: fmt.Sprint(e.exitCode)})
	}
	return tags
}

// lastWords returns the end of standard error, else the exit code.
func lastWords(tail string, code int) string {
	text := strings.TrimSpace(visible.Text(tail))
	if text == "" {
		return fmt.Sprintf("exit code %d", code)
	}
	for utf8.RuneCountInString(text) > maxErrorMessage {
		_, size := utf8.DecodeRuneInString(text)
		text = text[size:]
	}
	return text
}
