package rest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// LoggedModels implements mlflow.Models.
func (c *Client) LoggedModels(ctx context.Context, experimentID, runID string) ([]mlflow.LoggedModel, error) {
	var models []mlflow.LoggedModel
	for token := ""; ; {
		var answer struct {
			Models []struct {
				Info struct {
					ID          string `json:"model_id"`
					Name        string `json:"name"`
					ArtifactURI string `json:"artifact_uri"`
				}
			}
			Next string `json:"next_page_token"`
		}
		err := c.post(ctx, "logged-models/search", map[string]any{
			"experiment_ids": []string{experimentID}, "filter": fmt.Sprintf("source_run_id = '%s'", runID),
			"order_by": []map[string]any{{"field_name": "creation_timestamp", "ascending": true}}, "page_token": token,
		}, &answer)
		if rejected, ok := errors.AsType[*mlflow.RejectedError](err); ok && rejected.Status == http.StatusNotFound && rejected.Code == "" {
			return nil, nil // MLflow 2 has no such path
		}
		if err != nil {
			return nil, err
		}
		for _, m := range answer.Models {
			models = append(models, mlflow.LoggedModel{ID: m.Info.ID, Name: m.Info.Name, ArtifactURI: m.Info.ArtifactURI})
		}
		if token = answer.Next; token == "" {
			return models, nil
		}
	}
}

type wireVersion struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Source  string `json:"source"`
}

// CreateModelVersion implements mlflow.Models. Where it is not known whether the server added the version, it looks for
// one of the same run and source before it tries again.
func (c *Client) CreateModelVersion(ctx context.Context, version mlflow.NewModelVersion) (mlflow.ModelVersion, error) {
	err := c.post(ctx, "registered-models/create", map[string]string{"name": version.Name}, nil)
	if err != nil && !hasCode(err, alreadyExists) {
		return mlflow.ModelVersion{}, err
	}
	return createOnce(ctx, func() (mlflow.ModelVersion, error) {
		var answer struct {
			Version wireVersion `json:"model_version"`
		}
		err := c.postOnce(ctx, "model-versions/create", struct {
			Name    string     `json:"name"`
			Source  string     `json:"source"`
			RunID   string     `json:"run_id,omitempty"`
			ModelID string     `json:"model_id,omitempty"`
			Tags    []wireItem `json:"tags"`
		}{version.Name, version.Source, version.RunID, version.ModelID, wireTags(version.Tags)}, &answer)
		return mlflow.ModelVersion{Name: answer.Version.Name, Version: answer.Version.Version}, err
	}, func() (mlflow.ModelVersion, bool, error) {
		found, err := c.FindModelVersion(ctx, version)
		if errors.Is(err, mlflow.ErrNotFound) {
			return found, false, nil
		}
		return found, err == nil, err
	})
}

// FindModelVersion implements mlflow.Models.
func (c *Client) FindModelVersion(ctx context.Context, v mlflow.NewModelVersion) (mlflow.ModelVersion, error) {
	var answer struct {
		Versions []wireVersion `json:"model_versions"`
	}
	query := url.Values{"filter": {fmt.Sprintf("run_id = '%s'", v.RunID)}, "order_by": {"creation_timestamp DESC"}}
	if err := c.get(ctx, "model-versions/search", query, &answer); err != nil {
		return mlflow.ModelVersion{}, err
	}
	for _, w := range answer.Versions {
		if w.Name == v.Name && w.Source == v.Source {
			return mlflow.ModelVersion{Name: w.Name, Version: w.Version}, nil
		}
	}
	return mlflow.ModelVersion{}, fmt.Errorf("version of model %q for run %q: %w", v.Name, v.RunID, mlflow.ErrNotFound)
}
