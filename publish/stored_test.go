package publish_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/Iyalvan/mlops-track/internal/test/mlflowtest"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/store"
	"github.com/Iyalvan/mlops-track/publish"
	"github.com/Iyalvan/mlops-track/publish/report"
)

// openStore opens the store of a URI that holds one run.
func openStore(t *testing.T, uri string, tags ...mlflow.Tag) (*store.Opened, mlflow.Run) {
	t.Helper()
	st, err := store.Open(t.Context(), store.Options{URI: uri, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close(context.Background()) })
	run, err := st.CreateRun(t.Context(), mlflow.NewRun{ExperimentID: "0", Name: "old", Start: time.UnixMilli(1_700_000_000_000), Tags: tags})
	if err != nil {
		t.Fatal(err)
	}
	return st, run
}

// A run that ended earlier is reported from what it says of itself.
func TestStored(t *testing.T) {
	t.Parallel()
	server := mlflowtest.StartMemory(t)
	st, run := openStore(t, server.URL, mlflow.Tag{Key: "mlflow.source.git.commit", Value: "0123456789abcdef"},
		mlflow.Tag{Key: "vcs.change.id", Value: "7"}, mlflow.Tag{Key: "vcs.ref.head.revision", Value: "0123456789abcdef"},
		mlflow.Tag{Key: "cicd.pipeline.name", Value: "train"}, mlflow.Tag{Key: "cicd.pipeline.task.name", Value: "main"},
		mlflow.Tag{Key: "cicd.pipeline.run.id", Value: "41"}, mlflow.Tag{Key: "mlops.ci.attempt", Value: "2"},
		mlflow.Tag{Key: "cicd.pipeline.run.url.full", Value: "https://ci/run"}, mlflow.Tag{Key: "mlops.ci.matrix", Value: `{"py":"3.12"}`},
		mlflow.Tag{Key: "mlops.exit_code", Value: "3"}, mlflow.Tag{Key: "mlops.error_type", Value: "ValueError"},
		mlflow.Tag{Key: "mlops.error_message", Value: "boom"}, mlflow.Tag{Key: "mlops.collisions", Value: `["accuracy"]`},
		mlflow.Tag{Key: "mlops.autolog", Value: "empty"})
	d := newDesk(t)
	if _, err := d.Stored(t.Context(), st, run.ID, "acme/model"); err == nil || !strings.Contains(err.Error(), "is still RUNNING") {
		t.Errorf("a run that goes on: %v", err)
	}
	if _, err := d.Stored(t.Context(), st, "none", "acme/model"); err == nil || !strings.Contains(err.Error(), `read run "none"`) {
		t.Errorf("a run that does not exist: %v", err)
	}
	batch := mlflow.Batch{Params: []mlflow.Param{{Key: "depth", Value: "3"}}}
	for step := range int64(3) {
		batch.Metrics = append(batch.Metrics, mlflow.Metric{Key: "loss", Step: step, Value: float64(step) / 4, Timestamp: step})
	}
	if err := st.LogBatch(t.Context(), run.ID, batch); err != nil {
		t.Fatal(err)
	}
	if err := st.UpdateRun(t.Context(), run.ID, mlflow.RunUpdate{Status: mlflow.Failed, End: run.Start.Add(time.Minute)}); err != nil {
		t.Fatal(err)
	}
	r, err := d.Stored(t.Context(), st, run.ID, "acme/model")
	if err != nil {
		t.Fatal(err)
	}
	if r.Outcome.Status != "FAILED" || r.Outcome.ExitCode != 3 || r.Outcome.ErrorType != "ValueError" || r.Outcome.ErrorMessage != "boom" || r.Run.Name != "old" || r.Job.Commit != "0123456" ||
		r.Outcome.Duration != time.Minute || r.Values.Metrics["loss"] != 0.5 || r.Values.Params["depth"] != "3" || len(r.Values.Histories["loss"]) != 3 || r.Job.URL != "https://ci/run" ||
		r.Run.URL != server.URL+"/#/experiments/0/runs/"+run.ID || r.Run.Store != server.URL {
		t.Errorf("report %+v", r)
	}
	if o := r.Origin; o.Change != "7" || o.Head != "0123456789abcdef" || o.Key != "train / main / acme/model" || o.Section != "py=3.12" || o.Run != 41 ||
		o.Attempt != 2 || !o.Ended.Equal(run.Start.Add(time.Minute)) {
		t.Errorf("origin %+v", o)
	}
	if len(r.Warnings) != 2 || !strings.Contains(r.Warnings[0].Text, "accuracy") || strings.Contains(r.Warnings[1].Text, "\n") {
		t.Errorf("warnings %q", r.Warnings)
	}
}

// A run that somebody else made has none of our tags.
func TestStoredWithoutOurTags(t *testing.T) {
	t.Parallel()
	st, run := openStore(t, "sqlite:///mlflow.db")
	if err := st.UpdateRun(t.Context(), run.ID, mlflow.RunUpdate{Status: mlflow.Finished}); err != nil {
		t.Fatal(err)
	}
	r, err := newDesk(t).Stored(t.Context(), st, run.ID, "Default")
	if err != nil || r.Outcome.Duration != 0 || r.Outcome.ExitCode != 0 || r.Job.Commit != "" || r.Run.URL != "" || len(r.Warnings) > 0 || r.Origin.Run != 0 || r.Origin.Key != "Default" {
		t.Errorf("report %+v, %v", r, err)
	}
}

// Curves are for metrics with steps, not for the machine's, at most 12, those first that a reader looks for; of the others it is known that they are there. A server
// that fails draws fewer.
func TestCurves(t *testing.T) {
	t.Parallel()
	server := mlflowtest.StartMemory(t)
	proxy := mlflowtest.New(t, server.URL)
	st, run := openStore(t, proxy.URL)
	var batch mlflow.Batch
	for i := range 15 {
		key := fmt.Sprintf("m%02d", i)
		if i == 14 { // the last by the alphabet, the first to look for
			key = "val_loss"
		}
		batch.Metrics = append(batch.Metrics, mlflow.Metric{Key: key, Step: 0, Value: 1, Timestamp: 1}, mlflow.Metric{Key: key, Step: 1, Value: 2, Timestamp: 2})
	}
	batch.Metrics = append(batch.Metrics, mlflow.Metric{Key: "auc", Value: 0.5, Timestamp: 1}, mlflow.Metric{Key: "system/cpu", Step: 5, Value: 1, Timestamp: 1})
	if err := st.LogBatch(t.Context(), run.ID, batch); err != nil {
		t.Fatal(err)
	}
	run, err := st.GetRun(t.Context(), run.ID)
	if err != nil {
		t.Fatal(err)
	}
	curves := publish.Curves(t.Context(), st, run.ID, run.Metrics)
	if drawn(curves) != 12 || len(curves["val_loss"]) != 2 || len(curves["m10"]) != 2 || curves["m13"] == nil || curves["auc"] != nil || curves["system/cpu"] != nil {
		t.Errorf("curves %v", curves)
	}
	proxy.Spoil(mlflowtest.Rule{Path: "metrics/get-history", Skip: 3, Status: 403})
	if curves := publish.Curves(t.Context(), st, run.ID, run.Metrics); drawn(curves) != 3 || len(curves) != 15 {
		t.Errorf("%d curves of %d, want those that could be read", drawn(curves), len(curves))
	}
}

func drawn(curves map[string][]report.Point) (n int) {
	for _, points := range curves {
		if len(points) > 0 {
			n++
		}
	}
	return n
}
