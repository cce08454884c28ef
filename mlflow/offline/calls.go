package offline

import (
	"context"
	"errors"
	"maps"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// EnsureExperiment finds or makes an experiment. Where the server is unreachable the experiment is made later, with the run.
func (s *Store) EnsureExperiment(ctx context.Context, name string) (found mlflow.Experiment, err error) {
	err = s.open(ctx, func(ctx context.Context) error {
		found, err = s.server.EnsureExperiment(ctx, name)
		return err
	}, func() error {
		found = mlflow.Experiment{Name: name}
		return nil
	})
	return found, err
}

// CreateRun opens the run.
func (s *Store) CreateRun(ctx context.Context, run mlflow.NewRun) (created mlflow.Run, err error) {
	s.run = run
	err = s.open(ctx, func(ctx context.Context) error {
		created, err = s.server.CreateRun(ctx, run)
		return err
	}, func() error {
		err = s.openTwin(ctx)
		created = s.twin
		return err
	})
	if err == nil {
		s.remember(created)
	}
	return created, err
}

// Resume says which run on the server is continued, and what its local twin looks like if there must be one.
func (s *Store) Resume(runID string, twin mlflow.NewRun) { s.resume, s.run = runID, twin }

// open makes a call that is part of opening the run. Before a run is open only an unreachable server is a reason to go on
// offline: one that rejects us must be told.
func (s *Store) open(ctx context.Context, server func(context.Context) error, local func() error) error {
	if s.isLost() {
		return local()
	}
	limited, cancel := context.WithTimeout(ctx, s.options.StartTimeout)
	defer cancel()
	err := s.atServer(limited, server)
	var unreachable *mlflow.UnreachableError
	if err == nil || ctx.Err() != nil || !errors.As(err, &unreachable) || s.options.Dir == "" {
		return err
	}
	s.lose(err)
	if err := local(); err != nil {
		return errors.Join(s.lost, err)
	}
	return nil
}

// remember keeps the run as the server has it.
func (s *Store) remember(run mlflow.Run) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known = run
}

// GetRun reads a run. Of one that the server cannot be asked about it returns what is known: as it was read last, with what
// is stored offline.
func (s *Store) GetRun(ctx context.Context, runID string) (run mlflow.Run, err error) {
	read := func(ctx context.Context) error {
		run, err = s.server.GetRun(ctx, runID)
		return err
	}
	if s.resume == runID && s.known.ID == "" { // the first word with the server
		err = s.open(ctx, read, func() error {
			err = s.openTwin(ctx)
			run = s.twin
			return err
		})
	} else {
		err = s.try(ctx, read, func() error {
			run, err = s.view(ctx)
			return err
		})
		if err != nil || s.isLost() {
			return run, err
		}
	}
	if err == nil {
		s.remember(run)
	}
	return run, err
}

// view is the run as far as it is known.
func (s *Store) view(ctx context.Context) (mlflow.Run, error) {
	stored, err := s.local.GetRun(ctx, s.twin.ID)
	if err != nil || s.known.ID == s.twin.ID {
		return stored, err
	}
	run := s.known
	run.Status, run.End = stored.Status, stored.End
	run.Params, run.Tags = merged(run.Params, stored.Params), merged(run.Tags, stored.Tags)
	run.Metrics = merged(run.Metrics, stored.Metrics)
	for key, m := range s.known.Metrics {
		if m.After(run.Metrics[key]) {
			run.Metrics[key] = m
		}
	}
	return run, nil
}

// merged has the entries of both maps; those of the second win.
func merged[V any](one, other map[string]V) map[string]V {
	all := make(map[string]V, len(one)+len(other))
	maps.Copy(all, one)
	maps.Copy(all, other)
	return all
}

