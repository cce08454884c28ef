package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Parse reads a report file that anybody may have written, as the pull request of a fork does: every part is checked for
// type, length and characters, and unknown fields are errors. All errors are returned at once, each with the field's name.
//
// The text in it stays untrusted, and the renderers escape it; links may go anywhere until LinksTo has filtered them.
func Parse(r io.Reader) (Report, error) {
	f, err := decode(r)
	if err != nil {
		return Report{}, fmt.Errorf("read the report file: %w", err)
	}
	var c checker
	c.file(f)
	if len(c.faults) > 0 {
		const enough = 20
		slices.Sort(c.faults)
		return Report{}, fmt.Errorf("read the report file: %s", strings.Join(c.faults[:min(len(c.faults), enough)], "; "))
	}
	return f.report(), nil
}

// LinksTo returns the report with links to these places only, and to pages below them, given as addresses like
// https://mlflow.example.com or https://github.com/owner/name; a link to elsewhere is removed and its text stays. Where many have
// pages, as on GitHub, the server alone says little.
func (r Report) LinksTo(places ...string) Report {
	keep := func(address string) string {
		if webAddress(address) != "" && slices.ContainsFunc(places, func(place string) bool { return below(address, place) }) {
			return address
		}
		return ""
	}
	r.Run.URL, r.Job.URL, r.Job.CommitURL, r.Outputs.ModelURL = keep(r.Run.URL), keep(r.Job.URL), keep(r.Job.CommitURL), keep(r.Outputs.ModelURL)
	if r.Values.Baseline != nil {
		baseline := *r.Values.Baseline
		baseline.RunURL = keep(baseline.RunURL)
		r.Values.Baseline = &baseline
	}
	return r
}

