package track_test

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Iyalvan/mlops-track/internal/notice"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/step"
	"github.com/Iyalvan/mlops-track/step/results"
	"github.com/Iyalvan/mlops-track/track"
)

// verdict is what a case of TestJudge is about.
type verdict struct {
	status    mlflow.Status
	errorType string
	message   string
	exitCode  int
}

// captured is a step that trained with autolog in force.
func captured() step.Training {
	return step.Training{Enabled: true, NamesPython: true, Python: true, MLflow: "3.17.2", InForce: true, Trained: true}
}

// withParams is a run in which autolog logged a param.
func withParams() track.Stored {
	return track.Stored{Run: mlflow.Run{Params: map[string]string{"depth": "3"}}}
}

func invalid(messages ...string) []results.Problem {
	problems := []results.Problem{{Severity: results.Warning, Message: "only a warning"}}
	for _, m := range messages {
		problems = append(problems, results.Problem{Severity: results.Error, Message: m})
	}
	return problems
}

func TestJudge(t *testing.T) {
	t.Parallel()
	raised := step.Exception{Type: "ValueError", Message: "bad learning rate"}
	const missing = "autolog captured no params and the result has none"
	for _, c := range []struct {
		name     string
		result   step.Result
		raised   step.Exception
		problems []results.Problem
		empty    bool // autolog captured no params
		want     verdict
	}{
		{name: "success", problems: invalid(), want: verdict{status: mlflow.Finished}},
		{name: "an exception that a subprocess survived", raised: raised, want: verdict{status: mlflow.Finished}},
		{name: "exception", result: step.Result{ExitCode: 1, Tail: "Traceback"}, raised: raised,
			want: verdict{mlflow.Failed, "ValueError", "bad learning rate", 1}},
		{name: "exception without a message", result: step.Result{ExitCode: 1}, raised: step.Exception{Type: "KeyboardInterrupt"},
			want: verdict{mlflow.Failed, "KeyboardInterrupt", "KeyboardInterrupt", 1}},
		{name: "exit n", result: step.Result{ExitCode: 3, Tail: "no data\n"}, want: verdict{mlflow.Failed, "ExitError", "no data", 3}},
		{name: "exit n in colours", result: step.Result{ExitCode: 3, Tail: "\x1b[1;31mno\x1b[0m data\x1b["},
			want: verdict{mlflow.Failed, "ExitError", "no data", 3}},
		{name: "silent exit n", result: step.Result{ExitCode: 3, Tail: " \n"}, want: verdict{mlflow.Failed, "ExitError", "exit code 3", 3}},
		{name: "killed by somebody", result: step.Result{ExitCode: 137, Signal: syscall.SIGKILL},
			want: verdict{mlflow.Failed, "Signal", "ended by SIGKILL", 137}},
		{name: "out of memory", result: step.Result{ExitCode: 137, Signal: syscall.SIGKILL, OOM: true},
			want: verdict{mlflow.Failed, "OutOfMemory", "the kernel killed the step: out of memory", 137}},
		{name: "cancelled", result: step.Result{ExitCode: 130, Signal: syscall.SIGINT, Interrupt: syscall.SIGINT}, raised: raised,
			want: verdict{mlflow.Killed, "Signal", "cancelled by SIGINT", 130}},
		{name: "cancelled, but it ended well", result: step.Result{Interrupt: syscall.SIGTERM}, problems: invalid("x"),
			want: verdict{mlflow.Killed, "Signal", "cancelled by SIGTERM", 0}},
		{name: "not found", result: step.Result{ExitCode: 127, NotRun: exec.ErrNotFound},
			want: verdict{mlflow.Failed, "CommandNotFound", exec.ErrNotFound.Error(), 127}},
		{name: "not executable", result: step.Result{ExitCode: 126, NotRun: errors.New("permission denied")},
			want: verdict{mlflow.Failed, "NotExecutable", "permission denied", 126}},
		{name: "invalid result", problems: invalid("a", "b"), empty: true, want: verdict{mlflow.Failed, "InvalidResult", "a; b", 1}},
		{name: "a failed step beats an invalid result", result: step.Result{ExitCode: 2}, problems: invalid("a"),
			want: verdict{mlflow.Failed, "ExitError", "exit code 2", 2}},
		{name: "missing params", empty: true, want: verdict{mlflow.Failed, "MissingParams", missing, 1}},
	} {
		stored, outputs := withParams(), step.Outputs{Training: captured(), Problems: c.problems}
		outputs.Training.Exception = c.raised
		if c.empty {
			stored = track.Stored{}
		}
		v := track.Judge(stored, c.result, outputs, nil)
		if got := (verdict{v.Status, v.ErrorType, v.ErrorMessage, v.ExitCode}); got != c.want {
			t.Errorf("%s: %+v\nwant %+v", c.name, got, c.want)
		}
	}
}

