package track

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"unicode/utf8"

	"github.com/Iyalvan/mlops-track/internal/process"
	"github.com/Iyalvan/mlops-track/mlflow"
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

// Verdict is the truth about the run.
type Verdict struct {
	Status       mlflow.Status
	ErrorType    string
	ErrorMessage string
	ExitCode     int // of this process
}

// judge decides from how the step ended, and for a step that ended well from what it left. What the script's own MLflow
// client wrote plays no part.
func judge(step process.Result, raised Exception, resultFaults []string, missingParams bool) Verdict {
	v := Verdict{Status: mlflow.Failed, ExitCode: step.ExitCode}
	switch {
	case step.Asked != nil:
		v.Status, v.ErrorType, v.ErrorMessage = mlflow.Killed, errorSignal, "cancelled by "+signalName(step.Asked)
	case step.NotRun != nil:
		v.ErrorType, v.ErrorMessage = errorNotExecutable, step.NotRun.Error()
		if errors.Is(step.NotRun, exec.ErrNotFound) || step.ExitCode == 127 {
			v.ErrorType = errorNotFound
		}
	case step.OOM:
		v.ErrorType, v.ErrorMessage = errorOutOfMemory, "the kernel killed the step for want of memory"
	case step.Signal != 0:
		v.ErrorType, v.ErrorMessage = errorSignal, "ended by "+signalName(step.Signal)
	case step.ExitCode != 0 && raised.Type != "":
		v.ErrorType, v.ErrorMessage = raised.Type, first(raised.Message, raised.Type)
	case step.ExitCode != 0:
		v.ErrorType, v.ErrorMessage = errorExit, ending(step.Tail, step.ExitCode)
	case len(resultFaults) > 0:
		v.ErrorType, v.ErrorMessage, v.ExitCode = errorInvalidResult, strings.Join(resultFaults, "; "), 1
	case missingParams:
		v.ErrorType, v.ExitCode = errorMissingParams, 1
		v.ErrorMessage = "autolog captured no params and the result has none"
	default:
		v.Status = mlflow.Finished
	}
	v.ErrorMessage, _ = mlflow.Truncate(v.ErrorMessage, maxErrorMessage)
	return v
}

// tags are what the verdict writes on the run.
func (v Verdict) tags() []mlflow.Tag {
	word := map[mlflow.Status]string{mlflow.Finished: "success", mlflow.Failed: "failed", mlflow.Killed: "killed"}[v.Status]
	tags := []mlflow.Tag{{Key: "mlops.status", Value: word}}
	if v.Status != mlflow.Finished {
		tags = append(tags,
			mlflow.Tag{Key: "mlops.error_type", Value: v.ErrorType},
			mlflow.Tag{Key: "mlops.error_message", Value: v.ErrorMessage},
			mlflow.Tag{Key: "mlops.exit_code", Value: fmt.Sprint(v.ExitCode)})
	}
	return tags
}

// ending is the end of standard error, else the bare exit code.
func ending(tail string, code int) string {
	text := strings.TrimSpace(withoutEscapes(strings.ToValidUTF8(tail, "�")))
	if text == "" {
		return fmt.Sprintf("exit code %d", code)
	}
	for utf8.RuneCountInString(text) > maxErrorMessage {
		_, size := utf8.DecodeRuneInString(text)
		text = text[size:]
	}
	return text
}

// withoutEscapes removes the sequences with which programs colour a terminal: ESC [ ... letter (ECMA-48, 5.4).
func withoutEscapes(text string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, "\x1b[")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		text = strings.TrimLeft(after, "0123456789:;<=>?! ")
		if text != "" {
			text = text[1:]
		}
	}
}
