package track

import (
	"testing"

	"github.com/Iyalvan/mlops-track/mlflow"
)

func TestCollisions(t *testing.T) {
	run := mlflow.Run{
		Params:  map[string]string{"max_depth": "3", "b": "1"},
		Metrics: map[string]mlflow.Metric{"accuracy": {Value: 0.9}},
	}
	params, metrics, notes, keys := withoutCollisions(run,
		[]mlflow.Param{{Key: "max_depth", Value: "3"}, {Key: "lr", Value: "0.1"}, {Key: "b", Value: "2"}},
		[]mlflow.Metric{{Key: "accuracy", Value: 0.8}, {Key: "auc", Value: 0.7}})
	if len(params) != 1 || params[0].Key != "lr" || len(metrics) != 1 || metrics[0].Key != "auc" {
		t.Errorf("left to log: %v %v", params, metrics)
	}
	want := []string{"param collision detected: ['b', 'max_depth']", "metric collision detected: ['accuracy']"}
	if len(notes) != 2 || notes[0].Text != want[0] || notes[1].Text != want[1] {
		t.Errorf("notes = %v", notes)
	}
	if notes[1].Hint != "the run's own value is kept; give yours a prefix, as in custom.accuracy" {
		t.Errorf("hint = %q", notes[1].Hint)
	}
	if len(keys) != 3 || keys[0] != "accuracy" {
		t.Errorf("keys = %v", keys)
	}
}
