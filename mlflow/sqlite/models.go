package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// LoggedModels implements mlflow.Models. The table came with MLflow 3.
func (s *Store) LoggedModels(ctx context.Context, experimentID, runID string) ([]mlflow.LoggedModel, error) {
	var models []mlflow.LoggedModel
	err := s.transact(ctx, "list logged models", func(tx *sql.Tx) error {
		models = nil
		if ok, err := hasLoggedModels(ctx, tx); !ok {
			return err
		}
		rows, err := tx.QueryContext(ctx, `SELECT model_id, name, artifact_location FROM logged_models
			WHERE experiment_id = ? AND source_run_id = ? AND lifecycle_stage = 'active'
			ORDER BY creation_timestamp_ms, model_id`, experimentID, runID)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var m mlflow.LoggedModel
			if err := rows.Scan(&m.ID, &m.Name, &m.ArtifactURI); err != nil {
				return err
			}
			m.ArtifactURI = s.absolute(m.ArtifactURI)
			models = append(models, m)
		}
		return rows.Err()
	})
	return models, err
}

func hasLoggedModels(ctx context.Context, tx *sql.Tx) (bool, error) {
	var n int
	err := tx.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'logged_models'`).Scan(&n)
	return n > 0, err
}

// CreateModelVersion implements mlflow.Models. As in MLflow, nobody checks that the source holds a model.
func (s *Store) CreateModelVersion(ctx context.Context, v mlflow.NewModelVersion) (mlflow.ModelVersion, error) {
	created := mlflow.ModelVersion{Name: v.Name}
	err := s.transact(ctx, "create model version", func(tx *sql.Tx) error {
		storage, err := s.storage(ctx, tx, v.Source)
		if err != nil {
			return err
		}
		number, err := nextVersion(ctx, tx, v.Name)
		if err != nil {
			return err
		}
		now := time.Now().UnixMilli()
		if _, err := tx.ExecContext(ctx, `INSERT INTO model_versions
			(name, version, creation_time, last_updated_time, current_stage, source, run_id, status, storage_location)
			VALUES (?, ?, ?, ?, 'None', ?, nullif(?, ''), 'READY', ?)`,
			v.Name, number, now, now, v.Source, v.RunID, storage); err != nil {
			return err
		}
		created.Version = strconv.FormatInt(number, 10)
		return each(ctx, tx, `INSERT INTO model_version_tags (key, value, name, version) VALUES (?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET value = excluded.value`, v.Tags,
			func(t mlflow.Tag) []any { return []any{t.Key, t.Value, v.Name, number} })
	})
	return created, err
}

// FindModelVersion implements mlflow.Models.
func (s *Store) FindModelVersion(ctx context.Context, v mlflow.NewModelVersion) (mlflow.ModelVersion, error) {
	found := mlflow.ModelVersion{Name: v.Name}
	err := s.transact(ctx, "find model version", func(tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, `SELECT version FROM model_versions
			WHERE name = ? AND source = ? AND coalesce(run_id, '') = ? ORDER BY version DESC`, v.Name, v.Source, v.RunID).
			Scan(&found.Version)
		if errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("version of model %q for run %q: %w", v.Name, v.RunID, mlflow.ErrNotFound)
		}
		return err
	})
	return found, err
}

// nextVersion is the number of the next version of a registered model, which it creates when there is none.
func nextVersion(ctx context.Context, tx *sql.Tx, name string) (number int64, err error) {
	now := time.Now().UnixMilli()
	if _, err := tx.ExecContext(ctx, `INSERT INTO registered_models (name, creation_time, last_updated_time)
		VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET last_updated_time = excluded.last_updated_time`,
		name, now, now); err != nil {
		return 0, err
	}
	err = tx.QueryRowContext(ctx, `SELECT coalesce(max(version), 0) + 1 FROM model_versions WHERE name = ?`, name).
		Scan(&number)
	return number, err
}

// storage is where the files of a source lie: a source models:/<id> names a logged model.
func (s *Store) storage(ctx context.Context, tx *sql.Tx, source string) (string, error) {
	id, ok := strings.CutPrefix(source, "models:/")
	if !ok {
		return source, nil
	}
	if ok, err := hasLoggedModels(ctx, tx); err != nil {
		return "", err
	} else if !ok {
		return "", fmt.Errorf("logged model %q: %w", id, mlflow.ErrNotFound)
	}
	var location string
	err := tx.QueryRowContext(ctx, `SELECT artifact_location FROM logged_models WHERE model_id = ?`, id).Scan(&location)
	if errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("logged model %q: %w", id, mlflow.ErrNotFound)
	}
	return s.absolute(location), err
}
