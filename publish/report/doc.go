// Package report turns a closed run into what people and hosts read: the closing table of the log (Terminal), Markdown for
// the job summary and for one section of a comment (Markdown, Comment), GitLab's metrics report (OpenMetrics) and test
// report (JUnit), and the file that carries a report to a later job (Write, Parse).
//
// It gets plain fields, does no I/O of its own and imports nothing else of this module. Whatever the training step wrote
// is escaped: it cannot mention, link, embed or break the page, nor start a command of the CI system. A report file is
// taken as hostile until it has passed Parse.
//
// Outside documents: https://github.github.com/gfm/ (Markdown), https://mermaid.js.org/syntax/xyChart.html (curves),
// https://docs.gitlab.com/ci/testing/metrics_reports/ and https://docs.gitlab.com/ci/testing/unit_test_reports/.
package report
