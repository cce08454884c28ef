package console

import (
	"strings"
	"unicode"
)

// Inert returns a text that neither steers a terminal nor gives an order to a runner of GitHub's. A carriage return ends a
// line, as it does for the runner.
//
// A runner takes ::name:: for a command at the beginning of a line, white space aside, and ##[name] anywhere in it:
// https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
func Inert(text string) string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, text)
	text = strings.ReplaceAll(text, "##[", "## [")
	if !strings.Contains(text, "::") {
		return text
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimSpace(line), "::") {
			line = strings.Replace(line, "::", ": :", 1)
		}
		b.WriteString(line)
	}
	return b.String()
}
