package filestore

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"time"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// CloseLost closes the runs that are RUNNING although gone says, of their tags, that the process which opened them is. It returns their ids.
// They end with their last metric point; what their steps created ends with them.
func (s *Store) CloseLost(ctx context.Context, gone func(tags map[string]string) bool) (closed []string, err error) {
	err = s.locked(ctx, "close lost runs", func() error {
		open, err := s.openRuns()
		if err != nil {
			return err
		}
		for _, line := range open {
			id, err := s.closeIfLost(ctx, line, gone)
			if err != nil {
				return err
			}
			if id != "" {
				closed = append(closed, id)
			}
		}
		if len(closed) == 0 {
			return nil
		}
		return s.mend(ctx)
	})
	return closed, err
}

// closeIfLost closes one run of the list and returns its id, or nothing if it is not lost.
func (s *Store) closeIfLost(ctx context.Context, line string, gone func(tags map[string]string) bool) (string, error) {
	folder := s.runFolder(line)
	var meta runMeta
	d, err := readMeta(ctx, folder, &meta)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	} else if err != nil {
		return "", err
	}
	s.remember(path.Dir(line), path.Base(line)) // Close makes relative what has ended
	if !meta.active() || meta.Status != statusNumber(mlflow.Running) {
		return "", nil
	}
	run, err := s.readRun(folder, meta)
	if err != nil || !gone(run.Tags) {
		return "", err
	}
	if err := writeTags(folder, mlflow.LostTags(run.Tags)); err != nil {
		return "", err
	}
	end := lastSign(run.Start, run.Metrics)
	if err := errors.Join(writeEnd(folder, d, end, mlflow.Failed), forgetProcess(folder)); err != nil {
		return "", err
	}
	return run.ID, s.closeChildren(ctx, filepath.Dir(folder), run.ID, end)
}

// closeChildren closes the runs below a lost one that no tracker of their own opened.
func (s *Store) closeChildren(ctx context.Context, experiment, lost string, end time.Time) error {
	seen := map[string]bool{lost: true}
	for queue := []string{lost}; len(queue) > 0; queue = queue[1:] {
		children, err := matching(ctx, experiment, mlflow.RunSearch{
			Tags: []mlflow.Tag{{Key: mlflow.ParentRunTag, Value: queue[0]}},
		})
		if err != nil {
			return err
		}
		for _, child := range children {
			id := filepath.Base(child.folder)
			if tags, err := readValues(filepath.Join(child.folder, tagsDir)); err != nil {
				return err
			} else if seen[id] || tags[mlflow.ProcessTag] != "" {
				continue
			}
			seen[id] = true
			queue = append(queue, id)
			if child.meta.Status != statusNumber(mlflow.Running) {
				continue
			}
			var meta runMeta
			d, err := readMeta(ctx, child.folder, &meta)
			if err != nil {
				return err
			}
			if err := writeEnd(child.folder, d, end, mlflow.Failed); err != nil {
				return err
			}
		}
	}
	return nil
}

// lastSign is when a run wrote its last metric point, as far as that can be, else its start.
func lastSign(start time.Time, metrics map[string]mlflow.Metric) time.Time {
	last := start
	for _, m := range metrics {
		if at := time.UnixMilli(m.Timestamp); at.After(last) && at.Before(time.Now()) {
			last = at
		}
	}
	return last
}

// writeEnd writes how a run ended.
func writeEnd(folder string, d document, end time.Time, status mlflow.Status) error {
	d, err := d.withAll([]field{{"status", statusNumber(status)}, {"end_time", end.UnixMilli()}, {"run_uuid", filepath.Base(folder)}})
	if err != nil {
		return err
	}
	return writeMeta(folder, d)
}

// forgetProcess removes the process of a run that has ended: whoever resumes the run is another one.
func forgetProcess(folder string) error {
	if err := os.Remove(filepath.Join(folder, tagsDir, mlflow.ProcessTag)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
