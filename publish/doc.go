// Package publish reports a finished run: the table at the end of the log, the job summary, files, outputs
// for later steps, and the comment on the pull or merge request.
//
// If something cannot be written, the log says so and the run does not change. Everything passes the redactor once, as a whole, before
// any of it is written. publish/report renders, publish/comment keeps the comment up to date, publish/outputs writes files.
package publish
