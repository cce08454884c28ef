package mlflow

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"math"
	"slices"

	"github.com/Iyalvan/mlops-track/internal/hint"
)

// RunNameTag is the tag that holds a run's name a second time. MLflow keeps both equal.
const RunNameTag = "mlflow.runName"

// JobIDTag is the tag by which a run is found again when it is not known whether a server created it.
const JobIDTag = "mlops.job.id"

// ModelFile is the file that makes a directory an MLflow model. No server checks that it exists.
const ModelFile = "MLmodel"

// DefaultExperiment is the name of the experiment with the id "0", which every store has.
const DefaultExperiment = "Default"

// NewRunID returns a fresh run id: 32 hexadecimal digits.
func NewRunID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails: crypto/rand
	return hex.EncodeToString(id[:])
}

// After reports whether m is a later point of its key than other by MLflow's rule: the greater step, then timestamp, then
// value, where NaN counts as 0.
func (m Metric) After(other Metric) bool {
	return cmp.Or(
		cmp.Compare(m.Step, other.Step),
		cmp.Compare(m.Timestamp, other.Timestamp),
		cmp.Compare(orderValue(m.Value), orderValue(other.Value)),
	) > 0
}

// Same reports whether two points of a key are equal; NaN equals NaN.
func (m Metric) Same(other Metric) bool {
	return m.Step == other.Step && m.Timestamp == other.Timestamp &&
		(m.Value == other.Value || math.IsNaN(m.Value) && math.IsNaN(other.Value))
}

func orderValue(v float64) float64 {
	if math.IsNaN(v) {
		return 0
	}
	return v
}

// Named returns the run with its name in both places, Name and the tag mlflow.runName. A run without a name gets one made
// from its id. Two different names are a *RejectedError, as on a tracking server.
func (r NewRun) Named(id string) (NewRun, error) {
	tags := make([]Tag, 0, len(r.Tags)+1)
	for _, t := range r.Tags {
		if t.Key != RunNameTag {
			tags = append(tags, t)
			continue
		}
		if r.Name != "" && t.Value != "" && r.Name != t.Value {
			return r, hint.With(&RejectedError{
				Call:    "create run",
				Code:    "INVALID_PARAMETER_VALUE",
				Message: "run name " + r.Name + " and tag " + RunNameTag + " " + t.Value + " differ",
			}, "set the run's name only once")
		}
		r.Name = cmp.Or(r.Name, t.Value)
	}
	r.Name = cmp.Or(r.Name, "run-"+id[:min(8, len(id))])
	r.Tags = append(tags, Tag{RunNameTag, r.Name})
	return r, nil
}

// WithoutOldErrors returns the tags for finishing r again, with an empty one for each error tag that r has and they lack,
// so that no error of an earlier attempt stays: MLflow's stores overwrite a tag in one batch with others, but do not delete
// it there.
func (r Run) WithoutOldErrors(tags []Tag) []Tag {
	for _, key := range []string{"mlops.error_type", "mlops.error_message", "mlops.exit_code"} {
		has := slices.ContainsFunc(tags, func(t Tag) bool { return t.Key == key })
		if r.Tags[key] != "" && !has {
			tags = append(tags, Tag{Key: key})
		}
	}
	return tags
}
