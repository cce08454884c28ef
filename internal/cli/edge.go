package cli

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"

	"github.com/Iyalvan/mlops-track/ciinfo"
	"github.com/Iyalvan/mlops-track/internal/ci"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/settings"
)

// http is how GitHub and GitLab are reached.
func (a *app) http() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	through := a.proxy().ProxyFunc()
	transport.Proxy = func(r *http.Request) (*url.URL, error) { return through(r.URL) }
	return &http.Client{Transport: transport}
}

// detectCI detects the CI job; the commit is that of the folder where the step runs. Its facts are UTF-8, whatever the environment holds.
func (a *app) detectCI(s settings.CI, dir string) ciinfo.Info {
	git := ci.Git(dir)
	return ciinfo.Detect(ciinfo.Source{
		Getenv: func(name string) string { return mlflow.ValidText(a.getenv(name)) }, ReadFile: os.ReadFile,
		Git:      func(args ...string) string { return mlflow.ValidText(git(args...)) },
		Username: func() string { return mlflow.ValidText(ci.Username()) }, Matrix: mlflow.ValidText(s.Matrix), JobID: mlflow.ValidText(s.JobID),
	})
}

// absolute is a path from the folder that we were started in.
func (a *app) absolute(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(a.Dir, path)
}

// temporaryFolders are those besides the workspace in which a result may lie.
func (a *app) temporaryFolders() []string { return []string{os.TempDir(), a.getenv("RUNNER_TEMP")} }
