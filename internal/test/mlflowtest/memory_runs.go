package mlflowtest

import (
	"maps"
	"math"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// Run is a run as Memory holds it.
type Run struct {
	mlflow.Run

	User   string
	Points map[string][]mlflow.Metric // every point, in the order in which they came
}

// Runs returns all runs in the order in which they were created.
func (m *Memory) Runs() []Run {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []Run
	for _, r := range m.runs {
		copied := *r
		copied.Params, copied.Tags, copied.Metrics = maps.Clone(r.Params), maps.Clone(r.Tags), maps.Clone(r.Metrics)
		copied.Points = map[string][]mlflow.Metric{}
		for key, points := range r.Points {
			copied.Points[key] = slices.Clone(points)
		}
		out = append(out, copied)
	}
	return out
}

func (m *Memory) find(id string) (*Run, *refusal) {
	for _, r := range m.runs {
		if r.ID == id {
			return r, nil
		}
	}
	return nil, notFound("Run with id=%s not found", id)
}

type item struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// point is a metric in JSON: what is no number there is a string.
type point struct {
	Key       string `json:"key"`
	Value     any    `json:"value"`
	Timestamp int64  `json:"timestamp"`
	Step      int64  `json:"step"`
}

func pointOf(m mlflow.Metric) point {
	p := point{m.Key, m.Value, m.Timestamp, m.Step}
	switch {
	case math.IsNaN(m.Value):
		p.Value = "NaN"
	case math.IsInf(m.Value, 1):
		p.Value = "Infinity"
	case math.IsInf(m.Value, -1):
		p.Value = "-Infinity"
	}
	return p
}

func (p point) metric() mlflow.Metric {
	value, isNumber := p.Value.(float64)
	if text, ok := p.Value.(string); ok && !isNumber {
		value, _ = strconv.ParseFloat(text, 64)
	}
	return mlflow.Metric{Key: p.Key, Value: value, Timestamp: p.Timestamp, Step: p.Step}
}

func (r *Run) wire() map[string]any {
	info := map[string]any{
		"run_id": r.ID, "run_uuid": r.ID, "run_name": r.Name, "experiment_id": r.ExperimentID, "status": r.Status,
		"start_time": r.Start.UnixMilli(), "artifact_uri": r.ArtifactURI, "lifecycle_stage": "active", "user_id": r.User,
	}
	if !r.End.IsZero() {
		info["end_time"] = r.End.UnixMilli()
	}
	data := map[string]any{"params": items(r.Params), "tags": items(r.Tags)}
	var metrics []point
	for _, key := range slices.Sorted(maps.Keys(r.Metrics)) {
		metrics = append(metrics, pointOf(r.Metrics[key]))
	}
	data["metrics"] = metrics
	return map[string]any{"info": info, "data": data}
}

func items(of map[string]string) []item {
	var out []item
	for _, key := range slices.Sorted(maps.Keys(of)) {
		out = append(out, item{key, of[key]})
	}
	return out
}

func (m *Memory) createRun(r *http.Request) (any, *refusal) {
	in, no := read[struct {
		Experiment string `json:"experiment_id"`
		User       string `json:"user_id"`
		Name       string `json:"run_name"`
		Start      int64  `json:"start_time"`
		Tags       []item `json:"tags"`
	}](r)
	if no != nil {
		return nil, no
	}
	at := slices.IndexFunc(m.experiments, func(e *experiment) bool { return e.ID == in.Experiment })
	if at < 0 {
		return nil, notFound("No Experiment with id=%s exists", in.Experiment)
	}
	run := &Run{User: in.User, Points: map[string][]mlflow.Metric{}}
	run.Run = mlflow.Run{
		ID: mlflow.NewRunID(), Name: in.Name, ExperimentID: in.Experiment, Status: mlflow.Running, Start: millis(in.Start),
		Params: map[string]string{}, Tags: map[string]string{}, Metrics: map[string]mlflow.Metric{},
	}
	run.ArtifactURI = m.experiments[at].ArtifactLocation + "/" + run.ID + "/artifacts"
	run.tag(append(in.Tags, item{mlflow.RunNameTag, in.Name}))
	m.runs = append(m.runs, run)
	return map[string]any{"run": run.wire()}, nil
}

func (r *Run) tag(tags []item) {
	for _, t := range tags {
		r.Tags[t.Key] = t.Value
		if t.Key == mlflow.RunNameTag {
			r.Name = t.Value
		}
	}
}

func (m *Memory) getRun(r *http.Request) (any, *refusal) {
	run, no := m.find(r.URL.Query().Get("run_id"))
	if no != nil {
		return nil, no
	}
	return map[string]any{"run": run.wire()}, nil
}

func (m *Memory) updateRun(r *http.Request) (any, *refusal) {
	in, no := read[struct {
		ID     string        `json:"run_id"`
		Status mlflow.Status `json:"status"`
		End    int64         `json:"end_time"`
		Name   string        `json:"run_name"`
	}](r)
	if no != nil {
		return nil, no
	}
	run, no := m.find(in.ID)
	if no != nil {
		return nil, no
	}
	if in.Status != "" {
		run.Status = in.Status
	}
	if in.End != 0 {
		run.End = millis(in.End)
	}
	if in.Name != "" {
		run.tag([]item{{mlflow.RunNameTag, in.Name}})
	}
	return map[string]any{"run_info": run.wire()["info"]}, nil
}

func (m *Memory) logBatch(r *http.Request) (any, *refusal) {
	in, no := read[struct {
		ID      string  `json:"run_id"`
		Metrics []point `json:"metrics"`
		Params  []item  `json:"params"`
		Tags    []item  `json:"tags"`
	}](r)
	if no != nil {
		return nil, no
	}
	run, no := m.find(in.ID)
	if no != nil {
		return nil, no
	}
	for _, p := range in.Params {
		if old, there := run.Params[p.Key]; there && old != p.Value {
			return nil, invalid("Changing param values is not allowed. Param with key='%s' was already logged with value='%s' for run ID='%s'. "+
				"Attempted logging new value '%s'.", p.Key, old, in.ID, p.Value)
		}
		run.Params[p.Key] = p.Value
	}
	for _, p := range in.Metrics {
		metric := p.metric()
		run.Points[p.Key] = append(run.Points[p.Key], metric)
		if last, there := run.Metrics[p.Key]; !there || metric.After(last) {
			run.Metrics[p.Key] = metric
		}
	}
	run.tag(in.Tags)
	return struct{}{}, nil
}

var condition = regexp.MustCompile("^(tags|attributes)\\.`?([^` ]+)`? (=|!=) (?:'([^']*)'|\"([^\"]*)\")$")

// matches reports whether a run meets the conditions of a search.
func (r *Run) matches(filter string) (bool, *refusal) {
	if filter == "" {
		return true, nil
	}
	for term := range strings.SplitSeq(filter, " AND ") {
		parts := condition.FindStringSubmatch(term)
		if parts == nil {
			return false, invalid("Invalid clause(s) in filter string: '%s'", term)
		}
		want := parts[4] + parts[5]
		value, there := r.Tags[parts[2]]
		if parts[1] == "attributes" {
			value, there = string(r.Status), true
		}
		if !there || (value == want) != (parts[3] == "=") {
			return false, nil
		}
	}
	return true, nil
}

func (m *Memory) searchRuns(r *http.Request) (any, *refusal) {
	in, no := read[struct {
		Experiments []string `json:"experiment_ids"`
		Filter      string   `json:"filter"`
		Order       []string `json:"order_by"`
		Most        int      `json:"max_results"`
		Page        string   `json:"page_token"`
	}](r)
	if no != nil {
		return nil, no
	}
	var found []*Run
	for _, run := range m.runs {
		ok, no := run.matches(in.Filter)
		if no != nil {
			return nil, no
		}
		if ok && slices.Contains(in.Experiments, run.ExperimentID) {
			found = append(found, run)
		}
	}
	slices.SortStableFunc(found, func(a, b *Run) int {
		if slices.Contains(in.Order, "attributes.start_time DESC") {
			return b.Start.Compare(a.Start)
		}
		return a.Start.Compare(b.Start)
	})
	part, next := page(found, in.Page, in.Most)
	runs := []map[string]any{}
	for _, run := range part {
		runs = append(runs, run.wire())
	}
	return map[string]any{"runs": runs, "next_page_token": next}, nil
}

func (m *Memory) history(r *http.Request) (any, *refusal) {
	query := r.URL.Query()
	run, no := m.find(query.Get("run_id"))
	if no != nil {
		return nil, no
	}
	most, _ := strconv.Atoi(query.Get("max_results"))
	part, next := page(run.Points[query.Get("metric_key")], query.Get("page_token"), most)
	points := []point{}
	for _, metric := range part {
		points = append(points, pointOf(metric))
	}
	return map[string]any{"metrics": points, "next_page_token": next}, nil
}

// page is the part of a list that begins at a token.
func page[T any](all []T, token string, most int) (part []T, next string) {
	from, _ := strconv.Atoi(token)
	part = all[min(from, len(all)):]
	if most > 0 && len(part) > most {
		part, next = part[:most], strconv.Itoa(from+most)
	}
	return part, next
}