func TestErrorMessageIsTheEndOfStandardErrorInCharacters(t *testing.T) {
	t.Parallel()
	v := track.Judge(track.Stored{}, step.Result{ExitCode: 1, Tail: strings.Repeat("ü", 3000) + "\xff the cause\n"}, step.Outputs{}, nil)
	if n := len([]rune(v.ErrorMessage)); n != 500 || !strings.HasSuffix(v.ErrorMessage, "ü� the cause") {
		t.Errorf("message of %d characters: %q", n, v.ErrorMessage)
	}
	v = track.Judge(track.Stored{}, step.Result{NotRun: errors.New(strings.Repeat("ü", 3000))}, step.Outputs{}, nil)
	if n := len([]rune(v.ErrorMessage)); n != 500 {
		t.Errorf("message of %d characters", n)
	}
}

func TestMissingParams(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		change  func(*track.Stored, *step.Outputs)
		missing bool
		autolog track.Autolog
	}{
		{"a training call was seen", func(*track.Stored, *step.Outputs) {}, true, track.AutologEmpty},
		{"no training call was seen", func(_ *track.Stored, o *step.Outputs) { o.Training.Trained = false }, false, track.AutologEmpty},
		{"the result has params", func(_ *track.Stored, o *step.Outputs) { o.Result.Params = []mlflow.Param{{Key: "lr"}} }, false, track.AutologEmpty},
		{"the run has params", func(s *track.Stored, _ *step.Outputs) { *s = withParams() }, false, track.AutologCaptured},
		{"the run had params before", func(s *track.Stored, _ *step.Outputs) { *s = withParams(); s.Had = 1 }, true, track.AutologEmpty},
		{"the store could not be asked", func(s *track.Stored, _ *step.Outputs) { s.Unread = true }, false, ""},
		{"the user disabled autolog", func(_ *track.Stored, o *step.Outputs) { o.Training.Enabled = false }, false, track.AutologOff},
		{"no framework was seen", func(_ *track.Stored, o *step.Outputs) { o.Training.InForce = false }, false, track.AutologUnavailable},
	} {
		stored, outputs := track.Stored{}, step.Outputs{Training: captured()}
		c.change(&stored, &outputs)
		v := track.Judge(stored, step.Result{}, outputs, nil)
		if (v.ErrorType == "MissingParams") != c.missing || v.Autolog != c.autolog {
			t.Errorf("%s: %s %s, autolog %q", c.name, v.Status, v.ErrorType, v.Autolog)
		}
		tags := map[string]string{}
		for _, tag := range v.Add.Tags {
			tags[tag.Key] = tag.Value
		}
		if value, there := tags["mlops.autolog"]; value != string(c.autolog) || there != (c.autolog != "") {
			t.Errorf("%s: tags %v", c.name, tags)
		}
	}
}

