package storetest

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/Iyalvan/mlops-track/mlflow"
)

func batchOverEveryLimit(t *testing.T, s fixture) {
	r := s.run(t)
	var b mlflow.Batch
	params, tags := map[string]string{}, map[string]string{mlflow.RunNameTag: r.Name}
	var points []mlflow.Metric
	for i := range 3*mlflow.MaxBatchMetrics + 1 {
		points = append(points, mlflow.Metric{Key: "loss", Value: 1 / float64(i+1), Timestamp: int64(1000 + i), Step: int64(i)})
	}
	b.Metrics = points
	for i := range 2*mlflow.MaxBatchParams + 1 {
		key, value := fmt.Sprintf("p%d", i), strings.Repeat("<", 4000) // six times as long in JSON
		b.Params = append(b.Params, mlflow.Param{Key: key, Value: value})
		params[key] = value
	}
	for i := range mlflow.MaxBatchTags + 1 {
		key, value := fmt.Sprintf("t%d", i), fmt.Sprint(i)
		b.Tags = append(b.Tags, mlflow.Tag{Key: key, Value: value})
		tags[key] = value
	}
	s.log(t, r.ID, b)

	got := s.get(t, r.ID)
	equal(t, "params", got.Params, params)
	equal(t, "tags", got.Tags, tags)
	equal(t, "latest", got.Metrics, map[string]mlflow.Metric{"loss": points[len(points)-1]})
	equal(t, "history", s.history(t, r.ID, "loss"), points)
}

func emptyBatch(t *testing.T, s fixture) {
	r := s.run(t)
	s.log(t, r.ID, mlflow.Batch{})
	equal(t, "run", s.get(t, r.ID), r)
}

func keysAndValues(t *testing.T, s fixture) {
	r := s.run(t)
	want := map[string]string{
		"model/layers/0.units": "64",
		"optimizer name":       "",
		"größe_температура":    "é 温度 🎯",
		"multi-line":           "first\nsecond\r\n\tthird\n",
		"quoted":               `'"\%_;--`,
		"0":                    " spaces around ",
	}
	var b mlflow.Batch
	for key, value := range want {
		b.Params = append(b.Params, mlflow.Param{Key: key, Value: value})
		b.Tags = append(b.Tags, mlflow.Tag{Key: key, Value: value})
		b.Metrics = append(b.Metrics, mlflow.Metric{Key: key, Value: 0.5, Timestamp: 1, Step: 2})
	}
	s.log(t, r.ID, b)

	got := s.get(t, r.ID)
	equal(t, "params", got.Params, want)
	for key, value := range want {
		if got.Tags[key] != value {
			t.Errorf("tag %q is %q, want %q", key, got.Tags[key], value)
		}
		equal(t, "history", s.history(t, r.ID, key), []mlflow.Metric{{Key: key, Value: 0.5, Timestamp: 1, Step: 2}})
	}
}

func longestValues(t *testing.T, s fixture) {
	r := s.run(t)
	key := strings.Repeat("k", mlflow.MaxKeyLength)
	param, tag := strings.Repeat("é", mlflow.MaxParamLength), strings.Repeat("é", mlflow.MaxTagLength)
	s.log(t, r.ID, mlflow.Batch{
		Params:  []mlflow.Param{{Key: key, Value: param}},
		Tags:    []mlflow.Tag{{Key: key, Value: tag}},
		Metrics: []mlflow.Metric{{Key: key, Value: 1, Timestamp: 1}},
	})
	got := s.get(t, r.ID)
	if got.Params[key] != param || got.Tags[key] != tag || got.Metrics[key].Value != 1 {
		t.Errorf("the longest key and values are not what was written")
	}
}

func paramClash(t *testing.T, s fixture) {
	r := s.run(t)
	s.log(t, r.ID, mlflow.Batch{Params: []mlflow.Param{{Key: "lr", Value: "0.1"}}})
	err := s.LogBatch(t.Context(), r.ID, mlflow.Batch{
		Params: []mlflow.Param{{Key: "depth", Value: "3"}, {Key: "lr", Value: "0.2"}},
	})
	refused, ok := errors.AsType[*mlflow.RejectedError](err)
	if !ok || refused.Code != "INVALID_PARAMETER_VALUE" {
		t.Errorf("a param with another value: %v, want a RejectedError", err)
	}
	if got := s.get(t, r.ID).Params["lr"]; got != "0.1" {
		t.Errorf("param is %q after a refused change, want %q", got, "0.1")
	}
}

func repeatsChangeNothing(t *testing.T, s fixture) {
	r := s.run(t)
	b := mlflow.Batch{
		Params: []mlflow.Param{{Key: "lr", Value: "0.1"}, {Key: "empty", Value: ""}},
		Tags:   []mlflow.Tag{{Key: "k", Value: "v"}},
		Metrics: []mlflow.Metric{
			{Key: "loss", Value: 1, Timestamp: 10, Step: 0},
			{Key: "loss", Value: 0.1, Timestamp: 11, Step: 1},
			{Key: "loss", Value: math.NaN(), Timestamp: 12, Step: 2},
		},
	}
	s.log(t, r.ID, b)
	before := s.get(t, r.ID)
	s.log(t, r.ID, b)
	more := append(b.Metrics, mlflow.Metric{Key: "loss", Value: 3, Timestamp: 13, Step: 3})
	s.log(t, r.ID, mlflow.Batch{Metrics: more})
	after := s.get(t, r.ID)
	equal(t, "history", s.history(t, r.ID, "loss"), more)
	before.Metrics["loss"] = more[3]
	equal(t, "run", after, before)
}

