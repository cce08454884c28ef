package report

import (
	"fmt"
	"strings"
	"unicode"
)

// Limits of the page: the summary of a step may have 1 MiB, and people read the top.
const (
	maxRows      = 200
	maxCell      = 300 // characters
	tailLines    = 30
	maxTailBytes = 8 << 10
)

// Markdown renders the job summary.
func Markdown(r Report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s %s\n\n", icon(r.Status), cell(r.Verdict()))
	if r.ErrorMessage != "" {
		fmt.Fprintf(&b, "> %s\n\n", cell(r.ErrorMessage))
	}
	table(&b, "metric", "last value", sortedKeys(r.Metrics), func(k string) string { return Number(r.Metrics[k]) })
	if len(r.Params) > 0 {
		b.WriteString("<details><summary>Parameters</summary>\n\n")
		table(&b, "parameter", "value", sortedKeys(r.Params), func(k string) string { return r.Params[k] })
		b.WriteString("</details>\n\n")
	}
	for _, w := range r.Warnings {
		fmt.Fprintf(&b, "- ⚠️ %s", cell(w.Text))
		if w.Next != "" {
			fmt.Fprintf(&b, " — %s", cell(w.Next))
		}
		b.WriteString("\n")
	}
	if len(r.Warnings) > 0 {
		b.WriteString("\n")
	}
	if r.Status == "FAILED" && strings.TrimSpace(r.LogTail) != "" {
		b.WriteString("<details><summary>End of the log</summary>\n\n")
		b.WriteString(indented(lastLines(r.LogTail, tailLines)))
		b.WriteString("\n</details>\n\n")
	}
	b.WriteString(footer(r))
	return b.String()
}

func icon(status string) string {
	switch status {
	case "FINISHED":
		return "✅"
	case "KILLED":
		return "🛑"
	}
	return "❌"
}

func table(b *strings.Builder, left, right string, keys []string, value func(string) string) {
	if len(keys) == 0 {
		return
	}
	fmt.Fprintf(b, "| %s | %s |\n| --- | --- |\n", left, right)
	for _, k := range keys[:min(len(keys), maxRows)] {
		fmt.Fprintf(b, "| %s | %s |\n", cell(k), cell(value(k)))
	}
	if more := len(keys) - maxRows; more > 0 {
		fmt.Fprintf(b, "\nand %d more\n", more)
	}
	b.WriteString("\n")
}

func footer(r Report) string {
	parts := []string{cell(facts(r)), "experiment " + cell(r.Experiment)}
	switch {
	case r.RunURL != "":
		parts = append(parts, fmt.Sprintf("[run %s](<%s>)", cell(r.RunID), strings.NewReplacer("<", "", ">", "", "\n", "").Replace(r.RunURL)))
	case r.Kept != "":
		parts = append(parts, "kept in "+cell(r.Kept))
	default:
		parts = append(parts, "run "+cell(r.RunID)+" in "+cell(r.Store))
	}
	if r.Commit != "" {
		parts = append(parts, "commit "+cell(r.Commit))
	}
	return "<sub>" + strings.Join(parts, " · ") + "</sub>\n"
}

// cell escapes text for one line of Markdown: every character that Markdown, HTML or GitHub's own links could take is
// written as a character reference.
func cell(s string) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n == maxCell {
			b.WriteString("…")
			break
		}
		n++
		switch {
		case r == '\n' || r == '\t':
			b.WriteByte(' ')
		case unicode.IsControl(r):
		case strings.ContainsRune("\\`*_{}[]()<>#+!|&@~$:/\"'^=", r):
			fmt.Fprintf(&b, "&#%d;", r)
		default:
			b.WriteRune(r)
		}
	}
	// A bare www. would still become a link.
	return strings.ReplaceAll(b.String(), "www.", "www&#46;")
}

// indented writes text as an indented code block, which nothing inside can end.
func indented(s string) string {
	if len(s) > maxTailBytes {
		s = s[len(s)-maxTailBytes:]
	}
	var b strings.Builder
	for line := range strings.Lines(strings.ToValidUTF8(s, "�")) {
		b.WriteString("    " + plain(strings.ReplaceAll(line, "\t", "    ")) + "\n")
	}
	return b.String()
}
