package report

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// Human writes a duration for people: 0.4 s, 12 s, 3 min 5 s, 2 h 10 min.
func Human(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
}

// Number writes a metric value with six significant digits.
func Number(v float64) string {
	if text := special(v); text != "" {
		return text
	}
	return strconv.FormatFloat(v, 'g', 6, 64)
}

// special returns the name of NaN or an infinity, as MLflow spells it; empty for other values.
func special(v float64) string {
	switch {
	case math.IsNaN(v):
		return "NaN"
	case math.IsInf(v, 1):
		return "Infinity"
	case math.IsInf(v, -1):
		return "-Infinity"
	}
	return ""
}

// change returns the difference of two values: "+0.012 (+1.3 %)". It is empty where there is none.
func change(from, to float64) string {
	delta := to - from
	if special(delta) != "" {
		return ""
	}
	text := fmt.Sprintf("%+.4g", delta)
	if share := 100 * delta / math.Abs(from); from != 0 && special(share) == "" {
		text += fmt.Sprintf(" (%+.1f %%)", share)
	}
	return text
}

// Size writes a number of bytes for people.
func Size(n int64) string {
	const unit = 1000
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	value, prefixes := float64(n)/unit, "kMGTPE"
	i := 0
	for value >= unit && i < len(prefixes)-1 {
		value /= unit
		i++
	}
	return fmt.Sprintf("%.1f %cB", value, prefixes[i])
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
