package track

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/store"
)

// Inputs is what the user set, parsed and checked.
type Inputs struct {
	Command []string // program and arguments; empty in the action, which has Script
	Script  string   // text for Shell
	Shell   string

	Dir              string // folder where mlops-track was started, absolute
	WorkingDirectory string // folder where the step runs, absolute
	Experiment       string // empty: chosen by the plan
	RunName          string // empty: chosen by the plan
	RunPrefix        string
	Tags             []mlflow.Tag // in the order given
	TrackingURI      string
	Autolog          bool
	AutologConfig    map[string]any
	ResultFile       string // absolute; empty: a temporary file
	MetricsFile      string // absolute; empty: a temporary file
	Artifacts        []string
	RegisterModel    string // auto, default-branch, never
	OnTrackingError  string // keep, fail
	OfflineDir       string // absolute
	FinishTimeout    time.Duration
	StopGrace        time.Duration
	OutputsFile      string // absolute; empty: none
	PassEnv          []string
	Redact           []*regexp.Regexp
	DryRun           bool
	Matrix           string // JSON object; empty outside a matrix
	JobID            string
	Report           ReportInputs
	AWS              AWSInputs
}

// Given is where values come from: flags or action inputs first, then the environment.
type Given struct {
	Set     func(name string) (string, bool) // flags or action inputs by setting name
	Tags    []string                         // of the flag --tag
	Env     func(string) string
	Command []string
	Dir     string // absolute
	Action  bool
}

// ParseInputs builds Inputs and tells all faults at once.
func ParseInputs(g Given) (Inputs, error) {
	p := parser{given: g, settings: map[string]Setting{}}
	for _, s := range Settings() {
		p.settings[s.Name] = s
	}
	p.refuseUnbuilt()
	in := Inputs{
		Command:          g.Command,
		Dir:              g.Dir,
		WorkingDirectory: p.path("working-directory"),
		Experiment:       p.text("experiment"),
		RunName:          p.text("run-name"),
		RunPrefix:        p.text("run-prefix"),
		Tags:             p.tags(),
		TrackingURI:      p.text("tracking-uri"),
		Autolog:          p.bool("autolog"),
		AutologConfig:    p.object("autolog-config"),
		ResultFile:       p.path("result-file"),
		MetricsFile:      p.path("metrics-file"),
		Artifacts:        p.lines("artifacts"),
		RegisterModel:    p.text("register-model"),
		OnTrackingError:  p.text("on-tracking-error"),
		OfflineDir:       p.path("offline-dir"),
		FinishTimeout:    p.duration("finish-timeout"),
		StopGrace:        p.duration("stop-grace"),
		OutputsFile:      p.path("outputs-file"),
		PassEnv:          p.lines("pass-env"),
		Redact:           p.patterns("redact"),
		DryRun:           p.bool("dry-run"),
		Report:           p.report(),
		AWS:              p.aws(),
	}
	in.Matrix, in.JobID = p.matrix(), p.text("job-id")
	if g.Action {
		in.Script, in.Shell = p.text("run"), p.text("shell")
		if in.Script == "" {
			p.fault("run is empty: give the training step as a script")
		}
		if shellArgs(in.Shell, "script") == nil {
			p.fault("shell %q is unknown: bash, sh, python, or a template with {0}", in.Shell)
		}
	} else if len(in.Command) == 0 {
		p.fault("no command: write it after --, as in mlops-track run -- python train.py")
	}
	if info, err := os.Stat(in.WorkingDirectory); err != nil || !info.IsDir() {
		p.fault("working-directory %q is not a folder", in.WorkingDirectory)
	}
	if _, err := store.Describe(store.Options{URI: in.TrackingURI, Dir: g.Dir}); err != nil {
		p.fault("%w", err)
	}
	return in, errors.Join(p.faults...)
}

type parser struct {
	given    Given
	settings map[string]Setting
	faults   []error
}

func (p *parser) fault(format string, args ...any) {
	p.faults = append(p.faults, fmt.Errorf(format, args...))
}

// text resolves a setting: flag or input, MLOPS_ variable, the ecosystem's variable, default. Empty means unset.
func (p *parser) text(name string) string {
	s := p.settings[name]
	value := s.Default
	for _, v := range p.candidates(s) {
		if v != "" {
			value = v
			break
		}
	}
	if len(s.Choices) > 0 && !slices.Contains(s.Choices, value) {
		p.fault("%s %q is unknown: one of %s", name, value, strings.Join(s.Choices, ", "))
	}
	return value
}