func tagOverwrites(t *testing.T, s fixture) {
	r := s.run(t)
	for _, value := range []string{"first, the longer one", "second", ""} {
		s.log(t, r.ID, mlflow.Batch{Tags: []mlflow.Tag{{Key: "mlops.status", Value: value}}})
		if got, ok := s.get(t, r.ID).Tags["mlops.status"]; !ok || got != value {
			t.Errorf("tag is %q, want %q", got, value)
		}
	}
}

func oddNumbers(t *testing.T, s fixture) {
	r := s.run(t)
	values := map[string]float64{
		"nan": math.NaN(), "inf": math.Inf(1), "minus inf": math.Inf(-1), "tiny": 1e-300, "denormal": 5e-324,
		"huge": 1e300, "third": 1.0 / 3, "minus": -0.1, "zero": 0, "whole": 1 << 60,
	}
	want := map[string]mlflow.Metric{}
	var b mlflow.Batch
	for key, value := range values {
		want[key] = mlflow.Metric{Key: key, Value: value, Timestamp: 1_700_000_000_000, Step: -5}
		b.Metrics = append(b.Metrics, want[key])
	}
	s.log(t, r.ID, b)
	equal(t, "latest", s.get(t, r.ID).Metrics, want)
	for key, point := range want {
		equal(t, "history", s.history(t, r.ID, key), []mlflow.Metric{point})
	}
}

func historyOrder(t *testing.T, s fixture) {
	r := s.run(t)
	want := []mlflow.Metric{
		{Key: "loss", Value: 9, Timestamp: 50, Step: -1},
		{Key: "loss", Value: 8, Timestamp: 10, Step: 0},
		{Key: "loss", Value: 7, Timestamp: 40, Step: 0},
		{Key: "loss", Value: 6, Timestamp: 5, Step: 2},
		{Key: "loss", Value: 5, Timestamp: 6, Step: 10},
	}
	for _, i := range []int{3, 1, 4, 0, 2} {
		s.log(t, r.ID, mlflow.Batch{Metrics: want[i : i+1]})
	}
	equal(t, "history", s.history(t, r.ID, "loss"), want)
	equal(t, "history of nothing", s.history(t, r.ID, "los"), []mlflow.Metric(nil))
}

func latestPoint(t *testing.T, s fixture) {
	r := s.run(t)
	steps := []struct{ write, want mlflow.Metric }{
		{mlflow.Metric{Value: 1, Timestamp: 100, Step: 5}, mlflow.Metric{Value: 1, Timestamp: 100, Step: 5}},
		{mlflow.Metric{Value: 2, Timestamp: 999, Step: 4}, mlflow.Metric{Value: 1, Timestamp: 100, Step: 5}},
		{mlflow.Metric{Value: 0, Timestamp: 101, Step: 5}, mlflow.Metric{Value: 0, Timestamp: 101, Step: 5}},
		{mlflow.Metric{Value: 3, Timestamp: 101, Step: 5}, mlflow.Metric{Value: 3, Timestamp: 101, Step: 5}},
		{mlflow.Metric{Value: 2, Timestamp: 101, Step: 5}, mlflow.Metric{Value: 3, Timestamp: 101, Step: 5}},
		{mlflow.Metric{Value: -7, Timestamp: 1, Step: 6}, mlflow.Metric{Value: -7, Timestamp: 1, Step: 6}},
	}
	for i, step := range steps {
		step.write.Key, step.want.Key = "m", "m"
		s.log(t, r.ID, mlflow.Batch{Metrics: []mlflow.Metric{step.write}})
		equal(t, fmt.Sprintf("latest after point %d", i), s.get(t, r.ID).Metrics["m"], step.want)
	}

	s.log(t, r.ID, mlflow.Batch{Metrics: []mlflow.Metric{
		{Key: "one batch", Value: 1, Timestamp: 1, Step: 1},
		{Key: "one batch", Value: 2, Timestamp: 2, Step: 3},
		{Key: "one batch", Value: 3, Timestamp: 3, Step: 2},
	}})
	equal(t, "latest of one batch", s.get(t, r.ID).Metrics["one batch"],
		mlflow.Metric{Key: "one batch", Value: 2, Timestamp: 2, Step: 3})
}

func concurrentWriters(t *testing.T, s fixture) {
	const writers, batches, size = 4, 5, 20
	r := s.run(t)
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for b := range batches {
				var points []mlflow.Metric
				for i := range size {
					step := int64((w*batches+b)*size + i)
					points = append(points, mlflow.Metric{Key: "shared", Value: float64(step), Timestamp: step, Step: step})
				}
				batch := mlflow.Batch{Metrics: points, Params: []mlflow.Param{{Key: fmt.Sprintf("p%d/%d", w, b), Value: "x"}}}
				if err := s.LogBatch(t.Context(), r.ID, batch); err != nil {
					t.Errorf("writer %d: %v", w, err)
				}
			}
		})
	}
	all.Wait()
	got, history := s.get(t, r.ID), s.history(t, r.ID, "shared")
	if len(history) != writers*batches*size || len(got.Params) != writers*batches {
		t.Errorf("%d points and %d params are there, want %d and %d",
			len(history), len(got.Params), writers*batches*size, writers*batches)
	}
	if last := got.Metrics["shared"].Step; last != writers*batches*size-1 {
		t.Errorf("latest step is %d", last)
	}
}
