package outputs

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// Value is one output.
type Value struct{ Name, Text string }

// maxSummary is GitHub's limit for the summary of one step, in bytes.
// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#step-isolation-and-limits
const maxSummary = 1 << 20

// WriteGitHub appends values to the file that GITHUB_OUTPUT names.
func WriteGitHub(file string, values []Value) error {
	var b strings.Builder
	for _, v := range values {
		end := delimiter(v.Text)
		fmt.Fprintf(&b, "%s<<%s\n%s\n%s\n", v.Name, end, v.Text, end)
	}
	if err := add(file, b.String()); err != nil {
		return fmt.Errorf("write outputs to the file of GITHUB_OUTPUT: %w", err)
	}
	return nil
}

// delimiter returns the line that ends a value. It is random and not in the value, so that no value can write outputs of
// its own.
func delimiter(value string) string {
	for {
		if line := "ghadelimiter_" + rand.Text(); !strings.Contains(value, line) {
			return line
		}
	}
}

// WriteSummary appends Markdown to the job summary in the file that GITHUB_STEP_SUMMARY names. render returns at most limit
// bytes: what the step itself or an earlier call wrote counts towards GitHub's limit for a step.
func WriteSummary(file string, render func(limit int) string) error {
	const doing = "write the job summary to the file of GITHUB_STEP_SUMMARY: %w"
	size := int64(0)
	if info, err := os.Stat(file); err == nil {
		size = info.Size()
	} else if !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf(doing, err)
	}
	const lineEnds = 2
	text := render(max(0, maxSummary-lineEnds-int(size)))
	if text == "" {
		return fmt.Errorf("job summary not written: %d of GitHub's limit of %d bytes are already used", size, maxSummary)
	}
	if err := add(file, text+"\n"); err != nil {
		return fmt.Errorf(doing, err)
	}
	return nil
}

// add appends whole lines to a file. If its last line has no newline, it gets one first.
func add(file, lines string) (err error) {
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_RDWR, 0o644) //nolint:gosec // the runner reads it as another user
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	last := make([]byte, 1)
	if _, err := f.Seek(-1, io.SeekEnd); err == nil { // else it is empty
		if _, err := f.Read(last); err == nil && last[0] != '\n' {
			lines = "\n" + lines
		}
	}
	_, err = f.WriteString(lines)
	return err
}
