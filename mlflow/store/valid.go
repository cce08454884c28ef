package store

import (
	"context"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// valid is a store to which all text is written as mlflow.ValidText. It is around every store that Open returns: what reads names from the
// environment, arguments or files may forget it.
type valid struct{ mlflow.Store }

func (v valid) EnsureExperiment(ctx context.Context, name string) (mlflow.Experiment, error) {
	return v.Store.EnsureExperiment(ctx, mlflow.ValidText(name))
}

func (v valid) CreateRun(ctx context.Context, run mlflow.NewRun) (mlflow.Run, error) {
	run.Name, run.User, run.Tags = mlflow.ValidText(run.Name), mlflow.ValidText(run.User), validTags(run.Tags)
	return v.Store.CreateRun(ctx, run)
}

func (v valid) UpdateRun(ctx context.Context, runID string, update mlflow.RunUpdate) error {
	update.Name = mlflow.ValidText(update.Name)
	return v.Store.UpdateRun(ctx, runID, update)
}

func (v valid) LogBatch(ctx context.Context, runID string, b mlflow.Batch) error {
	b.Tags = validTags(b.Tags)
	params, metrics := make([]mlflow.Param, len(b.Params)), make([]mlflow.Metric, len(b.Metrics))
	for i, p := range b.Params {
		params[i] = mlflow.Param{Key: mlflow.ValidText(p.Key), Value: mlflow.ValidText(p.Value)}
	}
	for i, m := range b.Metrics {
		metrics[i] = m
		metrics[i].Key = mlflow.ValidText(m.Key)
	}
	b.Params, b.Metrics = params, metrics
	return v.Store.LogBatch(ctx, runID, b)
}

func (v valid) CreateModelVersion(ctx context.Context, version mlflow.NewModelVersion) (mlflow.ModelVersion, error) {
	version.Name, version.Source, version.Tags = mlflow.ValidText(version.Name), mlflow.ValidText(version.Source), validTags(version.Tags)
	return v.Store.CreateModelVersion(ctx, version)
}

func validTags(tags []mlflow.Tag) []mlflow.Tag {
	clean := make([]mlflow.Tag, len(tags))
	for i, t := range tags {
		clean[i] = mlflow.Tag{Key: mlflow.ValidText(t.Key), Value: mlflow.ValidText(t.Value)}
	}
	return clean
}
