package track

import (
	"context"
	"errors"
	"fmt"

	"github.com/Iyalvan/mlops-track/internal/console"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/artifact"
	"github.com/Iyalvan/mlops-track/publish/report"
	"github.com/Iyalvan/mlops-track/step/results"
)

// Closed is the run after its end.
type Closed struct {
	Verdict

	Histories map[string][]report.Point
	Named     []string   // keys of the params in the result
	Uploaded  []string   // paths in the run's artifacts
	Run       mlflow.Run // as the store has it; what we know of it where the store is away
	Autolog   Autolog
	Artifacts artifact.Result
	Model     mlflow.ModelVersion // zero if none was registered
	ModelPath string              // of that in the run's artifacts
	Problems  []results.Problem   // of what the step left
	Notes     []console.Note      // what else a person should know
	Faults    []error             // what the store did not take
}

// finalize closes the run truthfully. Errors are collected; none stops a later part. The status of a step that failed or
// was cancelled goes first, because the time may end at any moment.
func finalize(ctx context.Context, tick func(), p Plan, o open, step StepResult, l Left, progress func(string)) Closed {
	f := &finalizer{tick: tick, plan: p, open: o, step: step, left: l, progress: progress}
	if early := judge(step.Result, step.Training.Exception, nil, false); early.Status != mlflow.Finished {
		f.failed("close run", f.close(ctx, early))
	}
	now, err := o.store.GetRun(ctx, o.run.ID)
	f.failed("read run", err)
	if err != nil {
		now = o.run
	}
	model, problem := f.findModel(ctx)
	if problem != nil {
		f.left.Problems = append(f.left.Problems, *problem)
	}
	c := f.log(ctx, now)
	c.Artifacts = f.upload(ctx)
	c.Model, c.ModelPath = f.register(ctx, c.Verdict, model, c.Artifacts), model.path
	f.failed("close run", f.close(ctx, c.Verdict))
	f.failed("close child runs", f.closeChildren(ctx, c.Verdict))
	if c.Run, err = o.store.GetRun(ctx, o.run.ID); err != nil {
		c.Run = now
	}
	if step.Asked == nil { // after a cancel there is no time
		c.Histories = histories(ctx, o.store, c.Run)
	}
	for _, param := range f.left.Result.Params {
		c.Named = append(c.Named, param.Key)
	}
	c.Uploaded = uploaded(f.left.Files, c.Artifacts)
	c.Problems, c.Notes, c.Faults = f.left.Problems, f.notes, f.faults
	return c
}

// finalizer is one closing of one run in one store.
type finalizer struct {
	plan     Plan
	open     open
	step     StepResult
	left     Left
	tick     func()       // progress was made
	progress func(string) // takes a line for a person who waits
	notes    []console.Note
	faults   []error // of the store
}

// failed notes an error of the store, or progress.
func (f *finalizer) failed(doing string, err error) {
	if err != nil {
		f.faults = append(f.faults, fmt.Errorf("%s: %w", doing, err))
		return
	}
	f.tick()
}

// log decides the verdict from the run as the store has it, and logs what the run does not have yet.
func (f *finalizer) log(ctx context.Context, now mlflow.Run) Closed {
	captured := len(now.Params) - len(f.open.run.Params) // a resumed run had some before
	params, metrics, notes, collisions := withoutCollisions(now, f.left.Result.Params, f.resultMetrics())
	c := Closed{Autolog: autologOf(f.plan.Autolog, f.step.Training, captured)}
	if c.Autolog == AutologEmpty {
		f.notes = append(f.notes, autologEmpty(len(f.left.Result.Params)))
	}
	f.notes = append(f.notes, notes...)
	missing := c.Autolog == AutologEmpty && f.step.Training.Trained && len(f.left.Result.Params) == 0
	c.Verdict = judge(f.step.Result, f.step.Training.Exception, f.left.faults(), missing)

	tags := append([]mlflow.Tag{}, f.left.Result.Tags...)
	tags = append(tags, now.WithoutOldErrors(c.tags())...)
	tags = append(tags, mlflow.Tag{Key: "mlops.autolog", Value: string(c.Autolog)})
	if len(collisions) > 0 {
		text, _ := mlflow.Truncate(jsonList(collisions), mlflow.MaxTagLength)
		tags = append(tags, mlflow.Tag{Key: "mlops.collisions", Value: text})
	}
	for _, err := range logAll(ctx, f.open.store, f.open.run.ID, mlflow.Batch{Metrics: metrics, Params: params, Tags: tags}) {
		f.failed("log the result", err)
	}
	return c
}

// resultMetrics are the metrics of the result as points at the step's end.
func (f *finalizer) resultMetrics() []mlflow.Metric {
	out := make([]mlflow.Metric, len(f.left.Result.Metrics))
	for i, m := range f.left.Result.Metrics {
		m.Timestamp = f.step.End.UnixMilli()
		out[i] = m
	}
	return out
}

// close writes how the run ended, and its name where the user chose one: start_run(run_name=...) in a script renames the
// run under MLflow 3.
func (f *finalizer) close(ctx context.Context, v Verdict) error {
	update := mlflow.RunUpdate{Status: v.Status, End: f.step.End}
	if f.plan.Inputs.RunName != "" {
		update.Name = f.plan.RunName // without secrets
	}
	return f.open.store.UpdateRun(ctx, f.open.run.ID, update)
}

// closeChildren closes the runs that the step created and left RUNNING, and the children of those.
func (f *finalizer) closeChildren(ctx context.Context, v Verdict) error {
	return eachChild(ctx, f.open.store, f.open.run, func(child mlflow.Run) error {
		if child.Status != mlflow.Running && child.Status != mlflow.Scheduled {
			return nil
		}
		return f.open.store.UpdateRun(ctx, child.ID, mlflow.RunUpdate{Status: v.Status, End: f.step.End})
	})
}

// eachChild visits the children of a run and the children of those, each once.
func eachChild(ctx context.Context, st mlflow.Store, run mlflow.Run, visit func(mlflow.Run) error) error {
	seen := map[string]bool{run.ID: true}
	for queue := []string{run.ID}; len(queue) > 0; queue = queue[1:] {
		children, err := st.SearchRuns(ctx, mlflow.RunSearch{ExperimentID: run.ExperimentID, Tags: []mlflow.Tag{{Key: mlflow.ParentRunTag, Value: queue[0]}}})
		if err != nil {
			return err
		}
		for _, child := range children {
			if seen[child.ID] {
				continue
			}
			seen[child.ID] = true
			queue = append(queue, child.ID)
			if err := visit(child); err != nil {
				return err
			}
		}
	}
	return nil
}

// logAll logs a batch. Where the store refuses it, the halves are tried, so that one bad item does not cost the others.
func logAll(ctx context.Context, st mlflow.Store, runID string, b mlflow.Batch) []error {
	err := st.LogBatch(ctx, runID, b)
	var refused *mlflow.RejectedError
	n := len(b.Metrics) + len(b.Params) + len(b.Tags)
	if err == nil {
		return nil
	}
	if !errors.As(err, &refused) || refused.Lasting() || n < 2 {
		return []error{err}
	}
	one, two := b.Halves()
	return append(logAll(ctx, st, runID, one), logAll(ctx, st, runID, two)...)
}

// faults are the problems that make a result invalid.
func (l Left) faults() []string {
	var out []string
	for _, p := range l.Problems {
		if p.Severity == results.Error {
			out = append(out, p.Message)
		}
	}
	return out
}
