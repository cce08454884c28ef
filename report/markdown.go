package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// maxSummary is less than the 1 MiB that GitHub takes for the summary of one step.
// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#step-isolation-and-limits
const maxSummary = 1<<20 - 4<<10

// Markdown renders the job summary.
func Markdown(r Report) string { return Comment(r, maxSummary) }

// Comment renders the report as Markdown of at most limit bytes. Where that is too little, parts are shortened and then left
// out, the least important first, and say so; the verdict and the way to the run are the last to go.
func Comment(r Report, limit int) string {
	parts := []part{
		{text: func(int) string { return head(r) }},
		{text: func(rows int) string { return metrics(r, rows) }, sizes: []int{1000, 200, 40, 10, 0}},
		{text: func(n int) string { return warnings(r, n) }, sizes: []int{50, 10, 3, 0}},
		{text: func(lines int) string { return logTail(r, lines) }, sizes: []int{30, 10, 3, 0}},
		{text: func(charts int) string { return curves(r, charts) }, sizes: []int{6, 2, 0}},
		{text: func(rows int) string { return params(r, rows) }, sizes: []int{1000, 200, 40, 10, 0}},
		{text: func(int) string { return footer(r) }},
	}
	// What gives way first: each entry makes a part one size smaller.
	const metrics, warnings, log, curves, params = 1, 2, 3, 4, 5
	for _, next := range append([]int{-1},
		params, metrics, params, curves, params, metrics, log, curves, metrics, warnings, params, log, warnings, metrics, log, warnings) {
		if next >= 0 {
			parts[next].smaller()
		}
		if text := joined(parts); len(text) <= limit {
			return text
		}
	}
	return shortest(r, limit)
}

// part is one part of the page, in the sizes that it can have.
type part struct {
	text  func(size int) string
	sizes []int // falling; empty: it has one size
	at    int
}

func (p *part) smaller() { p.at = min(p.at+1, len(p.sizes)-1) }

func joined(parts []part) string {
	var b strings.Builder
	for _, p := range parts {
		size := 0
		if len(p.sizes) > 0 {
			size = p.sizes[p.at]
		}
		b.WriteString(p.text(size))
	}
	return b.String()
}

// shortest is what is left in the smallest room: the verdict, and the run if that still fits.
func shortest(r Report, limit int) string {
	for _, text := range []string{head(r) + footer(r), verdict(r) + footer(r), verdict(r), icon(r.Status) + "\n"} {
		if len(text) <= limit {
			return text
		}
	}
	return ""
}

func verdict(r Report) string {
	name, how := r.verdict()
	return fmt.Sprintf("### %s %s %s\n\n", icon(r.Status), code(name), prose(how))
}

func head(r Report) string {
	if r.ErrorMessage == "" {
		return verdict(r)
	}
	return verdict(r) + "> " + code(lastLine(r.ErrorMessage)) + "\n\n"
}

