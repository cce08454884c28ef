// Package redact finds secrets, and removes them from text before it leaves the process: the log that we print, tags, params,
// messages, outputs and reports. It finds a secret in the forms in which programs write it (base64 at any place of a longer text,
// hex, the escapes of URLs, JSON and shells), and whatever stands inside of it that a reader does not see (package visible).
//
// What is a secret is decided by names (names.go), by what a value looks like (plausible.go, shapes.go) and by what it holds
// (find.go, address.go). A value of less than MinLength bytes, and one that is made of words, is none: a password "postgres" would
// blank the log, and by that reveal itself. Of a secret with several lines each line that is long enough is a secret.
//
// The folder gitleaks holds rules of https://github.com/gitleaks/gitleaks as data, under its own licence; scripts/secret-rules
// writes it.
//
// It does no I/O but to the writers it is given, and reads no environment: Find gets it as an argument.
package redact
