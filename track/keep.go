package track

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/Iyalvan/mlops-track/ciinfo"
	"github.com/Iyalvan/mlops-track/collect"
	"github.com/Iyalvan/mlops-track/kept"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/store"
)

// openKept opens the run in the local store of the offline folder. serverRun is the run that is open on the server; empty
// if there is none.
func openKept(ctx context.Context, p Plan, host Host, serverRun string) (open, error) {
	if err := os.MkdirAll(p.OfflineDir, 0o755); err != nil { //nolint:gosec // later steps of the job read it
		return open{}, fmt.Errorf("keep the run: %w", err)
	}
	serverRun = first(serverRun, p.Resume)
	p.Resume, p.ExperimentID = "", "" // the server's
	o, err := openRun(ctx, p, store.Options{URI: kept.StoreURI, Dir: p.OfflineDir, Environ: host.Environ})
	if err != nil {
		return o, fmt.Errorf("keep the run in %q: %w", p.OfflineDir, err)
	}
	o.kept = true
	return o, kept.Write(p.OfflineDir, kept.Note{
		RunID: o.run.ID, Experiment: p.Experiment, TrackingURI: store.Redact(p.TrackingURI), ServerRunID: serverRun,
	})
}

// worthKeeping says whether the faults are of a kind that a later delivery mends: the server was away, did not answer in
// time, or no longer took our credentials.
func worthKeeping(faults []error) bool {
	for _, err := range faults {
		var away *mlflow.UnreachableError
		var refused *mlflow.RefusedError
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
// store. What the server has already does no harm there, as delivery only adds. It returns the folder.
func keepRest(in *interrupts, p Plan, o open, step StepResult, l Left, closed Closed, host Host) string {
	ctx, tick, cancel := in.after(keepBudget+p.extraTime(), p.FinishTimeout)
	defer cancel()
	k, err := openKept(ctx, p, host, o.run.ID)
	if err != nil {
		host.Console.Error(err.Error(), "")
		return ""
	}
	// The status first: copying artifacts may take longer than there is time.
	statusErr := k.store.UpdateRun(ctx, k.run.ID, mlflow.RunUpdate{Status: closed.Status, End: step.End})
	rest := collect.ReadAll(ctx, p.Files.Metrics, step.Points.Offset, func(ctx context.Context, points []mlflow.Metric) error {
		return k.store.LogBatch(ctx, k.run.ID, mlflow.Batch{Metrics: points})
	})
	l.Files = missing(closed.Artifacts)
	again := finalize(ctx, tick, p, k, step, l, func(string) {})
	modelErr := keepModel(p, k, l, again)
	for _, err := range append(again.Faults, statusErr, rest.Err, modelErr, k.close(ctx)) {
		if err != nil {
			host.Console.Warn("keep the run: "+err.Error(), "")
		}
	}
	host.Console.Warn("the tracking server did not take all of the run; the rest is kept in "+p.OfflineDir, keepHint(p))
	return p.OfflineDir
}

// keepModel notes the model of a kept run, so that delivery registers it on the server.
func keepModel(p Plan, k open, l Left, closed Closed) error {
	if closed.Model.Name == "" || l.ModelTarget == "" {
		return nil
	}
	return kept.AddModel(p.OfflineDir, k.run.ID, kept.Model{Name: closed.Model.Name, Path: l.ModelTarget})
}

// keepHint says how the folder leaves the CI job and how it gets to the server later.
func keepHint(p Plan) string {
	dir := p.OfflineDir
	if rel, err := filepath.Rel(p.Dir, dir); err == nil && filepath.IsLocal(rel) {
		dir = rel
	}
	sync := "deliver it later: mlops-track sync " + dir
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
