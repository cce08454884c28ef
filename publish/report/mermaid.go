package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// chart draws a curve as a Mermaid diagram; it is empty if there is no curve. The grammar accepts plain decimals only and has
// no escapes in texts:
// https://github.com/mermaid-js/mermaid/blob/develop/packages/mermaid/src/diagrams/xychart/parser/xychart.jison.
func chart(name string, points []Point) string {
	l, ok := lineOf(points, CurvePoints)
	if !ok {
		return ""
	}
	title, axis := mermaidText(name), "step"
	if l.byOrder {
		axis = "point"
	}
	s := scaleOf(l.values)
	if s.unit != 1 {
		title += fmt.Sprintf(" (in units of 1e%.0f)", math.Log10(s.unit))
	}
	low, high := slices.Min(l.values), slices.Max(l.values)
	margin := 0.0
	if low == high { // an axis needs an extent
		margin = math.Max(math.Abs(low/s.unit)/10, 0.1)
	}
	values := make([]string, len(l.values))
	for i, v := range l.values {
		values[i] = s.text(v / s.unit)
	}
	return fmt.Sprintf("```mermaid\n%s\nxychart-beta\n  title \"%s\"\n  x-axis \"%s\" %s --> %s\n  y-axis %s --> %s\n  line [%s]\n```\n",
		look, title, axis, decimal(l.from, 3), decimal(l.to, 3), s.text(low/s.unit-margin), s.text(high/s.unit+margin), strings.Join(values, ", "))
}

// look makes the chart as wide as a comment, with a line that is visible on light and dark pages: the first color of Mermaid's theme
// is almost white.
const look = `%%{init: {"xyChart": {"width": 900, "height": 300}, "themeVariables": {"xyChart": {"plotColorPalette": "#2f81f7"}}}}%%`

// scale writes numbers of one magnitude as short plain decimals.
type scale struct {
	unit   float64 // power of ten that the numbers are divided by
	digits int     // after the point
}

func scaleOf(values []float64) scale {
	s := scale{unit: 1}
	largest := 0.0
	for _, v := range values {
		largest = math.Max(largest, math.Abs(v))
	}
	if largest > 0 && (largest >= 1e6 || largest < 1e-3) {
		s.unit = math.Pow10(max(int(math.Floor(math.Log10(largest))), -300))
	}
	extent := slices.Max(values)/s.unit - slices.Min(values)/s.unit
	if extent == 0 {
		extent = largest / s.unit
	}
	if extent > 0 {
		s.digits = min(max(3-int(math.Floor(math.Log10(extent))), 0), 12)
	}
	return s
}

func (s scale) text(v float64) string { return decimal(v, max(s.digits, 1)) }

// decimal writes a plain decimal without exponent, with at most so many digits after the point.
func decimal(v float64, digits int) string {
	text := strconv.FormatFloat(v, 'f', digits, 64)
	text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	if text == "-0" {
		return "0"
	}
	return text
}

// mermaidText removes from a name the characters that are special to Mermaid or to the Markdown around it.
func mermaidText(s string) string {
	const limit = 60
	runes := oneLine(s, limit)
	for i, r := range runes {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(" _-./()", r) {
			runes[i] = '·'
		}
	}
	if len(runes) == 0 {
		return "metric"
	}
	return string(runes)
}
