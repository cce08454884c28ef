package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// CreateRun implements mlflow.Runs. An experiment that is deleted is a *mlflow.RejectedError, one that does not exist is
// mlflow.ErrNotFound.
func (s *Store) CreateRun(ctx context.Context, run mlflow.NewRun) (mlflow.Run, error) {
	id := mlflow.NewRunID()
	run, err := run.Named(id)
	if err != nil {
		return mlflow.Run{}, err
	}
	var created mlflow.Run
	err = s.transact(ctx, "create run", func(tx *sql.Tx) error {
		location, err := s.activeExperiment(ctx, tx, run.ExperimentID)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO runs
			(run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time, end_time,
			 source_version, lifecycle_stage, artifact_uri, experiment_id)
			VALUES (?, ?, 'UNKNOWN', '', '', ?, 'RUNNING', ?, NULL, '', 'active', ?, ?)`,
			id, run.Name, run.User, run.Start.UnixMilli(), mlflow.JoinLocation(location, id, "artifacts"),
			run.ExperimentID); err != nil {
			return err
		}
		if err := writeTags(ctx, tx, id, run.Tags); err != nil {
			return err
		}
		created, err = s.readRun(ctx, tx, id)
		return err
	})
	if err == nil {
		s.remember(run.ExperimentID, id)
	}
	return created, err
}

// activeExperiment returns the artifact location of an experiment that takes runs.
func (s *Store) activeExperiment(ctx context.Context, tx *sql.Tx, id string) (string, error) {
	var stage, location string
	err := tx.QueryRowContext(ctx, `SELECT coalesce(lifecycle_stage, 'active'), coalesce(artifact_location, '')
		FROM experiments WHERE experiment_id = ?`, id).Scan(&stage, &location)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return "", fmt.Errorf("experiment %q: %w", id, mlflow.ErrNotFound)
	case err != nil:
		return "", err
	case stage != "active":
		return "", s.rejected("create run", fmt.Sprintf("experiment %q is deleted", id),
			fmt.Sprintf("restore it (mlflow experiments restore -x %s) or name another experiment", id))
	}
	return s.absolute(location), nil
}

// GetRun implements mlflow.Runs. A deleted run is read too.
func (s *Store) GetRun(ctx context.Context, runID string) (mlflow.Run, error) {
	var run mlflow.Run
	err := s.transact(ctx, "get run", func(tx *sql.Tx) (err error) {
		run, err = s.readRun(ctx, tx, runID)
		return err
	})
	return run, err
}

func (s *Store) readRun(ctx context.Context, tx *sql.Tx, id string) (mlflow.Run, error) {
	run := mlflow.Run{
		ID: id, Params: map[string]string{}, Metrics: map[string]mlflow.Metric{}, Tags: map[string]string{},
	}
	var start, end int64
	err := tx.QueryRowContext(ctx, `SELECT coalesce(name, ''), experiment_id, coalesce(status, ''),
		coalesce(start_time, 0), coalesce(end_time, 0), coalesce(artifact_uri, '') FROM runs WHERE run_uuid = ?`, id).
		Scan(&run.Name, &run.ExperimentID, &run.Status, &start, &end, &run.ArtifactURI)
	if errors.Is(err, sql.ErrNoRows) {
		return mlflow.Run{}, fmt.Errorf("run %q: %w", id, mlflow.ErrNotFound)
	} else if err != nil {
		return mlflow.Run{}, err
	}
	run.Start, run.End, run.ArtifactURI = fromMillis(start), fromMillis(end), s.absolute(run.ArtifactURI)
	if err := readPairs(ctx, tx, run.Params, `SELECT key, value FROM params WHERE run_uuid = ?`, id); err != nil {
		return mlflow.Run{}, err
	}
	if err := readPairs(ctx, tx, run.Tags, `SELECT key, coalesce(value, '') FROM tags WHERE run_uuid = ?`, id); err != nil {
		return mlflow.Run{}, err
	}
	latest, err := points(tx.QueryContext(ctx, `SELECT key, value, timestamp, step, is_nan
		FROM latest_metrics WHERE run_uuid = ?`, id))
	for _, m := range latest {
		run.Metrics[m.Key] = m
	}
	return run, err
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

// readPairs reads a run's keys and values into a map.
func readPairs(ctx context.Context, tx *sql.Tx, into map[string]string, query string, args ...any) error {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var key, value string
		if err := rows.Scan(&key, &value); err != nil {
			return err
		}
		into[key] = value
	}
	return rows.Err()
}

// points reads a query of metric points. MLflow keeps NaN as 0 with a flag, and infinities as the largest numbers.
func points(rows *sql.Rows, err error) ([]mlflow.Metric, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []mlflow.Metric
	for rows.Next() {
		var m mlflow.Metric
		var nan bool
		if err := rows.Scan(&m.Key, &m.Value, &m.Timestamp, &m.Step, &nan); err != nil {
			return nil, err
		}
		switch {
		case nan:
			m.Value = math.NaN()
		case math.Abs(m.Value) == math.MaxFloat64:
			m.Value = math.Inf(int(math.Copysign(1, m.Value)))
		}
		all = append(all, m)
	}
	return all, rows.Err()
}

// UpdateRun implements mlflow.Runs. A deleted run is a *mlflow.RejectedError.
func (s *Store) UpdateRun(ctx context.Context, runID string, update mlflow.RunUpdate) error {
	return s.transact(ctx, "update run", func(tx *sql.Tx) error {
		if err := s.activeRun(ctx, tx, "update run", runID); err != nil {
			return err
		}
		var end sql.NullInt64
		if !update.End.IsZero() {
			end = sql.NullInt64{Int64: update.End.UnixMilli(), Valid: true}
		}
		_, err := tx.ExecContext(ctx, `UPDATE runs SET status = coalesce(nullif(?, ''), status),
			end_time = coalesce(?, end_time) WHERE run_uuid = ?`, update.Status, end, runID)
		if err == nil && update.Status.Ended() {
			err = forgetProcess(ctx, tx, runID)
		}
		if err != nil || update.Name == "" {
			return err
		}
		return writeTags(ctx, tx, runID, []mlflow.Tag{{Key: mlflow.RunNameTag, Value: update.Name}})
	})
}

// activeRun makes sure that a run takes writes.
func (s *Store) activeRun(ctx context.Context, tx *sql.Tx, doing, id string) error {
	var stage string
	err := tx.QueryRowContext(ctx, `SELECT coalesce(lifecycle_stage, 'active') FROM runs WHERE run_uuid = ?`, id).
		Scan(&stage)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return fmt.Errorf("run %q: %w", id, mlflow.ErrNotFound)
	case err != nil:
		return err
	case stage != "active":
		return s.rejected(doing, fmt.Sprintf("run %q is deleted", id), "restore it (mlflow runs restore --run-id "+id+")")
	}
	return nil
}
