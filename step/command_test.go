package step_test

import (
	"slices"
	"testing"

	"github.com/Iyalvan/mlops-track/settings"
	"github.com/Iyalvan/mlops-track/step"
)

func TestArgsOfAStep(t *testing.T) {
	for _, c := range []struct {
		step settings.Step
		want []string
	}{
		{settings.Step{Command: []string{"python", "train.py"}}, []string{"python", "train.py"}},
		{settings.Step{Script: "make", Shell: "bash"}, []string{"bash", "--noprofile", "--norc", "-eo", "pipefail", "/w/s"}},
		{settings.Step{Script: "make", Shell: "sh"}, []string{"sh", "-e", "/w/s"}},
		{settings.Step{Script: "make", Shell: "python"}, []string{"python", "/w/s"}},
		{settings.Step{Script: "make", Shell: "perl -w {0} --in={0}"}, []string{"perl", "-w", "/w/s", "--in=/w/s"}},
	} {
		if got := step.Args(c.step, "/w/s"); !slices.Equal(got, c.want) {
			t.Errorf("args of %+v: %q, want %q", c.step, got, c.want)
		}
	}
}

func TestAScriptWithoutAFileIsAnArgument(t *testing.T) {
	for shell, want := range map[string][]string{
		"bash":   {"bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", "make"},
		"sh":     {"sh", "-e", "-c", "make"},
		"python": {"python", "-c", "make"},
	} {
		if got := step.Args(settings.Step{Script: "make", Shell: shell}, ""); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", shell, got, want)
		}
	}
}

func TestSourceIsTheScriptThatRuns(t *testing.T) {
	for want, command := range map[string][]string{
		"":         nil,
		"make":     {"make", "train"},
		"train.py": {"python", "-u", "train.py", "other.py"},
		"a.ipynb":  {"papermill", "a.ipynb", "-"},
		"only.py":  {"only.py"},
	} {
		if got := step.Source(command); got != want {
			t.Errorf("source of %q is %q, want %q", command, got, want)
		}
	}
}

func TestCommandLineIsAsAPersonTypesIt(t *testing.T) {
	for _, c := range []struct {
		command []string
		script  string
		want    string
	}{
		{command: []string{"python", "train.py", "--lr=0.1"}, want: "python train.py --lr=0.1"},
		{command: []string{"sh", "-c", "echo 'it is' $HOME", ""}, want: `sh -c 'echo '\''it is'\'' $HOME' ''`},
		{script: "\nmake train\n", want: "make train"},
		{script: "make data\nmake train", want: "make data ..."},
	} {
		if got := step.CommandLine(c.command, c.script); got != c.want {
			t.Errorf("command line %s, want %s", got, c.want)
		}
	}
}

func TestRunsPython(t *testing.T) {
	for _, c := range []struct {
		command []string
		script  string
		want    bool
	}{
		{command: []string{"python3.12", "train.py"}, want: true},
		{command: []string{"/opt/venv/bin/python", "train.py"}, want: true},
		{command: []string{"sh", "-c", "cd x&&torchrun train.py"}, want: true},
		{script: "make data\n(pytest -q)", want: true},
		{command: []string{"make", "train"}},
		{command: []string{"cat", "python.md", "pythonic"}},
	} {
		if got := step.RunsPython(c.command, c.script); got != c.want {
			t.Errorf("RunsPython(%q, %q) = %v", c.command, c.script, got)
		}
	}
}
