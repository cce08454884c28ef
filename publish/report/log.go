package report

import (
	"regexp"
	"slices"
	"strings"
)

// colors matches the control sequences of a terminal: ECMA-48, 5.4.
var colors = regexp.MustCompile(`\x1b\[[0-?]*[ -/]*[@-~]`)

// lastLines returns the last n lines of a log as a terminal would show them: without colors, and of a line that was
// overwritten, as progress bars do, its last state. Very long lines lose their beginning.
func lastLines(text string, n int) string {
	const longest = 500 // bytes of a line
	lines := strings.Split(strings.TrimSpace(text), "\n")
	lines = slices.Clone(lines[max(len(lines)-n, 0):])
	for i, line := range lines {
		line = strings.TrimRight(colors.ReplaceAllString(line, ""), "\r")
		line = line[strings.LastIndexByte(line, '\r')+1:]
		if len(line) > longest {
			line = "… " + line[len(line)-longest:]
		}
		lines[i] = strings.ToValidUTF8(line, "\uFFFD")
	}
	return strings.Join(lines, "\n")
}
