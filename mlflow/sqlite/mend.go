package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"

	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/internal/moved"
)

// newRoots says where artifacts of a store lie that was moved: in a folder of the same name beside the file.
func newRoots(path string, options Options) moved.Roots {
	return moved.Roots{Now: func(old string) (string, bool) {
		now := filepath.Join(filepath.Dir(path), filepath.Base(old))
		return now, now == filepath.Clean(options.ArtifactRoot)
	}}
}

// learn finds the roots of absolute locations that are elsewhere.
func (s *Store) learn(ctx context.Context, tx *sql.Tx) error {
	const foreign = `(%[1]s LIKE '/%%' OR %[1]s LIKE 'file:%%') AND substr(%[1]s, 1, length(?)) <> ?`
	here := mlflow.LocalLocation(filepath.Dir(s.path)) + "/"
	rows, err := tx.QueryContext(ctx, `SELECT experiment_id, '', artifact_location FROM experiments WHERE `+fmt.Sprintf(foreign, "artifact_location")+`
		UNION ALL SELECT experiment_id, run_uuid, artifact_uri FROM runs WHERE `+fmt.Sprintf(foreign, "artifact_uri"), here, here, here, here)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var experiment, run, location string
		if err := rows.Scan(&experiment, &run, &location); err != nil {
			return err
		}
		if run == "" {
			s.roots.Learn(location, experiment)
		} else {
			s.roots.Learn(location, experiment, run, "artifacts")
		}
	}
	return rows.Err()
}

// mend rewrites the locations in a store that was moved. Those of a run that is RUNNING, and of its experiment, stay: another process may be
// writing there, to which the same folder has another name.
func (s *Store) mend(ctx context.Context, tx *sql.Tx) error {
	if !s.roots.Any() {
		return nil
	}
	const noneRunning = `NOT EXISTS (SELECT 1 FROM runs r WHERE r.status = 'RUNNING' AND r.%s = %s)`
	ofModel := fmt.Sprintf(noneRunning, "run_uuid", "model_versions.run_id")
	all := []locations{
		{"experiments", "artifact_location", fmt.Sprintf(noneRunning, "experiment_id", "experiments.experiment_id")},
		{"runs", "artifact_uri", "coalesce(status, '') <> 'RUNNING'"},
		{"model_versions", "source", ofModel},
		{"model_versions", "storage_location", ofModel},
	}
	if ok, err := hasLoggedModels(ctx, tx); err != nil {
		return err
	} else if ok {
		all = append(all, locations{"logged_models", "artifact_location", fmt.Sprintf(noneRunning, "run_uuid", "logged_models.source_run_id")})
	}
	for _, l := range all {
		if err := s.mendColumn(ctx, tx, l); err != nil {
			return err
		}
	}
	return nil
}

// mendColumn rewrites one column of locations.
func (s *Store) mendColumn(ctx context.Context, tx *sql.Tx, l locations) error {
	rows, err := tx.QueryContext(ctx, fmt.Sprintf("SELECT rowid, %[1]s FROM %[2]s WHERE %[1]s IS NOT NULL AND %[3]s", l.column, l.table, l.where))
	if err != nil {
		return err
	}
	defer rows.Close()
	type change struct {
		row int64
		to  string
	}
	var changes []change
	for rows.Next() {
		var row int64
		var location string
		if err := rows.Scan(&row, &location); err != nil {
			return err
		}
		if to := s.roots.Here(location); to != location {
			if s.options.RelativeTo != "" {
				to = mlflow.RelativeLocation(to, s.options.RelativeTo)
			}
			changes = append(changes, change{row, to})
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return each(ctx, tx, fmt.Sprintf("UPDATE %s SET %s = ? WHERE rowid = ?", l.table, l.column), changes,
		func(c change) []any { return []any{c.to, c.row} })
}
