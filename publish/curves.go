package publish

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/publish/report"
)

// maxCurves is how many learning curves a report has: each is a request to the server.
const maxCurves = 12

// Curves reads the histories of a run's metrics for the report, those first that a reader looks for, and thins each. A history that is
// not read, because it cannot be or there are too many, is empty: the numbers are on the server.
func Curves(ctx context.Context, st mlflow.Store, runID string, metrics map[string]mlflow.Metric) map[string][]report.Point {
	drawn := map[string][]report.Point{}
	failed := false
	for _, key := range report.ByUse(slices.Collect(maps.Keys(metrics))) {
		if metrics[key].Step == 0 || strings.HasPrefix(key, "system/") {
			continue
		}
		drawn[key] = []report.Point{}
		if failed || len(drawn) > maxCurves {
			continue
		}
		history, err := st.MetricHistory(ctx, runID, key)
		if err != nil {
			failed = true
			continue
		}
		points := make([]report.Point, len(history))
		for i, m := range history {
			points[i] = report.Point{Step: m.Step, Value: m.Value}
		}
		drawn[key] = report.Thin(points)
	}
	return drawn
}
