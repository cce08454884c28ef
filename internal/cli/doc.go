// Package cli is the command line: one file a command, each a set of options and a function that runs it. It reads the
// environment once, passes it on as values, and turns an error into a message and an exit code.
package cli
