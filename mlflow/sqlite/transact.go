package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	driver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/mlflow"
)

// transact runs do in one write transaction under the lock. Reads take it as well: a migration of MLflow has moments
// in which a table is missing. doing says what for, as in "log batch".
func (s *Store) transact(ctx context.Context, doing string, do func(tx *sql.Tx) error) error {
	return s.explain(doing, s.lock.With(ctx, func() error {
		tx, err := s.db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		if err := do(tx); err != nil {
			_ = tx.Rollback() // what do says is the cause
			return err
		}
		return tx.Commit()
	}))
}

// resultCode is the primary result code, 0 for an error of another kind (https://www.sqlite.org/rescode.html).
func resultCode(err error) int {
	if e, ok := errors.AsType[*driver.Error](err); ok {
		return e.Code() & 0xff
	}
	return 0
}

// explain names the file in an error and gives the known ones their type and cure.
func (s *Store) explain(doing string, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*mlflow.RejectedError](err); ok {
		return err
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return s.because(doing, err, "create the folder")
	case errors.Is(err, fs.ErrPermission):
		return s.because(doing, err, "make the file and its folder writable")
	}
	switch resultCode(err) {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return &mlflow.UnreachableError{URI: "sqlite:///" + filepath.ToSlash(s.path), Err: err}
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH:
		return s.because(doing, err, "make the file and its folder writable")
	case sqlite3.SQLITE_CANTOPEN:
		return s.because(doing, err, "make sure that the folder exists and is writable")
	case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
		return s.rejected(doing, err.Error(), "move the file away, or name another one in the tracking URI")
	case sqlite3.SQLITE_FULL:
		return s.because(doing, err, "free some disk space")
	}
	return fmt.Errorf("%s in %q: %w", doing, s.path, err)
}

// rejected returns a *mlflow.RejectedError that names the file.
func (s *Store) rejected(doing, message, fix string) error {
	return hint.With(&mlflow.RejectedError{Call: fmt.Sprintf("%s in %q", doing, s.path), Message: message}, fix)
}

// because returns a *mlflow.RejectedError whose reason is this machine.
func (s *Store) because(doing string, err error, fix string) error {
	return hint.With(&mlflow.RejectedError{Call: fmt.Sprintf("%s in %q", doing, s.path), Message: err.Error(), Err: err}, fix)
}
