package track

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/step"
	"github.com/Iyalvan/mlops-track/step/results"
)

// defaultModelPath is where MLflow's own examples put a model; a result that names only the model's name means it.
const defaultModelPath = "model"

// Model is the model that the result names.
type Model struct {
	Name    string // of the registered model
	Source  string // URI; empty: there is no model
	ID      string // of a logged model
	Target  string // folder of the run's artifacts to which it is uploaded; empty: it is there already
	Path    string // in the run's artifacts, now or once it is uploaded
	Version string // of the registered model; empty until it is registered
}

// findModel finds the model to register: a local directory that will be uploaded, a path in the run's artifacts, or a
// logged model of this run. The problem is one of the result; nil if there is a model or the result names none.
func (f Finisher) findModel(ctx context.Context, run mlflow.RunRef, outputs step.Outputs) (Model, *results.Problem, error) {
	r := outputs.Result
	if r.ModelName == "" || f.RegisterModel == "never" {
		return Model{}, nil, nil
	}
	m := Model{Name: r.ModelName}
	if target := outputs.ModelTarget; target != "" {
		m.Source, m.Target, m.Path = mlflow.JoinLocation(run.ArtifactURI, target), target, target
		return m, nil, nil
	}
	where := r.ModelLocalPath
	if where == "" {
		where = defaultModelPath
	}
	where = strings.TrimPrefix(where, "models:/")
	logged, err := f.Store.LoggedModels(ctx, run.ExperimentID, run.ID)
	if err != nil {
		return Model{}, nil, err
	}
	for _, l := range logged { // the last one of a name counts
		if l.Name == where || l.ID == where {
			m.Source, m.ID, m.Path = "models:/"+l.ID, l.ID, l.Name
		}
	}
	if m.Source != "" {
		return m, nil, nil
	}
	there, err := f.holdsModel(ctx, run.ArtifactURI, where)
	switch {
	case err != nil:
		return Model{}, nil, err
	case there:
		m.Source, m.Path = mlflow.JoinLocation(run.ArtifactURI, where), where
		return m, nil, nil
	}
	return Model{}, &results.Problem{
		Severity: results.Error, Key: "model_local_path",
		Message: fmt.Sprintf("result: model_local_path %q is not a model: no folder with a file MLmodel, neither here nor in the run's artifacts, and no logged model of this run", where),
		Hint:    "save the model with mlflow.<flavor>.save_model(model, path) and set model_local_path to that path",
	}, nil
}

// holdsModel reports whether a folder of the run's artifacts is a model.
func (f Finisher) holdsModel(ctx context.Context, location, folder string) (bool, error) {
	entries, err := f.Artifacts.List(ctx, location, folder)
	if errors.Is(err, mlflow.ErrNotFound) {
		return false, nil
	}
	for _, e := range entries {
		if path.Base(e.Path) == mlflow.ModelFile {
			return true, err
		}
	}
	return false, err
}
