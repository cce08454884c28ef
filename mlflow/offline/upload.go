package offline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/internal/regularfile"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/internal/filelock"
	"github.com/Iyalvan/mlops-track/mlflow/store"
)

// tagKeptRun marks a run on the server with the local run it was uploaded from.
const tagKeptRun = "mlops.kept.run_id"

// Limits for a server that is unreachable: an error within firstTimeout of the start, sooner without a connection, and later after
// stallTimeout without progress.
const (
	firstTimeout = 30 * time.Second
	stallTimeout = 60 * time.Second
)

// Target is where a stored run goes.
type Target struct {
	Store *store.Opened
	RunID string // run on the server that the user names as the one that was resumed; empty: none
}

// Uploaded is a run that the server has.
type Uploaded struct {
	Run    mlflow.Run // on the server
	Params int        // added now, children included, as are the others
	Points int
	Files  int
	Before bool // another upload was faster: there is nothing else to tell
	Open   bool // the stored run has not ended, so that its note waits for the next upload
}

// Upload uploads one stored run and its children from the offline store to the server and moves its note. It is safe to
// repeat. It gives up when the server is unreachable for long. The folder may come from a job that need not be trusted: of the runs
// on the server it changes only those of the job that it holds.
func Upload(ctx context.Context, from *store.Opened, to Target, n Note) (done Uploaded, err error) {
	lock := filepath.Join(from.Dir, "sync.lock")
	if info, err := os.Lstat(lock); err == nil && !info.Mode().IsRegular() {
		return done, fmt.Errorf("%q is not a file but %s", lock, regularfile.Kind(info.Mode()))
	}
	err = filelock.New(lock).With(ctx, func() error { // of two at a time both would create the run
		if _, gone := os.Lstat(n.file(from.Dir, "kept")); errors.Is(gone, fs.ErrNotExist) {
			done.Before = true
			return nil
		}
		done, err = uploadOne(ctx, from, to, n)
		return err
	})
	return done, err
}

