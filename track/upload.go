package track

import (
	"context"
	"fmt"
	"strings"

	"github.com/Iyalvan/mlops-track/internal/notice"
	"github.com/Iyalvan/mlops-track/mlflow/artifact"
)

// maxNamed is how many failed files are named at most.
const maxNamed = 10

// upload uploads the step's files, several at a time.
func (f Finisher) upload(ctx context.Context, location string, files []artifact.File) artifact.Result {
	if len(files) == 0 {
		return artifact.Result{}
	}
	return f.Artifacts.Upload(ctx, location, files, artifact.Options{Progress: f.Uploading})
}

// uploadNotices returns warnings that name the files that failed.
func uploadNotices(r artifact.Result) []notice.Notice {
	var out []notice.Notice
	if r.Manifest != nil {
		out = append(out, notice.Warn("write the manifest of the artifacts: "+r.Manifest.Error(), ""))
	}
	for i, f := range r.Failed {
		if i == maxNamed {
			return append(out, notice.Warn(fmt.Sprintf("and %d more artifacts are not uploaded", len(r.Failed)-maxNamed), ""))
		}
		out = append(out, notice.Warn(fmt.Sprintf("artifact %q is not uploaded: %v", f.File.Target, f.Err), ""))
	}
	return out
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

// uploaded are the paths of the files that did not fail.
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

// complete reports whether all files of a folder of the run's artifacts were uploaded.
func complete(r artifact.Result, folder string) bool {
	for _, failure := range r.Failed {
		if strings.HasPrefix(failure.File.Target, folder+"/") {
			return false
		}
	}
	return true
}
