package store_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Iyalvan/mlops-track/internal/redact"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/store"
)

// TestRedactingCutsLast removes secrets before a value is cut, so that no half of one stays.
func TestRedactingCutsLast(t *testing.T) {
	t.Parallel()
	const secret = "hunter2-of-the-Store"
	st := open(t, store.Options{URI: "sqlite:///mlflow.db", Dir: t.TempDir()})
	var renamed store.Renamed
	clean := store.Redacting(st, redact.New(secret), &renamed)
	run, err := clean.CreateRun(t.Context(), mlflow.NewRun{ExperimentID: "0", Name: "r " + secret, Tags: []mlflow.Tag{{Key: "t", Value: strings.Repeat("é", mlflow.MaxTagLength-4) + secret}}})
	if err != nil {
		t.Fatal(err)
	}
	batch := mlflow.Batch{
		Params: []mlflow.Param{
			{Key: "cut", Value: strings.Repeat("x", mlflow.MaxParamLength-4) + secret}, {Key: "long", Value: strings.Repeat("y", 1<<20)},
			{Key: "colored", Value: "hunter2\x1b[1m-of-the-Store"},
		},
		Metrics: []mlflow.Metric{
			{Key: "loss." + secret, Value: 1}, {Key: "loss." + secret, Value: 2, Step: 1}, {Key: "loss.of-" + secret, Value: 3}, {Key: "auc", Value: 5},
			{Key: "a " + secret, Value: 6}, {Key: "a " + secret + secret, Value: 7},
		},
	}
	if err := clean.LogBatch(t.Context(), run.ID, batch); err != nil {
		t.Fatal(err)
	}
	got, err := clean.GetRun(t.Context(), run.ID)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"cut": strings.Repeat("x", mlflow.MaxParamLength-4) + "***", "long": strings.Repeat("y", mlflow.MaxParamLength), "colored": "***"}
	if diff := cmp.Diff(want, got.Params); diff != "" {
		t.Errorf("params (-want +got):\n%s", diff)
	}
	if tag := got.Tags["t"]; got.Name != "r ***" || tag != strings.Repeat("é", mlflow.MaxTagLength-4)+"***" {
		t.Errorf("name %q, tag ...%q", got.Name, tag[max(0, len(tag)-20):])
	}
	values := map[string]float64{}
	for key, m := range got.Metrics {
		values[key] = m.Value
	}
	if diff := cmp.Diff(map[string]float64{"loss.redacted": 2, "loss.of-redacted": 3, "auc": 5, "a redacted": 6, "a redacted-2": 7}, values); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
	names := []string{`metric "a redacted"`, `metric "a redacted-2"`, `metric "loss.of-redacted"`, `metric "loss.redacted"`}
	if diff := cmp.Diff(names, renamed.Names()); diff != "" {
		t.Errorf("renamed (-want +got):\n%s", diff)
	}
}
