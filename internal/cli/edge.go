package cli

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"

	"github.com/Iyalvan/mlops-track/ciinfo"
	"github.com/Iyalvan/mlops-track/internal/ci"
	"github.com/Iyalvan/mlops-track/internal/notice"
	"github.com/Iyalvan/mlops-track/internal/origin"
	"github.com/Iyalvan/mlops-track/settings"
)

// http is how GitHub and GitLab are reached.
func (a *app) http() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	through := a.proxy().ProxyFunc()
	transport.Proxy = func(r *http.Request) (*url.URL, error) { return through(r.URL) }
	return &http.Client{Transport: transport, CheckRedirect: origin.Stay}
}

func (a *app) detectCI(s settings.CI) ciinfo.Info {
	return ciinfo.Detect(ciinfo.Source{
		Getenv: a.getenv, ReadFile: os.ReadFile, Git: ci.Git(a.Dir), Username: ci.Username, Matrix: s.Matrix, JobID: s.JobID,
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

// pythonFolder is the folder of the Python hook; where none could be unpacked it is empty, and a warning says why.
func (a *app) pythonFolder() (string, []notice.Notice) {
	dir, err := a.unpackPython("")
	if err != nil {
		return "", []notice.Notice{notice.Warn("autolog is not available: "+err.Error(), "make the cache folder or TMPDIR writable")}
	}
	return dir, nil
}
