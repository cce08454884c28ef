package step

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/Iyalvan/mlops-track/settings"
)

// Args are the program and arguments that run a step; script is the file that holds its script, if it is one.
func Args(s settings.Step, script string) []string {
	if s.Script == "" {
		return s.Command
	}
	return shellArgs(s.Shell, script)
}

// shellArgs is the command that runs a script as a workflow's `run:` would.
// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsshell
func shellArgs(shell, script string) []string {
	switch shell {
	case "bash":
		return []string{"bash", "--noprofile", "--norc", "-eo", "pipefail", script}
	case "sh":
		return []string{"sh", "-e", script}
	case "python":
		return []string{"python", script}
	}
	args := strings.Fields(shell)
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "{0}", script)
	}
	return args
}

// Source is the script of a Python command, else the program: what MLflow itself would write as mlflow.source.name. It is
// empty for a step that is a script.
func Source(command []string) string {
	if len(command) == 0 {
		return ""
	}
	for _, arg := range command[1:] {
		if strings.HasSuffix(arg, ".py") || strings.HasSuffix(arg, ".ipynb") {
			return arg
		}
	}
	return command[0]
}

// CommandLine is the step as a person would type it; of a script its first line.
func CommandLine(command []string, script string) string {
	if script != "" {
		line, more, _ := strings.Cut(strings.TrimSpace(script), "\n")
		if more != "" {
			line += " ..."
		}
		return line
	}
	words := make([]string, len(command))
	for i, arg := range command {
		words[i] = Quote(arg)
	}
	return strings.Join(words, " ")
}

// Quote writes a word as a shell takes it.
func Quote(word string) string {
	if word == "" || strings.ContainsAny(word, " \t\n\"'$\\*?[]{}()<>|&;#~`") {
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	return word
}

// RunsPython reports whether the step is, or names, a program that runs Python.
func RunsPython(command []string, script string) bool {
	text := strings.Join(command, " ") + "\n" + script
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune(" \t\n;&|()'\"", r) }) {
		name := strings.TrimRight(filepath.Base(word), "0123456789.")
		if slices.Contains([]string{"python", "torchrun", "papermill", "ipython", "pytest", "accelerate", "deepspeed"}, name) {
			return true
		}
	}
	return false
}
