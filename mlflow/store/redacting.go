package store

import (
	"context"
	"strings"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// Redactor removes secrets from text, and from the key of a param, metric or tag in a form that is allowed there.
type Redactor interface {
	Text(text string) string
	Key(key string) string
}

// Redacting returns a store that removes secrets from all that is written through it: names, tags, params and metric keys. Values are
// cut to MLflow's length after that, so that no half of a secret stays. Keys that had to be changed are noted in renamed. What is
// read is returned as it is stored. Names and sources of models are not changed: they are locations.
func Redacting(st mlflow.Store, secrets Redactor, renamed *Renamed) mlflow.Store {
	return redacting{st, secrets, renamed}
}

type redacting struct {
	mlflow.Store

	secrets Redactor
	renamed *Renamed
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
		clean.Params = append(clean.Params, mlflow.Param{Key: r.key("param", p.Key), Value: r.value(p.Value, mlflow.MaxParamLength)})
	}
	for _, m := range b.Metrics {
		m.Key = r.key("metric", m.Key)
		clean.Metrics = append(clean.Metrics, m)
	}
	return r.Store.LogBatch(ctx, runID, clean)
}

func (r redacting) tags(tags []mlflow.Tag) []mlflow.Tag {
	var clean []mlflow.Tag
	for _, t := range tags {
		clean = append(clean, mlflow.Tag{Key: r.key("tag", t.Key), Value: r.value(t.Value, mlflow.MaxTagLength)})
	}
	return clean
}

// value cuts a value to so many characters, without secrets. Of a very long one only the beginning is looked through.
func (r redacting) value(text string, limit int) string {
	const enough = 10 // secrets make place when they are removed
	if most := limit * enough; len(text) > most {
		text = strings.ToValidUTF8(text[:most], "")
	}
	short, _ := mlflow.Truncate(r.secrets.Text(text), limit)
	return short
}

func (r redacting) key(kind, key string) string {
	clean := r.secrets.Key(key)
	if clean == key {
		return key
	}
	return r.renamed.name(kind, key, clean)
}
