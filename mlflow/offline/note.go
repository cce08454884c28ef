package offline

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// StoreURI is the tracking URI of the local store, relative to the folder.
const StoreURI = "sqlite:///mlflow.db"

// Note names the server and experiment of one stored run.
type Note struct {
	RunID       string `json:"run_id"` // in the local store
	Experiment  string `json:"experiment"`
	TrackingURI string `json:"tracking_uri"`            // redacted; for people
	ServerRunID string `json:"server_run_id,omitempty"` // the run on the server; empty: none that we know of
	Model       *Model `json:"model,omitempty"`         // to be registered after the upload
}

// Model is a model directory in the run's artifacts that belongs into the registry.
type Model struct {
	Name string `json:"name"`
	Path string `json:"path"`
	ID   string `json:"id,omitempty"` // of a logged model that the server has; then Path is not looked at
}

// Write writes the note of a run that waits for its upload.
func Write(dir string, n Note) error {
	text, err := json.MarshalIndent(n, "", "  ")
	if err != nil {
		return err
	}
	file := n.file(dir, "kept")
	if err := replace(file, append(text, '\n')); err != nil {
		return fmt.Errorf("write the note of the stored run: %w", err)
	}
	return nil
}

// replace writes a file whole or not at all: the job may be killed meanwhile. Later steps of the job, under other users, read
// the folder.
func replace(file string, text []byte) error {
	temporary := file + ".tmp"
	return errors.Join(
		os.MkdirAll(filepath.Dir(file), 0o755), //nolint:gosec // see above
		os.WriteFile(temporary, text, 0o644),   //nolint:gosec // see above
		os.Rename(temporary, file),
	)
}

// AddModel adds to the note a model to register when the run is uploaded.
func AddModel(dir, runID string, m Model) error {
	n, err := load(Note{RunID: runID}.file(dir, "kept"))
	if err != nil {
		return err
	}
	n.Model = &m
	return Write(dir, n)
}

// List returns the runs that wait in a folder. A folder without any is not an error.
func List(dir string) ([]Note, error) {
	files, err := filepath.Glob(filepath.Join(dir, "kept", "*.json"))
	if err != nil {
		return nil, err
	}
	slices.Sort(files)
	notes := make([]Note, len(files))
	for i, file := range files {
		if notes[i], err = load(file); err != nil {
			return nil, err
		}
	}
	return notes, nil
}

func load(file string) (Note, error) {
	text, err := os.ReadFile(file) //nolint:gosec // a file of the folder that the user names
	if err != nil {
		return Note{}, err
	}
	var n Note
	if err := json.Unmarshal(text, &n); err != nil {
		return n, fmt.Errorf("read %q: %w", file, err)
	}
	if n.RunID != strings.TrimSuffix(filepath.Base(file), ".json") {
		return n, fmt.Errorf("read %q: it is about run %q", file, n.RunID)
	}
	return n, nil
}

// markSent moves a run from those that wait to those that were uploaded.
func markSent(dir string, n Note) error {
	if err := Write(dir, n); err != nil {
		return err
	}
	sent := n.file(dir, "sent")
	return errors.Join(os.MkdirAll(filepath.Dir(sent), 0o755), os.Rename(n.file(dir, "kept"), sent)) //nolint:gosec // see replace
}

func (n Note) file(dir, state string) string { return filepath.Join(dir, state, n.RunID+".json") }
