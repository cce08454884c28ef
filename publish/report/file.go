package report

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Schema is the version of the report file. Parse reads no other.
const Schema = 1

// MaxFile is the maximum size of a report file that Write makes and Parse reads, in bytes.
const MaxFile = 4 << 20

// Limits of a report file. Write omits what is over them.
const (
	maxMetrics   = 5000
	maxCurves    = 200
	maxParams    = 2000
	maxWarnings  = 200
	maxPaths     = 500
	maxNameChars = 250
	maxTextChars = 1000
	maxLogLines  = 100
	maxLogChars  = 16 << 10
	maxURLChars  = 2048

	maxDurationMS = 1000 * 24 * 3600 * 1000
	maxFiles      = 1 << 30
	maxAttempt    = 1 << 30
	maxNumber     = 1 << 62
)

// file is a report as JSON.
type file struct {
	Schema       int                 `json:"schema"`
	Status       string              `json:"status"`
	ExitCode     int64               `json:"exit_code"`
	ErrorType    string              `json:"error_type,omitempty"`
	ErrorMessage string              `json:"error_message,omitempty"`
	Experiment   string              `json:"experiment,omitempty"`
	RunName      string              `json:"run_name,omitempty"`
	RunID        string              `json:"run_id,omitempty"`
	RunURL       string              `json:"run_url,omitempty"`
	JobURL       string              `json:"job_url,omitempty"`
	Store        string              `json:"store,omitempty"`
	Kept         string              `json:"kept,omitempty"`
	Commit       string              `json:"commit,omitempty"`
	CommitURL    string              `json:"commit_url,omitempty"`
	Machine      string              `json:"machine,omitempty"`
	DurationMS   int64               `json:"duration_ms"`
	Metrics      map[string]number   `json:"metrics,omitempty"`
	Params       map[string]string   `json:"params,omitempty"`
	OwnParams    []string            `json:"own_params,omitempty"`
	Histories    map[string][]sample `json:"histories,omitempty"`
	Baseline     *fileBaseline       `json:"baseline,omitempty"`
	Warnings     []Warning           `json:"warnings,omitempty"`
	Artifacts    Artifacts           `json:"artifacts"`
	Model        string              `json:"model,omitempty"`
	ModelURL     string              `json:"model_url,omitempty"`
	LogTail      string              `json:"log_tail,omitempty"`
	More         More                `json:"more"`
	Origin       Origin              `json:"origin"`
}

type fileBaseline struct {
	Name    string            `json:"name"`
	RunURL  string            `json:"run_url,omitempty"`
	Metrics map[string]number `json:"metrics,omitempty"`
}

type sample struct {
	Step  int64  `json:"step"`
	Value number `json:"value"`
}

// number is a JSON number, or a string for NaN and infinities, which JSON has no number for.
type number float64

func (n number) MarshalJSON() ([]byte, error) {
	if text := special(float64(n)); text != "" {
		return json.Marshal(text)
	}
	return json.Marshal(float64(n))
}

func (n *number) UnmarshalJSON(text []byte) error {
	switch string(text) {
	case `"NaN"`:
		*n = number(math.NaN())
	case `"Infinity"`:
		*n = number(math.Inf(1))
	case `"-Infinity"`:
		*n = number(math.Inf(-1))
	default:
		var v float64
		if err := json.Unmarshal(text, &v); err != nil { // the decoder adds the field to an error of this type
			return &json.UnmarshalTypeError{Value: fmt.Sprintf("%.40q", text), Type: reflect.TypeFor[float64]()}
		}
		*n = number(v)
	}
	return nil
}

// Write writes the report file: the report without what Parse would reject. What is omitted is counted in More.
func Write(w io.Writer, r Report) error {
	for share := 1; ; share *= 2 {
		text, err := json.Marshal(fileOf(r, share))
		if err != nil {
			return fmt.Errorf("write the report file: %w", err)
		}
		if len(text) < MaxFile || share > maxMetrics {
			if _, err := w.Write(append(text, '\n')); err != nil {
				return fmt.Errorf("write the report file: %w", err)
			}
			return nil
		}
	}
}

