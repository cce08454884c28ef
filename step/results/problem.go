package results

import "fmt"

// maxProblems bounds the problems of one file or one set of artifacts.
const maxProblems = 50

// Severity says what a problem means for the run.
type Severity string

// The severities.
const (
	Warning Severity = "warning" // only what the message names is lost
	Error   Severity = "error"   // the result is invalid
)

// Problem is something wrong with the outputs of the step.
type Problem struct {
	Severity Severity
	Key      string // the key of the result, for example metrics.loss, or the path; empty for the file as a whole
	Message  string // one line; names file and key
	Hint     string // what to do about it; may be empty
}

// problems collects problems, the first maxProblems of them.
type problems struct {
	list []Problem
	more int
}

func (p *problems) add(one Problem) {
	if len(p.list) == maxProblems {
		p.more++
		return
	}
	p.list = append(p.list, one)
}

// all returns the problems, and one more that counts those beyond the limit.
func (p *problems) all() []Problem {
	if p.more == 0 {
		return p.list
	}
	return append(p.list, Problem{Severity: Error, Message: fmt.Sprintf("%d more problems of this kind", p.more)})
}
