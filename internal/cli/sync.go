package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/offline"
	"github.com/Iyalvan/mlops-track/mlflow/store"
)

func (a *app) syncCommand() *cobra.Command {
	f := newFlags()
	cmd := &cobra.Command{
		Use:   "sync [DIR]",
		Short: "Upload runs that an earlier job could only store offline",
		Long: "Upload runs that an earlier job could only store offline, from DIR (default .mlops-track), to the tracking server:\n" +
			"params, metrics, tags, artifacts, status. It is safe to repeat: only what is missing is sent.",
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
			if s.Store.Default { // each run goes to the server of its job
				return a.sync(cmd.Context(), dir, "")
			}
			return a.sync(cmd.Context(), dir, s.Store.TrackingURI)
		},
	}
	f.register(cmd, "tracking-uri")
	return cmd
}

func (a *app) sync(ctx context.Context, dir, uri string) (err error) {
	notes, err := offline.List(dir)
	if err != nil {
		return err
	}
	if _, err := os.Stat(dir); err != nil {
		return hint.With(fmt.Errorf("upload stored runs: %w", err), "pass the folder that the job logged, its output offline-path")
	}
	if len(notes) == 0 {
		a.console.Say("nothing is stored offline in %s", dir)
		return nil
	}
	options, err := a.access()
	if err != nil {
		return err
	}
	options.Dir = a.Dir
	from, err := store.Open(ctx, store.Options{URI: offline.StoreURI, Dir: dir})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close(ctx)) }()
	a.console.Tell(closeLost(ctx, from)...)
	var faults []error
	unreachable := map[string]bool{} // servers for which the others would wait as long
	for _, n := range notes {
		options.URI = cmp.Or(uri, n.TrackingURI)
		if unreachable[options.URI] {
			continue
		}
		err := a.upload(ctx, from, options, n)
		if err != nil {
			faults = append(faults, fmt.Errorf("run %s: %w", n.RunID, err))
		}
		unreachable[options.URI] = errors.As(err, new(*mlflow.UnreachableError))
	}
	return errors.Join(faults...)
}

// upload uploads one run to the server of its job, or to the one that the user names.
func (a *app) upload(ctx context.Context, from *store.Opened, options store.Options, n offline.Note) (err error) {
	if options.URI == n.TrackingURI && strings.Contains(options.URI, "***") {
		return hint.With(
			fmt.Errorf("its server is %s, whose password was not stored", options.URI),
			"set MLFLOW_TRACKING_URI, or --tracking-uri without the password and MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD",
		)
	}
	to, err := store.Open(ctx, options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close(ctx)) }()
	a.console.Tell(closeLost(ctx, to)...)
	done, err := offline.Upload(ctx, from, to, n)
	if err != nil {
		return err
	}
	a.console.Say("uploaded run %s: %s, %s, %s: %s", done.Run.Name, counted(done.Params, "param"),
		counted(done.Points, "metric point"), counted(done.Files, "artifact"),
		cmp.Or(to.RunURL(done.Run.ExperimentID, done.Run.ID), to.Display))
	return nil
}

func counted(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}
