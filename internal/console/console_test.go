package console_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/Iyalvan/mlops-track/ciinfo"
	"github.com/Iyalvan/mlops-track/internal/ci"
	"github.com/Iyalvan/mlops-track/internal/console"
	"github.com/Iyalvan/mlops-track/internal/notice"
	"github.com/Iyalvan/mlops-track/internal/redact"
)

// onGitHub are the commands that a runner of GitHub's takes.
func onGitHub() console.Commands {
	return ci.For(ci.Job{Info: ciinfo.Info{Provider: ciinfo.GitHub}, Getenv: func(string) string { return "" }}).Log
}

// TestMask writes one command for each line of a secret, escaped, each on a line of its own even where the step left one open.
func TestMask(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	c := console.New(&log, redact.New(), onGitHub())
	c.Mask("first 100%\r\n{\nsecond line\n")
	c.Mask("true")
	if want := "::add-mask::first 100%25\n::add-mask::second line\n"; log.String() != want {
		t.Errorf("masks %q, want %q", log.String(), want)
	}
	c.Say("step: x")
	log.WriteString("epoch 1 ...") // the step
	c.Mask("issued later")
	if !strings.HasSuffix(log.String(), "epoch 1 ...\n::add-mask::issued later\n") {
		t.Errorf("log %q", log.String())
	}
	log.Reset()
	c.Warn("no: issued later", "second line")
	if want := "mlops-track: warning: no: ***\nmlops-track: hint: ***\n::warning::no: ***%0A***\n"; log.String() != want {
		t.Errorf("log %q, want %q", log.String(), want)
	}
}

// TestMaskOutsideGitHub shows no secret where no runner takes the command.
func TestMaskOutsideGitHub(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	c := console.New(&log, redact.New(), nil)
	c.Mask("hunter2")
	c.Error("hunter2", "")
	if want := "mlops-track: error: ***\n"; log.String() != want {
		t.Errorf("log %q", log.String())
	}
}

// TestLines begins each line with the program's name; a warning of the step is no command, and none is made of an error's lines.
func TestLines(t *testing.T) {
	t.Parallel()
	for name, commands := range map[string]console.Commands{"GitHub": onGitHub(), "elsewhere": nil} {
		var log bytes.Buffer
		c := console.New(&log, redact.New("hunter2"), commands)
		c.Say("run %s: %s", "train", "::set-output name=x::y")
		c.Block("| loss |\n| hunter2 |\n\n")
		c.Tell(notice.Warn("one\ntwo", ""), notice.Fail("bad 100%", "do\nthis"))
		want := `mlops-track: run train: ::set-output name=x::y
mlops-track: | loss |
mlops-track: | *** |
mlops-track: warning: one
mlops-track: warning: two
` + map[string]string{"GitHub": "::warning::one%0Atwo\n"}[name] + `mlops-track: error: bad 100%
mlops-track: hint: do
mlops-track: hint: this
` + map[string]string{"GitHub": "::error::bad 100%25%0Ado%0Athis\n"}[name]
		if log.String() != want {
			t.Errorf("%s: log\n%s\nwant\n%s", name, log.String(), want)
		}
	}
}

func TestInert(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"plain: a::b\tc":                 "plain: a::b\tc",
		"::set-output name=x::y":         ": :set-output name=x::y",
		"a\n \t::error::y\nb":            "a\n \t: :error::y\nb",
		"a\r::set-output name=x::y\r\nb": "a\n: :set-output name=x::y\nb",
		"a ##[add-path]/x ##[b]":         "a ## [add-path]/x ## [b]",
		"##\x1b[31mred":                  "## [31mred",
		"bell\a\u009b":                   "bell",
	} {
		if got := console.Inert(text); got != want {
			t.Errorf("Inert(%q) = %q, want %q", text, got, want)
		}
	}
}
