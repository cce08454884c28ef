package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/internal/notice"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/store"
	"github.com/Iyalvan/mlops-track/settings"
	"github.com/Iyalvan/mlops-track/step"
	"github.com/Iyalvan/mlops-track/track"
)

// cannotStore reports whether an error says that this machine does not let us write files where they belong: the folder is
// read-only or another user's, or the disk is full. Tracking then goes elsewhere, and the step runs.
func cannotStore(err error) bool {
	for _, reason := range []error{syscall.EROFS, syscall.EACCES, syscall.EPERM, syscall.ENOSPC, syscall.EIO, syscall.ENOENT, syscall.EFBIG, syscall.ENOLCK} {
		if errors.Is(err, reason) {
			return true
		}
	}
	// SQLite's own words for the same: https://www.sqlite.org/rescode.html
	const permission, readOnly, inputOutput, full, cannotOpen = 3, 8, 10, 13, 14
	if database, ok := errors.AsType[interface {
		error
		Code() int
	}](err); ok {
		switch database.Code() & 0xff {
		case permission, readOnly, inputOutput, full, cannotOpen:
			return true
		}
	}
	return false
}

// openedRun is a run that is open, with the job to go on with.
type openedRun struct {
	job      job
	tracking tracking
	run      mlflow.Run
	notices  []notice.Notice
}

// openAnyhow opens the run of a plan where it belongs or, if this machine cannot store it there, in a folder that can
// be written.
func (j job) openAnyhow(ctx context.Context, plan track.Plan, creds credentials) (openedRun, error) {
	keep := j.settings.Store.OnTrackingError == "keep"
	if err := tooFewFiles(); err != nil && keep {
		return openedRun{}, errors.Join(errNowhere, err)
	}
	t, run, err := j.open(ctx, plan, creds)
	_, away := errors.AsType[*mlflow.UnreachableError](err)
	if err == nil || ctx.Err() != nil || !keep || !cannotStore(err) || !(away || j.storesHere()) {
		return openedRun{job: j, tracking: t, run: run}, err
	}
	dir, folderErr := j.keptFolder()
	if folderErr != nil {
		return openedRun{}, errors.Join(errNowhere, err, folderErr)
	}
	var notices []notice.Notice
	if away {
		j.settings.Store.OfflineDir = dir
	} else {
		j.settings.Store.TrackingURI = "sqlite:///" + filepath.ToSlash(filepath.Join(dir, "mlflow.db"))
		notices = append(notices, notice.Warn(
			fmt.Sprintf("%v\nthe run is stored in %s instead", err, dir),
			"make the place writable, or copy that folder before the machine is gone; view it: mlops-track ui --tracking-uri "+
				step.Quote(j.settings.Store.TrackingURI),
		))
	}
	t, run, err = j.open(ctx, plan, creds)
	if cannotStore(err) {
		_ = os.Remove(dir) // where it is empty
		return openedRun{}, errors.Join(errNowhere, err)
	}
	if err == nil {
		j.console.Tell(notices...)
	}
	return openedRun{job: j, tracking: t, run: run, notices: notices}, err
}

// errNowhere says that no folder of this machine takes the run.
var errNowhere = errors.New("the run cannot be stored anywhere on this machine")

// minOpenFiles is how many files must be allowed to be open at a time: with fewer neither a store nor the step can be opened.
const minOpenFiles = 20

// tooFewFiles returns why this process cannot track at all; nil if it can.
func tooFewFiles() error {
	if n := maxOpenFiles(); n < minOpenFiles {
		return hint.With(fmt.Errorf("only %d files may be open at a time, and tracking needs %d", n, minOpenFiles), "raise the limit: ulimit -n 1024")
	}
	return nil
}

// storesHere reports whether the tracking URI names a file or a folder of this machine.
func (j job) storesHere() bool {
	target, err := store.Describe(store.Options{URI: j.settings.Store.TrackingURI, Dir: j.Dir})
	return err == nil && target.Path != ""
}

// withOfflineDir returns settings whose offline folder can be written: the one that was set, or one beside the private folder
// of the job, which is only made when it is needed, and stays.
func (a *app) withOfflineDir(s settings.Settings, work string) settings.Settings {
	if work != "" && !takesFiles(s.Store.OfflineDir) {
		s.Store.OfflineDir = filepath.Join(filepath.Dir(work), "mlops-track-kept-"+rand.Text())
	}
	return s
}

// keptFolder makes a folder that stays after the job.
func (j job) keptFolder() (string, error) {
	if j.files.Work == "" {
		return "", errors.New("no folder can be written")
	}
	return os.MkdirTemp(filepath.Dir(j.files.Work), "mlops-track-kept-")
}

// untracked runs the step of a job whose run can be stored nowhere.
func (j job) untracked(reason error, signals <-chan os.Signal) {
	j.console.Tell(notice.Warn(fmt.Sprintf("%v\nthe step runs without being tracked", reason), hint.Of(reason)))
	j.files = step.Files{} // there is no folder for them
	env := step.NewEnvironment(j.Environ, j.files.Variables(j.settings.Step.WorkingDirectory, ""), j.settings.Step.PassEnv)
	result := j.runner.Run(j.command(env.All), signals, func(os.Signal) {})
	status := mlflow.Finished
	switch {
	case result.Interrupt != nil:
		status = mlflow.Killed
	case result.ExitCode != exitOK:
		status = mlflow.Failed
	}
	if result.NotRun != nil {
		j.console.Error(result.NotRun.Error(), hint.Of(result.NotRun))
	}
	j.code = result.ExitCode
	j.publisher().NotStarted(status, result.ExitCode)
}
