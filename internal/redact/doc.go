// Package redact removes secrets from text before it leaves the process: the log that we print, tags, params, messages,
// outputs and reports. It finds a secret also if two writes split it, and in the forms in which programs write
// it: base64 at any place of a longer text, URL, JSON and shell escapes.
//
// A secret shorter than MinLength is not removed: a password "true" would blank the log, and by that reveal itself. Of a
// secret with several lines each line that is long enough is a secret.
//
// It does not find base64 that is broken into lines, other encodings (hex, compressed, encrypted), and a secret that a
// program printed in two pieces with something else in between.
//
// It does no I/O but to the writers it is given, and reads no environment: Find gets it as an argument.
package redact
