package track

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/artifact"
	"github.com/Iyalvan/mlops-track/step/results"
)

// modelFile makes a directory an MLflow model. No server checks that it is there, so we do.
const modelFile = "MLmodel"

// defaultModelPath is where MLflow's own examples put a model; a result that names only the model's name means it.
const defaultModelPath = "model"

// foundModel is the model that the result names.
type foundModel struct {
	source  string // URI
	modelID string // of a logged model
	target  string // folder of the run's artifacts to which it is uploaded; empty: it is there already
	path    string // where it lies, or lies once it was delivered, in the run's artifacts
}

// findModel finds the model to register: a local directory that will be uploaded, a path in the run's artifacts, or a
// logged model of this run. The problem is one of the result; nil if there is a model or none was asked for.
func (f *finalizer) findModel(ctx context.Context) (foundModel, *results.Problem) {
	r := f.left.Result
	if r.ModelName == "" || f.plan.RegisterModel == "never" {
		return foundModel{}, nil
	}
	if target := f.left.ModelTarget; target != "" {
		return foundModel{source: mlflow.JoinLocation(f.open.run.ArtifactURI, target), target: target, path: target}, nil
	}
	where := strings.TrimPrefix(first(r.ModelLocalPath, defaultModelPath), "models:/")
	if model, err := f.loggedModel(ctx, where); err != nil || model.source != "" {
		f.failed("find the model", err)
		return model, nil
	}
	there, err := f.holdsModel(ctx, where)
	switch {
	case err != nil:
		f.failed("find the model", err)
		return foundModel{}, nil
	case there:
		return foundModel{source: mlflow.JoinLocation(f.open.run.ArtifactURI, where), path: where}, nil
	}
	return foundModel{}, &results.Problem{
		Severity: results.Error, Key: "model_local_path",
		Message: fmt.Sprintf("result file %q: model_local_path %q is no model: no folder with a file MLmodel, neither here nor in the run's artifacts, and no logged model of this run",
			f.plan.Files.Result, where),
		Hint: "save the model with mlflow.<flavor>.save_model(model, path) and name that path",
	}
}

// loggedModel finds a model that an MLflow 3 client logged from this run, by name or id; the last one of a name counts.
func (f *finalizer) loggedModel(ctx context.Context, where string) (foundModel, error) {
	models, err := f.open.store.LoggedModels(ctx, f.open.run.ExperimentID, f.open.run.ID)
	var found foundModel
	for _, m := range models {
		if m.Name == where || m.ID == where {
			found = foundModel{source: "models:/" + m.ID, modelID: m.ID, path: m.Name}
		}
	}
	return found, err
}

// holdsModel says whether a folder of the run's artifacts is a model.
func (f *finalizer) holdsModel(ctx context.Context, folder string) (bool, error) {
	repo, err := f.open.store.Artifacts(f.open.run.ArtifactURI)
	if err != nil {
		return false, err
	}
	entries, err := repo.List(ctx, folder)
	if errors.Is(err, mlflow.ErrNotFound) {
		return false, nil
	}
	for _, e := range entries {
		if path.Base(e.Path) == modelFile {
			return true, err
		}
	}
	return false, err
}

// register adds a version to the registered model. Only a run that ended well has a model worth a version.
func (f *finalizer) register(ctx context.Context, v Verdict, m foundModel, uploaded artifact.Result) mlflow.ModelVersion {
	name := f.left.Result.ModelName
	switch {
	case m.source == "" || v.Status != mlflow.Finished:
		return mlflow.ModelVersion{}
	case f.plan.RegisterModel == "default-branch" && !f.plan.CI.OnDefault:
		f.note(fmt.Sprintf("model %q is not registered: this is not the default branch", name), "register-model: auto registers on every branch")
		return mlflow.ModelVersion{}
	case m.target != "" && under(uploaded, m.target):
		f.failed("register model", fmt.Errorf("model %q is not registered: not all of its files were uploaded", name))
		return mlflow.ModelVersion{}
	}
	version, err := f.open.store.CreateModelVersion(ctx, mlflow.NewModelVersion{
		Name: name, Source: m.source, RunID: f.open.run.ID, ModelID: m.modelID,
	})
	if err != nil {
		f.failed("register model", fmt.Errorf("model %q from %q: %w", name, m.source, err))
		return mlflow.ModelVersion{}
	}
	return version
}
