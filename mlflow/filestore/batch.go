package filestore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// LogBatch implements mlflow.Runs. A clash of params is found before anything is written.
func (s *Store) LogBatch(ctx context.Context, runID string, batch mlflow.Batch) error {
	return s.locked(ctx, "log batch", func() error {
		folder, d, err := s.writableRun(ctx, "log batch", runID)
		if err != nil {
			return err
		}
		if err := s.checkKeys(batch); err != nil {
			return err
		}
		params, err := s.freshParams(folder, batch.Params)
		if err != nil {
			return err
		}
		for _, p := range params {
			if err := writeValue(folder, paramsDir, p.Key, p.Value); err != nil {
				return err
			}
		}
		if err := s.writeMetrics(ctx, folder, batch.Metrics); err != nil {
			return err
		}
		for _, t := range batch.Tags {
			if t.Key == mlflow.RunNameTag && t.Value != "" {
				if d, err = d.with("run_name", t.Value); err != nil {
					return err
				}
				if err := writeMeta(folder, d); err != nil {
					return err
				}
			}
		}
		return writeTags(folder, batch.Tags)
	})
}

// checkKeys makes sure that no key leaves the run's folder.
func (s *Store) checkKeys(b mlflow.Batch) error {
	check := func(key string) error {
		if err := mlflow.CheckKey(key); err != nil {
			return s.rejected("log batch", err.Error(), "rename it")
		}
		return nil
	}
	for _, p := range b.Params {
		if err := check(p.Key); err != nil {
			return err
		}
	}
	for _, t := range b.Tags {
		if err := check(t.Key); err != nil {
			return err
		}
	}
	checked := map[string]bool{}
	for _, m := range b.Metrics {
		if checked[m.Key] {
			continue
		}
		if err := check(m.Key); err != nil {
			return err
		}
		checked[m.Key] = true
	}
	return nil
}

// freshParams returns the params that are not there yet.
func (s *Store) freshParams(folder string, params []mlflow.Param) ([]mlflow.Param, error) {
	var fresh []mlflow.Param
	batch := map[string]string{}
	for _, p := range params {
		value, ok := batch[p.Key]
		if !ok {
			there, err := os.ReadFile(filepath.Join(folder, paramsDir, filepath.FromSlash(p.Key)))
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
			value, ok = string(there), err == nil
		}
		switch {
		case !ok:
			fresh = append(fresh, p)
		case value != p.Value:
			return nil, &mlflow.RejectedError{
				Call:    fmt.Sprintf("log batch in %q", s.root),
				Code:    "INVALID_PARAMETER_VALUE",
				Message: fmt.Sprintf("param %q is %q already and cannot become %q", p.Key, value, p.Value),
			}
		}
		batch[p.Key] = p.Value
	}
	return fresh, nil
}

func writeTags(run string, tags []mlflow.Tag) error {
	for _, t := range tags {
		if err := writeValue(run, tagsDir, t.Key, t.Value); err != nil {
			return err
		}
	}
	return nil
}

// writeValue writes one param or tag. A slash in its key makes a folder.
func writeValue(run, kind, key, value string) error {
	file := filepath.Join(run, kind, filepath.FromSlash(key))
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		return err
	}
	return replaceFile(file, run, []byte(value))
}

// readValues reads the params or tags of a folder.
func readValues(folder string) (map[string]string, error) {
	values := map[string]string{}
	err := eachKey(folder, func(key, file string) error {
		value, err := os.ReadFile(file)
		values[key] = string(value)
		return err
	})
	return values, err
}

// eachKey calls visit for every file below a folder with its path in it, which is the key. A missing folder has none.
func eachKey(folder string, visit func(key, file string) error) error {
	return filepath.WalkDir(folder, func(file string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || entry.IsDir() {
			return err
		}
		key, err := filepath.Rel(folder, file)
		if err != nil {
			return err
		}
		return visit(filepath.ToSlash(key), file)
	})
}
