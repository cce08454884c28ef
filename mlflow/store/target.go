package store

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/sqlite"
)

// artifactFolder is where the artifacts of an SQLite store lie, beside it; the name that mlflow server uses.
const artifactFolder = "mlartifacts"

// Target is what is known about a store without opening it.
type Target struct {
	// ChildEnv is the environment that a program needs to log there: MLFLOW_TRACKING_URI, absolute, and more. It may
	// contain a password.
	ChildEnv map[string]string
	// LockPath is the file on which a process holds flock(2) while it opens the store; empty: none is needed.
	LockPath string
	// Plugin is the Python package that MLflow needs beside itself to log there; empty: none.
	Plugin  string
	Display string // the URI for people, without secrets
	Path    string // of the file or folder, absolute; empty for a server or a database
	Dir     string // folder that relative artifact locations of the store start from

	kind     kind
	relative bool // the path was
}

type kind int

const (
	trackingServer kind = iota
	sageMaker
	file
	folder
	database
)

const trackingURI = "MLFLOW_TRACKING_URI"

// Describe returns which store a tracking URI names, without opening it. For an unsupported URI the error lists the
// supported ones.
func Describe(opts Options) (Target, error) {
	scheme, rest, found := strings.Cut(opts.URI, ":")
	dialect, _, _ := strings.Cut(strings.ToLower(scheme), "+")
	target := Target{Display: mlflow.RedactURI(opts.URI), Dir: opts.Dir, ChildEnv: map[string]string{trackingURI: opts.URI}}
	switch {
	case found && (dialect == "http" || dialect == "https"):
		target.kind = trackingServer
		if opts.SigV4 {
			target.Plugin = "requests-auth-aws-sigv4"
		}
		return target, nil
	case found && dialect == "arn":
		_, err := parseManaged(opts.URI)
		target.kind, target.Plugin = sageMaker, "sagemaker-mlflow"
		return target, err
	case found && dialect == "sqlite":
		return describeFile(target, rest, opts.URI)
	case found && (dialect == "postgresql" || dialect == "mysql" || dialect == "mssql"):
		target.kind = database
		return target, nil
	}
	if path, ok := mlflow.LocalPath(opts.URI); ok && !strings.HasPrefix(opts.URI, "databricks") { // a special name in MLflow
		target.kind = folder
		target.locate(path, opts.Dir)
		target.ChildEnv[trackingURI] = fileURI(target.Path)
		target.ChildEnv["MLFLOW_ALLOW_FILE_STORE"] = "true" // MLflow 3.13 and newer reject folders without it
		return target, nil
	}
	return Target{}, fmt.Errorf("tracking URI %q: scheme %q is not supported; use "+
		"http:, https:, sqlite:, file:, a path, postgresql:, mysql:, mssql: or arn: (MLflow in SageMaker)", target.Display, scheme)
}

// describeFile follows SQLAlchemy: three slashes, then the path, which is absolute with a fourth one
// (https://docs.sqlalchemy.org/en/20/core/engines.html#sqlite).
func describeFile(target Target, rest, uri string) (Target, error) {
	path, ok := strings.CutPrefix(rest, "///")
	if !ok || path == "" || path == ":memory:" || strings.HasPrefix(path, "file:") || strings.Contains(path, "?") {
		return Target{}, fmt.Errorf("tracking URI %q does not name a file; write sqlite:///mlflow.db, or sqlite:////folder/mlflow.db for "+
			"an absolute path", uri)
	}
	target.kind = file
	target.locate(filepath.FromSlash(path), target.Dir)
	target.LockPath = sqlite.LockPath(target.Path)
	target.ChildEnv[trackingURI] = "sqlite:///" + filepath.ToSlash(target.Path)
	return target, nil
}

// locate sets the path, and the folder that its relative artifact locations start from: the one it lies in, so that the
// two can be moved together.
func (t *Target) locate(path, dir string) {
	t.relative = !filepath.IsAbs(path)
	if t.relative {
		path = filepath.Join(dir, path)
	}
	t.Path, t.Dir = filepath.Clean(path), filepath.Dir(filepath.Clean(path))
}

// relativeTo is the folder to which Close makes artifact locations relative; empty: it leaves them.
func (t *Target) relativeTo() string {
	if t.relative {
		return t.Dir
	}
	return ""
}

// fileURI is the URI of an absolute path.
func fileURI(path string) string {
	location := mlflow.LocalLocation(path)
	if strings.HasPrefix(location, "file:") {
		return location
	}
	return "file://" + location
}

// Redact hides the secrets of a tracking URI; any other text is returned as it is.
func Redact(text string) string { return mlflow.RedactURI(text) }