// fileOf returns the report as a file, with each long part cut to 1/share of its limit.
func fileOf(r Report, share int) file {
	f := file{
		Schema: Schema, Status: r.Outcome.Status, ExitCode: int64(r.Outcome.ExitCode),
		ErrorType: clean(r.Outcome.ErrorType, maxNameChars), ErrorMessage: clean(r.Outcome.ErrorMessage, maxTextChars),
		Experiment: clean(r.Run.Experiment, maxTextChars), RunName: clean(r.Run.Name, maxTextChars), RunID: clean(r.Run.ID, maxNameChars),
		RunURL: address(r.Run.URL), JobURL: address(r.Job.URL), CommitURL: address(r.Job.CommitURL),
		ModelURL: address(r.Outputs.ModelURL), Model: clean(r.Outputs.Model, maxTextChars), Store: clean(r.Run.Store, maxTextChars), Kept: clean(r.Run.Offline, maxTextChars), Commit: commitID.FindString(r.Job.Commit),
		Machine: clean(r.Job.Machine, maxNameChars), DurationMS: within(r.Outcome.Duration.Milliseconds(), maxDurationMS),
		Artifacts: r.Outputs.Artifacts, LogTail: clean(lastRunes(lastLines(r.Outcome.LogTail, maxLogLines), maxLogChars), maxLogChars), More: r.More,
		Origin:  r.Origin,
		Metrics: map[string]number{}, Params: map[string]string{}, Histories: map[string][]sample{},
	}
	f.Origin.Change, f.Origin.Head = changeID.FindString(f.Origin.Change), commitID.FindString(f.Origin.Head)
	f.Origin.Key, f.Origin.Section = clean(f.Origin.Key, maxTextChars), clean(f.Origin.Section, maxTextChars)
	place := f.Origin.Place
	f.Origin.Place = Place{Step: clean(place.Step, maxTextChars), Job: clean(place.Job, maxTextChars), Family: clean(place.Family, maxTextChars)}
	f.Origin.Run, f.Origin.Attempt = within(f.Origin.Run, maxNumber), within(f.Origin.Attempt, maxAttempt)
	f.Artifacts.Files, f.Artifacts.Failed = within(f.Artifacts.Files, maxFiles), within(f.Artifacts.Failed, maxFiles)
	f.Artifacts.Bytes = within(f.Artifacts.Bytes, maxNumber)
	names := r.Values.metricNames()
	for _, name := range names[:min(len(names), maxMetrics/share)] {
		f.Metrics[clean(name, maxNameChars)] = number(r.Values.Metrics[name])
		if points := r.Values.Histories[name]; points != nil && len(f.Histories) < maxCurves/share {
			f.Histories[clean(name, maxNameChars)] = samplesOf(Thin(points))
		}
	}
	own, others := r.Values.paramNames()
	for i, name := range slices.Concat(own, others)[:min(len(r.Values.Params), maxParams/share)] {
		f.Params[clean(name, maxNameChars)] = clean(r.Values.Params[name], maxTextChars)
		if i < len(own) {
			f.OwnParams = append(f.OwnParams, clean(name, maxNameChars))
		}
	}
	for _, w := range r.Warnings[:min(len(r.Warnings), maxWarnings/share)] {
		f.Warnings = append(f.Warnings, Warning{Text: clean(w.Text, maxTextChars), Next: clean(w.Next, maxTextChars)})
	}
	f.Artifacts.Paths = nil
	for _, path := range r.Outputs.Artifacts.Paths[:min(len(r.Outputs.Artifacts.Paths), maxPaths/share)] {
		f.Artifacts.Paths = append(f.Artifacts.Paths, clean(path, maxTextChars))
	}
	if r.Values.Baseline != nil {
		f.Baseline = &fileBaseline{Name: clean(r.Values.Baseline.Name, maxTextChars), RunURL: address(r.Values.Baseline.RunURL), Metrics: map[string]number{}}
		for name := range f.Metrics {
			if value, ok := r.Values.Baseline.Metrics[name]; ok {
				f.Baseline.Metrics[name] = number(value)
			}
		}
	}
	f.More.Metrics += len(r.Values.Metrics) - len(f.Metrics)
	f.More.Params += len(r.Values.Params) - len(f.Params)
	f.More.Warnings += len(r.Warnings) - len(f.Warnings)
	return f
}

func samplesOf(points []Point) []sample {
	samples := make([]sample, len(points))
	for i, p := range points {
		samples[i] = sample{p.Step, number(p.Value)}
	}
	return samples
}

// clean removes what Parse rejects: control characters but newline and tab, bytes that are not UTF-8, and what is over limit
// characters.
func clean(s string, limit int) string {
	runes := 0
	return strings.Map(func(r rune) rune {
		if steers(r) && r != '\n' && r != '\t' {
			return -1
		}
		if runes++; runes > limit {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// within returns the nearest number from 0 to limit.
func within[N int | int64](n, limit N) N { return min(max(n, 0), limit) }

func lastRunes(s string, n int) string {
	runes := []rune(s)
	return string(runes[max(len(runes)-n, 0):])
}

// address returns the link if Parse accepts it, else an empty text.
func address(s string) string {
	if webAddress(s) == "" || len(s) > maxURLChars {
		return ""
	}
	return s
}

// report is the file's content as a Report.
func (f file) report() Report {
	r := Report{
		Run: Run{Experiment: f.Experiment, Name: f.RunName, ID: f.RunID, URL: f.RunURL, Store: f.Store, Offline: f.Kept},
		Outcome: Outcome{
			Status: f.Status, ExitCode: int(f.ExitCode), ErrorType: f.ErrorType, ErrorMessage: f.ErrorMessage,
			Duration: time.Duration(f.DurationMS) * time.Millisecond, LogTail: f.LogTail,
		},
		Job: Job{URL: f.JobURL, Commit: f.Commit, CommitURL: f.CommitURL, Machine: f.Machine, Foreign: FromFile},
		Values: Values{
			Metrics: floats(f.Metrics), Params: f.Params, OwnParams: slices.Compact(slices.Sorted(slices.Values(f.OwnParams))),
		},
		Outputs:  Outputs{Artifacts: f.Artifacts, Model: f.Model, ModelURL: f.ModelURL},
		Warnings: f.Warnings,
		More:     f.More,
		Origin:   f.Origin,
	}
	if len(f.Histories) > 0 {
		r.Values.Histories = make(map[string][]Point, len(f.Histories))
	}
	for name, samples := range f.Histories {
		points := make([]Point, len(samples))
		for i, s := range samples {
			points[i] = Point{s.Step, float64(s.Value)}
		}
		r.Values.Histories[name] = Thin(points)
	}
	if f.Baseline != nil {
		r.Values.Baseline = &Baseline{Name: f.Baseline.Name, RunURL: f.Baseline.RunURL, Metrics: floats(f.Baseline.Metrics)}
	}
	return r
}

func floats(numbers map[string]number) map[string]float64 {
	values := make(map[string]float64, len(numbers))
	for name, value := range maps.All(numbers) {
		values[name] = float64(value)
	}
	return values
}
