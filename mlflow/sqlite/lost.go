package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// CloseLost closes the runs that are RUNNING although gone says, of their tags, that the process which opened them is. It returns their ids.
// They end with their last metric point; what their steps created ends with them.
func (s *Store) CloseLost(ctx context.Context, gone func(tags map[string]string) bool) (closed []string, err error) {
	err = s.transact(ctx, "close lost runs", func(tx *sql.Tx) error {
		closed = nil
		running, err := column(tx.QueryContext(ctx, `SELECT r.run_uuid FROM runs r JOIN tags t ON t.key = ? AND t.run_uuid = r.run_uuid
			WHERE r.status = 'RUNNING' AND coalesce(r.lifecycle_stage, 'active') = 'active'`, mlflow.ProcessTag))
		if err != nil {
			return err
		}
		for _, id := range running {
			tags := map[string]string{}
			if err := readPairs(ctx, tx, tags, `SELECT key, coalesce(value, '') FROM tags WHERE run_uuid = ?`, id); err != nil {
				return err
			}
			if !gone(tags) {
				continue
			}
			if err := closeLost(ctx, tx, id, tags); err != nil {
				return err
			}
			closed = append(closed, id)
		}
		if len(closed) == 0 {
			return nil
		}
		return s.mend(ctx, tx)
	})
	if err != nil {
		return nil, err
	}
	for _, id := range closed {
		s.rememberRun(id)
	}
	return closed, nil
}

// closeLost closes one run, and those below it that no tracker of their own opened.
func closeLost(ctx context.Context, tx *sql.Tx, id string, tags map[string]string) error {
	_, err := tx.ExecContext(ctx, `WITH RECURSIVE family (id) AS (SELECT ?
			UNION SELECT t.run_uuid FROM tags t JOIN family f ON t.key = ? AND t.value = f.id
				WHERE NOT EXISTS (SELECT 1 FROM tags p WHERE p.key = ? AND p.run_uuid = t.run_uuid))
		UPDATE runs SET status = ?, end_time = max(coalesce(start_time, 0),
				min(?, coalesce((SELECT max(m.timestamp) FROM latest_metrics m WHERE m.run_uuid = runs.run_uuid), 0)))
			WHERE status = 'RUNNING' AND run_uuid IN (SELECT id FROM family)`,
		id, mlflow.ParentRunTag, mlflow.ProcessTag, mlflow.Failed, time.Now().UnixMilli())
	if err != nil {
		return err
	}
	if err := forgetProcess(ctx, tx, id); err != nil {
		return err
	}
	return writeTags(ctx, tx, id, mlflow.LostTags(tags))
}

// forgetProcess removes the process of a run that has ended: whoever resumes the run is another one.
func forgetProcess(ctx context.Context, tx *sql.Tx, id string) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM tags WHERE key = ? AND run_uuid = ?`, mlflow.ProcessTag, id)
	return err
}

// rememberRun notes a run for Close, which finds its experiment.
func (s *Store) rememberRun(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opened.runs[id] = true
}
