package report

import (
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
	"time"
)

// Report is one closed run in plain fields.
type Report struct {
	Status       string // FINISHED, FAILED, KILLED
	ExitCode     int
	ErrorType    string
	ErrorMessage string
	Experiment   string
	RunName      string
	RunID        string
	RunURL       string // empty where the store has no page
	Store        string // redacted
	Kept         string // folder where the run was kept for mlops-track sync; empty if the server has it
	JobURL       string // log of the CI job; empty outside of one
	Commit       string
	Machine      string // as in linux/amd64, 2 CPUs
	Duration     time.Duration
	Metrics      map[string]float64 // last values
	History      map[string][]Point // what Curve made of the metrics whose curves are shown
	Params       map[string]string
	Named        []string // keys of the params that the training named itself, which are shown first
	Warnings     []Warning
	Artifacts    Artifacts
	Model        string // "name version 3"; empty if none was registered
	LogTail      string // the end of the step's standard error
}

// Point is one value of a metric.
type Point struct {
	Step  int64
	Value float64
}

// Warning is something a reader should know, with the next step.
type Warning struct {
	Text string `json:"text"`
	Next string `json:"next"`
}

// Artifacts counts what was uploaded.
type Artifacts struct {
	Files  int   `json:"files"`
	Bytes  int64 `json:"bytes"`
	Failed int   `json:"failed"`
}

// Verdict says how the run ended, in one line.
func (r Report) Verdict() string {
	name, how := r.verdict()
	return name + " " + how
}

func (r Report) verdict() (name, how string) {
	switch r.Status {
	case "FINISHED":
		return r.RunName, "finished in " + Human(r.Duration)
	case "KILLED":
		return r.RunName, "was cancelled after " + Human(r.Duration)
	}
	why := fmt.Sprintf("exit code %d", r.ExitCode)
	if r.ErrorType != "" {
		why = r.ErrorType + ", " + why
	}
	return r.RunName, fmt.Sprintf("failed after %s (%s)", Human(r.Duration), why)
}

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
	switch {
	case math.IsNaN(v):
		return "NaN"
	case math.IsInf(v, 1):
		return "Infinity"
	case math.IsInf(v, -1):
		return "-Infinity"
	}
	return strconv.FormatFloat(v, 'g', 6, 64)
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

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// lastLines returns the last n lines of text.
func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if len(lines) > n {
		lines = lines[len(lines)-n:]
	}
	return strings.Join(lines, "\n")
}
