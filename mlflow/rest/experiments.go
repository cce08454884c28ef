package rest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/Iyalvan/mlops-track/mlflow"
)

const alreadyExists = "RESOURCE_ALREADY_EXISTS"

// pageSize is how many runs or models are asked for at once.
const pageSize = 1000

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
		return mlflow.Experiment{}, &mlflow.RefusedError{
			Call: "GET " + call, Message: fmt.Sprintf("experiment %q is deleted", name),
			Fix: fmt.Sprintf("restore it (mlflow experiments restore --experiment-id %s), or choose another experiment", e.ID),
		}
	}
	return mlflow.Experiment{ID: e.ID, Name: e.Name, ArtifactLocation: e.ArtifactLocation}, nil
}

// SearchRuns implements mlflow.Experiments.
func (c *Client) SearchRuns(ctx context.Context, experimentID string, tag mlflow.Tag) ([]mlflow.Run, error) {
	filter := ""
	if quoted, ok := quote(tag.Value); ok {
		filter = fmt.Sprintf("tags.`%s` = %s", tag.Key, quoted)
	}
	var runs []mlflow.Run
	for token := ""; ; {
		var answer struct {
			Runs []wireRun
			Next string `json:"next_page_token"`
		}
		err := c.post(ctx, "runs/search", map[string]any{
			"experiment_ids": []string{experimentID}, "filter": filter, "run_view_type": "ACTIVE_ONLY",
			"order_by": []string{"attributes.start_time ASC"}, "max_results": pageSize, "page_token": token,
		}, &answer)
		if err != nil {
			return nil, err
		}
		for _, w := range answer.Runs {
			if r := w.run(); hasTag(r, tag) { // MySQL compares without regard to case
				runs = append(runs, r)
			}
		}
		if token = answer.Next; token == "" {
			return runs, nil
		}
	}
}

func hasTag(r mlflow.Run, tag mlflow.Tag) bool {
	value, ok := r.Tags[tag.Key]
	return ok && value == tag.Value
}

// quote writes a value for a search filter, which knows no escapes. It is false where that cannot be done.
func quote(value string) (string, bool) {
	switch {
	case strings.ContainsAny(value, `\`):
		return "", false
	case !strings.Contains(value, "'"):
		return "'" + value + "'", true
	case !strings.Contains(value, `"`):
		return `"` + value + `"`, true
	}
	return "", false
}
