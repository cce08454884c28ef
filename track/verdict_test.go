package track

import (
	"errors"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/Iyalvan/mlops-track/internal/process"
	"github.com/Iyalvan/mlops-track/mlflow"
)

func TestJudge(t *testing.T) {
	raised := Exception{Type: "ValueError", Message: "bad learning rate"}
	cases := []struct {
		name    string
		step    process.Result
		raised  Exception
		faults  []string
		missing bool
		want    Verdict
	}{
		{name: "success", want: Verdict{Status: mlflow.Finished}},
		{name: "an exception that a subprocess survived", raised: raised, want: Verdict{Status: mlflow.Finished}},
		{
			name: "exception", step: process.Result{ExitCode: 1, Tail: "Traceback"}, raised: raised,
			want: Verdict{mlflow.Failed, "ValueError", "bad learning rate", 1},
		},
		{
			name: "exit n", step: process.Result{ExitCode: 3, Tail: "no data\n"},
			want: Verdict{mlflow.Failed, "ExitError", "no data", 3},
		},
		{
			name: "exit n in colours", step: process.Result{ExitCode: 3, Tail: "\x1b[1;31mno\x1b[0m data\x1b["},
			want: Verdict{mlflow.Failed, "ExitError", "no data", 3},
		},
		{
			name: "silent exit n", step: process.Result{ExitCode: 3},
			want: Verdict{mlflow.Failed, "ExitError", "exit code 3", 3},
		},
		{
			name: "killed by somebody", step: process.Result{ExitCode: 137, Signal: syscall.SIGKILL},
			want: Verdict{mlflow.Failed, "Signal", "ended by SIGKILL", 137},
		},
		{
			name: "out of memory", step: process.Result{ExitCode: 137, Signal: syscall.SIGKILL, OOM: true},
			want: Verdict{mlflow.Failed, "OutOfMemory", "the kernel killed the step for want of memory", 137},
		},
		{
			name: "cancelled", step: process.Result{ExitCode: 130, Signal: syscall.SIGINT, Asked: syscall.SIGINT}, raised: raised,
			want: Verdict{mlflow.Killed, "Signal", "cancelled by SIGINT", 130},
		},
		{
			name: "cancelled, but it ended well", step: process.Result{Asked: syscall.SIGTERM}, faults: []string{"x"},
			want: Verdict{mlflow.Killed, "Signal", "cancelled by SIGTERM", 0},
		},
		{
			name: "not found", step: process.Result{ExitCode: 127, NotRun: exec.ErrNotFound},
			want: Verdict{mlflow.Failed, "CommandNotFound", exec.ErrNotFound.Error(), 127},
		},
		{
			name: "not executable", step: process.Result{ExitCode: 126, NotRun: errors.New("permission denied")},
			want: Verdict{mlflow.Failed, "NotExecutable", "permission denied", 126},
		},
		{
			name: "invalid result", faults: []string{"a", "b"}, missing: true,
			want: Verdict{mlflow.Failed, "InvalidResult", "a; b", 1},
		},
		{
			name: "a failed step beats an invalid result", step: process.Result{ExitCode: 2}, faults: []string{"a"},
			want: Verdict{mlflow.Failed, "ExitError", "exit code 2", 2},
		},
		{
			name: "missing params", missing: true,
			want: Verdict{mlflow.Failed, "MissingParams", "autolog captured no params and the result has none", 1},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := judge(c.step, c.raised, c.faults, c.missing); got != c.want {
				t.Errorf("judge = %+v\nwant    %+v", got, c.want)
			}
		})
	}
}

func TestErrorMessageIsTheEndOfStandardErrorInCharacters(t *testing.T) {
	v := judge(process.Result{ExitCode: 1, Tail: strings.Repeat("ü", 3000) + "the cause\n"}, Exception{}, nil, false)
	if n := len([]rune(v.ErrorMessage)); n != maxErrorMessage || !strings.HasSuffix(v.ErrorMessage, "the cause") {
		t.Errorf("message of %d characters ends with %q", n, v.ErrorMessage[len(v.ErrorMessage)-20:])
	}
}
