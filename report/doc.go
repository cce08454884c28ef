// Package report turns a closed run into what people read: the closing table in the log, and Markdown for the job summary
// and the comment on a pull or merge request.
//
// It gets plain fields, does no I/O and imports nothing else of this module. Whatever the training step wrote is escaped:
// it cannot mention, link, embed or break the page.
package report
