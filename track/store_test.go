package track_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/store"
)

// opened is a real store in an SQLite file, of which chosen calls fail.
type opened struct {
	*store.Opened

	fail  map[string]error // by the name of the call, or by call and run
	calls []string
}

var errDown = errors.New("the store is down")

func open(t *testing.T) *opened {
	t.Helper()
	real, err := store.Open(t.Context(), store.Options{URI: "sqlite:///mlflow.db", Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { real.Close(context.WithoutCancel(t.Context())) })
	return &opened{Opened: real, fail: map[string]error{}}
}

// called notes a call and returns the error with which it fails.
func (o *opened) called(name, runID string) error {
	o.calls = append(o.calls, name)
	return errors.Join(o.fail[name], o.fail[name+" "+runID])
}

func (o *opened) EnsureExperiment(ctx context.Context, name string) (mlflow.Experiment, error) {
	if err := o.called("EnsureExperiment", ""); err != nil {
		return mlflow.Experiment{}, err
	}
	return o.Opened.EnsureExperiment(ctx, name)
}

func (o *opened) SearchRuns(ctx context.Context, search mlflow.RunSearch) ([]mlflow.Run, error) {
	if err := o.called("SearchRuns", ""); err != nil {
		return nil, err
	}
	return o.Opened.SearchRuns(ctx, search)
}

func (o *opened) CreateRun(ctx context.Context, run mlflow.NewRun) (mlflow.Run, error) {
	if err := o.called("CreateRun", ""); err != nil {
		return mlflow.Run{}, err
	}
	return o.Opened.CreateRun(ctx, run)
}

func (o *opened) GetRun(ctx context.Context, runID string) (mlflow.Run, error) {
	if err := o.called("GetRun", runID); err != nil {
		return mlflow.Run{}, err
	}
	return o.Opened.GetRun(ctx, runID)
}

func (o *opened) UpdateRun(ctx context.Context, runID string, update mlflow.RunUpdate) error {
	if err := o.called("UpdateRun", runID); err != nil {
		return err
	}
	return o.Opened.UpdateRun(ctx, runID, update)
}

func (o *opened) LogBatch(ctx context.Context, runID string, batch mlflow.Batch) error {
	if err := o.called("LogBatch", runID); err != nil {
		return err
	}
	return o.Opened.LogBatch(ctx, runID, batch)
}

func (o *opened) LoggedModels(ctx context.Context, experimentID, runID string) ([]mlflow.LoggedModel, error) {
	if err := o.called("LoggedModels", runID); err != nil {
		return nil, err
	}
	return o.Opened.LoggedModels(ctx, experimentID, runID)
}

func (o *opened) CreateModelVersion(ctx context.Context, version mlflow.NewModelVersion) (mlflow.ModelVersion, error) {
	if err := o.called("CreateModelVersion", ""); err != nil {
		return mlflow.ModelVersion{}, err
	}
	return o.Opened.CreateModelVersion(ctx, version)
}

// run makes a run in the experiment Default.
func (o *opened) run(t *testing.T, tags ...mlflow.Tag) mlflow.Run {
	t.Helper()
	run, err := o.Opened.CreateRun(t.Context(), mlflow.NewRun{ExperimentID: "0", Name: "first", Start: now, Tags: tags})
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// child makes a run that a step created inside another.
func (o *opened) child(t *testing.T, parent mlflow.Run) mlflow.Run {
	t.Helper()
	return o.run(t, mlflow.Tag{Key: mlflow.ParentRunTag, Value: parent.ID})
}

// log logs to a run as the step's own MLflow client does.
func (o *opened) log(t *testing.T, run mlflow.Run, batch mlflow.Batch) {
	t.Helper()
	if err := o.Opened.LogBatch(t.Context(), run.ID, batch); err != nil {
		t.Fatal(err)
	}
}

// logModels notes models as an MLflow 3 client does that logs them from a run, in this order.
func (o *opened) logModels(t *testing.T, run mlflow.Run, models ...mlflow.LoggedModel) {
	t.Helper()
	db, err := sql.Open("sqlite", o.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	statements := []string{`CREATE TABLE IF NOT EXISTS logged_models (model_id TEXT PRIMARY KEY, experiment_id INTEGER, name TEXT,
		artifact_location TEXT, creation_timestamp_ms INTEGER, source_run_id TEXT, lifecycle_stage TEXT)`}
	for i, m := range models {
		statements = append(statements, fmt.Sprintf(`INSERT INTO logged_models VALUES ('%s', 0, '%s', 'models/%s', %d, '%s', 'active')`, m.ID, m.Name, m.ID, i, run.ID))
	}
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatal(err)
		}
	}
}

// stored is a run as the store has it.
func (o *opened) stored(t *testing.T, run mlflow.Run) mlflow.Run {
	t.Helper()
	got, err := o.Opened.GetRun(t.Context(), run.ID)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// write writes a file, with its folder, and returns its path.
func write(t *testing.T, elem ...string) string {
	t.Helper()
	file := filepath.Join(elem...)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
