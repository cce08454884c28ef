package filestore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// runMeta is the meta.yaml of a run, as far as it is read here.
type runMeta struct {
	ID           string `yaml:"run_id"`
	UUID         string `yaml:"run_uuid"` // the same, in files of MLflow 2
	Name         string `yaml:"run_name"`
	ExperimentID string `yaml:"experiment_id"`
	Status       int    `yaml:"status"`
	Start        int64  `yaml:"start_time"`
	End          int64  `yaml:"end_time"`
	ArtifactURI  string `yaml:"artifact_uri"`
	Stage        string `yaml:"lifecycle_stage"`
}

func (m runMeta) active() bool { return m.Stage == "" || m.Stage == "active" }

func statusNumber(s mlflow.Status) int { return slices.Index(mlflow.Statuses(), s) + 1 }

func statusWord(number int) mlflow.Status {
	if number < 1 || number > len(mlflow.Statuses()) {
		return ""
	}
	return mlflow.Statuses()[number-1]
}

// CreateRun implements mlflow.Runs. An experiment that is deleted is a *mlflow.RejectedError, one that does not exist is
// mlflow.ErrNotFound.
func (s *Store) CreateRun(ctx context.Context, run mlflow.NewRun) (mlflow.Run, error) {
	id := mlflow.NewRunID()
	run, err := run.Named(id)
	if err != nil {
		return mlflow.Run{}, err
	}
	var created mlflow.Run
	err = s.locked(ctx, "create run", func() error {
		experiment, err := s.activeExperiment(ctx, run.ExperimentID)
		if err != nil {
			return err
		}
		if err := s.noteOpen(experiment.ID, id); err != nil {
			return err
		}
		folder := filepath.Join(s.root, experiment.ID, id)
		if err := s.createRun(folder, id, run, s.absolute(experiment.Location)); err != nil {
			return errors.Join(err, os.RemoveAll(folder))
		}
		var meta runMeta
		if _, err := readMeta(ctx, folder, &meta); err != nil {
			return err
		}
		created, err = s.readRun(folder, meta)
		return err
	})
	if err == nil {
		s.remember(run.ExperimentID, id)
	}
	return created, err
}

// createRun writes a run; without meta.yaml, which is last, nobody takes the folder for one.
func (s *Store) createRun(folder, id string, run mlflow.NewRun, location string) error {
	for _, name := range []string{metricsDir, paramsDir, artifactDir, tagsDir} { // MLflow 3 asks for the first three
		if err := os.MkdirAll(filepath.Join(folder, name), 0o777); err != nil {
			return err
		}
	}
	if err := writeTags(folder, run.Tags); err != nil {
		return err
	}
	return createMeta(folder, []field{
		{"artifact_uri", mlflow.JoinLocation(location, id, artifactDir)},
		{"end_time", nil},
		{"entry_point_name", ""},
		{"experiment_id", run.ExperimentID},
		{"lifecycle_stage", "active"},
		{"run_id", id},
		{"run_name", run.Name},
		{"run_uuid", id},
		{"source_name", ""},
		{"source_type", 4}, // LOCAL, as MLflow always writes
		{"source_version", ""},
		{"start_time", run.Start.UnixMilli()},
		{"status", statusNumber(mlflow.Running)},
		{"tags", []string{}},
		{"user_id", run.User},
	})
}

func (s *Store) activeExperiment(ctx context.Context, id string) (experimentMeta, error) {
	var e experimentMeta
	if isID(id) {
		_, err := readMeta(ctx, filepath.Join(s.root, id), &e)
		if err == nil && e.Stage != "deleted" {
			return e, nil
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return e, err
		}
		if _, err := os.Stat(filepath.Join(s.root, trash, id)); err == nil {
			return e, s.deletedExperiment("create run", id)
		}
	}
	return e, fmt.Errorf("experiment %q: %w", id, mlflow.ErrNotFound)
}

