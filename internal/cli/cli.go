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

	"github.com/Iyalvan/mlops-track/ciinfo"
	"github.com/Iyalvan/mlops-track/internal/ci"
	"github.com/Iyalvan/mlops-track/internal/console"
	"github.com/Iyalvan/mlops-track/internal/environ"
	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/internal/redact"
	"github.com/Iyalvan/mlops-track/settings"
)

// Exit codes of this program where they are not the step's own.
const (
	exitOK    = 0
	exitError = 1
	exitUsage = 2
)

// Process is the process's arguments, environment and streams, as main passes them.
type Process struct {
	Args    []string
	Environ []string // NAME=value
	Dir     string   // working folder, absolute
	Stdin   *os.File
	Stdout  *os.File
	Stderr  *os.File
	Signals <-chan os.Signal
	Version string
	Hide    func(argument string) // hides a secret in the command line that other processes see of this one; may be nil
}

// Main runs one command and returns the exit code.
func Main(ctx context.Context, p Process) int {
	p.Environ = trimmed(p.Environ)
	watched, w := watch(ctx, p.Signals)
	defer w.stop()
	a := &app{Process: p, watcher: w, secrets: redact.New()}
	a.console = console.New(a.Stderr, a.secrets, a.commands())
	a.inherited = redact.Find(withoutSettings(p.Environ), nil)
	a.secrets.Add(secretOnes(a.inherited)...)
	root := a.root()
	root.SetArgs(p.Args)
	root.SetIn(p.Stdin)
	root.SetOut(p.Stdout)
	root.SetErr(p.Stderr)
	done := make(chan int, 1)
	go func() { done <- a.run(watched, root) }()
	select {
	case code := <-done:
		return w.exitCode(watched, code)
	case <-w.abandoned:
		return w.exitCode(watched, exitError)
	}
}

// run runs the command and returns the exit code.
func (a *app) run(ctx context.Context, root *cobra.Command) int {
	err := root.ExecuteContext(ctx)
	if err == nil {
		return a.code
	}
	if cause, ok := errors.AsType[interruption](context.Cause(ctx)); ok && !errors.Is(err, cause) {
		err = fmt.Errorf("%w: %w", cause, err)
	}
	return a.fail(err)
}

// app is the program with what every command shares.
type app struct {
	Process

	watcher   *watcher
	secrets   *redact.Redactor
	inherited []string         // what the environment names as secrets
	console   *console.Console // for people, on standard error
	code      int              // exit code of a command that ended without an error of ours
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "mlops-track",
		Short:         "Run a training command as one MLflow run whose status matches how the command ended",
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       a.Version,

		SuggestionsMinimumDistance: 2,

		Args: known,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{hint.With(err, "see "+cmd.CommandPath()+" --help")}
	})
	root.AddCommand(a.runCommand(), a.actionCommand(), a.ciCommand(), a.reportCommand(), a.syncCommand(), a.doctorCommand(),
		a.recordCommand(), a.awsCredentialsCommand(), a.pythonPathCommand(), a.uiCommand(), a.versionCommand())
	return root
}

// known rejects an unknown command and suggests a similar one.
func known(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	advice := "see mlops-track --help"
	if meant := cmd.SuggestionsFor(args[0]); len(meant) > 0 {
		advice = "did you mean " + strings.Join(meant, " or ") + "?"
	}
	return usageError{hint.With(fmt.Errorf("unknown command %q", args[0]), advice)}
}

// usageError is a mistake in how the program was called.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// fail logs an error and returns the exit code for it.
func (a *app) fail(err error) int {
	a.console.Error(err.Error(), hint.Of(err))
	if _, ok := errors.AsType[usageError](err); ok {
		return exitUsage
	}
	return max(a.code, exitError)
}

// commands are what the reader of our log takes.
func (a *app) commands() console.Commands {
	if !a.readByRunner() {
		return nil
	}
	return a.system(ciinfo.Detect(ciinfo.Source{Getenv: a.getenv})).Log
}

// readByRunner reports whether a runner may read our log. A log file is read by none: there mask commands would only show the
// secrets.
func (a *app) readByRunner() bool {
	info, err := a.Stderr.Stat()
	return err == nil && !info.Mode().IsRegular()
}

// system returns what a job can do on its CI system.
func (a *app) system(info ciinfo.Info) ci.System {
	job := ci.Job{Info: info, Getenv: a.getenv, Environ: a.forPrograms(), HTTP: a.http(), UserAgent: a.userAgent(), Now: time.Now}
	if a.readByRunner() {
		job.Command = func(lines []byte) { a.console.Command(lines) }
	}
	return ci.For(job)
}

func (a *app) userAgent() string { return "mlops-track/" + a.Version }

// withoutSettings returns an environment without the settings that are not secret: INPUT_AWS-CREDENTIALS has the name of a secret, and
// is a word. Passwords inside of settings are found by settings.Secrets.
func withoutSettings(environ []string) []string {
	plain := map[string]bool{}
	for _, s := range settings.All() {
		if !s.Secret {
			plain[s.Env()], plain[s.Input()] = true, true
		}
	}
	return slices.DeleteFunc(slices.Clone(environ), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return plain[name]
	})
}

// secretOnes are those of some values that may be secrets, each once.
func secretOnes(values []string) []string {
	sorted := slices.Sorted(slices.Values(values))
	return slices.DeleteFunc(slices.Compact(sorted), func(value string) bool { return !redact.Plausible(value) || settings.IsWord(value) })
}

// getenv returns a variable of the environment that main passed.
func (a *app) getenv(name string) string { return environ.Get(a.Environ, name) }
