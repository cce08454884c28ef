package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// LogBatch implements mlflow.Runs. Of each part that mlflow.Split makes, all is written or nothing.
func (s *Store) LogBatch(ctx context.Context, runID string, batch mlflow.Batch) error {
	parts := mlflow.Split(batch)
	if len(parts) == 0 {
		parts = []mlflow.Batch{{}} // the run must exist all the same
	}
	for _, part := range parts {
		err := s.transact(ctx, "log batch", func(tx *sql.Tx) error {
			if err := s.activeRun(ctx, tx, "log batch", runID); err != nil {
				return err
			}
			if err := s.writeParams(ctx, tx, runID, part.Params); err != nil {
				return err
			}
			if err := writeMetrics(ctx, tx, runID, part.Metrics); err != nil {
				return err
			}
			return writeTags(ctx, tx, runID, part.Tags)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// each runs one statement for every item.
func each[T any](ctx context.Context, tx *sql.Tx, query string, items []T, args func(T) []any) error {
	if len(items) == 0 {
		return nil
	}
	statement, err := tx.PrepareContext(ctx, query)
	if err != nil {
		return err
	}
	defer statement.Close()
	for _, item := range items {
		if _, err := statement.ExecContext(ctx, args(item)...); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) writeParams(ctx context.Context, tx *sql.Tx, runID string, params []mlflow.Param) error {
	if len(params) == 0 {
		return nil
	}
	keys := make([]string, len(params))
	for i, p := range params {
		keys[i] = p.Key
	}
	list, err := json.Marshal(keys)
	if err != nil {
		return err
	}
	there := map[string]string{} // of these only: a run may have many more
	if err := readPairs(ctx, tx, there, `SELECT key, value FROM params WHERE key IN (SELECT value FROM json_each(?)) AND run_uuid = ?`,
		string(list), runID); err != nil {
		return err
	}
	var fresh []mlflow.Param
	for _, p := range params {
		value, ok := there[p.Key]
		switch {
		case !ok:
			there[p.Key] = p.Value
			fresh = append(fresh, p)
		case value != p.Value:
			return &mlflow.RejectedError{
				Call:    fmt.Sprintf("log batch in %q", s.path),
				Code:    "INVALID_PARAMETER_VALUE",
				Message: fmt.Sprintf("param %q is %q already and cannot become %q", p.Key, value, p.Value),
			}
		}
	}
	return each(ctx, tx, `INSERT INTO params (key, value, run_uuid) VALUES (?, ?, ?)`, fresh,
		func(p mlflow.Param) []any { return []any{p.Key, p.Value, runID} })
}

func writeTags(ctx context.Context, tx *sql.Tx, runID string, tags []mlflow.Tag) error {
	rename := ""
	for _, t := range tags {
		if t.Key == mlflow.RunNameTag {
			rename = t.Value
		}
	}
	if rename != "" {
		if _, err := tx.ExecContext(ctx, `UPDATE runs SET name = ? WHERE run_uuid = ?`, rename, runID); err != nil {
			return err
		}
	}
	return each(ctx, tx, `INSERT INTO tags (key, value, run_uuid) VALUES (?, ?, ?)
		ON CONFLICT DO UPDATE SET value = excluded.value`, tags,
		func(t mlflow.Tag) []any { return []any{t.Key, t.Value, runID} })
}

// writeMetrics adds the points to the history, where an equal one may be, and keeps latest_metrics, from which MLflow
// reads a run. Of several points of a key the row of latest_metrics has the last by Metric.After.
func writeMetrics(ctx context.Context, tx *sql.Tx, runID string, metrics []mlflow.Metric) error {
	args := func(m mlflow.Metric) []any {
		value, nan := stored(m.Value)
		return []any{m.Key, value, m.Timestamp, m.Step, nan, runID}
	}
	err := each(ctx, tx, `INSERT INTO metrics (key, value, timestamp, step, is_nan, run_uuid) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT DO NOTHING`, metrics, args)
	if err != nil {
		return err
	}
	return each(ctx, tx, `INSERT INTO latest_metrics AS old (key, value, timestamp, step, is_nan, run_uuid)
		VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET value = excluded.value, timestamp = excluded.timestamp, step = excluded.step,
			is_nan = excluded.is_nan
		WHERE (excluded.step, excluded.timestamp, excluded.value) > (old.step, old.timestamp, old.value)`,
		latest(metrics), args)
}

// latest returns the last point of each key.
func latest(metrics []mlflow.Metric) []mlflow.Metric {
	at := map[string]int{}
	var last []mlflow.Metric
	for _, m := range metrics {
		i, ok := at[m.Key]
		switch {
		case !ok:
			at[m.Key] = len(last)
			last = append(last, m)
		case m.After(last[i]):
			last[i] = m
		}
	}
	return last
}

// stored is a value as MLflow keeps it in SQL.
func stored(value float64) (float64, bool) {
	switch {
	case math.IsNaN(value):
		return 0, true
	case math.IsInf(value, 0):
		return math.Copysign(math.MaxFloat64, value), false
	}
	return value, false
}

// MetricHistory implements mlflow.Models.
func (s *Store) MetricHistory(ctx context.Context, runID, key string) ([]mlflow.Metric, error) {
	var history []mlflow.Metric
	err := s.transact(ctx, "get metric history", func(tx *sql.Tx) error {
		var there int
		err := tx.QueryRowContext(ctx, `SELECT 1 FROM runs WHERE run_uuid = ?`, runID).Scan(&there)
		if errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("run %q: %w", runID, mlflow.ErrNotFound)
		} else if err != nil {
			return err
		}
		history, err = points(tx.QueryContext(ctx, `SELECT key, value, timestamp, step, is_nan FROM metrics
			WHERE run_uuid = ? AND key = ? ORDER BY step, timestamp, value`, runID, key))
		return err
	})
	return history, err
}
