package track

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/store"
)

// startTimeout bounds the first words with a tracking server: within it a user is told what is wrong.
const startTimeout = 8 * time.Second

// open is a run that is open in a store.
type open struct {
	store *store.Opened
	run   mlflow.Run
	kept  bool // in the local store, because the server is away
}

// closeTimeout bounds closing an embedded store, or ending the server of a database.
const closeTimeout = 5 * time.Second

// close closes the store, also when ctx is over.
func (o open) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	return o.store.Close(ctx)
}

// start opens the run. A server that is away is no reason not to train, unless the user said so; a server that says no is.
func start(ctx context.Context, p Plan, host Host) (open, error) {
	o, err := openRun(ctx, p, p.storeOptions(host))
	var away *mlflow.UnreachableError
	if err == nil || !errors.As(err, &away) || p.OnTrackingError == "fail" || ctx.Err() != nil {
		return o, err
	}
	o, keepErr := openKept(ctx, p, host, "")
	if keepErr != nil {
		return o, errors.Join(err, keepErr)
	}
	host.Console.Warn(err.Error()+"\nthe run is kept in "+p.OfflineDir, keepHint(p))
	return o, nil
}

func (p Plan) storeOptions(host Host) store.Options {
	o := host.Access
	o.URI, o.Dir, o.Environ = p.TrackingURI, p.Dir, host.Environ
	return o
}

func openRun(ctx context.Context, p Plan, opts store.Options) (open, error) {
	st, err := store.Open(ctx, opts)
	if err != nil {
		return open{}, err
	}
	run, err := createRun(ctx, p, st)
	if err != nil {
		return open{}, errors.Join(err, open{store: st}.close(ctx))
	}
	return open{store: st, run: run}, nil
}

func createRun(ctx context.Context, p Plan, st mlflow.Store) (mlflow.Run, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if p.Resume != "" {
		return resumeRun(ctx, p, st)
	}
	experiment := p.ExperimentID
	if experiment == "" {
		found, err := st.EnsureExperiment(ctx, p.Experiment)
		if err != nil {
			return mlflow.Run{}, fmt.Errorf("find experiment %q: %w", p.Experiment, err)
		}
		experiment = found.ID
	}
	run, err := st.CreateRun(ctx, mlflow.NewRun{
		ExperimentID: experiment, Name: p.RunName, User: p.CI.User, Start: time.Now(), Tags: p.Tags,
	})
	if err != nil {
		return mlflow.Run{}, fmt.Errorf("create run %q in experiment %s: %w", p.RunName, first(p.ExperimentID, p.Experiment), err)
	}
	return run, nil
}

// resumeRun goes on with the run that MLFLOW_RUN_ID names.
func resumeRun(ctx context.Context, p Plan, st mlflow.Store) (mlflow.Run, error) {
	run, err := st.GetRun(ctx, p.Resume)
	if err != nil {
		return run, fmt.Errorf("resume the run that MLFLOW_RUN_ID names: %w", err)
	}
	if err := st.UpdateRun(ctx, run.ID, mlflow.RunUpdate{Status: mlflow.Running}); err != nil {
		return run, fmt.Errorf("resume run %s: %w", run.ID, err)
	}
	return run, st.LogBatch(ctx, run.ID, mlflow.Batch{Tags: p.Tags})
}
