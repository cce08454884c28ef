package track

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/Iyalvan/mlops-track/internal/redact"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/artifact"
	"github.com/Iyalvan/mlops-track/step/results"
)

// Left is what the step left, read and checked.
type Left struct {
	Result      results.Result
	Files       []artifact.File // to be uploaded
	ModelTarget string          // folder of Files that holds the model to register; empty: it is in the store, or there is none
	Problems    []results.Problem
}

// gather reads the result file and finds the files to upload.
func gather(p Plan, host Host) Left {
	var l Left
	l.Result, l.Problems = results.LoadResult(p.Files.Result)
	cleanResult(&l.Result, host.Secrets)
	if p.ResultFile != "" && !exists(p.ResultFile) {
		l.Problems = append(l.Problems, results.Problem{
			Severity: results.Warning, Message: fmt.Sprintf("the step did not write the result file %q", p.ResultFile),
			Hint: "result-file starts from the folder where mlops-track was started, not from working-directory; the step finds the path in MLOPS_RESULT",
		})
	}
	named := l.Result.Artifacts
	if folder := localModel(p, l.Result.ModelLocalPath); folder != "" {
		l.ModelTarget = filepath.Base(folder)
		named = append(named, folder+" => "+l.ModelTarget)
	}
	files, problems := results.Artifacts(p.Artifacts, named, results.Where{Dir: p.WorkingDirectory, Roots: p.roots(host)})
	l.Problems = append(l.Problems, problems...)
	l.Problems = redact.Deep(host.Secrets, l.Problems)
	for _, f := range files {
		l.Files = append(l.Files, artifact.File{Path: f.Source, Target: f.Target})
	}
	return l
}

// cleanResult takes the secrets out of what the result says. Paths and the model's name stay: they say where things are.
func cleanResult(r *results.Result, secrets *redact.Redactor) {
	for i, p := range r.Params {
		r.Params[i] = mlflow.Param{Key: secrets.Key(p.Key), Value: secrets.Text(p.Value)}
	}
	for i, t := range r.Tags {
		r.Tags[i] = mlflow.Tag{Key: secrets.Key(t.Key), Value: secrets.Text(t.Value)}
	}
	cleanMetrics(r.Metrics, secrets)
}

func cleanMetrics(points []mlflow.Metric, secrets *redact.Redactor) {
	for i := range points {
		points[i].Key = secrets.Key(points[i].Key)
	}
}

func exists(file string) bool {
	_, err := os.Lstat(file)
	return err == nil
}

// roots are the folders in which files of the step may lie.
func (p Plan) roots(host Host) []string {
	roots := []string{p.Dir, p.WorkingDirectory, p.Files.Work}
	if p.CI.InCI() && p.CI.Workspace != "" {
		roots = append(roots, p.CI.Workspace)
	}
	return append(roots, host.TempDirs...)
}

// localModel is the folder that model_local_path names, if it is one of this machine.
func localModel(p Plan, name string) string {
	if name == "" {
		return ""
	}
	folder := name
	if !filepath.IsAbs(folder) {
		folder = filepath.Join(p.WorkingDirectory, folder)
	}
	if _, err := os.Stat(filepath.Join(folder, modelFile)); err != nil {
		return ""
	}
	return folder
}
