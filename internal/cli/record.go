package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/Iyalvan/mlops-track/internal/notice"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/settings"
	"github.com/Iyalvan/mlops-track/step"
	"github.com/Iyalvan/mlops-track/step/results"
	"github.com/Iyalvan/mlops-track/track"
)

// recording is a run that another process opened and whose work has ended.
type recording struct {
	runID string
	files step.Files
	ended string // finished, failed, killed
}

// recordCommand is for the Python decorator outside a step: that opens a run with the user's own MLflow, and the run is judged
// and finished here, by the same rules as for a step.
func (a *app) recordCommand() *cobra.Command {
	f := newFlags()
	var r recording
	cmd := &cobra.Command{
		Use:    "record --run-id ID --result-file FILE --hook-dir DIR --ended finished|failed|killed",
		Short:  "Record the result of a run that the Python decorator opened, and close it",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !slices.Contains([]string{"finished", "failed", "killed"}, r.ended) {
				return usageError{fmt.Errorf("ended %q is unknown: one of finished, failed, killed", r.ended)}
			}
			s, err := a.recordSettings(f.sources(cmd, "record"))
			if err != nil {
				return err
			}
			return a.record(cmd.Context(), s, r)
		},
	}
	cmd.Flags().StringVar(&r.runID, "run-id", "", "the run")
	cmd.Flags().StringVar(&r.files.Result, "result-file", "", "its result, as a step writes it")
	cmd.Flags().StringVar(&r.files.Hook, "hook-dir", "", "folder with the events of the Python hook")
	cmd.Flags().StringVar(&r.ended, "ended", "", "how its work ended")
	return cmd
}

// recordSettings are the settings of a job whose training is over. What is wrong with them is a warning: the defaults, and the
// store that the run is in, are enough to record it.
func (a *app) recordSettings(src settings.Sources) (settings.Settings, error) {
	s, err := a.parse(src, "mlops-track run")
	if err == nil {
		return s, nil
	}
	a.console.Tell(notice.FromError(fmt.Errorf("settings are ignored: %w", err))...)
	src.Env, src.Dir = func(name string) string {
		if strings.HasPrefix(name, "MLOPS_") && name != "MLOPS_TRACKING_URI" {
			return ""
		}
		return a.getenv(name)
	}, a.Dir
	return settings.Parse(src)
}

// record finishes a run and prints the verdict as JSON.
func (a *app) record(watched context.Context, s settings.Settings, r recording) error {
	a.watcher.enter(finishing) // its work has ended: a Ctrl-C that ended it reaches us, too
	ctx := context.WithoutCancel(watched)
	options, err := a.storeOptions(s.Store.TrackingURI, credentials{settings: s.AWS})
	if err != nil {
		return err
	}
	info := a.detectCI(s.CI, s.Step.WorkingDirectory)
	t, err := openStore(ctx, s.Store, options, a.secrets, track.ExperimentName(s.Run.Experiment, info.Repository.Project))
	if err != nil {
		return err
	}
	a.console.Tell(t.lost...)
	run, err := t.resume(ctx, r.runID)
	if err != nil {
		return errors.Join(err, t.close(ctx))
	}
	limited, tick, cancel := within(watched, storeBudget, s.Store.FinishTimeout)
	defer cancel()
	t.offline.Limit(limited, tick)
	outputs := t.clean(step.Collect(r.files, s.Step, results.Followed{}, step.Places{Roots: []string{a.Dir}, Own: a.ownFiles(s, t, run)}))
	outputs.Training.Enabled = outputs.Training.InForce
	finished := track.Finisher{
		Store: t.Store, Artifacts: t.offline, RegisterModel: s.Run.RegisterModel, OnDefault: info.Head.OnDefault,
	}.Finish(ctx, run, r.result(run.Start), outputs)
	a.console.Tell(append(finished.Notices, t.renamedNotices()...)...)
	if err := t.close(ctx); err != nil {
		a.console.Warn(err.Error(), "")
	}
	v := finished.Verdict
	a.code = min(v.ExitCode, exitError)
	if r.ended != "finished" { // the decorator raises what the function raised
		a.code = exitOK
	}
	return a.printJSON(struct {
		Status       mlflow.Status `json:"status"`
		ErrorType    string        `json:"error_type"`
		ErrorMessage string        `json:"error_message"`
	}{v.Status, v.ErrorType, v.ErrorMessage})
}

// result is how the work ended, as if it had been a step.
func (r recording) result(start time.Time) step.Result {
	result := step.Result{Start: start, End: time.Now()}
	switch r.ended {
	case "failed":
		result.ExitCode = exitError
	case "killed":
		result.ExitCode, result.Interrupt = 128+int(syscall.SIGINT), syscall.SIGINT
	}
	return result
}
