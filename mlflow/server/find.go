package server

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/Iyalvan/mlops-track/internal/environ"
	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/mlflow"
)

// findMLflow returns the words that start the user's MLflow: mlflow from PATH, else python3 -m mlflow.
func findMLflow(ctx context.Context, opts Options) ([]string, error) {
	paths := filepath.SplitList(environ.Get(opts.Environ, "PATH"))
	if path := findProgram(paths, opts.Dir, "mlflow"); path != "" {
		return []string{path}, nil
	}
	for _, name := range []string{"python3", "python"} {
		path := findProgram(paths, opts.Dir, name)
		if path == "" {
			continue
		}
		check := exec.CommandContext(ctx, path, "-c", "import importlib.util as u, sys; sys.exit(u.find_spec('mlflow') is None)") //nolint:gosec // the user's own Python
		check.Env, check.Dir = opts.Environ, opts.Dir
		if check.Run() == nil {
			return []string{path, "-m", "mlflow"}, nil
		}
	}
	scheme, _, _ := strings.Cut(opts.URI, ":")
	return nil, hint.With(&mlflow.RejectedError{
		Call: "open " + mlflow.RedactURI(opts.URI), Message: "mlflow is not installed; a database is used through an mlflow server",
	}, "install mlflow and the driver of "+scheme+" where the training runs, or use the URI of a tracking server")
}

// findProgram looks a program up on the PATH of the given environment, which exec.LookPath cannot.
func findProgram(paths []string, dir, name string) string {
	for _, folder := range paths {
		if !filepath.IsAbs(folder) {
			folder = filepath.Join(dir, folder)
		}
		if path, err := exec.LookPath(filepath.Join(folder, name)); err == nil {
			return path
		}
	}
	return ""
}
