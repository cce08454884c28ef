package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Report is one finished run in plain fields. All text may come from the training step, in any form: the renderers escape it.
type Report struct {
	Run      Run
	Outcome  Outcome
	Job      Job
	Values   Values
	Outputs  Outputs
	Warnings []Warning
	More     More
	Origin   Origin
}

// FromFile is what Job.Foreign says of a report file.
const FromFile = "Read from a file"

// Run identifies the run and says where it is stored.
type Run struct {
	Experiment string
	Name       string
	ID         string
	URL        string // empty where the store has no page
	Store      string // redacted
	Offline    string // folder where the run is stored for mlops-track sync; empty if the server has it
}

// Outcome is how the run ended.
type Outcome struct {
	Status       string // FINISHED, FAILED, KILLED
	ExitCode     int
	ErrorType    string
	ErrorMessage string
	Duration     time.Duration
	LogTail      string // the end of the step's standard error
}

// Job is where the run was made.
type Job struct {
	URL       string // page of the CI job; empty outside CI
	Commit    string
	CommitURL string
	Machine   string // as "linux/amd64, 4 cores"
	Foreign   string // who wrote a report that nobody has checked, for the reader; empty: this job, or the tracking server has it
}

// Values are what the run has logged.
type Values struct {
	Metrics   map[string]float64 // last values
	Params    map[string]string
	OwnParams []string           // names of those that the user or the result set, which readers look for first
	Histories map[string][]Point // by metric, each thinned by Thin; without one a metric has no curve, with an empty one it is not shown
	Baseline  *Baseline          // the run to compare with; nil if there is none
}

// Outputs are what the run has made.
type Outputs struct {
	Artifacts Artifacts
	Model     string // "name version 3"; empty if none was registered
	ModelURL  string
}

// Origin says which job made the report and which comment it belongs to, for a later job that may post it. What such a job reads from a
// file is only what the file says.
type Origin struct {
	Change  string    `json:"change,omitempty"`  // number of the pull or merge request
	Head    string    `json:"head,omitempty"`    // commit that was trained on
	Key     string    `json:"key,omitempty"`     // of the comment
	Section string    `json:"section,omitempty"` // of the comment: the cell of a matrix
	Place   Place     `json:"place,omitzero"`
	Run     int64     `json:"run,omitempty"` // id of the pipeline run
	Attempt int       `json:"attempt,omitempty"`
	Ended   time.Time `json:"ended,omitzero"`
}

// Place tells reports apart that belong to one section by name.
type Place struct {
	Step   string `json:"step,omitempty"`   // of the job
	Job    string `json:"job,omitempty"`    // its id
	Family string `json:"family,omitempty"` // of a child pipeline
}

// Warning is something a reader should know, with the next step.
type Warning struct {
	Text string `json:"text"`
	Next string `json:"next,omitempty"`
}

// Artifacts counts what was uploaded.
type Artifacts struct {
	Files  int      `json:"files"`
	Bytes  int64    `json:"bytes"`
	Failed int      `json:"failed,omitempty"`
	Paths  []string `json:"paths,omitempty"` // of some or all files, inside the run
}

// Baseline is an earlier run that the metrics are compared with.
type Baseline struct {
	Name    string
	RunURL  string
	Metrics map[string]float64
}

// More counts what the run has but the report does not. Write sets it where it had to omit something.
type More struct {
	Metrics  int `json:"metrics,omitempty"`
	Params   int `json:"params,omitempty"`
	Warnings int `json:"warnings,omitempty"`
}

// Verdict says how the run ended, in one line.
func (r Report) Verdict() string { return r.Run.Name + " " + r.Outcome.text() }

// text is the verdict without the name.
func (o Outcome) text() string {
	switch o.Status {
	case "FINISHED":
		return "finished in " + Human(o.Duration)
	case "KILLED":
		return "was cancelled after " + Human(o.Duration)
	}
	why := fmt.Sprintf("exit code %d", o.ExitCode)
	if o.ErrorType != "" {
		why = o.ErrorType + ", " + why
	}
	return fmt.Sprintf("failed after %s (%s)", Human(o.Duration), why)
}

// metricNames are in the order of reading: see ByUse.
func (v Values) metricNames() []string { return ByUse(slices.Collect(maps.Keys(v.Metrics))) }

// sampled reports whether a metric is one of the machine, by MLflow's prefix for them
// (https://mlflow.org/docs/latest/ml/tracking/system-metrics/).
func sampled(name string) bool { return strings.HasPrefix(name, "system/") }

// paramNames are the names of the params that were set for this run, and of all others.
func (v Values) paramNames() (own, others []string) {
	for _, name := range slices.Sorted(maps.Keys(v.Params)) {
		if slices.Contains(v.OwnParams, name) {
			own = append(own, name)
		} else {
			others = append(others, name)
		}
	}
	return own, others
}
