package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/offline"
	"github.com/Iyalvan/mlops-track/mlflow/store"
)

func (a *app) syncCommand() *cobra.Command {
	var uri string
	cmd := &cobra.Command{
		Use:   "sync [DIR]",
		Short: "Deliver runs that an earlier job could only keep locally",
		Long: "Deliver runs that an earlier job could only keep locally, from DIR (default .mlops-track), to the tracking server:\n" +
			"params, metrics with steps and times, tags, artifacts, status. It is safe to repeat: only what is missing is sent.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			a.maskAll()
			dir := ".mlops-track"
			if len(args) == 1 {
				dir = args[0]
			}
			to := firstOf(uri, a.getenv("MLOPS_TRACKING_URI"), a.getenv("MLFLOW_TRACKING_URI"))
			return a.sync(cmd.Context(), a.absolute(dir), to)
		},
	}
	cmd.Flags().StringVar(&uri, "tracking-uri", "", "the server to deliver to")
	return cmd
}

func (a *app) sync(ctx context.Context, dir, uri string) (err error) {
	notes, err := offline.List(dir)
	if err != nil {
		return err
	}
	if _, err := os.Stat(dir); err != nil {
		return hinted{fmt.Errorf("deliver kept runs: %w", err), "name the folder that the job kept, in its output offline-path"}
	}
	if len(notes) == 0 {
		a.console().Say("nothing is kept in %s", dir)
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
	var faults []error
	away := map[string]bool{} // servers for which the others would wait as long
	for _, n := range notes {
		options.URI = firstOf(uri, n.TrackingURI)
		if away[options.URI] {
			continue
		}
		err := a.deliver(ctx, dir, from, options, n)
		if err != nil {
			faults = append(faults, fmt.Errorf("run %s: %w", n.RunID, err))
		}
		away[options.URI] = errors.As(err, new(*mlflow.UnreachableError))
	}
	return errors.Join(faults...)
}

// deliver brings one run to the server that it was meant for, or to the one that the user names.
func (a *app) deliver(ctx context.Context, dir string, from *store.Opened, options store.Options, n offline.Note) (err error) {
	if options.URI == n.TrackingURI && strings.Contains(options.URI, "***") {
		return hinted{
			fmt.Errorf("it was meant for %s, whose password was not kept", options.URI),
			"set MLFLOW_TRACKING_URI, or --tracking-uri without the password and MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD",
		}
	}
	to, err := store.Open(ctx, options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close(ctx)) }()
	done, err := offline.Deliver(ctx, dir, from, to, n)
	if err != nil {
		return err
	}
	a.console().Say("delivered run %s: %s, %s, %s: %s", done.Run.Name, counted(done.Params, "param"),
		counted(done.Points, "metric point"), counted(done.Files, "artifact"),
		firstOf(to.RunURL(done.Run.ExperimentID, done.Run.ID), to.Display))
	return nil
}

func counted(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}
