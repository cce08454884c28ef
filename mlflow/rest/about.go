package rest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// Version is the version of the server's MLflow.
func (c *Client) Version(ctx context.Context) (string, error) {
	var version string
	call := Call{Name: "GET version", Method: http.MethodGet, URL: c.URL("/version")}
	err := c.Do(ctx, call, func(resp *http.Response) error {
		defer resp.Body.Close()
		const longest = 64
		text, err := io.ReadAll(io.LimitReader(resp.Body, longest))
		version = strings.TrimSpace(string(text))
		if err == nil && (version == "" || version[0] < '0' || version[0] > '9') {
			return c.notJSON(call, resp, text)
		}
		return err
	})
	return version, err
}

// FindExperiment returns the experiment of that name without creating it. One that does not exist is
// mlflow.ErrNotFound, a deleted one a *mlflow.RejectedError.
func (c *Client) FindExperiment(ctx context.Context, name string) (mlflow.Experiment, error) {
	return c.experimentByName(ctx, name)
}

// SampleExperiment returns any existing experiment, to see where the server stores artifacts; mlflow.ErrNotFound if there
// is none.
func (c *Client) SampleExperiment(ctx context.Context) (mlflow.Experiment, error) {
	var answer struct{ Experiments []wireExperiment }
	if err := c.post(ctx, "experiments/search", map[string]any{"max_results": 1, "order_by": []string{"experiment_id ASC"}}, &answer); err != nil {
		return mlflow.Experiment{}, err
	}
	if len(answer.Experiments) == 0 {
		return mlflow.Experiment{}, errors.Join(errors.New("the server has no experiments"), mlflow.ErrNotFound)
	}
	e := answer.Experiments[0]
	return mlflow.Experiment{ID: e.ID, Name: e.Name, ArtifactLocation: e.ArtifactLocation}, nil
}
