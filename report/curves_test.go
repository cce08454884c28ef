package report_test

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/Iyalvan/mlops-track/report"
)

// TestCurveShowsTheExtremes holds that a chart of few points shows the lowest, the highest and the last of many.
func TestCurveShowsTheExtremes(t *testing.T) {
	points := make([]report.Point, 10_000)
	for i := range points {
		points[i] = report.Point{Step: int64(i * 3), Value: math.Sin(float64(i) / 900)}
	}
	points[1234].Value, points[4321].Value, points[9999].Value = 17.5, -42.25, 0.125
	values := line(t, report.Report{Metrics: map[string]float64{"loss": 0.125}, History: map[string][]report.Point{"loss": points}})
	lowest, highest := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		lowest, highest = min(lowest, v), max(highest, v)
	}
	if len(values) > 40 || lowest != -42.25 || highest != 17.5 || values[len(values)-1] != 0.125 {
		t.Errorf("%d values from %g to %g, last %g", len(values), lowest, highest, values[len(values)-1])
	}
}

// TestCurves of odd histories are drawn, or not, without harm.
func TestCurves(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for name, c := range map[string]struct {
		points []report.Point
		want   []float64
	}{
		"uneven steps lie on the line": {[]report.Point{{0, 0}, {1, 1}, {4, 4}}, []float64{0, 1, 2, 3, 4}},
		"one step for all":             {[]report.Point{{7, 1}, {7, 2}, {7, 3}}, []float64{1, 2, 3}},
		"constant":                     {[]report.Point{{0, 5}, {1, 5}, {2, 5}}, []float64{5, 5, 5}},
		"all zero":                     {[]report.Point{{0, 0}, {1, 0}, {2, 0}}, []float64{0, 0, 0}},
		"not finite":                   {[]report.Point{{0, 1}, {1, nan}, {2, inf}, {3, 2}, {4, 3}}, []float64{1, 1.33333, 1.66667, 2, 3}},
		"two points":                   {[]report.Point{{0, 1}, {1, nan}, {2, 2}}, nil},
		"tiny and huge":                {[]report.Point{{0, 1e-12}, {1, 1e12}, {2, -1e12}}, []float64{1e-12, 1e12, -1e12}},
		"far steps":                    {[]report.Point{{math.MinInt64, 1}, {0, 2}, {math.MaxInt64, 3}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := report.Report{Metrics: map[string]float64{"m": 1}, History: map[string][]report.Point{"m": c.points}}
			if name == "far steps" {
				_ = report.Markdown(r)
				return
			}
			if c.want == nil {
				if text := report.Markdown(r); strings.Contains(text, "xychart") {
					t.Error(text)
				}
				return
			}
			got := line(t, r)
			if len(got) != len(c.want) {
				t.Fatalf("values %v, want %v", got, c.want)
			}
			for i := range got {
				if math.Abs(got[i]-c.want[i]) > 1e-5*math.Max(1, math.Abs(c.want[i])) {
					t.Errorf("values %v, want %v", got, c.want)
				}
			}
		})
	}
}

// line reads the values of the one chart.
func line(t *testing.T, r report.Report) []float64 {
	t.Helper()
	text := report.Markdown(r)
	found := regexp.MustCompile(`(?m)^    line \[(.*)\]$`).FindAllStringSubmatch(text, -1)
	if len(found) != 1 {
		t.Fatalf("%d charts in:\n%s", len(found), text)
	}
	var values []float64
	for v := range strings.SplitSeq(found[0][1], ", ") {
		n, err := strconv.ParseFloat(v, 64)
		if err != nil || strings.ContainsAny(v, "eE") {
			t.Errorf("value %q: %v", v, err)
		}
		values = append(values, n)
	}
	return values
}
