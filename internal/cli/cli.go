package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/Iyalvan/mlops-track/internal/console"
	"github.com/Iyalvan/mlops-track/internal/environ"
	"github.com/Iyalvan/mlops-track/internal/redact"
)

// Exit codes of this program where they are not the step's own.
const (
	exitOK    = 0
	exitError = 1
	exitUsage = 2
)

// uiGrace is the time that the MLflow UI gets to stop.
const uiGrace = 5 * time.Second

// Process is the edge of the process as main hands it in.
type Process struct {
	Args    []string
	Environ []string // NAME=value
	Dir     string   // working folder, absolute
	Stdin   *os.File
	Stdout  *os.File
	Stderr  *os.File
	Signals <-chan os.Signal
	Version string
}

// Main runs one command and returns the exit code.
func Main(ctx context.Context, p Process) int {
	a := &app{Process: p, secrets: redact.New(redact.Find(p.Environ, p.Args)...)}
	root := a.root()
	root.SetArgs(p.Args)
	root.SetIn(p.Stdin)
	root.SetOut(p.Stdout)
	root.SetErr(p.Stderr)
	if err := root.ExecuteContext(ctx); err != nil {
		return a.fail(err)
	}
	return a.code
}

type app struct {
	Process

	secrets *redact.Redactor
	code    int // exit code of a command that ended without an error of ours
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "mlops-track",
		Short:         "Run a training command as one MLflow run that tells the truth",
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       a.Version,

		SuggestionsMinimumDistance: 2,

		Args: known,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{hinted{err, "see " + cmd.CommandPath() + " --help"}}
	})
	root.AddCommand(a.runCommand(), a.actionCommand(), a.ciCommand(), a.reportCommand(), a.syncCommand(), a.doctorCommand(), a.pythonPathCommand(), a.uiCommand(), a.versionCommand())
	return root
}

// known refuses what is no command, with the one that may have been meant.
func known(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := "see mlops-track --help"
	if meant := cmd.SuggestionsFor(args[0]); len(meant) > 0 {
		hint = "did you mean " + strings.Join(meant, " or ") + "?"
	}
	return usageError{hinted{fmt.Errorf("unknown command %q", args[0]), hint}}
}

// usageError is a mistake in how the program was called.
type usageError struct{ hinted }

// fail tells an error and returns the exit code for it.
func (a *app) fail(err error) int {
	a.console().Error(err.Error(), hint(err))
	if _, ok := errors.AsType[usageError](err); ok {
		return exitUsage
	}
	return exitError
}

// hint returns what an error says should be done about it.
func hint(err error) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}

// console is for people, on standard error. In a file no runner reads the masks: there they would only show the secrets.
func (a *app) console() *console.Console {
	info, err := a.Stderr.Stat()
	return console.New(a.Stderr, a.secrets, a.getenv("GITHUB_ACTIONS") == "true" && err == nil && !info.Mode().IsRegular())
}

// maskAll hides the secrets that came in, before anything else is printed.
func (a *app) maskAll() {
	known := redact.Find(a.Environ, a.Args)
	slices.Sort(known)
	console := a.console()
	for _, secret := range slices.Compact(known) {
		console.Mask(secret)
	}
}

// getenv returns a variable of the environment that main handed in.
func (a *app) getenv(name string) string { return environ.Get(a.Environ, name) }

// hinted is an error with what to do about it.
type hinted struct {
	error
	hint string
}

func (e hinted) Unwrap() error { return e.error }
func (e hinted) Hint() string  { return e.hint }

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
