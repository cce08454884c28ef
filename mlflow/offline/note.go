package offline

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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
	ServerJobID string `json:"server_job_id,omitempty"` // its tag mlops.job.id, where that is not the stored run's
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
	if err := replace(dir, n.name("kept"), append(text, '\n')); err != nil {
		return fmt.Errorf("write the note of the stored run: %w", err)
	}
	return nil
}

// replace writes a file of a folder whole or not at all: the job may be killed meanwhile. It stays in the folder, whatever links
// are in it. Later steps of the job, under other users, read it.
func replace(dir, file string, text []byte) error {
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // see above
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	temporary := file + ".tmp"
	return errors.Join(
		root.MkdirAll(filepath.Dir(file), 0o755), root.WriteFile(temporary, text, 0o644), root.Rename(temporary, file),
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

// List returns the runs that wait in a folder, with an error for each note that cannot be read. A folder without any is not an
// error.
func List(dir string) ([]Note, error) {
	entries, err := os.ReadDir(filepath.Join(dir, "kept"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var notes []Note
	faults := []error{err}
	for _, entry := range entries { // sorted by name
		if filepath.Ext(entry.Name()) != ".json" {
			continue
		}
		n, err := load(filepath.Join(dir, "kept", entry.Name()))
		if err != nil {
			faults = append(faults, err)
			continue
		}
		notes = append(notes, n)
	}
	return notes, errors.Join(faults...)
}

// maxNote bounds a note, which has some hundred bytes.
const maxNote = 1 << 20

func load(file string) (Note, error) {
	info, err := os.Lstat(file)
	if err != nil {
		return Note{}, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxNote { // a link, a pipe
		return Note{}, fmt.Errorf("read %q: it is not a note: %s, %d bytes", file, info.Mode(), info.Size())
	}
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
	root, err := os.OpenRoot(dir) // "sent" may be a link
	if err != nil {
		return err
	}
	defer root.Close()
	return errors.Join(root.MkdirAll("sent", 0o755), root.Rename(n.name("kept"), n.name("sent")))
}

// name is the path of a note in the offline folder.
func (n Note) name(state string) string { return filepath.Join(state, n.RunID+".json") }

func (n Note) file(dir, state string) string { return filepath.Join(dir, n.name(state)) }
