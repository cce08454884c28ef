package report

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// tableRows bounds the table at the end of the log; the run's page has the rest.
const tableRows = 40

// Terminal renders the table for a terminal or a job log, with small curves for metrics that have one. No line
// starts with text of the training, so none can be a workflow command.
func Terminal(r Report) string {
	var b strings.Builder
	names := r.Values.metricNames()
	if len(names) > 0 {
		shown := names[:min(len(names), tableRows)]
		rows := make([][3]string, 0, len(shown)+2)
		rows = append(rows, [3]string{"metric", "last value", ""})
		for _, name := range shown {
			rows = append(rows, [3]string{plain(name), Number(r.Values.Metrics[name]), smallCurve(r.Values, name)})
		}
		var widths [2]int
		for _, row := range rows {
			for i := range widths {
				widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
			}
		}
		for i, row := range rows {
			b.WriteString(strings.TrimRight(fmt.Sprintf("| %-*s  %-*s  %s", widths[0], row[0], widths[1], row[1], row[2]), " ") + "\n")
			if i == 0 {
				fmt.Fprintf(&b, "| %s  %s\n", strings.Repeat("-", widths[0]), strings.Repeat("-", widths[1]))
			}
		}
		if more := len(names) - len(shown); more > 0 {
			fmt.Fprintf(&b, "| and %d more\n", more)
		}
	}
	fmt.Fprintf(&b, "%s\n", facts(r))
	return b.String()
}

// facts is the line under the table: how much the run has of everything.
func facts(r Report) string {
	parts := []string{count(len(r.Values.Metrics), "metric"), count(len(r.Values.Params), "param")}
	if r.Outputs.Artifacts.Files > 0 || r.Outputs.Artifacts.Failed > 0 {
		parts = append(parts, artifactFacts(r.Outputs.Artifacts))
	}
	if r.Outputs.Model != "" {
		parts = append(parts, "model "+plain(r.Outputs.Model))
	}
	return strings.Join(parts, ", ")
}

func artifactFacts(a Artifacts) string {
	text := fmt.Sprintf("%s (%s)", count(a.Files, "artifact"), Size(a.Bytes))
	if a.Failed > 0 {
		text += fmt.Sprintf(", %d not uploaded", a.Failed)
	}
	return text
}