// findRun returns the folder and meta.yaml of a run, also of a deleted one.
func (s *Store) findRun(ctx context.Context, id string) (string, runMeta, document, error) {
	missing := fmt.Errorf("run %q: %w", id, mlflow.ErrNotFound)
	if !isID(id) {
		return "", runMeta{}, nil, missing
	}
	for _, parent := range []string{s.root, filepath.Join(s.root, trash)} {
		experiments, err := subfolders(parent)
		if err != nil {
			return "", runMeta{}, nil, err
		}
		for _, experiment := range experiments {
			folder := filepath.Join(parent, experiment, id)
			var meta runMeta
			d, err := readMeta(ctx, folder, &meta)
			if errors.Is(err, fs.ErrNotExist) || err == nil && cmp.Or(meta.ID, meta.UUID) != id {
				continue // a model or data set can have such a name too
			}
			return folder, meta, d, err
		}
	}
	return "", runMeta{}, nil, missing
}

// writableRun is findRun for a run that takes writes.
func (s *Store) writableRun(ctx context.Context, doing, id string) (string, document, error) {
	folder, meta, d, err := s.findRun(ctx, id)
	if err == nil && !meta.active() {
		err = s.rejected(doing, fmt.Sprintf("run %q is deleted", id), "restore it (mlflow runs restore --run-id "+id+")")
	}
	return folder, d, err
}

// GetRun implements mlflow.Runs. A deleted run is read too.
func (s *Store) GetRun(ctx context.Context, runID string) (mlflow.Run, error) {
	if err := ctx.Err(); err != nil {
		return mlflow.Run{}, s.explain("get run", err)
	}
	folder, meta, _, err := s.findRun(ctx, runID)
	if err != nil {
		return mlflow.Run{}, s.explain("get run", err)
	}
	run, err := s.readRun(folder, meta)
	return run, s.explain("get run", err)
}

func (s *Store) readRun(folder string, meta runMeta) (mlflow.Run, error) {
	run := mlflow.Run{
		ID:           cmp.Or(meta.ID, meta.UUID),
		Name:         meta.Name,
		ExperimentID: meta.ExperimentID,
		Status:       statusWord(meta.Status),
		Start:        fromMillis(meta.Start),
		End:          fromMillis(meta.End),
		ArtifactURI:  s.absolute(meta.ArtifactURI),
		Metrics:      map[string]mlflow.Metric{},
	}
	var err error
	if run.Params, err = readValues(filepath.Join(folder, paramsDir)); err != nil {
		return run, err
	}
	if run.Tags, err = readValues(filepath.Join(folder, tagsDir)); err != nil {
		return run, err
	}
	run.Name = cmp.Or(run.Name, run.Tags[mlflow.RunNameTag])
	err = eachKey(filepath.Join(folder, metricsDir), func(key, file string) error {
		return eachPoint(file, key, func(m mlflow.Metric) {
			if last, some := run.Metrics[key]; !some || m.After(last) {
				run.Metrics[key] = m
			}
		})
	})
	return run, err
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

// UpdateRun implements mlflow.Runs. A deleted run is a *mlflow.RejectedError.
func (s *Store) UpdateRun(ctx context.Context, runID string, update mlflow.RunUpdate) error {
	return s.locked(ctx, "update run", func() error {
		folder, d, err := s.writableRun(ctx, "update run", runID)
		if err != nil {
			return err
		}
		var fields []field
		if update.Status != "" {
			fields = append(fields, field{"status", statusNumber(update.Status)})
		}
		if !update.End.IsZero() {
			fields = append(fields, field{"end_time", update.End.UnixMilli()})
		}
		if update.Name != "" {
			fields = append(fields, field{"run_name", update.Name})
			if err := writeTags(folder, []mlflow.Tag{{Key: mlflow.RunNameTag, Value: update.Name}}); err != nil {
				return err
			}
		}
		if len(fields) == 0 {
			return nil
		}
		// MLflow 3 drops this one when it writes the file; without it MLflow 2 takes the run for malformed.
		fields = append(fields, field{"run_uuid", runID})
		if d, err = d.withAll(fields); err != nil {
			return err
		}
		if err := writeMeta(folder, d); err != nil || !update.Status.Ended() {
			return err
		}
		return forgetProcess(folder)
	})
}