func TestTheRunsOwnValuesStay(t *testing.T) {
	t.Parallel()
	stored := track.Stored{Run: mlflow.Run{
		Params:  map[string]string{"max_depth": "3", "b": "1"},
		Metrics: map[string]mlflow.Metric{"accuracy": {Value: 0.9}},
		Tags:    map[string]string{"mlops.error_type": "ValueError", "mlops.exit_code": "1"},
	}}
	outputs := step.Outputs{Result: results.Result{
		Params:  []mlflow.Param{{Key: "max_depth", Value: "3"}, {Key: "lr", Value: "0.1"}, {Key: "b", Value: "2"}},
		Metrics: []mlflow.Metric{{Key: "accuracy", Value: 0.8}, {Key: "auc", Value: 0.7}},
		Tags:    []mlflow.Tag{{Key: "team", Value: "vision"}},
	}}
	v := track.Judge(stored, step.Result{End: now}, outputs, nil)
	want := mlflow.Batch{
		Params:  []mlflow.Param{{Key: "lr", Value: "0.1"}},
		Metrics: []mlflow.Metric{{Key: "auc", Value: 0.7, Timestamp: now.UnixMilli()}},
		Tags: []mlflow.Tag{
			{Key: "team", Value: "vision"}, {Key: "mlops.status", Value: "success"}, {Key: "mlops.error_type"}, {Key: "mlops.exit_code"},
			{Key: "mlops.autolog", Value: "off"}, {Key: "mlops.collisions", Value: `["accuracy","b","max_depth"]`},
		},
	}
	if diff := cmp.Diff(want, v.Add); diff != "" {
		t.Errorf("to be added (-want +got):\n%s", diff)
	}
	notices := []notice.Notice{
		notice.Warn("param collision detected: ['b', 'max_depth']", "the run's value is not changed; add a prefix to yours, as in custom.b"),
		notice.Warn("metric collision detected: ['accuracy']", "the run's value is not changed; add a prefix to yours, as in custom.accuracy"),
	}
	if diff := cmp.Diff(notices, v.Notices); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
	if outputs.Result.Metrics[1].Timestamp != 0 {
		t.Error("the outputs were written to")
	}
}

func TestManyCollisionsFitATag(t *testing.T) {
	t.Parallel()
	stored, outputs := track.Stored{Run: mlflow.Run{Params: map[string]string{}}}, step.Outputs{}
	for i := range 300 {
		key := fmt.Sprintf("%s%03d", strings.Repeat("k", 30), i)
		stored.Run.Params[key] = "1"
		outputs.Result.Params = append(outputs.Result.Params, mlflow.Param{Key: key, Value: "2"})
	}
	tags := track.Judge(stored, step.Result{}, outputs, nil).Add.Tags
	if last := tags[len(tags)-1]; last.Key != "mlops.collisions" || len(last.Value) != mlflow.MaxTagLength {
		t.Errorf("tag %s of %d bytes", last.Key, len(last.Value))
	}
}

func TestTagsOfAFailure(t *testing.T) {
	t.Parallel()
	v := track.Judge(track.Stored{}, step.Result{ExitCode: 3, Tail: "no data"}, step.Outputs{}, nil)
	want := []mlflow.Tag{
		{Key: "mlops.status", Value: "failed"}, {Key: "mlops.error_type", Value: "ExitError"}, {Key: "mlops.error_message", Value: "no data"},
		{Key: "mlops.exit_code", Value: "3"}, {Key: "mlops.autolog", Value: "off"},
	}
	if diff := cmp.Diff(want, v.Add.Tags); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
	v = track.Judge(track.Stored{}, step.Result{Interrupt: syscall.SIGTERM}, step.Outputs{}, nil)
	if v.Add.Tags[0].Value != "killed" {
		t.Errorf("tags of a cancelled run: %v", v.Add.Tags)
	}
}

func TestAGateFailsTheJobNotTheRun(t *testing.T) {
	t.Parallel()
	gates := []track.Gate{
		{Condition: "acc > 0.8", Reason: "0.9"}, {Condition: "loss < 0.1", Failed: true, Reason: "it is 0.2"},
	}
	v := track.Judge(withParams(), step.Result{}, step.Outputs{}, gates)
	if v.Status != mlflow.Finished || v.ErrorType != "" || v.ExitCode != 1 {
		t.Errorf("verdict %+v", v)
	}
	if diff := cmp.Diff([]notice.Notice{notice.Fail(`gate "loss < 0.1" failed: it is 0.2`, "")}, v.Notices); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
	if v := track.Judge(track.Stored{}, step.Result{ExitCode: 3}, step.Outputs{}, gates); v.ExitCode != 3 {
		t.Errorf("exit code of a failed step: %d", v.ExitCode)
	}
}

