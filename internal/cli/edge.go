package cli

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/Iyalvan/mlops-track/ciinfo"
	"github.com/Iyalvan/mlops-track/internal/ci"
	"github.com/Iyalvan/mlops-track/internal/environ"
	"github.com/Iyalvan/mlops-track/internal/origin"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/settings"
)

// http is how GitHub and GitLab are reached.
func (a *app) http() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	through := a.proxy().ProxyFunc()
	transport.Proxy = func(r *http.Request) (*url.URL, error) { return through(r.URL) }
	return &http.Client{Transport: transport, CheckRedirect: origin.Stay}
}

// detectCI detects the CI job; the commit is that of the folder where the step runs. Its facts are UTF-8, whatever the environment holds.
func (a *app) detectCI(s settings.CI, dir string) ciinfo.Info {
	git := ci.Git(dir, a.Environ)
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

// forPrograms is the environment of the programs that we start besides the step. Other processes can read it while they run, so it has
// none of the secrets that only we need.
func (a *app) forPrograms() []string {
	return environ.Without(a.Environ, func(name string) bool {
		return strings.HasPrefix(name, "INPUT_") || strings.HasPrefix(name, "ACTIONS_RUNTIME_") ||
			strings.HasPrefix(name, "ACTIONS_ID_TOKEN_") || settings.IsVariable(name)
	})
}

// temporaryFolders are those besides the workspace in which a result may lie.
func (a *app) temporaryFolders() []string { return []string{os.TempDir(), a.getenv("RUNNER_TEMP")} }
