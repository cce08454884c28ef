// Package publish tells everybody about a run that has ended: the closing table in the log, the job summary, files, outputs
// for later steps, and the comment on the pull or merge request.
//
// What cannot be written is told and changes nothing about the run. Everything passes the redactor once, as a whole, before
// any of it is written. publish/report renders, publish/comment keeps the comment up to date, publish/outputs writes files.
package publish
