package doctor

import (
	"fmt"
	"strings"
)

// Render writes a finding as lines for people: level, check, what was found; below it, indented, what to do.
func Render(f Finding) string {
	const indent = 18 // of what was found
	var b strings.Builder
	fmt.Fprintf(&b, "%-5s %-11s %s\n", f.Level, f.Check, indented(f.Text, indent))
	if f.Fix != "" {
		fmt.Fprintf(&b, "%*s%s\n", indent, "", indented(f.Fix, indent))
	}
	return b.String()
}

// indented moves all lines but the first to the right.
func indented(text string, by int) string {
	return strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n"+strings.Repeat(" ", by))
}
