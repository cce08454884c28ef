package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// makeRelative rewrites the artifact locations of this session's experiments and runs, of the runs' children, and of
// the models made from them. A run that is still RUNNING is left alone, and so is the location of its experiment: a
// process in another folder may be about to write there.
func (s *Store) makeRelative(ctx context.Context) error {
	s.mu.Lock()
	experiments, runs := maps.Clone(s.opened.experiments), slices.Collect(maps.Keys(s.opened.runs))
	s.mu.Unlock()
	return s.transact(ctx, "make locations relative", func(tx *sql.Tx) error {
		ended, err := endedFamily(ctx, tx, runs, experiments)
		if err != nil {
			return err
		}
		ofRun := []locations{
			{"runs", "artifact_uri", "run_uuid = ?"},
			{"model_versions", "source", "run_id = ?"},
			{"model_versions", "storage_location", "run_id = ?"},
		}
		if ok, err := hasLoggedModels(ctx, tx); err != nil {
			return err
		} else if ok {
			ofRun = append(ofRun, locations{"logged_models", "artifact_location", "source_run_id = ?"})
		}
		for _, l := range ofRun {
			if err := s.rewrite(ctx, tx, l, ended); err != nil {
				return err
			}
		}
		ofExperiment := locations{"experiments", "artifact_location", `experiment_id = ? AND NOT EXISTS (SELECT 1
			FROM runs r WHERE r.experiment_id = experiments.experiment_id AND r.status = 'RUNNING')`}
		return s.rewrite(ctx, tx, ofExperiment, slices.Collect(maps.Keys(experiments)))
	})
}

// locations is a column of locations, and which rows of it belong to an id. The words go into queries as they are.
type locations struct{ table, column, where string }

// endedFamily returns those of the runs, and of the runs below them, that are not RUNNING, and adds the experiments of
// all to experiments.
func endedFamily(ctx context.Context, tx *sql.Tx, runs []string, experiments map[string]bool) ([]string, error) {
	list, err := json.Marshal(runs)
	if err != nil {
		return nil, err
	}
	rows, err := tx.QueryContext(ctx, `WITH RECURSIVE family (id) AS (
			SELECT value FROM json_each(?)
			UNION SELECT t.run_uuid FROM tags t JOIN family f ON t.key = ? AND t.value = f.id)
		SELECT r.run_uuid, r.experiment_id, r.status = 'RUNNING' FROM family f JOIN runs r ON r.run_uuid = f.id`,
		string(list), mlflow.ParentRunTag)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var ended []string
	for rows.Next() {
		var id, experiment string
		var running bool
		if err := rows.Scan(&id, &experiment, &running); err != nil {
			return nil, err
		}
		experiments[experiment] = true
		if !running {
			ended = append(ended, id)
		}
	}
	return ended, rows.Err()
}

// rewrite makes the locations that belong to the ids relative.
func (s *Store) rewrite(ctx context.Context, tx *sql.Tx, l locations, ids []string) error {
	for _, id := range ids {
		found, err := column(tx.QueryContext(ctx, fmt.Sprintf(
			"SELECT DISTINCT %[1]s FROM %[2]s WHERE %[1]s IS NOT NULL AND %[3]s", l.column, l.table, l.where), id))
		if err != nil {
			return err
		}
		for _, location := range found {
			relative := mlflow.RelativeLocation(location, s.options.RelativeTo)
			if relative == location {
				continue
			}
			_, err := tx.ExecContext(ctx, fmt.Sprintf(
				"UPDATE %[2]s SET %[1]s = ? WHERE %[1]s = ? AND %[3]s", l.column, l.table, l.where), relative, location, id)
			if err != nil {
				return err
			}
		}
	}
	return nil
}
