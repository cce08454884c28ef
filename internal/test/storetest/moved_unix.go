//go:build !windows

package storetest

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// Closer is an embedded store.
type Closer interface {
	mlflow.Store
	Close(ctx context.Context) error
}

// Moved writes a run with an artifact, a child run and a registered model to a store in folder, closes it, moves the
// folder, and asks that an MLflow started there serves all of it. backend is the store's URI relative to the folder.
func Moved(t *testing.T, store Closer, line int, folder, backend string) {
	s := fixture{store}
	run := s.run(t)
	child := s.runIn(t, run.ExperimentID, mlflow.Tag{Key: mlflow.ParentRunTag, Value: run.ID})
	artifacts, ok := mlflow.LocalPath(run.ArtifactURI)
	if !ok || !filepath.IsAbs(artifacts) {
		t.Fatalf("artifacts of an open run are at %q", run.ArtifactURI)
	}
	if err := os.MkdirAll(artifacts, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(artifacts, "a.txt"), []byte("hello"), 0o666); err != nil {
		t.Fatal(err)
	}
	Client{Line: line, URI: "file:///nowhere"}.Run(t, "model", filepath.Join(artifacts, "model"))
	version, err := s.CreateModelVersion(t.Context(), mlflow.NewModelVersion{
		Name: "twice", Source: run.ArtifactURI + "/model", RunID: run.ID, Tags: []mlflow.Tag{{Key: "k", Value: "v"}},
	})
	if err != nil || version.Version != "1" {
		t.Fatalf("create model version: %v %v", version, err)
	}
	models := []string{"models:/twice/1"}
	if line == 3 {
		models = append(models, s.logModel(t, run, Client{Line: line, URI: backend, Dir: folder}))
	}
	for _, r := range []mlflow.Run{run, child} {
		s.update(t, r.ID, mlflow.RunUpdate{Status: mlflow.Finished, End: time.Now()})
	}
	if err := store.Close(t.Context()); err != nil {
		t.Fatal(err)
	}

	moved := filepath.Join(t.TempDir(), "down loaded")
	if err := os.Rename(folder, moved); err != nil {
		t.Fatal(err)
	}
	for _, model := range models {
		predicted := Client{Line: line, URI: backend, Dir: moved}.Run(t, "predict", model)
		if got := strings.TrimSpace(string(predicted)); got != "[2, 42]" {
			t.Errorf("%s predicts %s", model, got)
		}
	}
	url := Serve(t, line, moved, backend)
	for _, r := range []mlflow.Run{run, child} {
		var answer struct {
			Run struct {
				Info struct {
					Name string `json:"run_name"`
					URI  string `json:"artifact_uri"`
				} `json:"info"`
			} `json:"run"`
		}
		text := get(t, url+"/api/2.0/mlflow/runs/get?run_id="+r.ID)
		if err := json.Unmarshal([]byte(text), &answer); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		if answer.Run.Info.Name != r.Name || filepath.IsAbs(answer.Run.Info.URI) || strings.Contains(answer.Run.Info.URI, ":") {
			t.Errorf("run %q is served as %+v", r.Name, answer.Run.Info)
		}
	}
	if list := get(t, url+"/api/2.0/mlflow/artifacts/list?run_id="+run.ID); !strings.Contains(list, `"a.txt"`) {
		t.Errorf("artifacts are listed as %s", list)
	}
	if text := get(t, url+"/get-artifact?path=a.txt&run_uuid="+run.ID); text != "hello" {
		t.Errorf("the artifact is served as %q", text)
	}
}

// logModel lets MLflow log a model from a run, makes it a version of another registered model, and returns its URI.
func (f fixture) logModel(t *testing.T, run mlflow.Run, c Client) string {
	t.Helper()
	c.Run(t, "log_model", run.ID)
	models, err := f.LoggedModels(t.Context(), run.ExperimentID, run.ID)
	if err != nil || len(models) != 1 || models[0].Name != "doubler" || !strings.Contains(models[0].ArtifactURI, models[0].ID) {
		t.Fatalf("logged models: %+v %v", models, err)
	}
	v, err := f.CreateModelVersion(t.Context(), mlflow.NewModelVersion{
		Name: "logged", Source: "models:/" + models[0].ID, RunID: run.ID, ModelID: models[0].ID,
	})
	if err != nil {
		t.Fatalf("create model version of a logged model: %v", err)
	}
	return "models:/" + v.Name + "/" + v.Version
}

func get(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