// UpdateRun writes how the run ended. That word is always tried at the server, also after it was unreachable, because a run
// that stays RUNNING there misleads; and it is told to the local twin, if there is one.
func (s *Store) UpdateRun(ctx context.Context, runID string, update mlflow.RunUpdate) error {
	s.mu.Lock()
	s.end = update
	began := s.known.ID != "" && s.known.ID == s.twin.ID
	s.mu.Unlock()
	var err error
	if !began {
		err = s.atServer(ctx, func(ctx context.Context) error { return s.server.UpdateRun(ctx, runID, update) })
		if err != nil && (ctx.Err() != nil || !s.mended(err)) {
			return err
		}
	}
	if err != nil {
		s.lose(err)
		if err := s.openTwin(ctx); err != nil {
			return errors.Join(s.lost, err)
		}
	}
	if s.twin.ID == "" {
		return nil
	}
	return s.local.UpdateRun(ctx, s.at(runID), update)
}

// at is the id of a run in the local store.
func (s *Store) at(runID string) string {
	if runID == s.known.ID {
		return s.twin.ID
	}
	return runID
}

// LogBatch adds metrics, params and tags. A batch of which the server took a part is stored whole: an upload adds only what
// is missing.
func (s *Store) LogBatch(ctx context.Context, runID string, b mlflow.Batch) error {
	return s.try(ctx,
		func(ctx context.Context) error { return s.server.LogBatch(ctx, runID, b) },
		func() error { return s.local.LogBatch(ctx, s.at(runID), b) })
}

// SearchRuns finds runs; offline, those that were made offline.
func (s *Store) SearchRuns(ctx context.Context, search mlflow.RunSearch) (runs []mlflow.Run, err error) {
	err = s.try(ctx, func(ctx context.Context) error {
		runs, err = s.server.SearchRuns(ctx, search)
		return err
	}, func() error {
		local := search
		local.ExperimentID, local.Tags = s.twin.ExperimentID, nil
		for _, tag := range search.Tags {
			local.Tags = append(local.Tags, mlflow.Tag{Key: tag.Key, Value: s.at(tag.Value)})
		}
		runs, err = s.local.SearchRuns(ctx, local)
		return err
	})
	return runs, err
}

// MetricHistory returns every point of one metric; offline, those that are stored offline.
func (s *Store) MetricHistory(ctx context.Context, runID, key string) (points []mlflow.Metric, err error) {
	err = s.try(ctx, func(ctx context.Context) error {
		points, err = s.server.MetricHistory(ctx, runID, key)
		return err
	}, func() error {
		points, err = s.local.MetricHistory(ctx, s.at(runID), key)
		return err
	})
	return points, err
}

// LoggedModels returns the models that MLflow 3 clients logged from a run; offline, from its local twin.
func (s *Store) LoggedModels(ctx context.Context, experimentID, runID string) (models []mlflow.LoggedModel, err error) {
	err = s.try(ctx, func(ctx context.Context) error {
		models, err = s.server.LoggedModels(ctx, experimentID, runID)
		return err
	}, func() error {
		models, err = s.local.LoggedModels(ctx, s.twin.ExperimentID, s.at(runID))
		return err
	})
	return models, err
}

// CreateModelVersion adds a version to a registered model. Offline it is noted, too, so that an upload registers it on the
// server.
func (s *Store) CreateModelVersion(ctx context.Context, v mlflow.NewModelVersion) (version mlflow.ModelVersion, err error) {
	err = s.try(ctx, func(ctx context.Context) error {
		version, err = s.server.CreateModelVersion(ctx, v)
		return err
	}, func() error {
		v.RunID = s.at(v.RunID)
		if version, err = s.local.CreateModelVersion(ctx, v); err != nil {
			return err
		}
		return AddModel(s.options.Dir, s.twin.ID, Model{Name: v.Name, Path: v.Path})
	})
	return version, err
}

// FindModelVersion finds a version of a registered model; offline, of the local store.
func (s *Store) FindModelVersion(ctx context.Context, v mlflow.NewModelVersion) (version mlflow.ModelVersion, err error) {
	err = s.try(ctx, func(ctx context.Context) error {
		version, err = s.server.FindModelVersion(ctx, v)
		return err
	}, func() error {
		v.RunID = s.at(v.RunID)
		version, err = s.local.FindModelVersion(ctx, v)
		return err
	})
	return version, err
}
