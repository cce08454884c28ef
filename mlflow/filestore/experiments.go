package filestore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// experimentMeta is the meta.yaml of an experiment, as far as it is read here.
type experimentMeta struct {
	ID       string `yaml:"experiment_id"`
	Name     string `yaml:"name"`
	Location string `yaml:"artifact_location"`
	Stage    string `yaml:"lifecycle_stage"`
	Created  int64  `yaml:"creation_time"`
}

// ensureDefault creates the experiment 0 in a new store.
func (s *Store) ensureDefault() error {
	for _, folder := range []string{s.root, filepath.Join(s.root, trash)} {
		if _, err := os.Stat(filepath.Join(folder, "0", metaFile)); err == nil {
			return nil
		}
	}
	_, err := s.createExperiment("0", mlflow.DefaultExperiment)
	if err == nil {
		s.remember("0", "")
	}
	return err
}

// EnsureExperiment implements mlflow.Experiments. The location it returns, and leaves in the store until Close, is
// absolute where Options say what relative ones refer to.
func (s *Store) EnsureExperiment(ctx context.Context, name string) (mlflow.Experiment, error) {
	var found mlflow.Experiment
	err := s.locked(ctx, "ensure experiment", func() (err error) {
		found, err = s.findExperiment(ctx, name)
		if errors.Is(err, mlflow.ErrNotFound) {
			id := strconv.FormatInt(1e17+rand.Int64N(9e17), 10) // 18 digits, as MLflow's
			found, err = s.createExperiment(id, name)
		}
		return err
	})
	if err != nil {
		return mlflow.Experiment{}, err
	}
	s.remember(found.ID, "")
	return found, nil
}

// findExperiment takes the youngest experiment of that name, as MLflow does when two clients raced.
func (s *Store) findExperiment(ctx context.Context, name string) (mlflow.Experiment, error) {
	active, err := namedExperiments(ctx, s.root, name)
	if err != nil {
		return mlflow.Experiment{}, err
	}
	if len(active) > 0 {
		e := active[0]
		return mlflow.Experiment{ID: e.ID, Name: e.Name, ArtifactLocation: s.absolute(e.Location)}, s.makeAbsolute(ctx, e.ID)
	}
	deleted, err := namedExperiments(ctx, filepath.Join(s.root, trash), name)
	if err != nil {
		return mlflow.Experiment{}, err
	}
	if len(deleted) > 0 {
		return mlflow.Experiment{}, s.deletedExperiment("ensure experiment", deleted[0].ID)
	}
	return mlflow.Experiment{}, mlflow.ErrNotFound
}

func (s *Store) deletedExperiment(doing, id string) error {
	return s.rejected(doing, fmt.Sprintf("experiment %q is deleted", id),
		fmt.Sprintf("restore it (mlflow experiments restore -x %s) or name another experiment", id))
}

// namedExperiments returns the experiments of that name in a folder, youngest first. Folders that are no experiments
// are passed over.
func namedExperiments(ctx context.Context, folder, name string) ([]experimentMeta, error) {
	ids, err := subfolders(folder)
	if err != nil {
		return nil, err
	}
	var named []experimentMeta
	for _, id := range ids {
		var e experimentMeta
		if id == registry {
			continue
		}
		if _, err := readMeta(ctx, filepath.Join(folder, id), &e); errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return nil, err
		}
		if e.Name == name && e.ID == id {
			named = append(named, e)
		}
	}
	slices.SortStableFunc(named, func(a, b experimentMeta) int { return int(b.Created - a.Created) })
	return named, nil
}

// makeAbsolute resolves a relative location in the meta.yaml of an experiment.
func (s *Store) makeAbsolute(ctx context.Context, id string) error {
	var e experimentMeta
	folder := filepath.Join(s.root, id)
	d, err := readMeta(ctx, folder, &e)
	if err != nil || s.options.RelativeTo == "" {
		return err
	}
	return rewrite(folder, d, func(location string) string {
		return mlflow.AbsoluteLocation(location, s.options.RelativeTo)
	}, stored{"artifact_location", e.Location})
}

func (s *Store) createExperiment(id, name string) (mlflow.Experiment, error) {
	e := mlflow.Experiment{
		ID: id, Name: name, ArtifactLocation: mlflow.LocalLocation(filepath.Join(s.options.ArtifactRoot, id)),
	}
	folder, now := filepath.Join(s.root, id), time.Now().UnixMilli()
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return e, err
	}
	return e, createMeta(folder, []field{
		{"artifact_location", e.ArtifactLocation},
		{"creation_time", now},
		{"experiment_id", id},
		{"last_update_time", now},
		{"lifecycle_stage", "active"},
		{"name", name},
	})
}
