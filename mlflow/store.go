package mlflow

import (
	"context"
	"slices"
)

// Store is one tracking store. Four implementations stand behind it: a tracking server, an SQLite file, a folder, and a
// server started for another database. All methods are safe for concurrent use and obey ctx.
type Store interface {
	Experiments
	Runs
	Models
}

// Experiments finds the place where runs are kept.
type Experiments interface {
	// EnsureExperiment returns the experiment of that name and creates it when there is none. Two callers racing to
	// create it both succeed. A deleted experiment is a *RejectedError.
	EnsureExperiment(ctx context.Context, name string) (Experiment, error)
	// SearchRuns returns runs of an experiment, deleted ones left out. It reads no more of them than the limit.
	SearchRuns(ctx context.Context, search RunSearch) ([]Run, error)
}

// RunSearch says which runs of an experiment are asked for, and in which order. Runs of one start time are in the order of
// their ids.
type RunSearch struct {
	ExperimentID string
	Tags         []Tag    // all must match
	Statuses     []Status // empty: any
	Newest       bool     // by start time descending; else oldest first
	Limit        int      // 0: all
}

// Match reports whether a run with this status and these tags is asked for.
func (s RunSearch) Match(status Status, tags map[string]string) bool {
	for _, tag := range s.Tags {
		if value, ok := tags[tag.Key]; !ok || value != tag.Value {
			return false
		}
	}
	return s.MatchStatus(status)
}

// MatchStatus reports whether runs of a status are asked for.
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
	// LogBatch adds metrics, params and tags of any number: it keeps MLflow's limits by sending several requests.
	// Writing an equal metric point, an equal param or a tag again changes nothing. A param that is there with another
	// value is a *RejectedError. Keys and values must have passed CheckKey and Truncate.
	LogBatch(ctx context.Context, runID string, batch Batch) error
}

// Models is the model registry, and what a run says of its metrics and models over time.
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
