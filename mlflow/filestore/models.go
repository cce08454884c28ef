package filestore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// loggedModelMeta is the meta.yaml of a logged model, as far as it is read here.
type loggedModelMeta struct {
	ID          string `yaml:"model_id"`
	Name        string `yaml:"name"`
	Location    string `yaml:"artifact_location"`
	SourceRunID string `yaml:"source_run_id"`
	Stage       string `yaml:"lifecycle_stage"`
	Created     int64  `yaml:"creation_timestamp"`
}

// LoggedModels implements mlflow.Models.
func (s *Store) LoggedModels(ctx context.Context, experimentID, runID string) ([]mlflow.LoggedModel, error) {
	if !isID(experimentID) {
		return nil, nil
	}
	var metas []loggedModelMeta
	err := eachMeta(ctx, filepath.Join(s.root, experimentID, registry), func(_ string, m loggedModelMeta, _ document) error {
		if m.SourceRunID == runID && m.Stage != "deleted" {
			metas = append(metas, m)
		}
		return nil
	})
	slices.SortStableFunc(metas, func(a, b loggedModelMeta) int { return int(a.Created - b.Created) })
	var models []mlflow.LoggedModel
	for _, m := range metas {
		models = append(models, mlflow.LoggedModel{ID: m.ID, Name: m.Name, ArtifactURI: s.absolute(m.Location)})
	}
	return models, s.explain("list logged models", err)
}

// eachMeta calls visit with the meta.yaml of every folder in a folder. A folder without one is passed over.
func eachMeta[T any](ctx context.Context, parent string, visit func(folder string, meta T, d document) error) error {
	names, err := subfolders(parent)
	if err != nil {
		return err
	}
	for _, name := range names {
		var meta T
		folder := filepath.Join(parent, name)
		d, err := readMeta(ctx, folder, &meta)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = visit(folder, meta, d)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// CreateModelVersion implements mlflow.Models. As in MLflow, nobody checks that the source holds a model.
func (s *Store) CreateModelVersion(ctx context.Context, v mlflow.NewModelVersion) (mlflow.ModelVersion, error) {
	created := mlflow.ModelVersion{Name: v.Name}
	err := s.locked(ctx, "create model version", func() error {
		if v.Name == "" || strings.ContainsAny(v.Name, `/\:`) || strings.HasPrefix(v.Name, ".") {
			return s.rejected("create model version", fmt.Sprintf("%q cannot be the name of a folder", v.Name),
				`name the model without a leading dot and without / \ :`)
		}
		storage, err := s.storage(ctx, v.Source)
		if err != nil {
			return err
		}
		model := filepath.Join(s.root, registry, v.Name)
		if err := ensureModel(ctx, model, v.Name); err != nil {
			return err
		}
		number, err := nextVersion(model)
		if err != nil {
			return err
		}
		created.Version = strconv.Itoa(number)
		return writeVersion(model, number, v, storage)
	})
	return created, err
}

// ensureModel creates a registered model, or notes in it that it changes.
func ensureModel(ctx context.Context, folder, name string) error {
	now := time.Now().UnixMilli()
	d, err := readMeta(ctx, folder, &struct{}{})
	if errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(folder, 0o777); err != nil {
			return err
		}
		return createMeta(folder, []field{
			{"aliases", map[string]string{}},
			{"creation_timestamp", now},
			{"description", nil},
			{"last_updated_timestamp", now},
			{"name", name},
		})
	} else if err != nil {
		return err
	}
	if d, err = d.with("last_updated_timestamp", now); err != nil {
		return err
	}
	return writeMeta(folder, d)
}

// FindModelVersion implements mlflow.Models.
func (s *Store) FindModelVersion(ctx context.Context, v mlflow.NewModelVersion) (mlflow.ModelVersion, error) {
	notFound := fmt.Errorf("version of model %q for run %q: %w", v.Name, v.RunID, mlflow.ErrNotFound)
	if v.Name == "" || !filepath.IsLocal(v.Name) {
		return mlflow.ModelVersion{}, notFound
	}
	model := filepath.Join(s.root, registry, v.Name)
	next, err := nextVersion(model)
	if err != nil {
		return mlflow.ModelVersion{}, err
	}
	for number := next - 1; number > 0; number-- {
		var m struct {
			RunID  string `yaml:"run_id"`
			Source string `yaml:"source"`
		}
		_, err := readMeta(ctx, filepath.Join(model, versionPrefix+strconv.Itoa(number)), &m)
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // MLflow deletes versions
			return mlflow.ModelVersion{}, err
		}
		if err == nil && m.RunID == v.RunID && m.Source == v.Source {
			return mlflow.ModelVersion{Name: v.Name, Version: strconv.Itoa(number)}, nil
		}
	}
	return mlflow.ModelVersion{}, notFound
}

const versionPrefix = "version-"

func nextVersion(model string) (int, error) {
	names, err := subfolders(model)
	last := 0
	for _, name := range names {
		if number, ok := strings.CutPrefix(name, versionPrefix); ok {
			n, _ := strconv.Atoi(number)
			last = max(last, n)
		}
	}
	return last + 1, err
}

// writeVersion writes a version beside the others and then gives it its name: MLflow fails on one without meta.yaml.
func writeVersion(model string, number int, v mlflow.NewModelVersion, storage string) error {
	temp, err := os.MkdirTemp(model, ".mlops-track-*.tmp")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	if err := os.Chmod(temp, 0o755); err != nil { // MkdirTemp leaves 0700
		return err
	}
	for _, t := range v.Tags {
		if err := mlflow.CheckKey(t.Key); err != nil {
			return err
		}
	}
	if err := writeTags(temp, v.Tags); err != nil {
		return err
	}
	now := time.Now().UnixMilli()
	if err := createMeta(temp, []field{
		{"aliases", []string{}},
		{"creation_timestamp", now},
		{"current_stage", "None"},
		{"description", nil},
		{"last_updated_timestamp", now},
		{"name", v.Name},
		{"run_id", orNull(v.RunID)},
		{"run_link", nil},
		{"source", v.Source},
		{"status", "READY"},
		{"status_message", nil},
		{"storage_location", storage},
		{"user_id", nil},
		{"version", number},
	}); err != nil {
		return err
	}
	return os.Rename(temp, filepath.Join(model, versionPrefix+strconv.Itoa(number)))
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// storage is where the files of a source lie: a source models:/<id> names a logged model.
func (s *Store) storage(ctx context.Context, source string) (string, error) {
	id, ok := strings.CutPrefix(source, "models:/")
	if !ok {
		return source, nil
	}
	experiments, err := subfolders(s.root)
	if err != nil {
		return "", err
	}
	for _, experiment := range experiments {
		var m loggedModelMeta
		if !isID(id) {
			break
		}
		_, err := readMeta(ctx, filepath.Join(s.root, experiment, registry, id), &m)
		if err == nil {
			return s.absolute(m.Location), nil
		} else if !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	return "", fmt.Errorf("logged model %q: %w", id, mlflow.ErrNotFound)
}
