package step

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/Iyalvan/mlops-track/settings"
)

// Args returns the program and arguments that run a step; script is the file with its script, if it is one and could be written.
func Args(s settings.Step, script string) []string {
	if s.Script == "" {
		return s.Command
	}
	if script == "" { // no folder takes it
		if args, ok := inlineArgs(s.Shell, s.Script); ok {
			return args
		}
	}
	return shellArgs(s.Shell, script)
}

// inlineArgs returns the command that runs a script without a file. A shell that is a template needs one.
func inlineArgs(shell, script string) ([]string, bool) {
	switch shell {
	case "bash":
		return []string{"bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script}, true
	case "sh":
		return []string{"sh", "-e", "-c", script}, true
	case "python":
		return []string{"python", "-c", script}, true
	}
	return nil, false
}

// shellArgs returns the command that runs a script like a workflow's `run:`.
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

// Source returns the script of a Python command, else the program, as MLflow itself sets mlflow.source.name. It is
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

// CommandLine returns the step as one would type it; of a script the first line.
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

// Quote quotes a word for a shell.
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
