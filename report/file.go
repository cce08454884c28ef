package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// File is a report on its way to a job that may post it, and where it belongs. Who writes it need not be trusted: that job
// asks the forge whether the request is open and at that commit.
type File struct {
	Change  string // number of the pull or merge request
	Head    string // commit that was trained on
	Key     string // of the comment
	Section string // of the comment: the cell of a matrix
	Run     int64  // id of the pipeline run
	Attempt int
	Ended   time.Time
	Report  Report
}

const schema = "mlops-track/report/1"

// Bounds of a file that is read. They are beyond what a job writes.
const (
	maxFile    = 4 << 20
	maxEntries = 10_000 // of a map or list
	maxCurve   = chartPoints
	maxKey     = 250
	maxValue   = 6_000
	maxLog     = 16 << 10
)

// fileForm is the file as JSON.
type fileForm struct {
	Schema  string     `json:"schema"`
	Change  string     `json:"change"`
	Head    string     `json:"head"`
	Key     string     `json:"key"`
	Section string     `json:"section"`
	Run     int64      `json:"run"`
	Attempt int        `json:"attempt"`
	Ended   time.Time  `json:"ended"`
	Report  reportForm `json:"report"`
}

type reportForm struct {
	Status       string               `json:"status"`
	ExitCode     int                  `json:"exit_code"`
	ErrorType    string               `json:"error_type,omitempty"`
	ErrorMessage string               `json:"error_message,omitempty"`
	Experiment   string               `json:"experiment"`
	RunName      string               `json:"run_name"`
	RunID        string               `json:"run_id"`
	RunURL       string               `json:"run_url,omitempty"`
	Store        string               `json:"store"`
	Kept         string               `json:"kept,omitempty"`
	JobURL       string               `json:"job_url,omitempty"`
	Commit       string               `json:"commit,omitempty"`
	Machine      string               `json:"machine,omitempty"`
	Milliseconds int64                `json:"duration_ms"`
	Metrics      map[string]number    `json:"metrics"`
	History      map[string][]pointed `json:"history,omitempty"`
	Params       map[string]string    `json:"params"`
	Named        []string             `json:"named,omitempty"`
	Warnings     []Warning            `json:"warnings,omitempty"`
	Artifacts    Artifacts            `json:"artifacts"`
	Model        string               `json:"model,omitempty"`
	LogTail      string               `json:"log_tail,omitempty"`
}

// number is a float64 that JSON has no number for as a string: "NaN", "Infinity", "-Infinity".
type number float64

func (n number) MarshalJSON() ([]byte, error) {
	if v := float64(n); math.IsNaN(v) || math.IsInf(v, 0) {
		return json.Marshal(Number(v))
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
	case "null":
		return errors.New("null is no number")
	default:
		return json.Unmarshal(text, (*float64)(n))
	}
	return nil
}

// pointed is a step and a value.
type pointed struct {
	Step  int64  `json:"step"`
	Value number `json:"value"`
}

// Write writes a file that Parse reads.
func Write(w io.Writer, f File) error {
	r := f.Report
	form := fileForm{
		Schema: schema, Change: f.Change, Head: f.Head, Key: f.Key, Section: f.Section, Run: f.Run, Attempt: f.Attempt, Ended: f.Ended,
		Report: reportForm{
			Status: r.Status, ExitCode: r.ExitCode, ErrorType: r.ErrorType, ErrorMessage: r.ErrorMessage, Experiment: r.Experiment,
			RunName: r.RunName, RunID: r.RunID, RunURL: r.RunURL, Store: r.Store, Kept: r.Kept, JobURL: r.JobURL, Commit: r.Commit,
			Machine: r.Machine, Milliseconds: r.Duration.Milliseconds(), Metrics: map[string]number{}, History: map[string][]pointed{},
			Params: map[string]string{}, Named: r.Named, Warnings: r.Warnings, Artifacts: r.Artifacts, Model: r.Model, LogTail: r.LogTail,
		},
	}
	for _, key := range metricKeys(r)[:min(len(r.Metrics), maxEntries)] {
		form.Report.Metrics[key] = number(r.Metrics[key])
	}
	for _, key := range sortedKeys(r.Params)[:min(len(r.Params), maxEntries)] {
		form.Report.Params[key] = r.Params[key]
	}
	for key, points := range r.History {
		for _, p := range Curve(points) {
			form.Report.History[key] = append(form.Report.History[key], pointed{p.Step, number(p.Value)})
		}
	}
	if over := len(r.LogTail) - maxLog; over > 0 {
		form.Report.LogTail = r.LogTail[over:]
	}
	text, err := json.MarshalIndent(form, "", "  ")
	if err == nil {
		_, err = w.Write(append(text, '\n'))
	}
	return err
}

// Parse reads a file that somebody wrote who need not be trusted. What does not look like one of ours is an error that names
// the field.
func Parse(from io.Reader) (File, error) {
	text, err := io.ReadAll(io.LimitReader(from, maxFile+1))
	switch {
	case err != nil:
		return File{}, fmt.Errorf("read the report: %w", err)
	case len(text) > maxFile:
		return File{}, fmt.Errorf("read the report: it is longer than %d bytes", maxFile)
	case !utf8.Valid(text):
		return File{}, errors.New("read the report: it is not UTF-8")
	}
	var form fileForm
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&form); err != nil {
		return File{}, fmt.Errorf("read the report: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return File{}, errors.New("read the report: there is more after its end")
	}
	if form.Schema != schema {
		return File{}, fmt.Errorf("read the report: schema is %q, not %q", cut(form.Schema, 80), schema)
	}
	if err := form.check(); err != nil {
		return File{}, fmt.Errorf("read the report: %w", err)
	}
	return form.file(), nil
}

