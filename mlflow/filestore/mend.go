package filestore

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"path/filepath"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// learn finds the folders in which this store lay when it wrote absolute locations.
func (s *Store) learn(ctx context.Context) error {
	ids, err := subfolders(s.root)
	if err != nil {
		return err
	}
	for _, id := range ids {
		var e experimentMeta
		if _, err := readMeta(ctx, filepath.Join(s.root, id), &e); errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return err
		}
		s.roots.Learn(e.Location, id)
	}
	open, err := s.openRuns()
	if err != nil {
		return err
	}
	for _, line := range open {
		var meta runMeta
		if _, err := readMeta(ctx, s.runFolder(line), &meta); errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return err
		}
		s.roots.Learn(meta.ArtifactURI, path.Dir(line), path.Base(line), artifactDir)
	}
	return nil
}

// mend rewrites the locations in a store that was moved. Those of a run that is RUNNING, and of its experiment, stay: another process may be
// writing there, to which the same folder has another name.
func (s *Store) mend(ctx context.Context) error {
	if !s.roots.Any() {
		return nil
	}
	experiments, err := subfolders(s.root)
	if err != nil {
		return err
	}
	running := map[string]bool{}
	for _, id := range experiments {
		if err := s.mendExperiment(ctx, filepath.Join(s.root, id), running); err != nil {
			return err
		}
	}
	return s.rewriteVersions(ctx, s.here, func(runID string) bool { return !running[runID] })
}

// mendExperiment rewrites the locations of one experiment, and adds the runs that are RUNNING to running.
func (s *Store) mendExperiment(ctx context.Context, folder string, running map[string]bool) error {
	some := false
	err := eachMeta(ctx, folder, func(run string, m runMeta, d document) error {
		if m.Status == statusNumber(mlflow.Running) {
			some, running[filepath.Base(run)] = true, true
			return nil
		}
		return rewrite(run, d, s.here, stored{"artifact_uri", m.ArtifactURI})
	})
	if err != nil {
		return err
	}
	err = eachMeta(ctx, filepath.Join(folder, registry), func(model string, m loggedModelMeta, d document) error {
		if running[m.SourceRunID] {
			return nil
		}
		return rewrite(model, d, s.here, stored{"artifact_location", m.Location})
	})
	if err != nil || some {
		return err
	}
	var e experimentMeta
	d, err := readMeta(ctx, folder, &e)
	if errors.Is(err, fs.ErrNotExist) { // the registry, or no experiment
		return nil
	} else if err != nil {
		return err
	}
	return rewrite(folder, d, s.here, stored{"artifact_location", e.Location})
}

// here is where a location is now, in the form in which it is stored.
func (s *Store) here(location string) string {
	here := s.roots.Here(location)
	if here == location || s.options.RelativeTo == "" {
		return here
	}
	return mlflow.RelativeLocation(here, s.options.RelativeTo)
}
