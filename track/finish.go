package track

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/Iyalvan/mlops-track/internal/notice"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/artifact"
	"github.com/Iyalvan/mlops-track/step"
)

// Finisher finishes runs: it writes the outputs of the step, uploads, registers and closes, each once.
type Finisher struct {
	Store         mlflow.Store
	Artifacts     Artifacts
	RunName       string // chosen by the user, to which a run that its script renamed is set back; empty: none was chosen
	RegisterModel string // auto, default-branch, never
	OnDefault     bool   // the job is for the default branch
	Gates         func(mlflow.Run) []Gate
	Uploading     func(done artifact.Progress) // progress of the upload; may be nil
	Outdated      func() bool                  // reports whether the store answers from before its server became unreachable; may be nil
}

// Artifacts moves files to and from an artifact location of the store.
type Artifacts interface {
	Upload(ctx context.Context, location string, files []artifact.File, opts artifact.Options) artifact.Result
	List(ctx context.Context, location, folder string) ([]artifact.Entry, error)
}

// FinishedRun is a run after its end. It is built once, when the run is closed.
type FinishedRun struct {
	Run       mlflow.Run // as the store has it; if the store is unreachable, what is known of it
	Verdict   Verdict
	Uploads   artifact.Result
	Uploaded  []string        // paths in the run's artifacts
	Model     Model           // zero: none was registered
	OwnParams []string        // keys of the params that the result named
	Notices   []notice.Notice // all that a person should know, in the order of reading
	Faults    []error         // what could not be stored
}

// Finish ends a run whose step has ended. Errors are collected; none stops a later part.
func (f Finisher) Finish(ctx context.Context, run mlflow.Run, result step.Result, outputs step.Outputs) FinishedRun {
	stored, faults := f.read(ctx, run, outputs)
	verdict := Judge(stored, result, outputs, f.gates(stored.Run))
	faults = append(faults, f.write(ctx, run.ID, verdict.Add)...)
	uploads := f.upload(ctx, run.ArtifactURI, outputs.Files)
	model, notices, err := f.register(ctx, run.ID, verdict.worthRegistering(stored.Model), uploads)
	faults = append(faults, wrap("register model", err)...)
	faults = append(faults, f.close(ctx, run.Ref(), verdict.Status, result.End)...)
	last, err := f.Store.GetRun(ctx, run.ID)
	if err != nil {
		last = stored.Run
	}
	notices = append(verdict.Notices, notices...)
	notices = append(notices, uploadNotices(uploads)...)
	for _, fault := range faults {
		notices = append(notices, notice.FromError(fault)...)
	}
	finished := FinishedRun{
		Run: last, Verdict: verdict, Uploads: uploads, Uploaded: uploaded(outputs.Files, uploads), Model: model,
		Notices: notices, Faults: append(faults, wrap("upload artifacts", errors.Join(causes(uploads)...))...),
	}
	for _, param := range outputs.Result.Params {
		finished.OwnParams = append(finished.OwnParams, param.Key)
	}
	return finished
}

// wrap adds to an error what was being done; it returns nothing without an error.
func wrap(doing string, err error) []error {
	if err == nil {
		return nil
	}
	return []error{fmt.Errorf("%s: %w", doing, err)}
}

// read reads the run as the store has it, and finds the model that the result names.
func (f Finisher) read(ctx context.Context, run mlflow.Run, outputs step.Outputs) (Stored, []error) {
	now, err := f.Store.GetRun(ctx, run.ID)
	faults := wrap("read run", err)
	if err != nil {
		now = run
	}
	stored := Stored{Run: now, Had: len(run.Params), Unread: err != nil || f.Outdated != nil && f.Outdated()}
	stored.Model, stored.Problem, err = f.findModel(ctx, run.Ref(), outputs)
	return stored, append(faults, wrap("find the model", err)...)
}

func (f Finisher) gates(run mlflow.Run) []Gate {
	if f.Gates == nil {
		return nil
	}
	return f.Gates(run)
}

// write logs a batch in parts of the size of one request: each that is stored is progress, for which the time to finish is measured.
func (f Finisher) write(ctx context.Context, runID string, b mlflow.Batch) (faults []error) {
	for _, part := range mlflow.Split(b) {
		faults = append(faults, f.writePart(ctx, runID, part)...)
	}
	return counted(faults)
}

