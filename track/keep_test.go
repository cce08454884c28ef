package track

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Iyalvan/mlops-track/mlflow"
)

func TestLatestTakesTheLaterPointOfEachMetric(t *testing.T) {
	point := func(step int64) mlflow.Metric { return mlflow.Metric{Key: "m", Step: step, Timestamp: 1} }
	kept := map[string]mlflow.Metric{"both": point(9), "older": point(1), "kept": point(2)}
	server := map[string]mlflow.Metric{"both": point(4), "older": point(3), "server": point(5)}
	want := map[string]mlflow.Metric{"both": point(9), "older": point(3), "kept": point(2), "server": point(5)}
	if diff := cmp.Diff(want, latest(kept, server)); diff != "" {
		t.Errorf("latest (-want +got):\n%s", diff)
	}
}
