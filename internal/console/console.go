// Package console is what a person reads while the job runs: one line a stage, warnings with their next step, errors. It
// writes to standard error, so that standard output stays the training's own. In GitHub warnings and errors are also
// annotations. No secret that the redactor knows is printed, and nothing that a training or a pull request wrote becomes a
// workflow command.
package console

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/sethvargo/go-githubactions"

	"github.com/Iyalvan/mlops-track/internal/redact"
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
	secrets  *redact.Redactor
	github   bool
	printed  bool // there may be an unfinished line of the step in the log
	warnings []Note
}

// New returns a console that writes to out, without the secrets. With github, out is read by a runner of GitHub's: warnings
// and errors become workflow commands too, and secrets are masked.
// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
func New(out io.Writer, secrets *redact.Redactor, github bool) *Console {
	return &Console{out: out, secrets: secrets, github: github}
}

// Say prints one line.
func (c *Console) Say(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.print("", fmt.Sprintf(format, args...))
}

// Warn prints a warning and its next step, and remembers both.
func (c *Console) Warn(text, hint string) {
	text, hint = c.secrets.Text(text), c.secrets.Text(hint)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.warnings = append(c.warnings, Note{Text: text, Hint: hint})
	c.note("warning: ", text, hint)
	if c.github {
		c.write(command("warning", joined(text, hint)))
	}
}

// Error prints an error and what to do about it.
func (c *Console) Error(text, hint string) {
	text, hint = c.secrets.Text(text), c.secrets.Text(hint)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.note("error: ", text, hint)
	if c.github {
		c.write(command("error", joined(text, hint)))
	}
}

// Block prints text as it is, line by line under the program's name.
func (c *Console) Block(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.print("", strings.TrimRight(text, "\n"))
}

// Mask makes a secret known: it is printed nowhere by us from now on and, in the log of a GitHub job, by nobody. A runner
// reads line by line, so each line of a secret is masked. The step may have left its last line open, and a command stands
// at the beginning of one: without a line end before it, it would show what it is to hide.
// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#masking-a-value-in-a-log
func (c *Console) Mask(secret string) {
	c.secrets.Add(secret)
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.github {
		return
	}
	for _, part := range redact.Parts(secret) {
		switch {
		case strings.ContainsAny(part, "\r\n"): // its lines come by themselves
		case c.printed:
			c.write(append([]byte("\n"), command("add-mask", part)...))
		default:
			c.write(command("add-mask", part))
		}
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

// print writes each line under the program's name.
func (c *Console) print(kind, text string) {
	var b strings.Builder
	for line := range strings.Lines(Inert(c.secrets.Text(text))) {
		fmt.Fprintf(&b, "mlops-track: %s%s\n", kind, strings.TrimRight(line, "\n"))
	}
	c.printed = true
	c.write([]byte(b.String()))
}

// command is a workflow command on a line of its own.
func command(name, message string) []byte {
	var b bytes.Buffer
	githubactions.New(githubactions.WithWriter(&b)).IssueCommand(&githubactions.Command{Name: name, Message: message})
	return b.Bytes()
}

func (c *Console) write(text []byte) {
	_, _ = c.out.Write(text) // a closed log is no reason to stop
}

func joined(text, hint string) string {
	if hint == "" {
		return text
	}
	return text + "\n" + hint
}
