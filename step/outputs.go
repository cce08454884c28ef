package step

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/artifact"
	"github.com/Iyalvan/mlops-track/settings"
	"github.com/Iyalvan/mlops-track/step/results"
)

// Outputs is the outputs of a step, read and checked.
type Outputs struct {
	Training    Training
	Result      results.Result
	Files       []artifact.File // to upload
	ModelTarget string          // folder of Files with the model to register; empty: it is in the store, or no model
	Problems    []results.Problem
}

// Places are the folders, besides the working directory, in which files of the step may be, and the files and folders of the store and of
// this program, which are no artifacts.
type Places struct{ Roots, Own []string }

// Collect reads the outputs of a step; metrics is the result of following its live metrics.
func Collect(f Files, s settings.Step, metrics results.Followed, places Places) Outputs {
	var out Outputs
	out.Result, out.Problems = results.LoadResult(f.Result)
	result := out.Result
	training, err := ReadTraining(f.Hook)
	if err != nil {
		out.Problems = append(out.Problems, warning(err.Error()))
	}
	training.Enabled, training.NamesPython = s.Autolog.Enabled, RunsPython(s.Command, s.Script)
	out.Training = training
	if s.Results.File != "" && !exists(s.Results.File) {
		out.Problems = append(out.Problems, results.Problem{
			Severity: results.Warning, Message: fmt.Sprintf("the step did not write the result file %q", s.Results.File),
			Hint: "result-file is relative to the folder where mlops-track was started, not to working-directory; the step gets the path in MLOPS_RESULT",
		})
	}
	named := result.Artifacts
	folder := localModel(s.WorkingDirectory, result.ModelLocalPath)
	if folder != "" {
		out.ModelTarget = filepath.Base(folder)
		named = append(named, folder+" => "+out.ModelTarget)
	}
	files, problems := results.Artifacts(s.Results.Artifacts, named, results.Where{
		Dir: s.WorkingDirectory, Roots: append([]string{s.WorkingDirectory, f.Work}, places.Roots...),
		Own: append(f.own(s.Results), places.Own...), Model: folder,
	})
	out.Problems = append(out.Problems, problems...)
	out.Problems = append(out.Problems, metrics.Problems(f.Metrics)...)
	if metrics.Err != nil {
		out.Problems = append(out.Problems, warning("live metrics were not all uploaded: "+metrics.Err.Error()))
	}
	for _, file := range files {
		out.Files = append(out.Files, artifact.File{Path: file.Source, Target: file.Target})
	}
	return out
}

func warning(text string) results.Problem {
	return results.Problem{Severity: results.Warning, Message: text}
}

func exists(file string) bool {
	_, err := os.Lstat(file)
	return err == nil
}

// localModel returns the folder that model_local_path names, if it is on this machine.
func localModel(dir, name string) string {
	if name == "" {
		return ""
	}
	folder := name
	if !filepath.IsAbs(folder) {
		folder = filepath.Join(dir, folder)
	}
	if _, err := os.Stat(filepath.Join(folder, mlflow.ModelFile)); err != nil {
		return ""
	}
	return folder
}