// lastLine is the line that says most of a message: of a traceback, or of what a program said before it failed, the last.
func lastLine(message string) string {
	lines := strings.Split(strings.TrimSpace(message), "\n")
	return lines[len(lines)-1]
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

// column is one column of a table whose rows have keys.
type column struct {
	title string
	cell  func(key string) string
}

func table(keys []string, columns []column, left string) string {
	var b strings.Builder
	for _, c := range columns {
		b.WriteString("| " + c.title + " ")
	}
	b.WriteString("|\n" + strings.Repeat("| --- ", len(columns)) + "|\n")
	for _, key := range keys {
		for _, c := range columns {
			b.WriteString("| " + c.cell(key) + " ")
		}
		b.WriteString("|\n")
	}
	if left != "" {
		b.WriteString("\n" + left + "\n")
	}
	b.WriteString("\n")
	return b.String()
}

func metrics(r Report, rows int) string {
	keys := metricKeys(r)
	if len(keys) == 0 {
		return ""
	}
	if rows == 0 {
		return leftOut(len(keys), "metric") + "\n\n"
	}
	columns := []column{{"metric", code}, {"last value", func(k string) string { return Number(r.Metrics[k]) }}}
	if len(r.History) > 0 {
		columns = append(columns, column{"curve", func(k string) string { return sparkline(r.History[k]) }})
	}
	shown := keys[:min(len(keys), rows)]
	return table(shown, columns, leftOut(len(keys)-len(shown), "metric"))
}

// metricKeys are the keys in the order of the table: those of the machine come last.
func metricKeys(r Report) []string {
	keys := sortedKeys(r.Metrics)
	slices.SortStableFunc(keys, func(a, b string) int { return cmp.Compare(systemFirst(a), systemFirst(b)) })
	return keys
}

// systemFirst is 1 for what MLflow samples of the machine.
func systemFirst(key string) int {
	if strings.HasPrefix(key, "system/") {
		return 1
	}
	return 0
}

func leftOut(n int, noun string) string {
	switch {
	case n <= 0:
		return ""
	case n == 1:
		return "and 1 more " + noun + " in the run"
	}
	return fmt.Sprintf("and %d more %ss in the run", n, noun)
}

func params(r Report, rows int) string {
	if len(r.Params) == 0 {
		return ""
	}
	if rows == 0 {
		return leftOut(len(r.Params), "parameter") + "\n\n"
	}
	named := slices.DeleteFunc(slices.Clone(r.Named), func(k string) bool { _, there := r.Params[k]; return !there })
	slices.Sort(named)
	rest := slices.DeleteFunc(sortedKeys(r.Params), func(k string) bool { return slices.Contains(named, k) })
	columns := []column{{"parameter", code}, {"value", func(k string) string { return code(r.Params[k]) }}}
	text := ""
	if named = named[:min(len(named), rows)]; len(named) > 0 {
		text = table(named, columns, "")
	}
	if len(rest) == 0 {
		return text
	}
	shown := rest[:min(len(rest), rows)]
	return text + folded(count(len(rest), "parameter"), table(shown, columns, leftOut(len(rest)-len(shown), "parameter")))
}

// folded hides text under a summary of ours.
func folded(summary, text string) string {
	return "<details><summary>" + summary + "</summary>\n\n" + text + "</details>\n\n"
}

func warnings(r Report, n int) string {
	if len(r.Warnings) == 0 {
		return ""
	}
	var b strings.Builder
	for _, w := range r.Warnings[:min(len(r.Warnings), n)] {
		b.WriteString("- ⚠️ " + prose(w.Text))
		if w.Next != "" {
			b.WriteString("<br>→ " + prose(w.Next))
		}
		b.WriteString("\n")
	}
	if more := len(r.Warnings) - n; more > 0 {
		fmt.Fprintf(&b, "- ⚠️ %s in the log of the job\n", count(more, "more warning"))
	}
	return b.String() + "\n"
}

// maxTail bounds the end of the log in bytes.
const maxTail = 8 << 10

func logTail(r Report, lines int) string {
	text := strings.TrimSpace(r.LogTail)
	if r.Status != "FAILED" || text == "" || lines == 0 {
		return ""
	}
	text = lastLines(text, lines)
	text = text[max(0, len(text)-maxTail*lines/30):]
	return folded("End of the log", block(text)+"\n")
}

func footer(r Report) string {
	parts := []string{prose(facts(r)), "experiment " + code(r.Experiment)}
	switch {
	case r.RunURL != "":
		parts = append(parts, "[run]("+target(r.RunURL)+") "+code(r.RunID))
	case r.Kept != "":
		parts = append(parts, "kept in "+code(r.Kept))
	default:
		parts = append(parts, "run "+code(r.RunID)+" in "+code(r.Store))
	}
	if r.JobURL != "" {
		parts = append(parts, "[log]("+target(r.JobURL)+")")
	}
	if r.Commit != "" {
		parts = append(parts, "commit "+code(r.Commit))
	}
	if r.Machine != "" {
		parts = append(parts, prose(r.Machine))
	}
	return "<sub>" + strings.Join(parts, " · ") + "</sub>\n"
}
