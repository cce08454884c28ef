package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/Iyalvan/mlops-track/internal/notice"
	"github.com/Iyalvan/mlops-track/internal/redact"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/offline"
	"github.com/Iyalvan/mlops-track/mlflow/store"
	"github.com/Iyalvan/mlops-track/settings"
	"github.com/Iyalvan/mlops-track/step"
	"github.com/Iyalvan/mlops-track/track"
)

const (
	// openingNotice is after which time the user is told that the server is still waited for.
	openingNotice = 5 * time.Second

	// withdrawBudget is how long after a cancel a run that was being opened is looked for: a create that is under way may still come.
	withdrawBudget = 5 * time.Second

	// closeTimeout bounds closing an embedded store, or ending the server of a database.
	closeTimeout = 5 * time.Second

	// killedTimeout bounds the request that marks a cancelled run KILLED.
	killedTimeout = 5 * time.Second
)

// tracking is where the run of a job is stored: the store of the tracking URI, wrapped by the one that continues offline, wrapped by
// the one that removes secrets.
type tracking struct {
	mlflow.Store

	offline    *offline.Store
	secrets    *redact.Redactor
	renamed    *store.Renamed
	experiment string          // name
	lost       []notice.Notice // about runs of killed jobs
}

// openStore opens the store of a job. options say how it is reached.
func openStore(ctx context.Context, s settings.Store, options store.Options, secrets *redact.Redactor, experiment string) (tracking, error) {
	opened, err := store.Open(ctx, options)
	if err != nil {
		return tracking{}, err
	}
	o := offline.Options{TrackingURI: opened.Display, Experiment: secrets.Text(experiment), StartTimeout: s.StartTimeout}
	if s.OnTrackingError == "keep" {
		o.Dir = s.OfflineDir
	}
	behind := offline.New(opened, o)
	renamed := &store.Renamed{}
	return tracking{
		lost: closeLost(ctx, opened), Store: store.Redacting(behind, secrets, renamed), offline: behind, secrets: secrets, renamed: renamed,
		experiment: experiment,
	}, nil
}

// open opens the run of a plan.
func (t tracking) open(ctx context.Context, plan track.Plan) (mlflow.Run, error) {
	if plan.Resume != "" {
		t.offline.Resume(plan.Resume, mlflow.NewRun{Name: t.secrets.Text(plan.RunName), User: plan.User, Start: time.Now(), Tags: plan.Tags})
	}
	return track.Open(ctx, t.Store, plan)
}

// resume reads a run that somebody else opened.
func (t tracking) resume(ctx context.Context, runID string) (mlflow.Run, error) {
	t.offline.Resume(runID, mlflow.NewRun{Start: time.Now()})
	run, err := t.GetRun(ctx, runID)
	if err != nil {
		return run, fmt.Errorf("read run %q: %w", runID, err)
	}
	run.Params = nil // all of them came while it was open
	return run, nil
}

// direct returns the store that the run is open in, without the offline wrapper.
func (t tracking) direct() mlflow.Store {
	return store.Redacting(t.offline.Direct(), t.secrets, t.renamed)
}

// clean returns what was read of a step without secrets. It is still whole: no half of one stays where a message is cut.
func (t tracking) clean(outputs step.Outputs) step.Outputs {
	outputs.Training, outputs.Problems = redact.Deep(t.secrets, outputs.Training), redact.Deep(t.secrets, outputs.Problems)
	return outputs
}

// renamedNotices warn of keys that held secrets.
func (t tracking) renamedNotices() []notice.Notice {
	names := t.renamed.Names()
	if len(names) == 0 {
		return nil
	}
	const most = 5
	text := strings.Join(names[:min(most, len(names))], ", ")
	if more := len(names) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return []notice.Notice{notice.Warn("names held a secret, which was removed: stored as "+text,
		"leave the secret out of the name; if it is none, docs/secrets.md says what counts as one")}
}

// incomplete reports whether the store can only say what it knew before its server became unreachable.
func (t tracking) incomplete() bool { return t.offline.Lost() != nil && !t.offline.Began() }

// close closes the store, also when ctx is over.
func (t tracking) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	return t.offline.Close(ctx)
}
