package outputs

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/sethvargo/go-githubactions"
)

// Value is one output.
type Value struct{ Name, Text string }

// delimiter is the fixed one with which go-githubactions ends a value. A value that holds it could write outputs of its own.
const delimiter = "_GitHubActionsFileCommandDelimeter_"

// maxSummary is what GitHub takes as the summary of one step.
// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#step-isolation-and-limits
const maxSummary = 1 << 20

// WriteGitHub adds values to the file that GITHUB_OUTPUT names. Values that cannot be written safely are left out and
// told in the error; the others are written.
func WriteGitHub(file string, values []Value) error {
	action, err := forFile("GITHUB_OUTPUT", file)
	if err != nil {
		return err
	}
	var faults []error
	for _, v := range values {
		if strings.Contains(v.Text, delimiter) {
			faults = append(faults, fmt.Errorf("output %s is left out: its value holds the delimiter of GitHub's output file", v.Name))
			continue
		}
		faults = append(faults, guard(func() { action.SetOutput(v.Name, v.Text) }))
	}
	return errors.Join(faults...)
}

// WriteSummary adds Markdown to the job summary in the file that GITHUB_STEP_SUMMARY names. render makes it of at most limit
// bytes: what the step itself or an earlier call wrote takes of the room that GitHub gives to a step.
func WriteSummary(file string, render func(limit int) string) error {
	action, err := forFile("GITHUB_STEP_SUMMARY", file)
	if err != nil {
		return err
	}
	info, err := os.Stat(file)
	if err != nil {
		return fmt.Errorf("open the file of GITHUB_STEP_SUMMARY: %w", err)
	}
	const lineEnds = 2
	room := maxSummary - lineEnds - int(info.Size())
	text := render(max(0, room))
	if text == "" {
		return fmt.Errorf("job summary is left out: %d of the %d bytes that GitHub takes are there already", info.Size(), maxSummary)
	}
	return guard(func() { action.AddStepSummary(text) })
}

// forFile returns an action that writes to file, after a check that the file can be opened.
func forFile(name, file string) (*githubactions.Action, error) {
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644) //nolint:gosec // the runner reads it as another user
	if err != nil {
		return nil, fmt.Errorf("open the file of %s: %w", name, err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("open the file of %s: %w", name, err)
	}
	return githubactions.New(githubactions.WithGetenv(func(key string) string {
		if key == name {
			return file
		}
		return ""
	})), nil
}

// guard turns the panic of go-githubactions on a write error into an error.
func guard(write func()) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("write for GitHub: %v", r)
		}
	}()
	write()
	return nil
}
