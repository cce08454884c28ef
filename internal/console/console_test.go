package console_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/Iyalvan/mlops-track/internal/console"
	"github.com/Iyalvan/mlops-track/internal/redact"
)

// TestMask writes one command for each line of a secret, escaped, each on a line of its own even where the step left one open.
func TestMask(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	c := console.New(&log, redact.New(), true)
	c.Mask("first 100%\r\n{\nsecond line\n")
	c.Mask("true")
	if want := "::add-mask::first 100%25\n::add-mask::second line\n"; log.String() != want {
		t.Errorf("masks %q, want %q", log.String(), want)
	}
	c.Say("step: x")
	log.WriteString("epoch 1 ...") // the step
	c.Mask("minted later")
	if !strings.HasSuffix(log.String(), "epoch 1 ...\n::add-mask::minted later\n") {
		t.Errorf("log %q", log.String())
	}
	log.Reset()
	c.Warn("no: minted later", "second line")
	if want := "mlops-track: warning: no: ***\nmlops-track: hint: ***\n::warning::no: ***%0A***\n"; log.String() != want {
		t.Errorf("log %q, want %q", log.String(), want)
	}
	if w := c.Warnings(); len(w) != 1 || w[0].Text != "no: ***" || w[0].Hint != "***" {
		t.Errorf("warnings %q", w)
	}
}

// TestMaskOutsideGitHub shows no secret where no runner takes the command.
func TestMaskOutsideGitHub(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	c := console.New(&log, redact.New(), false)
	c.Mask("hunter2")
	c.Error("hunter2", "")
	if want := "mlops-track: error: ***\n"; log.String() != want {
		t.Errorf("log %q", log.String())
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
