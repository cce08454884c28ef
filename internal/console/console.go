// Package console is what a person reads while the job runs: one line a stage, warnings with their next step, errors. It
// writes to standard error, so that standard output stays the training's own. In GitHub warnings and errors are also
// annotations.
package console

import (
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/sethvargo/go-githubactions"
)

// Note is a warning or an error with what to do about it.
type Note struct {
	Text string // one or more lines
	Hint string // next step; may be empty
}

// Console writes for a person and remembers warnings for the report. It is safe for concurrent use.
type Console struct {
	mu       sync.Mutex
	out      io.Writer
	actions  *githubactions.Action // nil outside GitHub
	warnings []Note
}

// New returns a console that writes to out. With annotate, warnings and errors become workflow commands too.
// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
func New(out io.Writer, annotate bool) *Console {
	c := &Console{out: out}
	if annotate {
		c.actions = githubactions.New(githubactions.WithWriter(patient{out}))
	}
	return c
}

// Say prints one line.
func (c *Console) Say(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.print("", fmt.Sprintf(format, args...))
}

// Warn prints a warning and its next step, and remembers both.
func (c *Console) Warn(text, hint string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.warnings = append(c.warnings, Note{Text: text, Hint: hint})
	c.note("warning: ", text, hint)
	if c.actions != nil {
		c.actions.Warningf("%s", joined(text, hint))
	}
}

// Error prints an error and what to do about it.
func (c *Console) Error(text, hint string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.note("error: ", text, hint)
	if c.actions != nil {
		c.actions.Errorf("%s", joined(text, hint))
	}
}

// Block prints text as it is, line by line under the program's name.
func (c *Console) Block(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.print("", strings.TrimRight(text, "\n"))
}

// Mask hides a secret in the log of a GitHub job from now on. Elsewhere there is nothing to tell it to.
// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#masking-a-value-in-a-log
func (c *Console) Mask(secret string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.actions != nil && secret != "" {
		c.actions.AddMask(secret)
	}
}

// Warnings returns what was warned of so far.
func (c *Console) Warnings() []Note {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Note(nil), c.warnings...)
}

func (c *Console) note(kind, text, hint string) {
	c.print(kind, text)
	if hint != "" {
		c.print("hint: ", hint)
	}
}

// print writes each line under the program's name. A line cannot smuggle in a workflow command, as it never starts one.
func (c *Console) print(kind, text string) {
	var b strings.Builder
	for line := range strings.Lines(text) {
		fmt.Fprintf(&b, "mlops-track: %s%s\n", kind, strings.TrimRight(line, "\r\n"))
	}
	_, _ = io.WriteString(c.out, b.String()) // a closed log is no reason to stop
}

// patient hides write errors from go-githubactions, which panics on them.
type patient struct{ io.Writer }

func (p patient) Write(b []byte) (int, error) {
	_, _ = p.Writer.Write(b)
	return len(b), nil
}

func joined(text, hint string) string {
	if hint == "" {
		return text
	}
	return text + "\n" + hint
}