// check finds what no job of ours writes.
func (f *fileForm) check() error {
	r := &f.Report
	var faults []error
	fault := func(field, value, why string) {
		faults = append(faults, fmt.Errorf("%s is %q: %s", field, cut(value, 80), why))
	}
	for field, value := range map[string]*string{
		"key": &f.Key, "section": &f.Section, "error_type": &r.ErrorType, "error_message": &r.ErrorMessage, "experiment": &r.Experiment,
		"run_name": &r.RunName, "run_id": &r.RunID, "store": &r.Store, "kept": &r.Kept, "commit": &r.Commit, "machine": &r.Machine,
		"model": &r.Model, "run_url": &r.RunURL, "job_url": &r.JobURL,
	} {
		if len(*value) > maxValue {
			fault(field, *value, "too long")
		}
		*value = clean(*value)
	}
	if strings.Trim(f.Change, "0123456789") != "" || len(f.Change) > 12 {
		fault("change", f.Change, "no number")
	}
	if strings.Trim(f.Head, "0123456789abcdef") != "" || len(f.Head) != 0 && len(f.Head) != 40 && len(f.Head) != 64 {
		fault("head", f.Head, "no commit")
	}
	if !slices.Contains([]string{"FINISHED", "FAILED", "KILLED"}, r.Status) {
		fault("status", r.Status, "none of FINISHED, FAILED, KILLED")
	}
	if !isPage(r.RunURL) {
		fault("run_url", r.RunURL, "no address of a page")
	}
	if !isPage(r.JobURL) {
		fault("job_url", r.JobURL, "no address of a page")
	}
	if r.Milliseconds < 0 || r.Milliseconds > math.MaxInt64/int64(time.Millisecond) || f.Run < 0 || f.Attempt < 0 ||
		r.Artifacts.Files < 0 || r.Artifacts.Failed < 0 || r.Artifacts.Bytes < 0 {
		faults = append(faults, errors.New("duration_ms, run, attempt or artifacts is out of range"))
	}
	if len(r.LogTail) > maxLog {
		fault("log_tail", r.LogTail, "too long")
	}
	return errors.Join(append(faults, r.checkLists()...)...)
}

// checkLists bounds how many entries there are, and how long.
func (r *reportForm) checkLists() (faults []error) {
	long := func(field string, n, limit int) {
		if n > limit {
			faults = append(faults, fmt.Errorf("%s: %d are too many or too long, the limit is %d", field, n, limit))
		}
	}
	long("metrics", len(r.Metrics), maxEntries)
	long("params", len(r.Params), maxEntries)
	long("history", len(r.History), maxEntries)
	long("named", len(r.Named), maxEntries)
	long("warnings", len(r.Warnings), maxEntries)
	for key := range r.Metrics {
		long("metrics", len(key), maxKey)
	}
	for key, value := range r.Params {
		long("params", max(len(key)-maxKey, 0)*maxValue, maxValue)
		long("params", len(value), maxValue)
	}
	for key, points := range r.History {
		long("history", len(key), maxKey)
		long("history", len(points), maxCurve)
		if !slices.IsSortedFunc(points, func(a, b pointed) int { return int(max(-1, min(1, a.Step-b.Step))) }) {
			faults = append(faults, errors.New("history: steps are out of order"))
		}
	}
	for _, w := range r.Warnings {
		long("warnings", len(w.Text)+len(w.Next), maxValue)
	}
	return faults
}

// isPage says whether a URL can be the target of a link: of the web, without a password. No URL is fine.
func isPage(text string) bool {
	if text == "" {
		return true
	}
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil && !strings.ContainsAny(text, " \"'<>`\\")
}

func (f fileForm) file() File {
	r := f.Report
	out := File{
		Change: f.Change, Head: f.Head, Key: f.Key, Section: f.Section, Run: f.Run, Attempt: f.Attempt, Ended: f.Ended,
		Report: Report{
			Status: r.Status, ExitCode: r.ExitCode, ErrorType: r.ErrorType, ErrorMessage: r.ErrorMessage, Experiment: r.Experiment,
			RunName: r.RunName, RunID: r.RunID, RunURL: r.RunURL, Store: r.Store, Kept: r.Kept, JobURL: r.JobURL, Commit: r.Commit,
			Machine: r.Machine, Duration: time.Duration(r.Milliseconds) * time.Millisecond, Metrics: map[string]float64{},
			History: map[string][]Point{}, Params: r.Params, Named: r.Named, Warnings: r.Warnings, Artifacts: r.Artifacts, Model: r.Model,
			LogTail: r.LogTail,
		},
	}
	for key, v := range r.Metrics {
		out.Report.Metrics[key] = float64(v)
	}
	for key, points := range r.History {
		for _, p := range points {
			out.Report.History[key] = append(out.Report.History[key], Point{p.Step, float64(p.Value)})
		}
	}
	return out
}

// clean replaces what cannot be seen.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Bidi_Control, r) {
			return ' '
		}
		return r
	}, text)
}

func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "") + "…"
}
