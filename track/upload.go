package track

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/Iyalvan/mlops-track/internal/console"
	"github.com/Iyalvan/mlops-track/mlflow/artifact"
	"github.com/Iyalvan/mlops-track/publish/report"
)

// tellEvery is how often a long upload tells how far it is.
const tellEvery = 5 * time.Second

// upload uploads what the step left, several files at a time. Each failure is named by tell; here it only counts.
func (f *finalizer) upload(ctx context.Context) artifact.Result {
	if len(f.left.Files) == 0 {
		return artifact.Result{}
	}
	repo, err := f.open.store.Artifacts(f.open.run.ArtifactURI)
	if err != nil {
		f.failed("upload artifacts", err)
		return artifact.Result{Failed: allFailed(f.left.Files, err)}
	}
	told := time.Now()
	result := artifact.Upload(ctx, repo, f.left.Files, artifact.Options{Progress: func(done artifact.Progress) {
		f.tick()
		if time.Since(told) >= tellEvery {
			told = time.Now()
			f.progress(fmt.Sprintf("uploaded %d of %d artifacts, %s", done.Files, len(f.left.Files), report.Size(done.Bytes)))
		}
	}})
	if result.Manifest != nil {
		f.note("write the manifest of the artifacts: "+result.Manifest.Error(), "")
	}
	if len(result.Failed) > 0 {
		f.failed("upload artifacts", errors.Join(causes(result)...))
	}
	return result
}

// causes returns each different reason once; the files are named elsewhere.
func causes(r artifact.Result) []error {
	var out []error
	seen := map[string]bool{}
	for _, failure := range r.Failed {
		if text := failure.Err.Error(); !seen[text] && len(out) < 3 {
			seen[text] = true
			out = append(out, failure.Err)
		}
	}
	return out
}

func allFailed(files []artifact.File, err error) []artifact.Failure {
	out := make([]artifact.Failure, len(files))
	for i, file := range files {
		out[i] = artifact.Failure{File: file, Err: err}
	}
	return out
}

// missing are the files that were not uploaded.
func missing(r artifact.Result) []artifact.File {
	out := make([]artifact.File, len(r.Failed))
	for i, failure := range r.Failed {
		out[i] = failure.File
	}
	return out
}

// uploaded are the paths of the files that were.
func uploaded(files []artifact.File, r artifact.Result) []string {
	failed := map[string]bool{}
	for _, failure := range r.Failed {
		failed[failure.File.Target] = true
	}
	var paths []string
	for _, file := range files {
		if !failed[file.Target] {
			paths = append(paths, file.Target)
		}
	}
	return paths
}

// under says whether a file that failed lies in a folder of the run's artifacts.
func under(r artifact.Result, folder string) bool {
	for _, failure := range r.Failed {
		if strings.HasPrefix(failure.File.Target, folder+"/") {
			return true
		}
	}
	return false
}

// note adds something that a person should know.
func (f *finalizer) note(text, hint string) {
	f.notes = append(f.notes, console.Note{Text: text, Hint: hint})
}