// counted returns errors of the same words once, with how often they came: a limit of the server rejects many parts alike.
func counted(errs []error) (out []error) {
	times := map[string]int{}
	for _, err := range errs {
		if times[err.Error()]++; times[err.Error()] == 1 {
			out = append(out, err)
		}
	}
	for i, err := range out {
		if n := times[err.Error()]; n > 1 {
			out[i] = fmt.Errorf("%w (%d times)", err, n)
		}
	}
	return out
}

// writePart logs a part. If the store rejects it, each half is tried, so that a bad item does not affect the others.
func (f Finisher) writePart(ctx context.Context, runID string, b mlflow.Batch) []error {
	err := f.Store.LogBatch(ctx, runID, b)
	var rejected *mlflow.RejectedError
	n := len(b.Metrics) + len(b.Params) + len(b.Tags)
	if err == nil {
		return nil
	}
	if !errors.As(err, &rejected) || rejected.Err != nil || rejected.Lasting() || n < 2 {
		return wrap("log the result", err)
	}
	one, two := b.Halves()
	return append(f.writePart(ctx, runID, one), f.writePart(ctx, runID, two)...)
}

// worthRegistering returns the model to register: only a run that finished has one.
func (v Verdict) worthRegistering(m Model) Model {
	if v.Status != mlflow.Finished {
		return Model{}
	}
	return m
}

// register adds a version to the registered model.
func (f Finisher) register(ctx context.Context, runID string, m Model, uploads artifact.Result) (Model, []notice.Notice, error) {
	switch {
	case m.Source == "":
		return Model{}, nil, nil
	case f.RegisterModel == "default-branch" && !f.OnDefault:
		return Model{}, []notice.Notice{notice.Warn(
			fmt.Sprintf("model %q is not registered: this is not the default branch", m.Name), "register-model: auto registers on every branch",
		)}, nil
	case m.Target != "" && !complete(uploads, m.Target):
		return Model{}, nil, fmt.Errorf("model %q is not registered: not all of its files were uploaded", m.Name)
	}
	version, err := f.Store.CreateModelVersion(ctx, mlflow.NewModelVersion{
		Name: m.Name, Source: m.Source, RunID: runID, ModelID: m.ID, Path: m.Path,
	})
	if err != nil {
		return Model{}, nil, fmt.Errorf("model %q from %q: %w", m.Name, m.Source, err)
	}
	m.Version = version.Version
	return m, nil, nil
}

// close writes how the run ended, and closes the runs that the step created and did not close.
func (f Finisher) close(ctx context.Context, run mlflow.RunRef, status mlflow.Status, end time.Time) []error {
	err := f.Store.UpdateRun(ctx, run.ID, mlflow.RunUpdate{Status: status, End: end, Name: f.RunName})
	faults := wrap("close run", err)
	err = eachChild(ctx, f.Store, run, func(child mlflow.Run) error {
		if child.Status != mlflow.Running && child.Status != mlflow.Scheduled {
			return nil
		}
		return f.Store.UpdateRun(ctx, child.ID, mlflow.RunUpdate{Status: status, End: end})
	})
	return append(faults, wrap("close child runs", err)...)
}

// eachChild visits the children of a run and the children of those, each once. After an error the others are still
// visited.
func eachChild(ctx context.Context, st mlflow.Store, run mlflow.RunRef, visit func(mlflow.Run) error) error {
	var faults []error
	seen := map[string]bool{run.ID: true}
	for queue := []string{run.ID}; len(queue) > 0; queue = queue[1:] {
		children, err := st.SearchRuns(ctx, mlflow.RunSearch{
			ExperimentID: run.ExperimentID, Tags: []mlflow.Tag{{Key: mlflow.ParentRunTag, Value: queue[0]}},
		})
		if err != nil {
			return errors.Join(append(faults, err)...)
		}
		for _, child := range children {
			if seen[child.ID] {
				continue
			}
			seen[child.ID] = true
			queue = append(queue, child.ID)
			if err := visit(child); err != nil {
				faults = append(faults, err)
			}
		}
	}
	return errors.Join(faults...)
}
