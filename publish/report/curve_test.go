package report_test

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Iyalvan/mlops-track/publish/report"
)

var nan, inf = math.NaN(), math.Inf(1)

// curves are histories that are hard to draw.
func curves() map[string][]report.Point {
	noisy := curve(100_000, func(i int) float64 { return math.Sin(float64(i)) })
	noisy[77_777].Value, noisy[3].Value = 50, -50
	return map[string][]report.Point{
		"noisy":          noisy,
		"spike at end":   append(curve(999, func(int) float64 { return 1 }), report.Point{Step: 998, Value: 9}, report.Point{Step: 999, Value: 2}),
		"one step":       {{0, 3}, {0, 1}, {0, 2}, {0, 7}},
		"backwards":      {{9, 1}, {5, 2}, {1, 3}},
		"uneven":         {{0, 1}, {1, 5}, {1000, 2}},
		"constant":       {{0, 2}, {1, 2}},
		"zero":           {{0, 0}, {1, 0}},
		"far steps":      {{math.MinInt64, 1}, {math.MaxInt64, 2}},
		"close and far":  {{1 << 60, 1}, {1<<60 + 1, 2}, {1<<60 + 7, 3}},
		"far and uneven": {{1 << 55, 1}, {1<<55 + 64, 2}, {1<<55 + 120, 3}},
		"greatest":       {{0, -math.MaxFloat64}, {1, math.MaxFloat64}, {2, 0}},
		"least":          {{0, math.SmallestNonzeroFloat64}, {1, 0}},
		"little above":   {{0, 1_000_000.001}, {1, 1_000_000.002}},
		"breaks":         {{0, 1}, {1, nan}, {2, inf}, {3, -inf}, {4, 2}},
		"every other":    curve(1000, func(i int) float64 { return []float64{float64(i), nan}[i%2] }),
		"ends broken":    curve(1000, func(i int) float64 { return map[bool]float64{true: nan, false: float64(i)}[i > 500] }),
		"primes of it":   curve(997, func(i int) float64 { return float64(i * i % 997) }),
		"negative steps": {{-10, 1}, {-5, 2}, {0, 3}},
	}
}

func TestThinKeepsWhatMatters(t *testing.T) {
	for name, history := range curves() {
		before := slices.Clone(history)
		thin := report.Thin(history)
		if len(thin) > report.CurvePoints {
			t.Errorf("%s: %d points", name, len(thin))
		}
		if diff := cmp.Diff(before, history, cmp.Comparer(same)); diff != "" {
			t.Errorf("%s: Thin changed the history", name)
		}
		low, high := extent(history)
		if gotLow, gotHigh := extent(thin); gotLow != low || gotHigh != high {
			t.Errorf("%s: from %g to %g, want from %g to %g", name, gotLow, gotHigh, low, high)
		}
		if broken := slices.ContainsFunc(history, notFinite); broken != slices.ContainsFunc(thin, notFinite) {
			t.Errorf("%s: values that are no numbers: %v before", name, broken)
		}
		if !slices.IsSortedFunc(thin, func(a, b report.Point) int { return int(min(max(a.Step, -1e9), 1e9) - min(max(b.Step, -1e9), 1e9)) }) {
			t.Errorf("%s: not in the order of steps: %v", name, thin)
		}
		if diff := cmp.Diff(thin, report.Thin(thin), cmp.Comparer(same)); diff != "" {
			t.Errorf("%s: thinning twice makes a difference: %s", name, diff)
		}
	}
}

var lineValues = regexp.MustCompile(`line \[(.*)\]`)
var axes = regexp.MustCompile(`x-axis "\w+" (\S+) --> (\S+)`)

func TestChartsShowLeastGreatestAndLast(t *testing.T) {
	for name, history := range curves() {
		r := report.Report{
			Outcome: report.Outcome{Status: "FINISHED"},
			Values:  report.Values{Metrics: map[string]float64{"m": 0}, Histories: map[string][]report.Point{"m": history}},
		}
		text := report.Markdown(r)
		checkMermaid(t, text)
		found := lineValues.FindStringSubmatch(text)
		if found == nil {
			t.Errorf("%s: no chart", name)
			continue
		}
		values := decimals(t, strings.Split(found[1], ", "))
		unit := 1.0
		if scaled := regexp.MustCompile(`in units of (\S+)\)`).FindStringSubmatch(text); scaled != nil {
			unit = decimals(t, scaled[1:])[0]
		}
		low, high := extent(history)
		tolerance := math.Max((high/unit-low/unit)/500, 1e-3)
		if got := slices.Min(values); math.Abs(got-low/unit) > tolerance {
			t.Errorf("%s: the least value is %g, want %g", name, got, low/unit)
		}
		if got := slices.Max(values); math.Abs(got-high/unit) > tolerance {
			t.Errorf("%s: the greatest value is %g, want %g", name, got, high/unit)
		}
		if name == "spike at end" && values[len(values)-1] != 2 {
			t.Errorf("%s: the last value is %g", name, values[len(values)-1])
		}
		ends := decimals(t, axes.FindStringSubmatch(text)[1:])
		points := 0
		for x := ends[0]; x <= ends[1] && points < 1000; x += (ends[1] - ends[0]) / float64(len(values)-1) { // as Mermaid does
			points++
		}
		if points != len(values) {
			t.Errorf("%s: Mermaid draws %d of %d points", name, points, len(values))
		}
	}
}

func TestNoCurveOfLessThanTwoNumbers(t *testing.T) {
	for _, history := range [][]report.Point{nil, {{0, 1}}, {{0, 1}, {1, nan}}, {{0, inf}, {1, nan}}} {
		r := report.Report{
			Outcome: report.Outcome{Status: "FINISHED"},
			Values:  report.Values{Metrics: map[string]float64{"m": 0}, Histories: map[string][]report.Point{"m": history}},
		}
		if text := report.Markdown(r); strings.Contains(text, "mermaid") {
			t.Errorf("%v is drawn:\n%s", history, text)
		}
		if text := report.Terminal(r); strings.ContainsAny(text, "▁▅█") {
			t.Errorf("%v is drawn:\n%s", history, text)
		}
	}
}

func same(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }

func notFinite(p report.Point) bool { return math.IsNaN(p.Value) || math.IsInf(p.Value, 0) }

func extent(points []report.Point) (low, high float64) {
	low, high = inf, -inf
	for _, p := range points {
		if !notFinite(p) {
			low, high = math.Min(low, p.Value), math.Max(high, p.Value)
		}
	}
	return low, high
}

func decimals(t *testing.T, texts []string) []float64 {
	t.Helper()
	values := make([]float64, len(texts))
	for i, text := range texts {
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			t.Fatal(err)
		}
		values[i] = v
	}
	return values
}
