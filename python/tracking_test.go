package python

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"
)

// trackingRun is a run as a tracking server tells it.
type trackingRun struct {
	id      string
	params  map[string]string
	metrics map[string]float64
	tags    map[string]string
}

// server is the REST API of a real tracking server, as far as these tests need it.
type server struct{ url string }

// step opens a run in an experiment of its own and returns the step around it.
func (s server) step(t *testing.T) (*step, settings) {
	t.Helper()
	var experiment struct {
		ID string `json:"experiment_id"`
	}
	s.call(t, "experiments/create", map[string]any{"name": fmt.Sprintf("%s %d", t.Name(), time.Now().UnixNano())}, &experiment)
	var run struct {
		Run struct {
			Info struct {
				RunID string `json:"run_id"`
			}
		}
	}
	s.call(t, "runs/create", map[string]any{"experiment_id": experiment.ID, "start_time": time.Now().UnixMilli()}, &run)
	hook := settings{
		Autolog: true, AutologConfig: quiet(),
		RunID: run.Run.Info.RunID, ExperimentID: experiment.ID, TrackingURI: s.url,
	}
	return newStep(t, hook), hook
}

// runs returns the run of the step and, oldest first, all others of its experiment, which must be its children.
func (s server) runs(t *testing.T, hook settings) (own trackingRun, children []trackingRun) {
	t.Helper()
	type pair struct {
		Key   string
		Value any
	}
	var found struct {
		Runs []struct {
			Info struct {
				RunID string `json:"run_id"`
			}
			Data struct{ Params, Metrics, Tags []pair }
		}
	}
	s.call(t, "runs/search", map[string]any{"experiment_ids": []string{hook.ExperimentID}, "max_results": 100,
		"order_by": []string{"attributes.start_time ASC"}}, &found)
	for _, r := range found.Runs {
		run := trackingRun{r.Info.RunID, map[string]string{}, map[string]float64{}, map[string]string{}}
		for _, p := range r.Data.Params {
			run.params[p.Key] = fmt.Sprint(p.Value)
		}
		for _, p := range r.Data.Metrics {
			run.metrics[p.Key], _ = p.Value.(float64)
		}
		for _, p := range r.Data.Tags {
			run.tags[p.Key] = fmt.Sprint(p.Value)
		}
		if run.id == hook.RunID {
			own = run
			continue
		}
		if parent := run.tags["mlflow.parentRunId"]; parent != hook.RunID {
			t.Errorf("run %s has parent %q, want the run of the step", run.id, parent)
		}
		children = append(children, run)
	}
	return own, children
}

func (s server) call(t *testing.T, path string, body, answer any) {
	t.Helper()
	sent, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.Post(s.url+"/api/2.0/mlflow/"+path, "application/json", bytes.NewReader(sent))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v: %s", path, response.Status, err, got)
	}
	if err := json.Unmarshal(got, answer); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}
