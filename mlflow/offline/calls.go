package offline

import (
	"cmp"
	"context"
	"errors"
	"maps"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// EnsureExperiment finds or creates an experiment. If the server is unreachable the experiment is created later, with the run.
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
	s.mu.Lock()
	s.run = run
	s.mu.Unlock()
	err = s.open(ctx, func(ctx context.Context) error {
		created, err = s.server.CreateRun(ctx, run)
		s.noteOpening(err)
		return err
	}, func() error {
		created, err = s.openOffline(ctx)
		return err
	})
	if err == nil {
		s.remember(created)
	}
	return created, err
}

// Resume says which run on the server is continued, and what its local twin looks like if there must be one.
func (s *Store) Resume(runID string, twin mlflow.NewRun) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resume, s.run = runID, twin
}

// open makes a call that opens the run.
func (s *Store) open(ctx context.Context, server func(context.Context) error, local func() error) error {
	if s.isLost() == nil {
		err := s.atServer(ctx, server)
		if err == nil || ctx.Err() != nil || !s.mended(err) {
			return err
		}
		s.lose(err)
	}
	if err := local(); err != nil {
		return errors.Join(s.isLost(), err)
	}
	return nil
}

// openOffline opens the run in the local store.
func (s *Store) openOffline(ctx context.Context) (mlflow.Run, error) {
	t, err := s.openTwin(ctx)
	if err != nil {
		return mlflow.Run{}, err
	}
	return t.run, nil
}

// remember records the run as the server has it. Other runs that are read are ignored.
func (s *Store) remember(run mlflow.Run) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known.ID == "" || s.known.ID == run.ID {
		s.known = run
	}
}

// GetRun reads a run. Of one that the server cannot be asked about it returns what is known: as it was read last, with what
// is stored offline.
func (s *Store) GetRun(ctx context.Context, runID string) (run mlflow.Run, err error) {
	read := func(ctx context.Context) error {
		run, err = s.server.GetRun(ctx, runID)
		return err
	}
	s.mu.Lock()
	opening := s.resume == runID && s.known.ID == ""
	s.mu.Unlock()
	if opening {
		err = s.open(ctx, read, func() error {
			run, err = s.openOffline(ctx)
			return err
		})
		if err == nil {
			s.remember(run)
		}
		return run, err
	}
	err = s.try(ctx, func(ctx context.Context) error {
		if err := read(ctx); err != nil {
			return err
		}
		if s.own(runID) {
			s.remember(run)
		}
		return nil
	}, func(t *twin) error {
		run, err = s.view(ctx, t, runID)
		return err
	})
	return run, err
}

// own reports whether a run is the one that is open.
func (s *Store) own(runID string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return runID == s.known.ID
}

// view is a run as far as it is known.
func (s *Store) view(ctx context.Context, t *twin, runID string) (mlflow.Run, error) {
	stored, err := t.store.GetRun(ctx, t.at(runID))
	if err != nil || t.began() || runID != t.as {
		return stored, err
	}
	s.mu.Lock()
	run := s.known
	name := cmp.Or(s.end.Name, run.Name)
	s.mu.Unlock()
	metrics := merged(run.Metrics, stored.Metrics)
	for key, m := range run.Metrics {
		if m.After(metrics[key]) {
			metrics[key] = m
		}
	}
	run.Status, run.End, run.Metrics = stored.Status, stored.End, metrics
	run.Params, run.Tags = merged(stored.Params, run.Params), merged(run.Tags, stored.Tags)
	run.Name, run.Tags[mlflow.RunNameTag] = name, name // the twin may have another
	return run, nil
}

// merged has the entries of both maps; those of the second win.
func merged[V any](one, other map[string]V) map[string]V {
	all := make(map[string]V, len(one)+len(other))
	maps.Copy(all, one)
	maps.Copy(all, other)
	return all
}

// UpdateRun writes how the run ended. That is always tried at the server, also after it was unreachable, because a run
// that stays RUNNING there misleads; and it is written to the local twin, if there is one, so that an upload does not undo it.
func (s *Store) UpdateRun(ctx context.Context, runID string, update mlflow.RunUpdate) error {
	if t := s.opened(); t.began() {
		return t.store.UpdateRun(ctx, t.at(runID), update)
	}
	own := s.own(runID)
	if own {
		s.noteEnd(update)
	}
	s.noteChange(runID)
	err := s.atServer(ctx, func(ctx context.Context) error { return s.server.UpdateRun(ctx, runID, update) })
	if !own || (err != nil && ctx.Err() != nil) {
		return err
	}
	t := s.opened()
	if s.mended(err) {
		s.lose(err)
		var twinErr error
		if t, twinErr = s.openTwin(ctx); twinErr != nil {
			return errors.Join(err, twinErr)
		}
		err = nil
	}
	if t == nil {
		return err
	}
	return errors.Join(err, t.store.UpdateRun(ctx, t.run.ID, update))
}

