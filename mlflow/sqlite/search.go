package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// SearchRuns implements mlflow.Experiments.
func (s *Store) SearchRuns(ctx context.Context, search mlflow.RunSearch) ([]mlflow.Run, error) {
	var runs []mlflow.Run
	err := s.transact(ctx, "search runs", func(tx *sql.Tx) error {
		query, args := searchQuery(search)
		ids, err := column(tx.QueryContext(ctx, query, args...))
		if err != nil {
			return err
		}
		runs = make([]mlflow.Run, len(ids))
		for i, id := range ids {
			if runs[i], err = s.readRun(ctx, tx, id); err != nil {
				return err
			}
		}
		return nil
	})
	return runs, err
}

// searchQuery selects the ids of the runs.
func searchQuery(search mlflow.RunSearch) (string, []any) {
	var query strings.Builder
	var args []any
	add := func(text string, values ...any) {
		query.WriteString(text)
		args = append(args, values...)
	}
	add(`SELECT r.run_uuid FROM runs r`)
	for i, tag := range search.Tags { // at most one row each: (key, run_uuid) is the primary key
		add(fmt.Sprintf(` JOIN tags t%[1]d ON t%[1]d.run_uuid = r.run_uuid AND t%[1]d.key = ? AND t%[1]d.value = ?`, i), tag.Key, tag.Value)
	}
	add(` WHERE r.experiment_id = ? AND r.lifecycle_stage = 'active'`, search.ExperimentID)
	if n := len(search.Statuses); n > 0 {
		add(` AND r.status IN (?` + strings.Repeat(`, ?`, n-1) + `)`)
		for _, status := range search.Statuses {
			args = append(args, string(status))
		}
	}
	direction := `ASC`
	if search.Newest {
		direction = `DESC`
	}
	add(` ORDER BY r.start_time ` + direction + `, r.run_uuid`)
	if search.Limit > 0 {
		add(` LIMIT ?`, search.Limit)
	}
	return query.String(), args
}

// column reads the one text column of a query.
func column(rows *sql.Rows, err error) ([]string, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var values []string
	for rows.Next() {
		var v string
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	return values, rows.Err()
}