// uploadOne uploads one stored run while nobody else does.
func uploadOne(ctx context.Context, from *store.Opened, to Target, n Note) (Uploaded, error) {
	first, connected := opening(firstTimeout)(ctx)
	exp, err := to.Store.EnsureExperiment(first, n.Experiment)
	connected()
	if err != nil {
		return Uploaded{}, fmt.Errorf("find experiment %q: %w", n.Experiment, err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stall := time.AfterFunc(stallTimeout, func() { cancel(errors.New("the server does not answer")) })
	defer stall.Stop()
	d := &upload{from: from, to: to.Store, experiment: exp.ID, named: to.RunID, tick: func() { stall.Reset(stallTimeout) }}
	local, err := from.GetRun(ctx, n.RunID)
	if err != nil {
		return Uploaded{}, fmt.Errorf("read stored run: %w", err)
	}
	d.jobs = []string{local.Tags[mlflow.JobIDTag], n.ServerJobID}
	run, err := d.run(ctx, local, n.ServerRunID, "")
	if err != nil {
		return d.done, err
	}
	d.done.Run = run
	n.ServerRunID = run.ID
	if n.Model != nil {
		if err := d.register(ctx, run.Ref(), run.Tags[tagRegistered], *n.Model); err != nil {
			return d.done, err
		}
	}
	if d.done.Open = local.Status == mlflow.Running && isRunning(from.Dir, n); d.done.Open { // its job may still write
		return d.done, Write(from.Dir, n)
	}
	return d.done, markSent(from.Dir, n)
}

type upload struct {
	from, to   *store.Opened
	experiment string
	named      string   // run on the server that the user names
	jobs       []string // values of the tag mlops.job.id that the run may have on the server
	tick       func()   // progress was made
	done       Uploaded
}

// run uploads one run: first what it holds, then its children, its status last.
func (d *upload) run(ctx context.Context, local mlflow.Run, known, parent string) (mlflow.Run, error) {
	remote, err := d.find(ctx, local, known, parent)
	if err != nil {
		return remote, err
	}
	if known != "" { // it keeps the name that it has there
		delete(local.Tags, mlflow.RunNameTag)
	}
	if err := d.content(ctx, local, remote, parent); err != nil {
		return remote, err
	}
	// A file that the server does not take must not leave the run RUNNING there.
	filesErr := d.files(ctx, local.Ref(), remote.ArtifactURI)
	if filesErr != nil {
		filesErr = fmt.Errorf("upload artifacts of run %s: %w", local.ID, filesErr)
		if errors.As(filesErr, new(*mlflow.UnreachableError)) {
			return remote, filesErr
		}
	}
	children, err := d.from.SearchRuns(ctx, mlflow.RunSearch{
		ExperimentID: local.ExperimentID, Tags: []mlflow.Tag{{Key: mlflow.ParentRunTag, Value: local.ID}},
	})
	if err != nil {
		return remote, errors.Join(filesErr, err)
	}
	for _, child := range children {
		if _, err := d.run(ctx, child, "", remote.ID); err != nil {
			return remote, errors.Join(filesErr, err)
		}
	}
	err = d.to.UpdateRun(ctx, remote.ID, mlflow.RunUpdate{Status: local.Status, End: local.End})
	d.tick()
	return remote, errors.Join(filesErr, err)
}

// find returns the run on the server: the known one, one that an earlier upload or a create without an answer created
// there, else a new one.
func (d *upload) find(ctx context.Context, local mlflow.Run, known, parent string) (mlflow.Run, error) {
	if known != "" {
		run, err := d.to.GetRun(ctx, known)
		if err == nil {
			err = d.mayChange(run.ID, run.Tags[mlflow.JobIDTag])
		}
		if err == nil || !errors.Is(err, mlflow.ErrNotFound) {
			return run, err
		}
	}
	marks := marksOf(local.ID, local.Tags[mlflow.JobIDTag], parent)
	for tags := marks; len(tags) > 0; tags = tags[1:] { // by all marks, then by the job alone, as a create without an answer left it
		if parent != "" && len(tags) < len(marks) {
			break
		}
		runs, err := d.to.SearchRuns(ctx, mlflow.RunSearch{ExperimentID: d.experiment, Tags: tags, Limit: 1})
		if err != nil {
			return mlflow.Run{}, err
		}
		if len(runs) > 0 {
			return runs[0], nil
		}
	}
	return d.to.CreateRun(ctx, mlflow.NewRun{
		ExperimentID: d.experiment, Name: local.Name, User: local.Tags["mlflow.user"], Start: local.Start, Tags: marks,
	})
}

// marksOf returns the tags by which a run on the server is known as that of a stored run: where it was uploaded from, with the
// job, or with the parent of a child.
func marksOf(localID, job, parent string) []mlflow.Tag {
	marks := []mlflow.Tag{{Key: tagKeptRun, Value: localID}}
	if parent != "" {
		return append(marks, mlflow.Tag{Key: mlflow.ParentRunTag, Value: parent})
	}
	if job != "" {
		marks = append(marks, mlflow.Tag{Key: mlflow.JobIDTag, Value: job})
	}
	return marks
}

// mayChange returns an error for a run on the server that is not of the job of the stored run, although its note names it. The
// user may name it, too: a run that was resumed has the tag of another job.
func (d *upload) mayChange(runID, job string) error {
	if job != "" && slices.Contains(d.jobs, job) || runID == d.named {
		return nil
	}
	return hint.With(
		fmt.Errorf("the note names run %q on the server, which is not of the same job: its tag %s is %q", runID, mlflow.JobIDTag, job),
		"if the job resumed that run, say so: MLFLOW_RUN_ID="+runID+" mlops-track sync ...",
	)
}

// content adds tags, params and metric points that the server does not have.
func (d *upload) content(ctx context.Context, local, remote mlflow.Run, parent string) error {
	b := mlflow.Batch{Tags: []mlflow.Tag{{Key: tagKeptRun, Value: local.ID}}}
	for key, value := range local.Tags {
		if key == mlflow.ParentRunTag && parent != "" {
			value = parent
		}
		b.Tags = append(b.Tags, mlflow.Tag{Key: key, Value: value})
	}
	if local.Status == mlflow.Finished { // of a run that was resumed
		b.Tags = remote.WithoutOldErrors(b.Tags)
	}
	for key, value := range local.Params {
		if _, there := remote.Params[key]; !there {
			b.Params = append(b.Params, mlflow.Param{Key: key, Value: value})
		}
	}
	for key := range local.Metrics {
		points, err := d.from.MetricHistory(ctx, local.ID, key)
		if _, some := remote.Metrics[key]; some && err == nil {
			points, err = d.missing(ctx, remote.ID, key, points)
		}
		if err != nil {
			return err
		}
		b.Metrics = append(b.Metrics, points...)
	}
	for _, part := range mlflow.Split(b) { // each is progress
		if err := d.to.LogBatch(ctx, remote.ID, part); err != nil {
			return fmt.Errorf("upload run %s: %w", local.ID, err)
		}
		d.tick()
	}
	d.done.Params += len(b.Params)
	d.done.Points += len(b.Metrics)
	return nil
}

// missing returns those points of one metric that a run on the server does not have.
func (d *upload) missing(ctx context.Context, runID, key string, points []mlflow.Metric) ([]mlflow.Metric, error) {
	there, err := d.to.MetricHistory(ctx, runID, key)
	if err != nil {
		return nil, err
	}
	d.tick()
	have := make(map[string]bool, len(there))
	for _, p := range there {
		have[pointKey(p)] = true
	}
	var out []mlflow.Metric
	for _, p := range points {
		if !have[pointKey(p)] {
			out = append(out, p)
		}
	}
	return out, nil
}

// pointKey tells points of one metric apart; NaN equals NaN.
func pointKey(m mlflow.Metric) string { return fmt.Sprintf("%d %d %v", m.Step, m.Timestamp, m.Value) }
