package console

import (
	"regexp"
	"strings"
	"unicode"
)

// Inert returns a text that neither steers a terminal nor is a command to the runner that reads the log. A carriage return
// ends a line, as it does for a runner.
//
// GitHub's takes ::name:: for a command at the beginning of a line, white space aside, and ##[name] anywhere in it:
// https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
// Azure's takes ##vso[name] anywhere in a line, and ##[name] for its form:
// https://github.com/microsoft/azure-pipelines-agent/blob/master/src/Microsoft.VisualStudio.Services.Agent/Command.cs
// TeamCity's takes ##teamcity[name], of which its documentation does not say that it must begin the line:
// https://www.jetbrains.com/help/teamcity/service-messages.html
func Inert(text string) string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, text)
	text = commandStart.ReplaceAllString(text, "## $1")
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

// commandStart begins a command anywhere in a line.
var commandStart = regexp.MustCompile(`##((?i:vso|teamcity)?\[)`)
