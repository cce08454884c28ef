// Package redact takes secrets out of text before it leaves the process: the log that we print, tags, params, messages,
// outputs and reports. It finds a secret also where a write ends in its middle, and in the forms in which programs write
// it: base64 at any place of a longer text, URL, JSON and shell escapes.
//
// A secret shorter than MinLength is not looked for: a password "true" would blank the log and tell by it what it is. Of a
// secret with several lines each line that is long enough is one.
//
// What it does not find: base64 that is broken into lines, other codings (hex, compressed, encrypted), and a secret that a
// program printed in two pieces with something else in between.
//
// It does no I/O but to the writers it is given, and reads no environment: Find looks at what it is handed.
package redact
