package sqlite

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"sync"
	"time"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/internal/filelock"
	"github.com/Iyalvan/mlops-track/mlflow/internal/moved"
)

//go:embed schema.sql
var schema string

// Options say where artifacts lie.
type Options struct {
	// ArtifactRoot is the absolute folder under which a new experiment gets <root>/<experiment id>.
	ArtifactRoot string
	// RelativeTo is the absolute folder to which Close makes artifact locations relative, so that folder and file can
	// be moved together; locations elsewhere are kept. Empty: locations are never rewritten.
	RelativeTo string
}

// Store is an open SQLite file. Close must be called, and is what makes the locations relative.
type Store struct {
	path    string
	options Options
	db      *sql.DB
	lock    *filelock.Lock
	roots   moved.Roots // not changed after Open

	mu     sync.Mutex
	opened opened
}

// opened is what Close makes relative: the experiments and runs of this session.
type opened struct {
	experiments map[string]bool
	runs        map[string]bool
}

var _ mlflow.Store = (*Store)(nil)

// LockPath is the lock file of a database: a process holds flock(2) on it while it creates, upgrades, reads or writes
// the database. MLflow itself does not know it; the first opening by a Python process must be wrapped in it, because
// MLflow crashes when two processes create or upgrade one file at the same time.
func LockPath(dbPath string) string {
	return filepath.Join(filepath.Dir(dbPath), "."+filepath.Base(dbPath)+".lock")
}

// Open opens the store in the file at path and creates it, with the experiment "Default", when there is none. A file
// that is no MLflow store, or that cannot be written, is a *mlflow.RejectedError.
func Open(ctx context.Context, path string, opts Options) (*Store, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open store %q: %w", path, err)
	}
	// A writer that does not know our lock, such as a Python process, is waited for as long as MLflow does
	// (PRAGMA busy_timeout in mlflow/store/db/utils.py), and no longer than the context lasts.
	dsn := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: "_busy_timeout=20000&_txlock=immediate"}
	db, err := sql.Open("sqlite", dsn.String())
	if err != nil {
		return nil, fmt.Errorf("open store %q: %w", path, err)
	}
	db.SetMaxOpenConns(1) // all work is behind the lock
	s := &Store{
		path:    path,
		options: opts,
		db:      db,
		lock:    filelock.New(LockPath(path)),
		roots:   newRoots(path, opts),
		opened:  opened{experiments: map[string]bool{}, runs: map[string]bool{}},
	}
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

// prepare creates the tables in an empty file, makes sure of those in any other, and mends a store that was moved.
func (s *Store) prepare(ctx context.Context) error {
	return s.transact(ctx, "open", func(tx *sql.Tx) error {
		var tables, ours int
		err := tx.QueryRowContext(ctx, `SELECT count(*), count(CASE WHEN name = 'experiments' THEN 1 END)
			FROM sqlite_master WHERE type = 'table'`).Scan(&tables, &ours)
		switch {
		case err != nil:
			return err
		case tables == 0:
			return s.create(ctx, tx)
		case ours == 0:
			return s.rejected("open", "it is the database of another program", "name another file in the tracking URI")
		}
		// The columns that MLflow added last.
		_, err = tx.ExecContext(ctx, `SELECT e.last_update_time, r.name, v.storage_location
			FROM experiments e, runs r, model_versions v LIMIT 0`)
		if resultCode(err) == sqlite3.SQLITE_ERROR {
			return s.rejected("open", "its tables are older than MLflow 2.9: "+err.Error(),
				"run: mlflow db upgrade sqlite:///"+filepath.ToSlash(s.path))
		}
		if err == nil {
			err = s.learn(ctx, tx)
		}
		if err != nil {
			return err
		}
		return s.mend(ctx, tx)
	})
}

func (s *Store) create(ctx context.Context, tx *sql.Tx) error {
	if _, err := tx.ExecContext(ctx, schema); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO experiments
		(experiment_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time)
		VALUES (0, ?, ?, 'active', ?, ?)`,
		mlflow.DefaultExperiment, s.newLocation(0), time.Now().UnixMilli(), time.Now().UnixMilli())
	if err == nil {
		s.remember("0", "")
	}
	return err
}

// remember notes what Close has to make relative.
func (s *Store) remember(experimentID, runID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opened.experiments[experimentID] = true
	if runID != "" {
		s.opened.runs[runID] = true
	}
}

// Close makes artifact locations relative, if Options say so, and closes the file. Its work is one short transaction; it
// is best not called with a context that is over.
func (s *Store) Close(ctx context.Context) error {
	var err error
	if s.options.RelativeTo != "" {
		err = s.makeRelative(ctx)
	}
	return errors.Join(err, s.db.Close())
}
