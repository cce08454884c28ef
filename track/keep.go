package track

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/Iyalvan/mlops-track/ciinfo"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/offline"
	"github.com/Iyalvan/mlops-track/mlflow/store"
	"github.com/Iyalvan/mlops-track/step/results"
)

// openKept opens the run in the local store of the offline folder. serverRun is the run that is open on the server; empty
// if there is none.
func openKept(ctx context.Context, p Plan, host Host, serverRun string) (open, error) {
	if err := os.MkdirAll(p.OfflineDir, 0o755); err != nil { //nolint:gosec // later steps of the job read it
		return open{}, fmt.Errorf("keep the run: %w; set offline-dir to a folder that can be written", err)
	}
	serverRun = first(serverRun, p.Resume)
	p.Resume, p.ExperimentID = "", "" // the server's
	o, err := openRun(ctx, p, store.Options{URI: offline.StoreURI, Dir: p.OfflineDir, Environ: host.Environ})
	if err != nil {
		return o, fmt.Errorf("keep the run in %q: %w", p.OfflineDir, err)
	}
	o.kept = true
	return o, offline.Write(p.OfflineDir, offline.Note{
		RunID: o.run.ID, Experiment: p.Experiment, TrackingURI: store.Redact(p.TrackingURI), ServerRunID: serverRun,
	})
}

// worthKeeping says whether the faults are of a kind that a later delivery mends: the server was away, did not answer in
// time, or no longer took our credentials.
func worthKeeping(faults []error) bool {
	for _, err := range faults {
		var away *mlflow.UnreachableError
		var refused *mlflow.RejectedError
		switch {
		case errors.As(err, &away), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
			return true
		case errors.As(err, &refused) && refused.Lasting():
			return true
		}
	}
	return false
}

// keepRest keeps what the server did not take of a run that it had opened: the closing is done once more, into the local
// store. What the server has already does no harm there, as delivery only adds. The outcome is then what is known of the run
// from both.
func keepRest(in *interrupts, p Plan, o open, l Left, out Outcome, host Host) Outcome {
	ctx, tick, cancel := in.after(keepBudget+p.extraTime(), p.FinishTimeout)
	defer cancel()
	k, err := openKept(ctx, p, host, o.run.ID)
	if err != nil {
		host.Console.Error(err.Error(), "")
		return out
	}
	// The status first: copying artifacts may take longer than there is time.
	statusErr := k.store.UpdateRun(ctx, k.run.ID, mlflow.RunUpdate{Status: out.Status, End: out.Step.End})
	rest := results.ReadAll(ctx, p.Files.Metrics, out.Step.Points.Offset, func(ctx context.Context, points []mlflow.Metric) error {
		cleanMetrics(points, host.Secrets)
		return k.store.LogBatch(ctx, k.run.ID, mlflow.Batch{Metrics: points})
	})
	l.Files = missing(out.Artifacts)
	again := finalize(ctx, tick, p, k, out.Step, l, func(string) {})
	modelErr := keepModel(p, k, again)
	for _, err := range append(again.Faults, statusErr, rest.Err, modelErr, k.close(ctx)) {
		if err != nil {
			host.Console.Warn("keep the run: "+err.Error(), "")
		}
	}
	host.Console.Warn("the tracking server did not take all of the run; the rest is kept in "+p.OfflineDir, keepHint(p))
	out.Offline = p.OfflineDir
	out.Run.Metrics, out.Run.Params = latest(again.Run.Metrics, out.Run.Metrics), joined(again.Run.Params, out.Run.Params)
	out.Artifacts.Files += again.Artifacts.Files
	out.Artifacts.Bytes += again.Artifacts.Bytes
	out.Artifacts.Failed = again.Artifacts.Failed
	out.Faults = mainFault(append(out.Faults, out.Step.Points.Err))
	out.Step.Points.Err = nil
	return out
}

// joined has the entries of both maps; those of the second win.
func joined[V any](one, other map[string]V) map[string]V {
	all := maps.Clone(one)
	if all == nil {
		all = map[string]V{}
	}
	maps.Copy(all, other)
	return all
}

// latest has the metrics of both, each with its later point.
func latest(one, other map[string]mlflow.Metric) map[string]mlflow.Metric {
	all := joined(one, other)
	for key, m := range one {
		if m.After(all[key]) {
			all[key] = m
		}
	}
	return all
}

// mainFault is the one of many faults that tells best why a server did not take a run: the first that says what to do, else the
// first. Once it was away, all that follow say the same.
func mainFault(faults []error) []error {
	faults = slices.DeleteFunc(faults, func(err error) bool { return err == nil })
	for _, err := range faults {
		if hintOf(err) != "" {
			return []error{err}
		}
	}
	return faults[:min(1, len(faults))]
}

// keepModel notes the model of a kept run, so that delivery registers it on the server.
func keepModel(p Plan, k open, closed Closed) error {
	if closed.Model.Name == "" {
		return nil
	}
	return offline.AddModel(p.OfflineDir, k.run.ID, offline.Model{Name: closed.Model.Name, Path: closed.ModelPath})
}

// deliverLater is the command that delivers what was kept.
func deliverLater(p Plan) string { return "deliver it later: mlops-track sync " + quoted(shownDir(p)) }

// shownDir is the offline folder as a person types it.
func shownDir(p Plan) string {
	if rel, err := filepath.Rel(p.Dir, p.OfflineDir); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return p.OfflineDir
}

// keepHint says how the folder leaves the CI job and how it gets to the server later.
func keepHint(p Plan) string {
	dir, sync := shownDir(p), deliverLater(p)
	switch p.CI.Provider {
	case ciinfo.GitHub:
		return fmt.Sprintf(`keep the folder with a step after this one, then %s
      - if: always()
        uses: actions/upload-artifact@v4
        with: {name: mlops-track, path: %s, include-hidden-files: true}`, sync, dir)
	case ciinfo.GitLab:
		return fmt.Sprintf("keep the folder with this line in the job, then %s\n    artifacts: {when: always, paths: [%s/]}", sync, dir)
	}
	return sync
}
