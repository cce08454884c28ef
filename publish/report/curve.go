package report

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// CurvePoints is how many points of a curve a report holds and draws. Four such curves stay under the 2,000 characters
// of Mermaid that GitLab draws on a page without a click.
const CurvePoints = 40

// Point is one value of a metric.
type Point struct {
	Step  int64
	Value float64
}

// Thin picks at most CurvePoints of a metric's history, in the order of their steps: the first, the last, the minimum, the
// maximum, the first that is not a number, and others evenly between. Points of one step keep their order. It does not
// change the history.
func Thin(history []Point) []Point {
	byStep := func(a, b Point) int { return cmp.Compare(a.Step, b.Step) }
	if !slices.IsSortedFunc(history, byStep) {
		history = slices.Clone(history)
		slices.SortStableFunc(history, byStep)
	}
	if len(history) <= CurvePoints {
		return slices.Clone(history)
	}
	least, greatest, broken := landmarks(history)
	picked := []int{least, greatest, broken}
	const even = CurvePoints - 3
	for i := range even {
		index := i * (len(history) - 1) / (even - 1)
		for back := index; special(history[index].Value) != "" && i > 0 && i < even-1 && back > (i-1)*(len(history)-1)/(even-1); back-- {
			if special(history[back].Value) == "" {
				index = back
			}
		}
		picked = append(picked, index)
	}
	slices.Sort(picked)
	var thin []Point
	for _, index := range slices.Compact(picked) {
		thin = append(thin, history[index])
	}
	return thin
}

// landmarks returns the indexes of the minimum, the maximum and the first that is not a number, 0 if there is none.
func landmarks(history []Point) (least, greatest, broken int) {
	least, greatest, broken = -1, -1, -1
	for i, p := range history {
		switch {
		case math.IsNaN(p.Value) || math.IsInf(p.Value, 0):
			if broken < 0 {
				broken = i
			}
			continue
		case least < 0 || p.Value < history[least].Value:
			least = i
		}
		if greatest < 0 || p.Value > history[greatest].Value {
			greatest = i
		}
	}
	return max(least, 0), max(greatest, 0), max(broken, 0)
}

// line is a curve at equal distances, for charts that have no x value for each point.
type line struct {
	from, to float64 // steps, or the numbers of the points if the steps are not usable
	byOrder  bool
	values   []float64
}

// maxStep is how far steps count on an axis: beyond it a chart that adds up small differences never ends.
const maxStep = 1 << 50

// lineOf samples a curve at n equal distances: values between points are on the straight line between them, while the
// minimum, the maximum and the last value stay exact. It reports whether there are at least two numbers.
func lineOf(points []Point, n int) (line, bool) {
	points = slices.DeleteFunc(Thin(points), func(p Point) bool { return special(p.Value) != "" })
	if len(points) < 2 {
		return line{}, false
	}
	steps := make([]float64, len(points))
	for i, p := range points {
		steps[i] = float64(p.Step)
	}
	l := line{from: steps[0], to: steps[len(steps)-1]}
	if l.from == l.to || l.from < -maxStep || l.to > maxStep {
		for i := range steps {
			steps[i] = float64(i + 1)
		}
		l.from, l.to, l.byOrder = 1, float64(len(steps)), true
	}
	if len(points) <= n && equalDistances(steps) {
		for _, p := range points {
			l.values = append(l.values, p.Value)
		}
		return l, true
	}
	for n > 2 && !reaches(l.from, l.to, n) {
		n--
	}
	l.values = make([]float64, n)
	at := 0
	for i := range l.values {
		x := l.from + (l.to-l.from)*float64(i)/float64(n-1)
		for at < len(steps)-2 && steps[at+1] <= x {
			at++
		}
		l.values[i] = between(steps[at], points[at].Value, steps[at+1], points[at+1].Value, x)
	}
	l.keep(points, steps)
	return l, true
}

// keep puts the last, the least and the greatest value where they are nearest to their step, each in a place of its own.
func (l line) keep(points []Point, steps []float64) {
	last := len(l.values) - 1
	l.values[last] = points[len(points)-1].Value
	taken := map[int]bool{last: true}
	least, greatest, _ := landmarks(points)
	for _, index := range []int{least, greatest} {
		value := points[index].Value
		place := slices.Index(l.values, value)
		if place < 0 {
			place = nearestFree(taken, int(math.Round((steps[index]-l.from)/(l.to-l.from)*float64(last))), last)
			l.values[place] = value
		}
		taken[place] = true
	}
}

// nearestFree returns the free place nearest to the given one, between 0 and last.
func nearestFree(taken map[int]bool, place, last int) int {
	for away := range last + 1 {
		for _, candidate := range []int{place - away, place + away} {
			if candidate >= 0 && candidate <= last && !taken[candidate] {
				return candidate
			}
		}
	}
	return place
}

func equalDistances(steps []float64) bool {
	for i := 2; i < len(steps); i++ {
		if steps[i]-steps[i-1] != steps[1]-steps[0] {
			return false
		}
	}
	return true
}

// reaches reports whether adding up n-1 equal distances arrives at the end. Mermaid 11.4 adds them up; rounding can pass the
// end, and then Mermaid drops the last point.
func reaches(from, to float64, n int) bool {
	distance, steps := (to-from)/float64(n-1), 0
	for x := from; x <= to; x += distance {
		steps++
	}
	return steps == n
}

// between returns the value at x on the line between two points.
func between(x1, y1, x2, y2, x float64) float64 {
	if x2 == x1 {
		return y2
	}
	share := min(max((x-x1)/(x2-x1), 0), 1)
	return y1*(1-share) + y2*share
}

// sparkline draws a curve with up to width block characters; it is empty if there is no curve.
func sparkline(points []Point, width int) string {
	l, ok := lineOf(points, width)
	if !ok {
		return ""
	}
	const blocks = "▁▂▃▄▅▆▇█"
	levels := []rune(blocks)
	low, high := slices.Min(l.values), slices.Max(l.values)
	var b strings.Builder
	for _, v := range l.values {
		level := len(levels) / 2
		if high > low {
			level = int((v/2 - low/2) / (high/2 - low/2) * float64(len(levels)-1)) // halves do not overflow
		}
		b.WriteRune(levels[min(max(level, 0), len(levels)-1)])
	}
	return b.String()
}
