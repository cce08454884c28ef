package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// tableRows bounds the closing table; the run's page has the rest.
const tableRows = 40

// Terminal renders the closing table for a terminal or a job log. No line starts with what the training wrote, so none
// can be taken for a workflow command.
func Terminal(r Report) string {
	var b strings.Builder
	keys := metricKeys(r)
	if len(keys) > 0 {
		width := utf8.RuneCountInString("metric")
		shown := keys[:min(len(keys), tableRows)]
		for _, k := range shown {
			width = max(width, utf8.RuneCountInString(k))
		}
		fmt.Fprintf(&b, "| %-*s  %s\n", width, "metric", "last value")
		fmt.Fprintf(&b, "| %s  %s\n", strings.Repeat("-", width), strings.Repeat("-", len("last value")))
		for _, k := range shown {
			row := fmt.Sprintf("| %-*s  %-*s  %s", width, plain(k), len("last value"), Number(r.Metrics[k]), sparkline(r.History[k]))
			b.WriteString(strings.TrimRight(row, " ") + "\n")
		}
		if more := len(keys) - len(shown); more > 0 {
			fmt.Fprintf(&b, "| and %d more\n", more)
		}
	}
	fmt.Fprintf(&b, "%s\n", facts(r))
	return b.String()
}

// facts is the line under the table: what the run holds.
func facts(r Report) string {
	parts := []string{count(len(r.Metrics), "metric"), count(len(r.Params), "param")}
	if r.Artifacts.Files > 0 || r.Artifacts.Failed > 0 {
		text := fmt.Sprintf("%s (%s)", count(r.Artifacts.Files, "artifact"), Size(r.Artifacts.Bytes))
		if r.Artifacts.Failed > 0 {
			text += fmt.Sprintf(", %d not uploaded", r.Artifacts.Failed)
		}
		parts = append(parts, text)
	}
	if r.Model != "" {
		parts = append(parts, "model "+plain(r.Model))
	}
	return strings.Join(parts, ", ")
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// plain drops what could steer a terminal.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, s)
}
