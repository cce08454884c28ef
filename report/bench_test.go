package report_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/Iyalvan/mlops-track/report"
)

// BenchmarkReport renders a run of 10,000 metrics with 1,000 points each as summary, comment and closing table. The points
// come one metric after the other, as from a store.
func BenchmarkReport(b *testing.B) {
	for b.Loop() {
		r := report.Report{Status: "FINISHED", RunName: "large", Metrics: map[string]float64{}, History: map[string][]report.Point{}}
		points := make([]report.Point, 1_000)
		for i := range 10_000 {
			for step := range points {
				points[step] = report.Point{Step: int64(step), Value: math.Exp(-float64(step*i) / 1e6)}
			}
			key := fmt.Sprintf("metric_%05d", i)
			r.Metrics[key], r.History[key] = points[999].Value, report.Curve(points)
		}
		if text := report.Markdown(r); len(text) > 1<<20 {
			b.Fatal(len(text))
		}
		if text := report.Comment(r, 60_000); len(text) > 60_000 {
			b.Fatal(len(text))
		}
		_ = report.Terminal(r)
	}
}
