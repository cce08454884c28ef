package console_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/Iyalvan/mlops-track/ciinfo"
	"github.com/Iyalvan/mlops-track/internal/ci"
	"github.com/Iyalvan/mlops-track/internal/console"
	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/internal/redact"
)

// commands are those of a system's log.
func commands(provider ciinfo.Provider) console.Commands {
	return ci.For(ci.Job{Info: ciinfo.Info{Provider: provider}, Getenv: func(string) string { return "" }}).Log
}

// TestMask writes one command for each line of a secret, escaped, each on a line of its own even where the step left one open.
func TestMask(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	c := console.New(&log, redact.New(), commands(ciinfo.GitHub))
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

// TestMaskWithoutCommands shows no secret where no runner takes the command.
func TestMaskWithoutCommands(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	c := console.New(&log, redact.New(), commands(ciinfo.Jenkins))
	c.Mask("hunter2")
	c.Error("hunter2", "")
	if want := "mlops-track: error: ***\n"; log.String() != want {
		t.Errorf("log %q", log.String())
	}
}

// failing is a log whose masks go another way, which is blocked.
type failing struct{}

func (failing) Mask(text string) ([]byte, error) {
	return nil, hint.With(errors.New("the agent did not take "+text), "update it")
}

func (failing) Annotate(_, _ string) []byte { return nil }

// TestMaskThatFails warns, without the secret.
func TestMaskThatFails(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	console.New(&log, redact.New(), failing{}).Mask("hunter2")
	if want := "mlops-track: warning: the agent did not take ***\nmlops-track: hint: update it\n"; log.String() != want {
		t.Errorf("log %q", log.String())
	}
}

// TestCommand begins a line of its own.
func TestCommand(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	c := console.New(&log, redact.New(), commands(ciinfo.Azure))
	c.Command([]byte("##vso[a.b]c\n"))
	c.Say("step: x")
	log.WriteString("epoch 1 ...") // the step
	c.Command([]byte("##vso[a.b]d\n"))
	if want := "##vso[a.b]c\nmlops-track: step: x\nepoch 1 ...\n##vso[a.b]d\n"; log.String() != want {
		t.Errorf("log %q, want %q", log.String(), want)
	}
}

// TestForeignText holds that what others wrote is no command on any system, however it gets into the log.
func TestForeignText(t *testing.T) {
	t.Parallel()
	const text = "::set-output name=x::y\n##vso[task.setvariable variable=PATH]/x\na ##TeamCity[buildStop comment='x']\n##[add-path]/x"
	for _, provider := range []ciinfo.Provider{ciinfo.GitHub, ciinfo.Azure, ciinfo.TeamCity, ciinfo.Local} {
		var log bytes.Buffer
		c := console.New(&log, redact.New(), commands(provider))
		c.Say("%s", text)
		c.Block(text)
		c.Warn(text, text)
		for line := range strings.Lines(log.String()) {
			for _, ours := range []string{"::warning::", "##vso[task.logissue type=warning]", "##teamcity[message text='"} {
				line = strings.TrimPrefix(line, ours)
			}
			lower := strings.ToLower(line)
			if strings.HasPrefix(line, "::") || strings.Contains(lower, "##vso[") || strings.Contains(lower, "##teamcity[") || strings.Contains(line, "##[") {
				t.Errorf("%s: the log has the command %q", provider, line)
			}
		}
	}
}

func TestInert(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"plain: a::b\tc":                           "plain: a::b\tc",
		"::set-output name=x::y":                   ": :set-output name=x::y",
		"a\n \t::error::y\nb":                      "a\n \t: :error::y\nb",
		"a\r::set-output name=x::y\r\nb":           "a\n: :set-output name=x::y\nb",
		"a ##[add-path]/x ##[b]":                   "a ## [add-path]/x ## [b]",
		"##\x1b[31mred":                            "## [31mred",
		"bell\a\u009b":                             "bell",
		"a ##vso[task.setvariable variable=x]y":    "a ## vso[task.setvariable variable=x]y",
		"##VSO[task.complete]":                     "## VSO[task.complete]",
		"##v\x00so[task.complete]":                 "## vso[task.complete]",
		"###teamcity[buildStop] ##teamcity[x 'y']": "### teamcity[buildStop] ## teamcity[x 'y']",
		"## vso, #teamcity[ ##vso ##teamcity":      "## vso, #teamcity[ ##vso ##teamcity",
	} {
		if got := console.Inert(text); got != want {
			t.Errorf("Inert(%q) = %q, want %q", text, got, want)
		}
	}
}

// TestWhatIsRemovedHidesNoSecret looks for secrets in what is printed, not in what was given.
func TestWhatIsRemovedHidesNoSecret(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"say hunt\x00er2secret", "say \x1b[1mhunter2\x1b[0msecret", "say hunter2\x1bsecret", "say hunter2&#8203;secret", "say hunter\u202e2secret"} {
		var log bytes.Buffer
		c := console.New(&log, redact.New("hunter2secret"), commands(ciinfo.GitHub))
		c.Warn(text, text)
		c.Say("%s", text)
		if got := log.String(); strings.Contains(got, "secret") || strings.Contains(got, "hunt") || strings.Count(got, "***") != 5 {
			t.Errorf("%q: %q", text, got)
		}
	}
}
