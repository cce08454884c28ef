package report

import (
	"fmt"
	"slices"
	"strings"
)

// page is a report on its way to Markdown.
type page struct {
	strings.Builder
	Report
	amounts
	left []string // what was left out
}

func render(r Report, a amounts) string {
	p := &page{Report: r, amounts: a}
	p.verdict()
	p.metricsTable()
	p.paramTables()
	p.warningList()
	p.products()
	p.links()
	p.curves()
	if r.Status != "FAILED" {
		p.logTail("End of the log")
	}
	p.leftOut()
	return p.String()
}

func (p *page) printf(format string, args ...any) { fmt.Fprintf(p, format, args...) }

// omit notes n things that the page does not show.
func (p *page) omit(n int, noun string) {
	if n > 0 {
		p.left = append(p.left, count(n, noun))
	}
}

// verdict says how the run ended, and of one that failed why and where to look.
func (p *page) verdict() {
	const short = 100
	name := code(p.RunName, min(p.cell, short))
	if name == "" {
		name = "run"
	}
	p.printf("### %s %s %s\n\n", icon(p.Status), name, prose(p.outcome(), min(p.cell, short)))
	if p.Status == "FINISHED" {
		return
	}
	if p.ErrorMessage != "" {
		p.printf("> %s\n\n", prose(p.ErrorMessage, p.cell))
	}
	if p.Status == "FAILED" {
		p.logTail("Last lines of the log")
		if webAddress(p.JobURL) != "" {
			p.printf("Where to look: %s has the whole output.\n\n", link("the job's log", p.JobURL))
		}
	}
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

func (p *page) metricsTable() {
	names := p.metricNames()
	own := slices.IndexFunc(names, sampled)
	if own < 0 {
		own = len(names)
	}
	shown := min(own, p.metrics)
	if own == 0 { // nothing but what was sampled from the machine
		shown = min(len(names), p.metrics)
	}
	folded := min(len(names)-shown, p.moreMetrics)
	p.metricRows(names[:shown])
	if p.Baseline != nil && shown > 0 {
		p.printf("<sub>baseline: %s</sub>\n\n", link(code(p.Baseline.Name, p.cell), p.Baseline.RunURL))
	}
	p.fold(count(folded, "more metric"), folded, func() { p.metricRows(names[shown : shown+folded]) })
	p.omit(len(names)-shown-folded+p.More.Metrics, "metric")
}

// metricRows writes a table whose columns for baseline and curve are there only where a run has them.
func (p *page) metricRows(names []string) {
	if len(names) == 0 {
		return
	}
	head := []string{"metric", "last value"}
	if p.Baseline != nil {
		head = append(head, "baseline", "change")
	}
	curves := slices.ContainsFunc(names, func(name string) bool { return len(p.Histories[name]) > 1 })
	if curves {
		head = append(head, "curve")
	}
	p.row(head...)
	p.row(slices.Repeat([]string{"---"}, len(head))...)
	for _, name := range names {
		cells := []string{code(name, p.cell), Number(p.Metrics[name])}
		if p.Baseline != nil {
			before, change := p.before(name)
			cells = append(cells, before, change)
		}
		if curves {
			cells = append(cells, sparkline(p.Histories[name], 16))
		}
		p.row(cells...)
	}
	p.printf("\n")
}

func (p *page) before(name string) (value, delta string) {
	before, ok := p.Baseline.Metrics[name]
	if !ok {
		return "", ""
	}
	return Number(before), change(before, p.Metrics[name])
}

// paramTables shows what was set for this run, and folds what a framework added.
func (p *page) paramTables() {
	own, others := p.paramNames()
	shown, folded := min(len(own), p.own), min(len(others), p.params)
	p.paramRows(own[:shown])
	title := "Parameters"
	if shown > 0 {
		title = count(folded, "more parameter")
	}
	p.fold(title, folded, func() { p.paramRows(others[:folded]) })
	p.omit(len(p.Params)-shown-folded+p.More.Params, "param")
}

func (p *page) paramRows(names []string) {
	if len(names) == 0 {
		return
	}
	p.row("parameter", "value")
	p.row("---", "---")
	for _, name := range names {
		p.row(code(name, p.cell), code(p.Params[name], p.cell))
	}
	p.printf("\n")
}

func (p *page) row(cells ...string) { p.printf("| %s |\n", strings.Join(cells, " | ")) }

// fold hides what a reader opens; nothing is written where there is nothing to hide.
func (p *page) fold(title string, n int, body func()) {
	if n == 0 {
		return
	}
	p.printf("<details><summary>%s</summary>\n\n", title)
	body()
	p.printf("</details>\n\n")
}

func (p *page) warningList() {
	shown := min(len(p.Warnings), p.warnings)
	for _, w := range p.Warnings[:shown] {
		p.printf("- ⚠️ %s", prose(w.Text, p.cell))
		if w.Next != "" {
			p.printf(" — %s", prose(w.Next, p.cell))
		}
		p.printf("\n")
	}
	if shown > 0 {
		p.printf("\n")
	}
	p.omit(len(p.Warnings)-shown+p.More.Warnings, "warning")
}

// products are what the run made: a version of a model, and files.
func (p *page) products() {
	if p.Model != "" {
		p.printf("Model: %s\n\n", link(prose(p.Model, p.cell), p.ModelURL))
	}
	if p.Artifacts.Files == 0 && p.Artifacts.Failed == 0 {
		return
	}
	title := artifactFacts(p.Artifacts)
	shown := min(len(p.Artifacts.Paths), p.paths)
	if shown == 0 {
		p.printf("%s\n\n", title)
	}
	p.fold(title, shown, func() {
		for _, path := range p.Artifacts.Paths[:shown] {
			p.printf("- %s\n", code(path, p.cell))
		}
		if more := p.Artifacts.Files - shown; more > 0 {
			p.printf("- and %d more\n", more)
		}
		p.printf("\n")
	})
}

// links are where the run is, and in small letters how it came about.
func (p *page) links() {
	switch {
	case webAddress(p.RunURL) != "":
		p.printf("%s", link("Open the run", p.RunURL))
	case p.Kept != "":
		p.printf("Kept in %s", code(p.Kept, p.cell))
	case p.RunID != "":
		p.printf("Run %s in %s", code(p.RunID, p.cell), code(p.Store, p.cell))
	}
	if p.Experiment != "" {
		p.printf(" in experiment %s", code(p.Experiment, p.cell))
	}
	p.printf("\n\n")
	var small []string
	if p.Commit != "" {
		small = append(small, "commit "+link(code(p.Commit, p.cell), p.CommitURL))
	}
	small = append(small, Human(p.Duration))
	if p.Machine != "" {
		small = append(small, prose(p.Machine, p.cell))
	}
	if webAddress(p.JobURL) != "" {
		small = append(small, link("job", p.JobURL))
	}
	p.printf("<sub>%s</sub>\n\n", strings.Join(small, " · "))
}

// curves draws the metrics that have one, in the order of the table. Two are in sight, more are folded.
func (p *page) curves() {
	var charts []string
	drawable := 0
	for _, name := range p.metricNames() {
		points := p.Histories[name]
		if len(points) < 2 {
			continue
		}
		drawable++
		if len(charts) == p.charts {
			continue
		}
		if drawing := chart(name, points); drawing != "" {
			charts = append(charts, drawing+"\n"+p.curveNotes(name, points))
		}
	}
	if all := strings.Join(charts, ""); len(charts) > 2 {
		p.fold(count(len(charts), "learning curve"), len(charts), func() { p.WriteString(all) })
	} else {
		p.WriteString(all)
	}
	p.omit(drawable-len(charts), "curve")
}

// curveNotes stand under a drawing: what it cannot show, and its points.
func (p *page) curveNotes(name string, points []Point) string {
	var b strings.Builder
	broken := slices.DeleteFunc(slices.Clone(points), func(p Point) bool { return special(p.Value) == "" })
	if len(broken) > 0 {
		fmt.Fprintf(&b, "<sub>%s is %s at step %d", code(name, p.cell), special(broken[0].Value), broken[0].Step)
		if len(broken) > 1 {
			fmt.Fprintf(&b, " and no number in %d of %d points", len(broken), len(points))
		}
		b.WriteString(", which the line leaves out.</sub>\n\n")
	}
	if !p.tables {
		return b.String()
	}
	fmt.Fprintf(&b, "<details><summary>Points of the curve</summary>\n\n| step | %s |\n| --- | --- |\n", code(name, p.cell))
	for _, point := range Thin(points) {
		fmt.Fprintf(&b, "| %d | %s |\n", point.Step, Number(point.Value))
	}
	b.WriteString("\n</details>\n\n")
	return b.String()
}

// logTail shows the end of the log, which is folded unless the run failed.
func (p *page) logTail(title string) {
	text := strings.TrimSpace(p.LogTail)
	if text == "" || p.log == 0 {
		return
	}
	open := ""
	if p.Status == "FAILED" {
		open = " open"
	}
	p.printf("<details%s><summary>%s</summary>\n\n<pre>\n%s\n</pre>\n\n</details>\n\n", open, title, block(lastLines(text, p.log)))
}

// leftOut names what the page does not show.
func (p *page) leftOut() {
	if p.log == 0 && strings.TrimSpace(p.LogTail) != "" {
		p.left = append(p.left, "the log")
	}
	if len(p.left) > 0 {
		p.printf("<sub>Not shown here: %s.</sub>\n", strings.Join(p.left, ", "))
	}
}
