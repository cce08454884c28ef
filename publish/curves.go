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

// Curves reads the histories of a run's metrics for the report, one after the other, and thins each. A history that cannot be
// read is not drawn: the numbers are on the server.
func Curves(ctx context.Context, st mlflow.Store, runID string, metrics map[string]mlflow.Metric) map[string][]report.Point {
	drawn := map[string][]report.Point{}
	for _, key := range slices.Sorted(maps.Keys(metrics)) {
		if metrics[key].Step == 0 || strings.HasPrefix(key, "system/") || len(drawn) == maxCurves {
			continue
		}
		history, err := st.MetricHistory(ctx, runID, key)
		if err != nil {
			return drawn
		}
		points := make([]report.Point, len(history))
		for i, m := range history {
			points[i] = report.Point{Step: m.Step, Value: m.Value}
		}
		drawn[key] = report.Thin(points)
	}
	return drawn
}
