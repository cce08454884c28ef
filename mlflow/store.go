package mlflow

import (
	"context"
	"slices"
)

// Store is one tracking store. It has four implementations: a tracking server, an SQLite file, a folder, and a
// server started for another database. All methods are safe for concurrent use and obey ctx.
type Store interface {
	Experiments
	Runs
	Models
}

// Experiments finds experiments and the runs in them.
type Experiments interface {
	// EnsureExperiment returns the experiment of that name and creates it when there is none. Two callers racing to
	// create it both succeed. A deleted experiment is a *RejectedError.
	EnsureExperiment(ctx context.Context, name string) (Experiment, error)
	// SearchRuns returns runs of an experiment without deleted ones. It reads no more of them than the limit.
	SearchRuns(ctx context.Context, search RunSearch) ([]Run, error)
}

// RunSearch says which runs of an experiment to return, and in which order. Runs with the same start time are in the order of
// their ids.
type RunSearch struct {
	ExperimentID string
	Tags         []Tag    // all must match
	Statuses     []Status // empty: any
	Newest       bool     // by start time descending; else oldest first
	Limit        int      // 0: all
}

// Match reports whether the search includes a run with this status and these tags.
func (s RunSearch) Match(status Status, tags map[string]string) bool {
	for _, tag := range s.Tags {
		if value, ok := tags[tag.Key]; !ok || value != tag.Value {
			return false
		}
	}
	return s.MatchStatus(status)
}

// MatchStatus reports whether the search includes runs with this status.
func (s RunSearch) MatchStatus(status Status) bool {
	return len(s.Statuses) == 0 || slices.Contains(s.Statuses, status)
}

// Runs reads and writes runs. A run that does not exist is ErrNotFound.
type Runs interface {
	// CreateRun opens a run with status RUNNING.
	CreateRun(ctx context.Context, run NewRun) (Run, error)
	// GetRun reads a run with its params, tags and the latest value of each metric.
	GetRun(ctx context.Context, runID string) (Run, error)
	// UpdateRun writes status, end time or name; zero fields are left as they are.
	UpdateRun(ctx context.Context, runID string, update RunUpdate) error
	// LogBatch adds any number of metrics, params and tags: it sends several requests if MLflow's limits require it.
	// Writing an equal metric point, an equal param or a tag again changes nothing. A param that exists with another
	// value is a *RejectedError. Keys and values must have passed CheckKey and Truncate.
	LogBatch(ctx context.Context, runID string, batch Batch) error
}

// Models is the model registry, with the metric histories and logged models of a run.
type Models interface {
	// MetricHistory returns every point of one metric in the order of step, then time.
	MetricHistory(ctx context.Context, runID, key string) ([]Metric, error)
	// LoggedModels returns the models that MLflow 3 clients logged from a run; none on older stores.
	LoggedModels(ctx context.Context, experimentID, runID string) ([]LoggedModel, error)
	// CreateModelVersion adds a version to a registered model and creates the model when there is none.
	CreateModelVersion(ctx context.Context, version NewModelVersion) (ModelVersion, error)
	// FindModelVersion returns the newest version of the registered model that has this run and source. One that does not
	// exist is ErrNotFound.
	FindModelVersion(ctx context.Context, version NewModelVersion) (ModelVersion, error)
}
