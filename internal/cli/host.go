package cli

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/Iyalvan/mlops-track/ciinfo"
	"github.com/Iyalvan/mlops-track/track"
)

// host hands the edge of the process to the job.
func (a *app) host() (track.Host, error) {
	access, err := a.access()
	if err != nil {
		return track.Host{}, err
	}
	host := track.Host{
		Environ: a.Environ, Stdin: a.Stdin, Stdout: a.Stdout, Stderr: a.Stderr, Signals: a.Signals,
		Version: a.Version, Access: access, HTTP: a.http(), Console: a.console(), Secrets: a.secrets, Now: time.Now,
		TempDirs: []string{os.TempDir(), a.getenv("RUNNER_TEMP")},
	}
	if host.PythonDir, err = a.unpackPython(""); err != nil {
		host.Console.Warn("autolog is not available: "+err.Error(), "make the cache folder or TMPDIR writable")
	}
	return host, nil
}

// http is how forges are reached.
func (a *app) http() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	through := a.proxy().ProxyFunc()
	transport.Proxy = func(r *http.Request) (*url.URL, error) { return through(r.URL) }
	return &http.Client{Transport: transport}
}

func (a *app) detectCI(matrix, jobID string) ciinfo.Info {
	return ciinfo.Detect(ciinfo.Source{Getenv: a.getenv, ReadFile: os.ReadFile, Dir: a.Dir, Matrix: matrix, JobID: jobID})
}

// workspace is the folder that the CI job works in, else the one we were started in.
func (a *app) absolute(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(a.Dir, path)
}
