package track

import (
	"context"
	"strings"

	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/publish/report"
)

// maxCurves is how many learning curves a report has: each is a request to the server.
const maxCurves = 12

// histories reads the histories of a run's metrics for the report, one after the other, of which little is kept. What cannot be
// read is not drawn: the numbers are on the server.
func histories(ctx context.Context, st mlflow.Store, run mlflow.Run) map[string][]report.Point {
	drawn := map[string][]report.Point{}
	for _, key := range sortedKeys(run.Metrics) {
		if run.Metrics[key].Step == 0 || strings.HasPrefix(key, "system/") || len(drawn) == maxCurves {
			continue
		}
		history, err := st.MetricHistory(ctx, run.ID, key)
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