func (p *parser) candidates(s Setting) []string {
	var all []string
	if v, ok := p.given.Set(s.Name); ok {
		all = append(all, v)
	}
	if s.ActionOnly {
		return all
	}
	all = append(all, p.given.Env(s.Env()))
	for _, name := range s.Ecosystem {
		all = append(all, p.given.Env(name))
	}
	return all
}

func (p *parser) lines(name string) []string {
	var out []string
	for line := range strings.Lines(p.text(name)) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// matrix is the cell of a matrix; empty outside of one, where GitHub's toJSON gives null.
func (p *parser) matrix() string {
	cell := p.text("matrix")
	if cell == "null" || cell == "{}" {
		return ""
	}
	p.object("matrix")
	return cell
}

// patterns reads regular expressions, one a line. One that matches nothing at all would tear every text to pieces.
func (p *parser) patterns(name string) []*regexp.Regexp {
	var out []*regexp.Regexp
	for _, line := range p.lines(name) {
		pattern, err := regexp.Compile(line)
		switch {
		case err != nil:
			p.fault("%s %q is no regular expression: %w", name, line, err)
		case pattern.MatchString(""):
			p.fault("%s %q matches the empty text, and so everywhere", name, line)
		default:
			out = append(out, pattern)
		}
	}
	return out
}

func (p *parser) bool(name string) bool {
	text := p.text(name)
	v, err := strconv.ParseBool(strings.ToLower(text))
	if err != nil {
		p.fault("%s %q is neither true nor false", name, text)
	}
	return v
}

func (p *parser) number(name string) int {
	text := p.text(name)
	n, err := strconv.Atoi(text)
	if err != nil {
		p.fault("%s %q is no whole number", name, text)
	}
	return n
}

func (p *parser) duration(name string) time.Duration {
	text := p.text(name)
	d, err := time.ParseDuration(text)
	if seconds, numErr := strconv.Atoi(text); err != nil && numErr == nil {
		d, err = time.Duration(seconds)*time.Second, nil
	}
	if err != nil || d < 0 {
		p.fault("%s %q is no duration such as 5s or 2m", name, text)
	}
	return d
}

func (p *parser) path(name string) string {
	text := p.text(name)
	if text == "" || filepath.IsAbs(text) {
		return text
	}
	return filepath.Join(p.given.Dir, text)
}

func (p *parser) object(name string) map[string]any {
	text := p.text(name)
	if text == "" {
		return nil
	}
	var v map[string]any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		p.fault("%s is no JSON object: %v in %q", name, err, text)
	}
	return v
}

// tags reads the setting tags, as lines or as one JSON object, and then every --tag.
func (p *parser) tags() []mlflow.Tag {
	var out []mlflow.Tag
	if text := strings.TrimSpace(p.text("tags")); strings.HasPrefix(text, "{") {
		for key, value := range p.object("tags") {
			out = append(out, p.tag(key, value))
		}
		sort.Slice(out, func(i, j int) bool { return out[i].Key < out[j].Key })
	} else {
		for _, line := range p.lines("tags") {
			out = append(out, p.tagLine(line))
		}
	}
	for _, line := range p.given.Tags {
		out = append(out, p.tagLine(line))
	}
	return out
}

func (p *parser) tagLine(line string) mlflow.Tag {
	key, value, ok := strings.Cut(line, "=")
	if !ok {
		p.fault("tag %q has no =: write key=value", line)
	}
	return p.tag(strings.TrimSpace(key), strings.TrimSpace(value))
}

func (p *parser) tag(key string, value any) mlflow.Tag {
	if err := mlflow.CheckKey(key); err != nil {
		p.fault("tags: %w", err)
	}
	text, ok := value.(string)
	if !ok {
		raw, err := json.Marshal(value)
		if err != nil {
			p.fault("tag %q: %w", key, err)
		}
		text = string(raw)
	}
	return mlflow.Tag{Key: key, Value: text}
}

// refuseUnbuilt makes a fault of each setting that this version does not have. An action's inputs are all looked at, as
// GitHub only warns about an unknown one.
func (p *parser) refuseUnbuilt() {
	for _, name := range unbuilt() {
		s := Setting{Name: name}
		value, _ := p.given.Set(name)
		if name != "metrics" && value == "" { // MLOPS_METRICS is the metrics file inside a step
			value = p.given.Env(s.Env())
		}
		if value != "" {
			p.fault("%s is set, but this version does not have it yet: take it out", name)
		}
	}
}
