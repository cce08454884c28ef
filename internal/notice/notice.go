// Package notice is the value for something that a person should know about a run: a warning or an error, with what to do
// about it. A stage returns notices; the console prints them and the report shows them.
package notice

import "github.com/Iyalvan/mlops-track/internal/hint"

// Severity says how much a notice matters.
type Severity int

// The severities.
const (
	Warning Severity = iota // the run's result is not in doubt
	Error                   // it is, or something of the run is lost
)

// Notice is one thing to know.
type Notice struct {
	Severity Severity
	Text     string // one or more lines
	Hint     string // what to do; may be empty
}

// Warn makes a warning.
func Warn(text, hint string) Notice { return Notice{Severity: Warning, Text: text, Hint: hint} }

// Fail makes an error.
func Fail(text, hint string) Notice { return Notice{Severity: Error, Text: text, Hint: hint} }

// FromError makes a warning of an error, with its hint; none of nil.
func FromError(err error) []Notice {
	if err == nil {
		return nil
	}
	return []Notice{Warn(err.Error(), hint.Of(err))}
}
