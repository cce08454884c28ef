package cli

import (
	"slices"

	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/offline"
	"github.com/Iyalvan/mlops-track/settings"
)

// ownFiles returns the files and folders that are no artifacts, whichever glob matches them: the store of the run, what is stored offline,
// and what this program writes for later steps. A store of others in the workspace is not among them.
func (a *app) ownFiles(s settings.Settings, t tracking, run mlflow.Run) []string {
	inside := s.Step.WorkingDirectory
	own := t.offline.Direct().Own(inside, run.Ref())
	own = append(own, offline.Own(s.Store.OfflineDir, inside)...)
	f := s.Report.Files
	own = append(own, f.Outputs, f.Report, f.Summary, f.Metrics, f.JUnit)
	return slices.DeleteFunc(own, func(path string) bool { return path == "" })
}

// ownFiles are those of the job, with the Python hook.
func (j job) ownFiles(t tracking, run mlflow.Run) []string {
	own := j.app.ownFiles(j.settings, t, run)
	if dir := j.python.folder(); dir != "" {
		own = append(own, dir)
	}
	return own
}
