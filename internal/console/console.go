// Package console is what a person reads while the job runs: one line a stage, warnings with their next step, errors. It
// writes to standard error, so that standard output stays the training's own. Where the CI system's log takes commands,
// warnings and errors are annotations, too. No secret that the redactor knows is printed, and nothing that a training or a
// pull request wrote becomes a command.
package console

import (
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/Iyalvan/mlops-track/internal/notice"
	"github.com/Iyalvan/mlops-track/internal/redact"
)

// Commands are what the reader of a CI system's log takes besides text. Each method returns whole lines, or nothing where
// there is no such command or it went another way.
type Commands interface {
	Mask(text string) ([]byte, error)      // hides a text of one line from now on
	Annotate(severity, text string) []byte // shows a text beside the log; severity is "warning" or "error"
}

// Console writes for a person. It is safe for concurrent use.
type Console struct {
	mu       sync.Mutex
	out      io.Writer
	secrets  *redact.Redactor
	commands Commands
	printed  bool // there may be an unfinished line of the step in the log
}

// New returns a console that writes to out, without the secrets. commands are those that the reader of out takes; nil: none.
func New(out io.Writer, secrets *redact.Redactor, commands Commands) *Console {
	return &Console{out: out, secrets: secrets, commands: commands}
}

// Say prints one line.
func (c *Console) Say(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.print("", fmt.Sprintf(format, args...))
}

// Tell prints notices, each with what to do about it.
func (c *Console) Tell(notices ...notice.Notice) {
	for _, n := range notices {
		severity := "warning"
		if n.Severity == notice.Error {
			severity = "error"
		}
		c.tell(severity, n)
	}
}

func (c *Console) tell(severity string, n notice.Notice) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.note(severity, n.Text, n.Hint)
}

// Warn prints a warning and what to do about it.
func (c *Console) Warn(text, hint string) { c.Tell(notice.Warn(text, hint)) }

// Error prints an error and what to do about it.
func (c *Console) Error(text, hint string) { c.Tell(notice.Fail(text, hint)) }

// Block prints text as it is, line by line under the program's name.
func (c *Console) Block(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.print("", strings.TrimRight(text, "\n"))
}

// Mask makes a secret known: it is printed nowhere by us from now on and, where the log takes the command, by nobody. A runner
// reads line by line, so each line of a secret is masked. The step may have left its last line open, and a command stands
// at the beginning of one: without a line end before it, it would show what it is to hide.
// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#masking-a-value-in-a-log
func (c *Console) Mask(secret string) {
	c.secrets.Add(secret)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.commands == nil {
		return
	}
	for _, part := range redact.Parts(secret) {
		if strings.ContainsAny(part, "\r\n") { // its lines come by themselves
			continue
		}
		mask, err := c.commands.Mask(part)
		c.command(mask)
		for _, n := range notice.FromError(err) {
			c.note("warning", n.Text, n.Hint)
		}
	}
}

// Command writes whole lines that the log's reader takes as commands. What is in them from others must be escaped, and passes
// the redactor before that.
func (c *Console) Command(lines []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.command(lines)
}

// command begins a line of its own: the step may have left one open.
func (c *Console) command(lines []byte) {
	if len(lines) > 0 && c.printed {
		lines = append([]byte("\n"), lines...)
	}
	c.write(lines)
}

func (c *Console) note(severity, text, hint string) {
	c.print(severity+": ", text)
	if hint != "" {
		c.print("hint: ", hint)
	}
	if c.commands != nil {
		c.write(c.commands.Annotate(severity, c.clean(joined(text, hint))))
	}
}

// print writes each line under the program's name.
func (c *Console) print(kind, text string) {
	var b strings.Builder
	for line := range strings.Lines(c.clean(text)) {
		fmt.Fprintf(&b, "mlops-track: %s%s\n", kind, strings.TrimRight(line, "\n"))
	}
	c.printed = true
	c.write([]byte(b.String()))
}

// clean returns a text without secrets and as it may be printed. What Inert removes may have hidden a secret, so they are looked
// for before and after.
func (c *Console) clean(text string) string { return c.secrets.Text(Inert(c.secrets.Text(text))) }

func (c *Console) write(text []byte) {
	_, _ = c.out.Write(text) // a closed log is no reason to stop
}

func joined(text, hint string) string {
	if hint == "" {
		return text
	}
	return text + "\n" + hint
}
