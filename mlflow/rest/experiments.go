package rest

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/mlflow"
)

const alreadyExists = "RESOURCE_ALREADY_EXISTS"

// EnsureExperiment implements mlflow.Experiments.
func (c *Client) EnsureExperiment(ctx context.Context, name string) (mlflow.Experiment, error) {
	found, err := c.experimentByName(ctx, name)
	if !errors.Is(err, mlflow.ErrNotFound) {
		return found, err
	}
	err = c.post(ctx, "experiments/create", map[string]string{"name": name}, nil)
	if err != nil && !hasCode(err, alreadyExists) { // somebody was faster
		return mlflow.Experiment{}, err
	}
	return c.experimentByName(ctx, name)
}

func (c *Client) experimentByName(ctx context.Context, name string) (mlflow.Experiment, error) {
	var answer struct{ Experiment wireExperiment }
	const call = "experiments/get-by-name"
	if err := c.get(ctx, call, url.Values{"experiment_name": {name}}, &answer); err != nil {
		return mlflow.Experiment{}, err
	}
	e := answer.Experiment
	if e.Stage == "deleted" {
		return mlflow.Experiment{}, hint.With(&mlflow.RejectedError{
			Call: "GET " + call, Message: fmt.Sprintf("experiment %q is deleted", name),
		}, fmt.Sprintf("restore it (mlflow experiments restore --experiment-id %s), or choose another experiment", e.ID))
	}
	return mlflow.Experiment{ID: e.ID, Name: e.Name, ArtifactLocation: e.ArtifactLocation}, nil
}