// noteEnd records how the run ended, for a twin that is created later.
func (s *Store) noteEnd(update mlflow.RunUpdate) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end.Status, s.end.Name = cmp.Or(update.Status, s.end.Status), cmp.Or(update.Name, s.end.Name)
	if !update.End.IsZero() {
		s.end.End = update.End
	}
}

// LogBatch adds metrics, params and tags. A batch of which the server stored a part is stored offline whole: an upload adds only
// what is missing.
func (s *Store) LogBatch(ctx context.Context, runID string, b mlflow.Batch) error {
	return s.try(ctx,
		func(ctx context.Context) error { return s.server.LogBatch(ctx, runID, b) },
		func(t *twin) error { return t.store.LogBatch(ctx, t.at(runID), b) })
}

// SearchRuns finds runs; offline, those that were made offline.
func (s *Store) SearchRuns(ctx context.Context, search mlflow.RunSearch) (runs []mlflow.Run, err error) {
	err = s.try(ctx, func(ctx context.Context) error {
		runs, err = s.server.SearchRuns(ctx, search)
		return err
	}, func(t *twin) error {
		local := search
		local.ExperimentID, local.Tags = t.run.ExperimentID, nil
		for _, tag := range search.Tags {
			local.Tags = append(local.Tags, mlflow.Tag{Key: tag.Key, Value: t.at(tag.Value)})
		}
		runs, err = t.store.SearchRuns(ctx, local)
		for i := range runs {
			if runs[i].ID == t.run.ID {
				runs[i].ID = t.as
			}
		}
		return err
	})
	return runs, err
}

// MetricHistory returns every point of one metric; offline, those that are stored offline.
func (s *Store) MetricHistory(ctx context.Context, runID, key string) (points []mlflow.Metric, err error) {
	err = s.try(ctx, func(ctx context.Context) error {
		points, err = s.server.MetricHistory(ctx, runID, key)
		return err
	}, func(t *twin) error {
		points, err = t.store.MetricHistory(ctx, t.at(runID), key)
		return err
	})
	return points, err
}

// LoggedModels returns the models that MLflow 3 clients logged from a run. Of a run that was opened on the server they are not
// known once that cannot be asked.
func (s *Store) LoggedModels(ctx context.Context, experimentID, runID string) (models []mlflow.LoggedModel, err error) {
	err = s.try(ctx, func(ctx context.Context) error {
		models, err = s.server.LoggedModels(ctx, experimentID, runID)
		return err
	}, func(t *twin) error {
		if !t.began() {
			return s.isLost()
		}
		models, err = t.store.LoggedModels(ctx, t.run.ExperimentID, t.at(runID))
		return err
	})
	return models, err
}

// CreateModelVersion adds a version to a registered model. Offline it is recorded, so that an upload registers it on the server;
// the version is then that of the local store.
func (s *Store) CreateModelVersion(ctx context.Context, v mlflow.NewModelVersion) (version mlflow.ModelVersion, err error) {
	err = s.try(ctx, func(ctx context.Context) error {
		version, err = s.server.CreateModelVersion(ctx, v)
		return err
	}, func(t *twin) error {
		model := Model{Name: v.Name, Path: v.Path}
		if !t.began() { // what v names lies on the server
			model.ID = v.ModelID
			v.Source, v.ModelID = mlflow.JoinLocation(t.run.ArtifactURI, v.Path), ""
		}
		v.RunID = t.at(v.RunID)
		if version, err = t.store.CreateModelVersion(ctx, v); err != nil {
			return err
		}
		return AddModel(s.options.Dir, t.run.ID, model)
	})
	return version, err
}

// FindModelVersion finds a version of a registered model; offline, of the local store.
func (s *Store) FindModelVersion(ctx context.Context, v mlflow.NewModelVersion) (version mlflow.ModelVersion, err error) {
	err = s.try(ctx, func(ctx context.Context) error {
		version, err = s.server.FindModelVersion(ctx, v)
		return err
	}, func(t *twin) error {
		v.RunID = t.at(v.RunID)
		version, err = t.store.FindModelVersion(ctx, v)
		return err
	})
	return version, err
}