// below reports whether an address leads to the place or to a page below it.
func below(address, place string) bool {
	u, err := url.Parse(address)
	at, bad := url.Parse(place)
	if err != nil || bad != nil || at.Host == "" || !strings.EqualFold(u.Scheme, at.Scheme) || !strings.EqualFold(u.Host, at.Host) || u.User != nil {
		return false
	}
	if strings.Contains(u.Path, `\`) || slices.ContainsFunc(strings.Split(u.Path, "/"), dots) {
		return false
	}
	return strings.HasPrefix(u.Path+"/", strings.TrimRight(at.Path, "/")+"/")
}

// dots reports whether a part of a path leads up, as a browser reads it.
func dots(part string) bool { return part == "." || part == ".." }

func decode(r io.Reader) (file, error) {
	text, err := io.ReadAll(io.LimitReader(r, MaxFile+1))
	if err != nil {
		return file{}, err
	}
	if len(text) > MaxFile {
		return file{}, fmt.Errorf("larger than %s", Size(MaxFile))
	}
	if !utf8.Valid(text) {
		return file{}, errors.New("not UTF-8")
	}
	if err := checkShape(text); err != nil {
		return file{}, err
	}
	var version struct{ Schema int }
	if err := json.Unmarshal(text, &version); err == nil && version.Schema != Schema {
		return file{}, fmt.Errorf("schema: %d is not supported, only %d", version.Schema, Schema)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var f file
	if err := decoder.Decode(&f); err != nil {
		if mistyped, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return file{}, fmt.Errorf("%s: %.60s is not of type %s", mistyped.Field, mistyped.Value, mistyped.Type)
		}
		if untimely, ok := errors.AsType[*time.ParseError](err); ok { // the only time there is
			return file{}, fmt.Errorf("origin.ended: %.40q is not a time", untimely.Value)
		}
		return file{}, err
	}
	return f, nil
}

// checkShape checks what the decoder does not: one value, not deeper than a report is, no name twice in an object, none
// in another case, no null.
func checkShape(text []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := shape(decoder, "report", 0); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one JSON value")
	}
	return nil
}

var fieldName = regexp.MustCompile(`^[a-z_]{1,40}$`)

// freeNames returns the objects with arbitrary names: those of metrics and params.
func freeNames() []string {
	return []string{"report.metrics", "report.params", "report.histories", "report.baseline.metrics"}
}

// maxDepth is the depth of a point of a curve.
const maxDepth = 5

func shape(decoder *json.Decoder, at string, depth int) error {
	token, err := decoder.Token()
	if err != nil {
		return fmt.Errorf("%s: %w", at, err)
	}
	switch {
	case token == nil:
		return fmt.Errorf("%s: null", at)
	case depth == maxDepth:
		return fmt.Errorf("%s: nested too deep", at)
	case token == json.Delim('['):
		for i := 0; decoder.More(); i++ {
			if err := shape(decoder, fmt.Sprintf("%s[%d]", at, i), depth+1); err != nil {
				return err
			}
		}
	case token == json.Delim('{'):
		seen := map[string]bool{}
		for decoder.More() {
			key, err := decoder.Token()
			if err != nil {
				return fmt.Errorf("%s: %w", at, err)
			}
			name := fmt.Sprint(key)
			if !slices.Contains(freeNames(), at) && !fieldName.MatchString(name) {
				return fmt.Errorf("%s: unknown field %.60q", at, name)
			}
			if seen[name] {
				return fmt.Errorf("%s: %.60q twice", at, name)
			}
			seen[name] = true
			if !fieldName.MatchString(name) {
				name = fmt.Sprintf("%.60q", name)
			}
			if err := shape(decoder, at+"."+name, depth+1); err != nil {
				return err
			}
		}
	default:
		return nil
	}
	if _, err := decoder.Token(); err != nil { // the closing bracket
		return fmt.Errorf("%s: %w", at, err)
	}
	return nil
}

// checker collects what is wrong with a file.
type checker struct{ faults []string }

func (c *checker) fault(field, format string, args ...any) {
	c.faults = append(c.faults, fmt.Sprintf("%s: %s", field, fmt.Sprintf(format, args...)))
}

func (c *checker) file(f file) {
	if !slices.Contains([]string{"FINISHED", "FAILED", "KILLED"}, f.Status) {
		c.fault("status", "%.20q is not one of FINISHED, FAILED, KILLED", f.Status)
	}
	c.number("exit_code", f.ExitCode, -1<<31, 1<<32-1)
	c.number("duration_ms", f.DurationMS, 0, maxDurationMS)
	c.number("artifacts.files", int64(f.Artifacts.Files), 0, maxFiles)
	c.number("artifacts.bytes", f.Artifacts.Bytes, 0, maxNumber)
	c.number("artifacts.failed", int64(f.Artifacts.Failed), 0, maxFiles)
	c.number("more.metrics", int64(f.More.Metrics), 0, 1<<40)
	c.number("more.params", int64(f.More.Params), 0, 1<<40)
	c.number("more.warnings", int64(f.More.Warnings), 0, 1<<40)
	for field, text := range map[string]string{"error_type": f.ErrorType, "run_id": f.RunID, "machine": f.Machine} {
		c.text(field, text, maxNameChars)
	}
	for field, text := range map[string]string{
		"error_message": f.ErrorMessage, "experiment": f.Experiment, "run_name": f.RunName, "store": f.Store, "kept": f.Kept, "model": f.Model,
	} {
		c.text(field, text, maxTextChars)
	}
	c.text("log_tail", f.LogTail, maxLogChars)
	if !commitID.MatchString(f.Commit) {
		c.fault("commit", "%.80q is not a commit id", f.Commit)
	}
	for field, text := range map[string]string{"run_url": f.RunURL, "job_url": f.JobURL, "commit_url": f.CommitURL, "model_url": f.ModelURL} {
		c.address(field, text)
	}
	c.origin(f.Origin)
	c.metrics(f.Metrics, f.Histories, f.Baseline)
	c.params(f.Params, f.OwnParams)
	c.notes(f.Warnings, f.Artifacts.Paths)
}

func (c *checker) origin(o Origin) {
	if !changeID.MatchString(o.Change) {
		c.fault("origin.change", "%.40q is not a number", o.Change)
	}
	if !commitID.MatchString(o.Head) {
		c.fault("origin.head", "%.80q is not a commit id", o.Head)
	}
	for field, text := range map[string]string{"key": o.Key, "section": o.Section, "place.step": o.Place.Step, "place.job": o.Place.Job, "place.family": o.Place.Family} {
		c.text("origin."+field, text, maxTextChars)
	}
	c.number("origin.run", o.Run, 0, maxNumber)
	c.number("origin.attempt", int64(o.Attempt), 0, maxAttempt)
}

var changeID = regexp.MustCompile(`^[0-9]{0,12}$`)

var commitID = regexp.MustCompile(`^([0-9a-f]{7,64})?$`)

func (c *checker) metrics(metrics map[string]number, histories map[string][]sample, baseline *fileBaseline) {
	c.length("metrics", len(metrics), maxMetrics)
	for name := range metrics {
		c.text("metrics", name, maxNameChars)
	}
	areMetrics := func(field string, names iter.Seq[string]) {
		for name := range names {
			if _, ok := metrics[name]; !ok {
				c.fault(field, "%.60q is not a metric of the report", name)
			}
		}
	}
	c.length("histories", len(histories), maxCurves)
	areMetrics("histories", maps.Keys(histories))
	for name, points := range histories {
		c.length(fmt.Sprintf("histories[%.60q]", name), len(points), CurvePoints)
	}
	if baseline != nil {
		c.text("baseline.name", baseline.Name, maxTextChars)
		c.address("baseline.run_url", baseline.RunURL)
		c.length("baseline.metrics", len(baseline.Metrics), maxMetrics)
		areMetrics("baseline.metrics", maps.Keys(baseline.Metrics))
	}
}

func (c *checker) params(params map[string]string, own []string) {
	c.length("params", len(params), maxParams)
	for name, value := range params {
		c.text("params", name, maxNameChars)
		c.text(fmt.Sprintf("params[%.60q]", name), value, maxTextChars)
	}
	c.length("own_params", len(own), maxParams)
	for _, name := range own {
		if _, ok := params[name]; !ok {
			c.fault("own_params", "%.60q is not a param of the report", name)
		}
	}
}

func (c *checker) notes(warnings []Warning, paths []string) {
	c.length("warnings", len(warnings), maxWarnings)
	for i, w := range warnings {
		c.text(fmt.Sprintf("warnings[%d].text", i), w.Text, maxTextChars)
		c.text(fmt.Sprintf("warnings[%d].next", i), w.Next, maxTextChars)
	}
	c.length("artifacts.paths", len(paths), maxPaths)
	for i, path := range paths {
		c.text(fmt.Sprintf("artifacts.paths[%d]", i), path, maxTextChars)
	}
}

func (c *checker) length(field string, n, limit int) {
	if n > limit {
		c.fault(field, "%d entries, at most %d", n, limit)
	}
}

func (c *checker) number(field string, n, low, high int64) {
	if n < low || n > high {
		c.fault(field, "%d is not between %d and %d", n, low, high)
	}
}

// text checks lines of text: no control characters, and a limit for the length.
func (c *checker) text(field, s string, limit int) {
	if n := utf8.RuneCountInString(s); n > limit {
		c.fault(field, "%d characters, at most %d", n, limit)
	}
	if clean(s, limit) != s && utf8.RuneCountInString(s) <= limit {
		c.fault(field, "control characters in %.60q", s)
	}
}

func (c *checker) address(field, s string) {
	if s != "" && address(s) == "" {
		c.fault(field, "%.80q is not an http or https URL", s)
	}
}
