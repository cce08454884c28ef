package filestore

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// SearchRuns implements mlflow.Experiments. Of the runs beyond the limit it reads tags and meta.yaml only.
func (s *Store) SearchRuns(ctx context.Context, search mlflow.RunSearch) ([]mlflow.Run, error) {
	runs, err := s.searchRuns(ctx, search)
	return runs, s.explain("search runs", err)
}

func (s *Store) searchRuns(ctx context.Context, search mlflow.RunSearch) ([]mlflow.Run, error) {
	if !isID(search.ExperimentID) || slices.ContainsFunc(search.Tags, func(t mlflow.Tag) bool { return mlflow.CheckKey(t.Key) != nil }) {
		return nil, nil
	}
	found, err := matching(ctx, filepath.Join(s.root, search.ExperimentID), search)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(found, func(a, b foundRun) int {
		order := cmp.Compare(a.meta.Start, b.meta.Start)
		if search.Newest {
			order = -order
		}
		return cmp.Or(order, strings.Compare(a.folder, b.folder)) // which ends in the id
	})
	if search.Limit > 0 {
		found = found[:min(search.Limit, len(found))]
	}
	runs := make([]mlflow.Run, len(found))
	for i, f := range found {
		if runs[i], err = s.readRun(f.folder, f.meta); err != nil {
			return nil, err
		}
	}
	return runs, nil
}

// foundRun is a run of which only meta.yaml was read.
type foundRun struct {
	folder string
	meta   runMeta
}

// matching returns the active runs of an experiment's folder that have the tags and one of the statuses.
func matching(ctx context.Context, experiment string, search mlflow.RunSearch) ([]foundRun, error) {
	ids, err := subfolders(experiment)
	if err != nil {
		return nil, err
	}
	var found []foundRun
	for _, id := range ids {
		run := foundRun{folder: filepath.Join(experiment, id)}
		if !hasTags(run.folder, search.Tags) {
			continue
		}
		_, err := readMeta(ctx, run.folder, &run.meta)
		switch {
		case errors.Is(err, fs.ErrNotExist): // a folder of another kind
		case err != nil:
			return nil, err
		case run.meta.active() && cmp.Or(run.meta.ID, run.meta.UUID) == id && search.MatchStatus(statusWord(run.meta.Status)):
			found = append(found, run)
		}
	}
	return found, nil
}

// hasTags reports whether the run in a folder has all the tags.
func hasTags(folder string, tags []mlflow.Tag) bool {
	for _, tag := range tags {
		value, err := os.ReadFile(filepath.Join(folder, tagsDir, filepath.FromSlash(tag.Key)))
		if err != nil || string(value) != tag.Value {
			return false
		}
	}
	return true
}
