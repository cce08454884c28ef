package report

import (
	"fmt"
	"slices"
	"strings"
)

// page renders a report as Markdown.
type page struct {
	strings.Builder

	r       Report
	names   []string // of the metrics, in their order
	show    amounts
	omitted []string // what is not shown
}

func render(r Report, names []string, a amounts) string {
	p := &page{r: r, names: names, show: a}
	p.verdict()
	p.metricsTable()
	p.paramTables()
	p.warningList()
	p.products()
	p.links()
	p.curves()
	if r.Outcome.Status != "FAILED" {
		p.logTail("End of the log")
	}
	p.writeOmitted()
	return p.String()
}

func (p *page) printf(format string, args ...any) { fmt.Fprintf(p, format, args...) }

// omit records that the page does not show n things.
func (p *page) omit(n int, noun string) {
	if n > 0 {
		p.omitted = append(p.omitted, count(n, noun))
	}
}

// verdict writes how the run ended; for a failed one also why, and where its log is.
func (p *page) verdict() {
	const short = 100
	name := code(p.r.Run.Name, min(p.show.cell, short))
	if name == "" {
		name = "run"
	}
	p.printf("### %s %s %s\n", icon(p.r.Outcome.Status), name, prose(p.r.Outcome.text(), min(p.show.cell, short)))
	if p.r.Job.Foreign != "" {
		p.printf("%s\n", unchecked(p.r.Job.Foreign, 300)) // always as a whole
	} else {
		p.printf("\n")
	}
	if p.r.Outcome.Status == "FINISHED" {
		return
	}
	if p.r.Outcome.ErrorMessage != "" {
		p.printf("> %s\n\n", prose(p.r.Outcome.ErrorMessage, p.show.cell))
	}
	if p.r.Outcome.Status == "FAILED" {
		p.logTail("Last lines of the log")
		if webAddress(p.r.Job.URL) != "" {
			p.printf("The whole output: %s\n\n", link("log of the job", p.r.Job.URL))
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
	names := p.names
	own := slices.IndexFunc(names, sampled)
	if own < 0 {
		own = len(names)
	}
	shown := min(own, p.show.metrics)
	if own == 0 { // only metrics of the machine
		shown = min(len(names), p.show.metrics)
	}
	folded := min(len(names)-shown, p.show.moreMetrics)
	p.metricRows(names[:shown])
	if p.r.Values.Baseline != nil && shown > 0 {
		p.printf("<sub>baseline: %s</sub>\n\n", link(code(p.r.Values.Baseline.Name, p.show.cell), p.r.Values.Baseline.RunURL))
	}
	p.fold(count(folded, "more metric"), folded, func() { p.metricRows(names[shown : shown+folded]) })
	p.omit(len(names)-shown-folded+p.r.More.Metrics, "metric")
}

// metricRows writes a table. It has columns for baseline and curve only if the run has them.
func (p *page) metricRows(names []string) {
	if len(names) == 0 {
		return
	}
	head := []string{"metric", "last value"}
	if p.r.Values.Baseline != nil {
		head = append(head, "baseline", "change")
	}
	curves := slices.ContainsFunc(names, func(name string) bool { return len(p.r.Values.Histories[name]) > 1 })
	if curves {
		head = append(head, "curve")
	}
	p.row(head...)
	p.row(slices.Repeat([]string{"---"}, len(head))...)
	for _, name := range names {
		cells := []string{code(name, p.show.cell), Number(p.r.Values.Metrics[name])}
		if p.r.Values.Baseline != nil {
			before, change := p.before(name)
			cells = append(cells, before, change)
		}
		if curves {
			cells = append(cells, smallCurve(p.r.Values, name))
		}
		p.row(cells...)
	}
	p.printf("\n")
}

// smallCurve is the cell of a metric: empty if it has no curve, dots if it has one that is not in the report.
func smallCurve(v Values, name string) string {
	points, known := v.Histories[name]
	if known && len(points) == 0 {
		return "…"
	}
	return sparkline(points, 16)
}

func (p *page) before(name string) (value, delta string) {
	before, ok := p.r.Values.Baseline.Metrics[name]
	if !ok {
		return "", ""
	}
	return Number(before), change(before, p.r.Values.Metrics[name])
}

// paramTables shows what was set for this run, and folds what a framework added.
func (p *page) paramTables() {
	own, others := p.r.Values.paramNames()
	shown, folded := min(len(own), p.show.own), min(len(others), p.show.params)
	p.paramRows(own[:shown])
	title := "Parameters"
	if shown > 0 {
		title = count(folded, "more parameter")
	}
	p.fold(title, folded, func() { p.paramRows(others[:folded]) })
	p.omit(len(p.r.Values.Params)-shown-folded+p.r.More.Params, "param")
}

func (p *page) paramRows(names []string) {
	if len(names) == 0 {
		return
	}
	p.row("parameter", "value")
	p.row("---", "---")
	for _, name := range names {
		p.row(code(name, p.show.cell), code(p.r.Values.Params[name], p.show.cell))
	}
	p.printf("\n")
}

func (p *page) row(cells ...string) { p.printf("| %s |\n", strings.Join(cells, " | ")) }

// fold writes a folded block, unless it would be empty.
func (p *page) fold(title string, n int, body func()) {
	if n == 0 {
		return
	}
	p.printf("<details><summary>%s</summary>\n\n", title)
	body()
	p.printf("</details>\n\n")
}

func (p *page) warningList() {
	shown := min(len(p.r.Warnings), p.show.warnings)
	for _, w := range p.r.Warnings[:shown] {
		p.printf("- ⚠️ %s", prose(w.Text, p.show.cell))
		if w.Next != "" {
			p.printf(" — %s", prose(w.Next, p.show.cell))
		}
		p.printf("\n")
	}
	if shown > 0 {
		p.printf("\n")
	}
	p.omit(len(p.r.Warnings)-shown+p.r.More.Warnings, "warning")
}

// products are what the run made: a version of a model, and files.
func (p *page) products() {
	if p.r.Outputs.Model != "" {
		p.printf("Model: %s\n\n", link(prose(p.r.Outputs.Model, p.show.cell), p.r.Outputs.ModelURL))
	}
	if p.r.Outputs.Artifacts.Files == 0 && p.r.Outputs.Artifacts.Failed == 0 {
		return
	}
	title := artifactFacts(p.r.Outputs.Artifacts)
	shown := min(len(p.r.Outputs.Artifacts.Paths), p.show.paths)
	if shown == 0 {
		p.printf("%s\n\n", title)
	}
	p.fold(title, shown, func() {
		for _, path := range p.r.Outputs.Artifacts.Paths[:shown] {
			p.printf("- %s\n", code(path, p.show.cell))
		}
		if more := p.r.Outputs.Artifacts.Files - shown; more > 0 {
			p.printf("- and %d more\n", more)
		}
		p.printf("\n")
	})
}

// links writes where the run is, and in small letters how it was made.
func (p *page) links() {
	switch {
	case webAddress(p.r.Run.URL) != "":
		p.printf("%s", link("Open the run", p.r.Run.URL))
	case p.r.Run.Offline != "":
		p.printf("Stored offline in %s", code(p.r.Run.Offline, p.show.cell))
	case p.r.Run.ID != "":
		p.printf("Run %s in %s", code(p.r.Run.ID, p.show.cell), code(p.r.Run.Store, p.show.cell))
	}
	if p.r.Run.Experiment != "" {
		p.printf(" in experiment %s", code(p.r.Run.Experiment, p.show.cell))
	}
	p.printf("\n\n")
	var small []string
	if p.r.Job.Commit != "" {
		small = append(small, "commit "+link(code(p.r.Job.Commit, p.show.cell), p.r.Job.CommitURL))
	}
	small = append(small, Human(p.r.Outcome.Duration))
	if p.r.Job.Machine != "" {
		small = append(small, prose(p.r.Job.Machine, p.show.cell))
	}
	if webAddress(p.r.Job.URL) != "" {
		small = append(small, link("job", p.r.Job.URL))
	}
	p.printf("<sub>%s</sub>\n\n", strings.Join(small, " · "))
}

// curves draws the metrics that have one, in the order of the table. Two are shown, more are folded.
func (p *page) curves() {
	var charts []string
	drawable := 0
	for _, name := range p.names {
		points, known := p.r.Values.Histories[name]
		if !known || len(points) == 1 {
			continue
		}
		drawable++
		if len(points) == 0 || len(charts) == p.show.charts {
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

// curveNotes returns what goes under a drawing: values that it cannot show, and its points.
func (p *page) curveNotes(name string, points []Point) string {
	var b strings.Builder
	broken := slices.DeleteFunc(slices.Clone(points), func(p Point) bool { return special(p.Value) == "" })
	if len(broken) > 0 {
		fmt.Fprintf(&b, "<sub>%s is %s at step %d", code(name, p.show.cell), special(broken[0].Value), broken[0].Step)
		if len(broken) > 1 {
			fmt.Fprintf(&b, " and not a number in %d of %d points", len(broken), len(points))
		}
		b.WriteString(" (not drawn).</sub>\n\n")
	}
	if !p.show.tables {
		return b.String()
	}
	fmt.Fprintf(&b, "<details><summary>Points of the curve</summary>\n\n| step | %s |\n| --- | --- |\n", code(name, p.show.cell))
	for _, point := range Thin(points) {
		fmt.Fprintf(&b, "| %d | %s |\n", point.Step, Number(point.Value))
	}
	b.WriteString("\n</details>\n\n")
	return b.String()
}

// logTail shows the end of the log, which is folded unless the run failed.
func (p *page) logTail(title string) {
	text := strings.TrimSpace(p.r.Outcome.LogTail)
	if text == "" || p.show.log == 0 {
		return
	}
	open := ""
	if p.r.Outcome.Status == "FAILED" {
		open = " open"
	}
	p.printf("<details%s><summary>%s</summary>\n\n<pre>\n%s\n</pre>\n\n</details>\n\n", open, title, block(lastLines(text, p.show.log)))
}

// writeOmitted names what the page does not show.
func (p *page) writeOmitted() {
	if p.show.log == 0 && strings.TrimSpace(p.r.Outcome.LogTail) != "" {
		p.omitted = append(p.omitted, "the log")
	}
	if len(p.omitted) > 0 {
		p.printf("<sub>Not shown here: %s.</sub>\n", strings.Join(p.omitted, ", "))
	}
}
