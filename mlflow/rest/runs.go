package rest

import (
	"context"
	"math"
	"net/url"
	"slices"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// CreateRun implements mlflow.Runs. Where it is not known whether the server created the run, it looks for one with the
// same tag mlops.job.id before it tries again; without that tag the error is returned.
func (c *Client) CreateRun(ctx context.Context, run mlflow.NewRun) (mlflow.Run, error) {
	create := func() (mlflow.Run, error) {
		var answer struct{ Run wireRun }
		err := c.postOnce(ctx, "runs/create", struct {
			ExperimentID string     `json:"experiment_id"`
			User         string     `json:"user_id,omitempty"`
			Name         string     `json:"run_name,omitempty"`
			Start        int64      `json:"start_time"`
			Tags         []wireItem `json:"tags"`
		}{run.ExperimentID, run.User, run.Name, run.Start.UnixMilli(), wireTags(run.Tags)}, &answer)
		return answer.Run.run(), err
	}
	for _, t := range run.Tags {
		if t.Key == mlflow.JobIDTag {
			return createOnce(ctx, create, func() (mlflow.Run, bool, error) {
				found, err := c.SearchRuns(ctx, mlflow.RunSearch{ExperimentID: run.ExperimentID, Tags: []mlflow.Tag{t}, Limit: 1})
				if len(found) == 0 {
					return mlflow.Run{}, false, err
				}
				return found[0], true, nil
			})
		}
	}
	return create()
}

// GetRun implements mlflow.Runs.
func (c *Client) GetRun(ctx context.Context, runID string) (mlflow.Run, error) {
	var answer struct{ Run wireRun }
	err := c.get(ctx, "runs/get", url.Values{"run_id": {runID}}, &answer)
	return answer.Run.run(), err
}

// UpdateRun implements mlflow.Runs.
func (c *Client) UpdateRun(ctx context.Context, runID string, update mlflow.RunUpdate) error {
	in := struct {
		RunID  string        `json:"run_id"`
		Status mlflow.Status `json:"status,omitempty"`
		End    int64         `json:"end_time,omitempty"`
		Name   string        `json:"run_name,omitempty"`
	}{RunID: runID, Status: update.Status, Name: update.Name}
	if !update.End.IsZero() {
		in.End = update.End.UnixMilli()
	}
	return c.post(ctx, "runs/update", in, nil)
}

// LogBatch implements mlflow.Runs.
func (c *Client) LogBatch(ctx context.Context, runID string, batch mlflow.Batch) error {
	for _, part := range mlflow.Split(batch) {
		err := c.logBatch(ctx, runID, part)
		if hasCode(err, "BAD_REQUEST") && slices.ContainsFunc(part.Metrics, isNaN) {
			err = c.logWithoutOldNaN(ctx, runID, part)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *Client) logBatch(ctx context.Context, runID string, b mlflow.Batch) error {
	return c.post(ctx, "runs/log-batch", struct {
		RunID   string       `json:"run_id"`
		Metrics []wireMetric `json:"metrics,omitempty"`
		Params  []wireItem   `json:"params,omitempty"`
		Tags    []wireItem   `json:"tags,omitempty"`
	}{runID, wireMetrics(b.Metrics), wireParams(b.Params), wireTags(b.Tags)}, nil)
}

// logWithoutOldNaN logs a batch without the NaN points that the run has already: MLflow 2.9 refuses the whole batch for
// one of those, because NaN does not equal NaN where it looks for repeated points (_log_metrics in
// mlflow/store/tracking/sqlalchemy_store.py).
func (c *Client) logWithoutOldNaN(ctx context.Context, runID string, b mlflow.Batch) error {
	history := map[string][]mlflow.Metric{}
	for _, m := range b.Metrics {
		if _, known := history[m.Key]; known || !isNaN(m) {
			continue
		}
		points, err := c.MetricHistory(ctx, runID, m.Key)
		if err != nil {
			return err
		}
		history[m.Key] = points
	}
	b.Metrics = slices.DeleteFunc(slices.Clone(b.Metrics), func(m mlflow.Metric) bool {
		return isNaN(m) && slices.ContainsFunc(history[m.Key], m.Same)
	})
	return c.logBatch(ctx, runID, b)
}

func isNaN(m mlflow.Metric) bool { return math.IsNaN(m.Value) }