// texts are the notices as severity and first line.
func texts(notices []notice.Notice) []string {
	var out []string
	for _, n := range notices {
		line, _, _ := strings.Cut(n.Text, "\n")
		out = append(out, map[notice.Severity]string{notice.Warning: "warning: ", notice.Error: "error: "}[n.Severity]+line)
	}
	return out
}

func TestNoticesInTheOrderOfReading(t *testing.T) {
	t.Parallel()
	training := captured()
	training.Warnings = []string{"of the hook"}
	stored := track.Stored{
		Run:     mlflow.Run{Metrics: map[string]mlflow.Metric{"acc": {}}},
		Problem: &results.Problem{Severity: results.Error, Message: "no model"},
	}
	outputs := step.Outputs{
		Training: training, Problems: []results.Problem{{Severity: results.Warning, Message: "bad line", Hint: "mend it"}},
		Result: results.Result{Metrics: []mlflow.Metric{{Key: "acc"}}},
	}
	gates := []track.Gate{{Condition: "acc > 0.8", Failed: true, Reason: "it is 0"}}
	got := texts(track.Judge(stored, step.Result{Survivors: true}, outputs, gates).Notices)
	want := []string{
		"warning: bad line", "error: no model", "warning: autolog enabled but captured 0 params", "warning: metric collision detected: ['acc']",
		"warning: of the hook", "warning: processes of the step are still running; what they log from now on may be lost",
		`error: gate "acc > 0.8" failed: it is 0`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
	if len(outputs.Problems) != 1 {
		t.Error("the outputs were written to")
	}
}

func TestNoticesAboutAutolog(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		training step.Training
		result   step.Result
		params   int
		want     []string
	}{
		{name: "MissingParams", training: captured(), want: []string{
			"warning: autolog enabled but captured 0 params", "error: MissingParams: autolog captured no params and the result has none",
		}},
		{name: "the result has params", training: captured(), params: 2, want: []string{"warning: autolog enabled but captured 0 params"}},
		{name: "no MLflow", training: step.Training{Enabled: true, Python: true, Trouble: "mlflow is not installed"},
			want: []string{"warning: autolog is not available: mlflow is not installed"}},
		{name: "the hook was left out", training: step.Training{Enabled: true, NamesPython: true},
			want: []string{"warning: autolog captured nothing: no Python of the step loaded the hook"}},
		{name: "the hook was left out of a step that failed", training: step.Training{Enabled: true, NamesPython: true}, result: step.Result{ExitCode: 1}},
		{name: "an old Python", training: step.Training{Enabled: true, NamesPython: true, OldPython: "2.7.18"},
			want: []string{"warning: autolog captured nothing: Python 2.7.18 is too old"}},
		{name: "an old Python beside another one", training: step.Training{Enabled: true, NamesPython: true, Python: true, OldPython: "2.7.18"}},
		{name: "an old Python of a tool", training: step.Training{Enabled: true, OldPython: "2.7.18"}},
		{name: "no Python", training: step.Training{Enabled: true}},
		{name: "disabled", training: step.Training{NamesPython: true, Trouble: "mlflow is not installed"}},
		{name: "not started", result: step.Result{ExitCode: 127, NotRun: errors.New("no such program")}, want: []string{"error: no such program"}},
	} {
		outputs := step.Outputs{Training: c.training, Result: results.Result{Params: make([]mlflow.Param, c.params)}}
		v := track.Judge(track.Stored{}, c.result, outputs, nil)
		if diff := cmp.Diff(c.want, texts(v.Notices)); diff != "" {
			t.Errorf("%s: notices (-want +got):\n%s", c.name, diff)
		}
		if c.params > 0 && !strings.Contains(v.Notices[0].Hint, "nothing to do: the result has 2") {
			t.Errorf("%s: hint %q", c.name, v.Notices[0].Hint)
		}
	}
}
