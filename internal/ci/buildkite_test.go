package ci_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/Iyalvan/mlops-track/ciinfo"
	"github.com/Iyalvan/mlops-track/internal/ci"
	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/settings"
)

// fakeAgent puts a buildkite-agent into a folder that records its arguments and standard input there, and then runs script.
func fakeAgent(t *testing.T, script string) (dir string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the fake agent is a shell script")
	}
	dir = t.TempDir()
	text := "#!/bin/sh\ncd '" + dir + "'\necho \"$@\" >> args\n/bin/cat >> stdin\necho \"$BUILDKITE_AGENT_ACCESS_TOKEN\" >> token\n" + script + "\n"
	syscall.ForkLock.RLock() // a program that another test starts meanwhile would hold the file open for writing
	err := os.WriteFile(filepath.Join(dir, "buildkite-agent"), []byte(text), 0o700)
	syscall.ForkLock.RUnlock()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func recorded(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(text)
}

func buildkite(dir string) ci.System {
	return ci.For(job(ciinfo.Buildkite, &strings.Builder{}, "PATH="+dir, "BUILDKITE_JOB_ID=0190", "BUILDKITE_AGENT_ACCESS_TOKEN=agent"))
}

// TestBuildkiteAgent shows the calls of the agent. Neither the report nor a secret is an argument.
func TestBuildkiteAgent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, args, stdin string }{
		{"annotate", "annotate --append --style info --context mlops-track-0190\n", "# report 1048576"},
		{"mask", "redactor add\n", "hunter22"},
		{"token", "oidc request-token --audience sts.amazonaws.com\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := fakeAgent(t, "echo ' a.b.c '")
			s := buildkite(dir)
			var err error
			switch c.name {
			case "annotate":
				err = s.Summary(func(limit int) string { return "# report " + strconv.Itoa(limit) })
			case "mask":
				var line []byte
				if line, err = s.Log.Mask("hunter22"); len(line) > 0 {
					t.Errorf("the log gets %q", line)
				}
			case "token":
				source, last := s.AWS.Tokens(settings.Token{Audience: "sts.amazonaws.com"})
				var token string
				if token, err = source.Token(t.Context()); token != "a.b.c" || !last.IsZero() || s.AWS.Offered {
					t.Errorf("token %q until %v, offered %t", token, last, s.AWS.Offered)
				}
			}
			if err != nil {
				t.Error(err)
			}
			if args, stdin := recorded(t, dir, "args"), recorded(t, dir, "stdin"); args != c.args || stdin != c.stdin {
				t.Errorf("called with %q and %q", args, stdin)
			}
			if recorded(t, dir, "token") != "agent\n" {
				t.Error("the agent does not get the environment of the job")
			}
		})
	}
}

// TestBuildkiteAgentFails holds that a failure says what to do, and that masking is tried once.
func TestBuildkiteAgentFails(t *testing.T) {
	t.Parallel()
	dir := fakeAgent(t, "echo first >&2; echo 'no such command' >&2; exit 3")
	s := buildkite(dir)
	_, tokenErr := func() (string, error) { source, _ := s.AWS.Tokens(settings.Token{}); return source.Token(t.Context()) }()
	_, maskErr := s.Log.Mask("hunter22")
	for doing, err := range map[string]error{
		"annotate": s.Summary(func(int) string { return "" }), "redactor": maskErr, "oidc": tokenErr,
	} {
		if err == nil || hint.Of(err) == "" || !strings.Contains(err.Error(), "buildkite-agent "+doing+": exit status 3: no such command") {
			t.Errorf("%s: %v, hint %q", doing, err, hint.Of(err))
		}
	}
	calls := recorded(t, dir, "args")
	if _, err := s.Log.Mask("another1"); err != nil || recorded(t, dir, "args") != calls {
		t.Errorf("masked again: %v", err)
	}
	if len(s.Log.Annotate("warning", "x")) > 0 {
		t.Error("the log gets a warning")
	}
	silent := buildkite(fakeAgent(t, ""))
	source, _ := silent.AWS.Tokens(settings.Token{})
	if token, err := source.Token(t.Context()); err == nil {
		t.Errorf("an empty token %q is no error", token)
	}
}

// TestBuildkiteWithoutAgent is a container into which it is not mounted.
func TestBuildkiteWithoutAgent(t *testing.T) {
	t.Parallel()
	s := buildkite(t.TempDir())
	if s.Log != nil || s.AWS.Tokens != nil || s.Keep == nil {
		t.Errorf("abilities %+v", s)
	}
	if err := s.Summary(func(int) string { return "" }); err == nil || !strings.Contains(hint.Of(err), "mount-buildkite-agent") {
		t.Errorf("%v, hint %q", err, hint.Of(err))
	}
	relative := ci.For(job(ciinfo.Buildkite, &strings.Builder{}, "PATH=."))
	if relative.Log != nil {
		t.Error("an agent in the working directory is run")
	}
}
