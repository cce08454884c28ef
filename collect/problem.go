package collect

// Severity says what a problem means for the run.
type Severity string

// The severities.
const (
	Warning Severity = "warning" // nothing is lost but what the message names
	Error   Severity = "error"   // the result is invalid
)

// Problem is something wrong with what the step left.
type Problem struct {
	Severity Severity
	Key      string // the key of the result, for example metrics.loss, or the path; empty for the file as a whole
	Message  string // one line; names file and key
	Hint     string // what to do about it; may be empty
}
