package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
)

const (
	chartPoints = 40 // of one chart
	sparkPoints = 16 // of a curve in a table
	maxTitle    = 60 // characters
)

// Curve reduces the points of one metric, in the order of steps, to the few that a report shows: at equal distances, the
// lowest, the highest and the last among them. What is not finite is left out.
func Curve(points []Point) []Point {
	points = finite(points)
	if len(points) < 2 {
		return points
	}
	return sampled(points, chartPoints)
}

// curves draws learning curves in Mermaid, which forges render without any image, and the numbers folded under each.
// https://mermaid.js.org/syntax/xyChart.html
func curves(r Report, charts int) string {
	var drawn []string
	more := 0
	for _, key := range metricKeys(r) {
		points := finite(r.History[key])
		switch {
		case len(points) < 3 || systemFirst(key) == 1:
		case len(drawn) == charts:
			more++
		default:
			drawn = append(drawn, chart(key, sampled(points, chartPoints)))
		}
	}
	if len(drawn) == 0 {
		return ""
	}
	return folded("Learning curves", strings.Join(drawn, "")+leftOut(more, "curve")+"\n\n")
}

// chart draws samples that lie at equal distances.
func chart(key string, samples []Point) string {
	low, high := math.Inf(1), math.Inf(-1)
	values := make([]string, len(samples))
	rows := make([]string, len(samples))
	byStep := map[string]Point{}
	for i, p := range samples {
		low, high = min(low, p.Value), max(high, p.Value)
		values[i] = decimal(p.Value)
		rows[i] = strconv.FormatInt(p.Step, 10)
		byStep[rows[i]] = p
	}
	if low == high { // an axis needs a length
		low, high = low-math.Abs(low)/2-1e-9, high+math.Abs(high)/2+1e-9
	}
	name := title(key)
	picture := fmt.Sprintf("```mermaid\nxychart-beta\n    title \"%s\"\n    x-axis \"step\" %d --> %d\n    y-axis %s --> %s\n    line [%s]\n```\n\n",
		name, samples[0].Step, samples[len(samples)-1].Step, decimal(low), decimal(high), strings.Join(values, ", "))
	numbers := table(rows, []column{
		{"step", func(step string) string { return step }},
		{"value", func(step string) string { return Number(byStep[step].Value) }},
	}, "")
	return picture + folded("Numbers of "+code(key), numbers)
}

// title keeps what Mermaid takes for plain text inside of quotes.
func title(key string) string {
	n := 0
	return strings.Map(func(r rune) rune {
		if n++; n > maxTitle {
			return -1
		}
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(" -_./", r) {
			return r
		}
		return '_'
	}, key)
}

// decimal writes a number without an exponent, which Mermaid does not read.
func decimal(v float64) string {
	if v == 0 {
		return "0"
	}
	digits := max(0, 5-int(math.Floor(math.Log10(math.Abs(v)))))
	return strconv.FormatFloat(v, 'f', min(digits, 30), 64)
}

func finite(points []Point) []Point {
	var out []Point
	for _, p := range points {
		if !math.IsNaN(p.Value) && !math.IsInf(p.Value, 0) {
			out = append(out, p)
		}
	}
	return out
}

// sampled takes n points at equal distances from first to last step. Each is the last one of its stretch, but the lowest
// and the highest of all are kept; an empty stretch lies on the line between its neighbours.
func sampled(points []Point, n int) []Point {
	first, last := points[0].Step, points[len(points)-1].Step
	span := float64(last) - float64(first)
	if span <= 0 { // all at one step: in their order
		first, span = 0, float64(len(points)-1)
		renumbered := make([]Point, len(points))
		for i, p := range points {
			renumbered[i] = Point{Step: int64(i), Value: p.Value}
		}
		points = renumbered
	}
	n = min(n, int(min(span, 1e6))+1)
	lowest, highest := extremes(points)
	out := make([]Point, n)
	filled := make([]bool, n)
	kept := make([]bool, n)
	for i, p := range points {
		at := min(n-1, int(math.Round((float64(p.Step)-float64(first))/span*float64(n-1))))
		extreme := i == lowest || i == highest
		if kept[at] && !extreme {
			continue
		}
		out[at].Value, filled[at], kept[at] = p.Value, true, extreme
	}
	for i := range out {
		out[i].Step = first + int64(math.Round(span*float64(i)/float64(n-1)))
		if !filled[i] { // the first and the last are always filled
			next := i + 1
			for !filled[next] {
				next++
			}
			out[i].Value = out[i-1].Value + (out[next].Value-out[i-1].Value)/float64(next-i+1)
		}
	}
	return out
}

func extremes(points []Point) (lowest, highest int) {
	for i, p := range points {
		if p.Value < points[lowest].Value {
			lowest = i
		}
		if p.Value > points[highest].Value {
			highest = i
		}
	}
	return lowest, highest
}

// sparkline draws a curve in one line of text; empty for less than two points.
func sparkline(points []Point) string {
	points = finite(points)
	if len(points) < 2 {
		return ""
	}
	lowest, highest := extremes(points)
	low, span := points[lowest].Value, points[highest].Value-points[lowest].Value
	var b strings.Builder
	for _, p := range sampled(points, sparkPoints) {
		level := 3
		if span > 0 {
			level = min(7, int((p.Value-low)/span*8))
		}
		b.WriteRune([]rune("▁▂▃▄▅▆▇█")[level])
	}
	return b.String()
}
