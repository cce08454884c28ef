package report

import (
	"slices"
	"strings"

	"github.com/Iyalvan/mlops-track/internal/visible"
)

// lastLines returns the last n lines of a log as a terminal would show them. Very long lines lose their beginning.
func lastLines(text string, n int) string {
	const longest = 500 // bytes of a line
	lines := strings.Split(strings.TrimSpace(visible.Text(text)), "\n")
	lines = slices.Clone(lines[max(len(lines)-n, 0):])
	for i, line := range lines {
		if len(line) > longest {
			lines[i] = strings.ToValidUTF8("… "+line[len(line)-longest:], "\uFFFD")
		}
	}
	return strings.Join(lines, "\n")
}
