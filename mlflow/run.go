package mlflow

import "time"

// Status is the state of a run. The words are those of MLflow's REST API.
type Status string

// The statuses a run can have.
const (
	Running   Status = "RUNNING"
	Scheduled Status = "SCHEDULED"
	Finished  Status = "FINISHED"
	Failed    Status = "FAILED"
	Killed    Status = "KILLED"
)

// Statuses returns all statuses in the order of their numbers in MLflow, from 1
// (https://github.com/mlflow/mlflow/blob/master/mlflow/protos/service.proto, RunStatus).
func Statuses() []Status { return []Status{Running, Scheduled, Finished, Failed, Killed} }

// Ended reports whether a run with this status has ended.
func (s Status) Ended() bool { return s == Finished || s == Failed || s == Killed }

// Experiment groups runs under a name.
type Experiment struct {
	ID               string
	Name             string
	ArtifactLocation string // URI of the folder with the artifacts of its runs
}

// Run is a run as the store has it.
type Run struct {
	ID           string // 32 hexadecimal digits
	Name         string
	ExperimentID string
	Status       Status
	Start        time.Time // millisecond precision
	End          time.Time // zero while the run is open
	ArtifactURI  string
	Params       map[string]string
	Metrics      map[string]Metric // the latest point of each key
	Tags         map[string]string
}

// RunRef says where a run is.
type RunRef struct {
	ID           string
	Name         string
	ExperimentID string
	ArtifactURI  string
}

// Ref says where the run is.
func (r Run) Ref() RunRef {
	return RunRef{ID: r.ID, Name: r.Name, ExperimentID: r.ExperimentID, ArtifactURI: r.ArtifactURI}
}

// NewRun is a run to be created.
type NewRun struct {
	ExperimentID string
	Name         string
	User         string
	Start        time.Time
	Tags         []Tag
}

// RunUpdate changes a run. Zero fields are left as they are.
type RunUpdate struct {
	Status Status
	End    time.Time
	Name   string
}

// Metric is one point of a metric.
type Metric struct {
	Key       string
	Value     float64 // may be NaN or an infinity
	Timestamp int64   // milliseconds since the Unix epoch
	Step      int64   // may be negative
}

// Param is a parameter of a run. It can be written once.
type Param struct{ Key, Value string }

// Tag is a tag of a run. It can be overwritten.
type Tag struct{ Key, Value string }

// Batch is a set of things to log to one run.
type Batch struct {
	Metrics []Metric
	Params  []Param
	Tags    []Tag
}

// Empty reports whether there is nothing to log.
func (b Batch) Empty() bool {
	return len(b.Metrics) == 0 && len(b.Params) == 0 && len(b.Tags) == 0
}

// LoggedModel is a model that an MLflow 3 client logged; it is stored beside the run, not in its artifacts.
type LoggedModel struct {
	ID          string // "m-" and 32 hexadecimal digits
	Name        string
	ArtifactURI string
}

// NewModelVersion is a version to be added to a registered model.
type NewModelVersion struct {
	Name    string
	Source  string // URI of the model directory; for a logged model "models:/<id>"
	RunID   string
	ModelID string // of a logged model, else empty
	Path    string // of the model in the run's artifacts; empty: unknown
	Tags    []Tag
}

// ModelVersion is a version of a registered model.
type ModelVersion struct {
	Name    string
	Version string // a number in decimal
}

// ParentRunTag is the tag with which MLflow links a child run to its parent.
const ParentRunTag = "mlflow.parentRunId"

// Halves cuts a batch of two or more items into two that are not empty.
func (b Batch) Halves() (Batch, Batch) {
	tags, params, metrics := len(b.Tags), len(b.Params), len(b.Metrics)
	half := (tags + params + metrics) / 2
	t := min(half, tags)
	p := min(half-t, params)
	m := half - t - p
	return Batch{Tags: b.Tags[:t], Params: b.Params[:p], Metrics: b.Metrics[:m]},
		Batch{Tags: b.Tags[t:], Params: b.Params[p:], Metrics: b.Metrics[m:]}
}
