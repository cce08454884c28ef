package rest

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// number is a float that JSON cannot write as one: NaN and the infinities are strings
// (https://protobuf.dev/programming-guides/json/).
type number float64

// MarshalJSON implements json.Marshaler.
func (n number) MarshalJSON() ([]byte, error) {
	f := float64(n)
	switch {
	case math.IsNaN(f):
		return []byte(`"NaN"`), nil
	case math.IsInf(f, 0):
		return []byte(`"` + strings.TrimPrefix(strconv.FormatFloat(f, 'f', -1, 64), "+") + `inity"`), nil
	}
	return json.Marshal(f)
}

// UnmarshalJSON implements json.Unmarshaler.
func (n *number) UnmarshalJSON(text []byte) error {
	f, err := strconv.ParseFloat(strings.Trim(string(text), `"`), 64)
	if err != nil {
		return fmt.Errorf("read the number %s: %w", text, err)
	}
	*n = number(f)
	return nil
}

// integer is a 64-bit integer, which some servers write as a string.
type integer int64

// UnmarshalJSON implements json.Unmarshaler.
func (n *integer) UnmarshalJSON(text []byte) error {
	i, err := strconv.ParseInt(strings.Trim(string(text), `"`), 10, 64)
	if err != nil {
		return fmt.Errorf("read the number %s: %w", text, err)
	}
	*n = integer(i)
	return nil
}

type wireExperiment struct {
	ID               string `json:"experiment_id"`
	Name             string `json:"name"`
	ArtifactLocation string `json:"artifact_location"`
	Stage            string `json:"lifecycle_stage"`
}

type wireItem struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

type wireMetric struct {
	Key       string  `json:"key"`
	Value     number  `json:"value"`
	Timestamp integer `json:"timestamp"`
	Step      integer `json:"step"`
}

type wireRun struct {
	Info struct {
		ID           string        `json:"run_id"`
		Name         string        `json:"run_name"`
		ExperimentID string        `json:"experiment_id"`
		Status       mlflow.Status `json:"status"`
		Start        integer       `json:"start_time"`
		End          integer       `json:"end_time"`
		ArtifactURI  string        `json:"artifact_uri"`
	} `json:"info"`
	Data struct {
		Metrics []wireMetric `json:"metrics"`
		Params  []wireItem   `json:"params"`
		Tags    []wireItem   `json:"tags"`
	} `json:"data"`
}

func (w wireRun) run() mlflow.Run {
	r := mlflow.Run{
		ID:           w.Info.ID,
		Name:         w.Info.Name,
		ExperimentID: w.Info.ExperimentID,
		Status:       w.Info.Status,
		Start:        time.UnixMilli(int64(w.Info.Start)),
		ArtifactURI:  w.Info.ArtifactURI,
		Params:       make(map[string]string, len(w.Data.Params)),
		Metrics:      make(map[string]mlflow.Metric, len(w.Data.Metrics)),
		Tags:         make(map[string]string, len(w.Data.Tags)),
	}
	if w.Info.End != 0 {
		r.End = time.UnixMilli(int64(w.Info.End))
	}
	for _, p := range w.Data.Params {
		r.Params[p.Key] = p.Value
	}
	for _, m := range w.Data.Metrics {
		r.Metrics[m.Key] = m.metric()
	}
	for _, t := range w.Data.Tags {
		r.Tags[t.Key] = t.Value
	}
	return r
}

func (w wireMetric) metric() mlflow.Metric {
	return mlflow.Metric{Key: w.Key, Value: float64(w.Value), Timestamp: int64(w.Timestamp), Step: int64(w.Step)}
}

func wireMetrics(metrics []mlflow.Metric) []wireMetric {
	out := make([]wireMetric, len(metrics))
	for i, m := range metrics {
		out[i] = wireMetric{Key: m.Key, Value: number(m.Value), Timestamp: integer(m.Timestamp), Step: integer(m.Step)}
	}
	return out
}

func wireParams(params []mlflow.Param) []wireItem {
	out := make([]wireItem, len(params))
	for i, p := range params {
		out[i] = wireItem(p)
	}
	return out
}

func wireTags(tags []mlflow.Tag) []wireItem {
	out := make([]wireItem, len(tags))
	for i, t := range tags {
		out[i] = wireItem(t)
	}
	return out
}
