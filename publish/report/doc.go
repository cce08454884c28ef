// Package report renders a finished run for people, GitHub and GitLab: the table at the end of the log (Terminal), Markdown for
// the job summary and for one section of a comment (Markdown, Comment), GitLab's metrics report (OpenMetrics) and test
// report (JUnit), and the file that carries a report to a later job (Write, Parse).
//
// It gets plain fields, does no I/O of its own and imports no other package of this module. Whatever the training step wrote
// is escaped: it cannot mention, link, embed or break the page, nor start a command of the CI system. A report file is
// treated as hostile until Parse has checked it.
//
// Outside documents: https://github.github.com/gfm/ (Markdown), https://mermaid.js.org/syntax/xyChart.html (curves),
// https://docs.gitlab.com/ci/testing/metrics_reports/ and https://docs.gitlab.com/ci/testing/unit_test_reports/.
package report
