package report

import "fmt"

// Limits of the pages, in bytes.
const (
	// MaxSummary is what GitHub shows of one step
	// (https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#step-isolation-and-limits).
	MaxSummary = 1 << 20
	// MaxComment leaves room for markers under the 65,536 characters of a GitHub comment.
	MaxComment = 60_000
	// MaxNote leaves room under the 1,000,000 characters of a GitLab note
	// (https://docs.gitlab.com/administration/instance_limits/#size-of-comments-and-descriptions-of-issues-merge-requests-and-epics).
	MaxNote = 990_000
)

// Markdown renders the job summary and the local file.
func Markdown(r Report) string { return Comment(r, MaxSummary) }

// Comment renders the report in at most limit bytes. Where it is too long, sections are omitted one by one and named at the
// end; verdict and run link are omitted last.
func Comment(r Report, limit int) string {
	names := r.Values.metricNames()
	for _, a := range ladder() {
		if text := render(r, names, a); len(text) <= limit {
			return text
		}
	}
	const short = 40
	verdict := fmt.Sprintf("### %s %s %s\n", icon(r.Outcome.Status), code(r.Run.Name, short), prose(r.Outcome.text(), short))
	if r.Job.Foreign != "" {
		verdict += unchecked(r.Job.Foreign, 2*short)
	}
	for _, text := range []string{
		fmt.Sprintf("%s\n%s <sub>Not shown here: metrics, curves and the rest.</sub>\n", verdict, link("Open the run", r.Run.URL)),
		verdict, "### " + icon(r.Outcome.Status) + "\n",
	} {
		if len(text) <= limit {
			return text
		}
	}
	return ""
}

// unchecked is the line that says who wrote a report that nobody checked.
func unchecked(who string, limit int) string {
	return fmt.Sprintf("\n<sub>%s. Nobody has checked what it says.</sub>\n", prose(who, limit))
}

// amounts is how much of each section is shown.
type amounts struct {
	metrics, moreMetrics int // rows; more are folded
	own, params          int // rows; params are folded
	warnings             int
	paths                int
	charts               int
	tables               bool // tables under the charts
	log                  int  // lines
	cell                 int  // characters of one text
}

// ladder is the steps from the whole report to the verdict alone. Folded parts shrink first, then curves, warnings and the log.
func ladder() []amounts {
	a := amounts{metrics: 30, moreMetrics: 5000, own: 30, params: 2000, warnings: 50, paths: 200, charts: 4, tables: true, log: 30, cell: 300}
	rungs := []amounts{a}
	for _, shrink := range []func(){
		func() { a.moreMetrics, a.params, a.paths = 500, 200, 50 },
		func() { a.tables = false },
		func() { a.moreMetrics, a.params, a.paths = 100, 50, 10 },
		func() { a.moreMetrics, a.params, a.paths = 0, 0, 0 },
		func() { a.charts = 1 },
		func() { a.charts = 0 },
		func() { a.cell = 120 },
		func() { a.warnings, a.log = 10, 20 },
		func() { a.metrics, a.own = 10, 10 },
		func() { a.warnings, a.log = 3, 5 },
		func() { a.metrics, a.own, a.log = 3, 0, 0 },
		func() { a.metrics, a.warnings = 0, 0 },
		func() { a.cell = 30 },
	} {
		shrink()
		rungs = append(rungs, a)
	}
	return rungs
}
