package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/offline"
	"github.com/Iyalvan/mlops-track/mlflow/store"
	"github.com/Iyalvan/mlops-track/step"
)

func (a *app) syncCommand() *cobra.Command {
	f := newFlags()
	cmd := &cobra.Command{
		Use:   "sync [DIR]",
		Short: "Upload runs that an earlier job could only store offline",
		Long: "Upload runs that an earlier job could only store offline, from DIR (default .mlops-track), to the tracking server:\n" +
			"params, metrics, tags, artifacts, status. It is safe to repeat: only what is missing is sent.\n\n" +
			"The server is the one of --tracking-uri, MLFLOW_TRACKING_URI or the configuration file. The folder names one, too, but that gets\n" +
			"nothing: whoever made the folder chose it. A run that the job resumed is changed if MLFLOW_RUN_ID names it.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.parse(f.sources(cmd, "sync"), "mlops-track sync")
			if err != nil {
				return err
			}
			dir := s.Store.OfflineDir
			if len(args) == 1 {
				dir = a.absolute(args[0])
			}
			if s.Store.Default {
				return a.unnamed(dir)
			}
			return a.sync(cmd.Context(), dir, s.Store.TrackingURI)
		},
	}
	f.register(cmd, "tracking-uri")
	return cmd
}

// sync uploads the runs of a folder to the server that the user names.
func (a *app) sync(ctx context.Context, dir, uri string) (err error) {
	notes, broken := a.waiting(dir)
	if len(notes) == 0 {
		return broken
	}
	options, err := a.access()
	if err != nil {
		return err
	}
	options.URI, options.Dir = uri, a.Dir
	from, err := offline.Open(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close(ctx)) }()
	a.console.Tell(closeLost(ctx, from)...)
	faults := []error{broken}
	for _, n := range notes {
		err := a.upload(ctx, from, options, n)
		if err != nil {
			faults = append(faults, fmt.Errorf("run %s: %w", n.RunID, err))
		}
		if errors.As(err, new(*mlflow.UnreachableError)) || ctx.Err() != nil { // the others would wait as long
			break
		}
	}
	return errors.Join(faults...)
}

// waiting returns the runs that wait in a folder. A note that cannot be read does not stop the others.
func (a *app) waiting(dir string) ([]offline.Note, error) {
	notes, broken := offline.List(dir)
	if _, err := os.Stat(dir); err != nil {
		return nil, hint.With(fmt.Errorf("upload stored runs: %w", err), "pass the folder that the job logged, its output offline-path")
	}
	if len(notes) == 0 && broken == nil {
		a.console.Say("nothing is stored offline in %s", dir)
	}
	return notes, broken
}

// unnamed returns the error for stored runs where the user names no server, with the command that does, for each server that notes
// name.
func (a *app) unnamed(dir string) error {
	notes, broken := a.waiting(dir)
	if len(notes) == 0 {
		return broken
	}
	var addresses, commands []string
	for _, n := range notes {
		command := syncCommand(a.shown(dir), n.TrackingURI)
		if !slices.Contains(commands, command) {
			addresses, commands = append(addresses, strconv.Quote(n.TrackingURI)), append(commands, command)
		}
	}
	return errors.Join(broken, hint.With(
		fmt.Errorf("upload stored runs: no tracking server is named; %s names %s", dir, strings.Join(addresses, ", ")),
		"if that is yours: "+strings.Join(commands, "\nor "),
	))
}

// syncCommand returns the command that uploads the runs of a folder to a server. A password was not stored: it is not asked for in
// the command, which a shell would remember.
func syncCommand(dir, uri string) string {
	if u, err := url.Parse(uri); err == nil && u.User != nil {
		u.User = nil
		uri = u.String()
	}
	return "mlops-track sync " + step.Quote(dir) + " --tracking-uri " + step.Quote(uri)
}

// upload uploads one run.
func (a *app) upload(ctx context.Context, from *store.Opened, options store.Options, n offline.Note) (err error) {
	to, err := store.Open(ctx, options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close(ctx)) }()
	a.console.Tell(closeLost(ctx, to)...)
	done, err := offline.Upload(ctx, from, offline.Target{Store: to, RunID: a.getenv("MLFLOW_RUN_ID")}, n)
	if err != nil {
		return err
	}
	if done.Before {
		a.console.Say("run %s is uploaded by another command", n.RunID)
		return nil
	}
	a.console.Say("uploaded run %s: %s, %s, %s: %s", done.Run.Name, counted(done.Params, "param"),
		counted(done.Points, "metric point"), counted(done.Files, "artifact"),
		cmp.Or(to.RunURL(done.Run.ExperimentID, done.Run.ID), to.Display))
	if done.Open {
		a.console.Say("run %s has not ended: upload it again when it has", done.Run.Name)
	}
	return nil
}

func counted(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}
