package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/Iyalvan/mlops-track/kept"
	"github.com/Iyalvan/mlops-track/mlflow"
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
	notes, err := kept.List(dir)
	if err != nil {
		return err
	}
	if len(notes) == 0 {
		a.console().Say("nothing is kept in %s", dir)
		return nil
	}
	if uri == "" {
		return usageError{hinted{errors.New("no tracking server to deliver to"), "set --tracking-uri or MLFLOW_TRACKING_URI; " + meantFor(notes)}}
	}
	from, err := store.Open(ctx, store.Options{URI: kept.StoreURI, Dir: dir})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close(ctx)) }()
	options, err := a.access()
	if err != nil {
		return err
	}
	options.URI, options.Dir = uri, a.Dir
	to, err := store.Open(ctx, options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close(ctx)) }()
	var faults []error
	for _, n := range notes {
		done, err := kept.Deliver(ctx, dir, from, to, n)
		if err != nil {
			faults = append(faults, fmt.Errorf("run %s: %w", n.RunID, err))
			if errors.As(err, new(*mlflow.UnreachableError)) {
				break // the others would wait as long
			}
			continue
		}
		a.console().Say("delivered run %s: %d params, %d metric points, %d artifacts: %s", done.Run.Name, done.Params, done.Points, done.Files,
			firstOf(to.RunURL(done.Run.ExperimentID, done.Run.ID), to.Display))
	}
	return errors.Join(faults...)
}

// meantFor says which servers the runs were meant for.
func meantFor(notes []kept.Note) string {
	seen := map[string]bool{}
	var uris []string
	for _, n := range notes {
		if !seen[n.TrackingURI] {
			seen[n.TrackingURI] = true
			uris = append(uris, n.TrackingURI)
		}
	}
	return "the runs were meant for " + strings.Join(uris, ", ")
}
