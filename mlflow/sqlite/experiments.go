package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// EnsureExperiment implements mlflow.Experiments. The location it returns, and leaves in the file until Close, is
// absolute where Options say what relative ones refer to.
func (s *Store) EnsureExperiment(ctx context.Context, name string) (mlflow.Experiment, error) {
	var found mlflow.Experiment
	err := s.transact(ctx, "ensure experiment", func(tx *sql.Tx) (err error) {
		found, err = s.findExperiment(ctx, tx, name)
		if errors.Is(err, sql.ErrNoRows) {
			found, err = s.createExperiment(ctx, tx, name)
		}
		return err
	})
	if err != nil {
		return mlflow.Experiment{}, err
	}
	s.remember(found.ID, "")
	return found, nil
}

func (s *Store) findExperiment(ctx context.Context, tx *sql.Tx, name string) (mlflow.Experiment, error) {
	found := mlflow.Experiment{Name: name}
	var stage, location string
	err := tx.QueryRowContext(ctx, `SELECT experiment_id, coalesce(lifecycle_stage, 'active'),
		coalesce(artifact_location, '') FROM experiments WHERE name = ?`, name).Scan(&found.ID, &stage, &location)
	if err != nil {
		return found, err
	}
	if stage != "active" {
		return found, s.rejected("ensure experiment", fmt.Sprintf("experiment %q is deleted", name),
			fmt.Sprintf("restore it (mlflow experiments restore -x %s) or name another experiment", found.ID))
	}
	found.ArtifactLocation = s.absolute(location)
	if mlflow.AbsoluteLocation(location, s.options.RelativeTo) != location && s.options.RelativeTo != "" {
		_, err = tx.ExecContext(ctx, `UPDATE experiments SET artifact_location = ? WHERE experiment_id = ?`,
			found.ArtifactLocation, found.ID)
	}
	return found, err
}

func (s *Store) createExperiment(ctx context.Context, tx *sql.Tx, name string) (mlflow.Experiment, error) {
	now := time.Now().UnixMilli()
	result, err := tx.ExecContext(ctx, `INSERT INTO experiments
		(name, artifact_location, lifecycle_stage, creation_time, last_update_time)
		VALUES (?, '', 'active', ?, ?)`, name, now, now)
	if err != nil {
		return mlflow.Experiment{}, err
	}
	id, err := result.LastInsertId()
	if err != nil {
		return mlflow.Experiment{}, err
	}
	location := s.newLocation(id)
	_, err = tx.ExecContext(ctx, `UPDATE experiments SET artifact_location = ? WHERE experiment_id = ?`, location, id)
	return mlflow.Experiment{ID: strconv.FormatInt(id, 10), Name: name, ArtifactLocation: location}, err
}

// newLocation is the artifact location of a new experiment.
func (s *Store) newLocation(experimentID int64) string {
	return mlflow.LocalLocation(filepath.Join(s.options.ArtifactRoot, strconv.FormatInt(experimentID, 10)))
}

// absolute is a location as it is in this folder now.
func (s *Store) absolute(location string) string {
	if s.options.RelativeTo != "" && location != "" {
		location = mlflow.AbsoluteLocation(location, s.options.RelativeTo)
	}
	return s.roots.Here(location)
}
