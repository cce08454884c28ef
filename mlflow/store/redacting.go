package store

import (
	"context"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// Redactor removes secrets from text, and from the key of a param, metric or tag in a form that is allowed there.
type Redactor interface {
	Text(text string) string
	Key(key string) string
}

// Redacting returns a store that removes secrets from all that is written through it: names, tags, params and metric keys.
// What is read is returned as it is stored. Names and sources of models are not changed: they are locations.
func Redacting(st mlflow.Store, secrets Redactor) mlflow.Store {
	return redacting{st, secrets}
}

type redacting struct {
	mlflow.Store

	secrets Redactor
}

func (r redacting) EnsureExperiment(ctx context.Context, name string) (mlflow.Experiment, error) {
	return r.Store.EnsureExperiment(ctx, r.secrets.Text(name))
}

func (r redacting) CreateRun(ctx context.Context, run mlflow.NewRun) (mlflow.Run, error) {
	run.Name, run.User, run.Tags = r.secrets.Text(run.Name), r.secrets.Text(run.User), r.tags(run.Tags)
	return r.Store.CreateRun(ctx, run)
}

func (r redacting) UpdateRun(ctx context.Context, runID string, update mlflow.RunUpdate) error {
	update.Name = r.secrets.Text(update.Name)
	return r.Store.UpdateRun(ctx, runID, update)
}

func (r redacting) LogBatch(ctx context.Context, runID string, b mlflow.Batch) error {
	clean := mlflow.Batch{Tags: r.tags(b.Tags), Metrics: make([]mlflow.Metric, 0, len(b.Metrics)), Params: make([]mlflow.Param, 0, len(b.Params))}
	for _, p := range b.Params {
		clean.Params = append(clean.Params, mlflow.Param{Key: r.secrets.Key(p.Key), Value: r.secrets.Text(p.Value)})
	}
	for _, m := range b.Metrics {
		m.Key = r.secrets.Key(m.Key)
		clean.Metrics = append(clean.Metrics, m)
	}
	return r.Store.LogBatch(ctx, runID, clean)
}

func (r redacting) tags(tags []mlflow.Tag) []mlflow.Tag {
	var clean []mlflow.Tag
	for _, t := range tags {
		clean = append(clean, mlflow.Tag{Key: r.secrets.Key(t.Key), Value: r.secrets.Text(t.Value)})
	}
	return clean
}
