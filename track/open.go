package track

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// Open opens the run of a plan, or continues the one that it names.
func Open(ctx context.Context, st mlflow.Store, p Plan) (mlflow.Run, error) {
	if p.Resume != "" {
		return resume(ctx, st, p.Resume, p.Tags)
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
		ExperimentID: experiment, Name: p.RunName, User: p.User, Start: time.Now(), Tags: p.Tags,
	})
	if err != nil {
		return mlflow.Run{}, fmt.Errorf("create run %q in experiment %q: %w", p.RunName, cmp.Or(p.ExperimentID, p.Experiment), err)
	}
	return run, nil
}

// resume continues the run that MLFLOW_RUN_ID names.
func resume(ctx context.Context, st mlflow.Store, runID string, tags []mlflow.Tag) (mlflow.Run, error) {
	run, err := st.GetRun(ctx, runID)
	if err != nil {
		return run, fmt.Errorf("resume the run that MLFLOW_RUN_ID names: %w", err)
	}
	if run.Tags[mlflow.StatusTag] != "" { // of an earlier attempt; a run that has none is known not to be closed
		tags = append(slices.Clip(tags), mlflow.Tag{Key: mlflow.StatusTag})
	}
	if err := st.LogBatch(ctx, run.ID, mlflow.Batch{Tags: tags}); err != nil {
		return run, fmt.Errorf("tag run %s: %w", run.ID, err)
	}
	// After the tags, so that it is never RUNNING with those of a process that is gone.
	if err := st.UpdateRun(ctx, run.ID, mlflow.RunUpdate{Status: mlflow.Running}); err != nil {
		return run, fmt.Errorf("resume run %s: %w", run.ID, err)
	}
	return run, nil
}
