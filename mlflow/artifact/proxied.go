package artifact

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/rest"
)

// uploadTimeout ends an upload that does not move. A server with a bucket behind it answers only when it has sent the
// whole file on.
const uploadTimeout = 10 * time.Minute

// proxied stores artifacts through a tracking server (mlflow-artifacts:).
type proxied struct {
	client      *rest.Client
	service     *url.URL // .../api/2.0/mlflow-artifacts
	folder      string   // in the service
	noMultipart atomic.Bool
}

// Put implements Repo.
func (p *proxied) Put(ctx context.Context, to string, from Source) error {
	if err := checkProxied(to); err != nil {
		return err
	}
	size, err := from.size()
	if err != nil {
		return err
	}
	if size >= multipartSize && !p.noMultipart.Load() {
		err := p.putParts(ctx, to, from, size)
		if !errors.Is(err, errNoMultipart) {
			return err
		}
		p.noMultipart.Store(true)
	}
	return p.client.JSON(ctx, rest.Call{ // the answer is empty, or an empty object; a login page, for example, has stored nothing
		Name: fmt.Sprintf("PUT artifact %q", to), Method: http.MethodPut, URL: p.url("artifacts", to),
		Header: http.Header{"Content-Type": {"application/octet-stream"}},
		Body:   rest.Body{Open: from.section(0, size), Length: size}, Timeout: uploadTimeout,
	}, nil, nil)
}

// List implements Repo.
func (p *proxied) List(ctx context.Context, folder string) ([]Entry, error) {
	u := p.service.JoinPath("artifacts")
	u.RawQuery = url.Values{"path": {path.Join(p.folder, folder)}}.Encode()
	var answer struct{ Files []wireFile }
	call := rest.Call{Name: fmt.Sprintf("GET artifacts of %q", folder), Method: http.MethodGet, URL: u}
	if err := p.client.JSON(ctx, call, nil, &answer); err != nil {
		return nil, err
	}
	return entries(folder, answer.Files), nil
}

// Open implements Repo.
func (p *proxied) Open(ctx context.Context, from string) (io.ReadCloser, error) {
	if err := checkProxied(from); err != nil {
		return nil, err
	}
	return open(ctx, p.client, p, from, p.url("artifacts", from))
}

// url is the address of a file at one of the service's endpoints.
func (p *proxied) url(endpoint, file string) *url.URL {
	u := *p.service
	u.Path = path.Join(u.Path, endpoint, p.folder, file) // the path is quoted when it is sent
	return &u
}

var quoted = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)

// checkProxied rejects, besides what no Repo accepts, the names that a server would store under another name or not at
// all: it decodes %XX until nothing changes any more, and rejects '#' (validate_path_is_safe in mlflow/utils/uri.py).
func checkProxied(p string) error {
	if err := checkPath(p); err != nil {
		return err
	}
	if bad := quoted.FindString(p); bad != "" || strings.ContainsAny(p, "#") {
		if bad == "" {
			bad = "#"
		}
		return fmt.Errorf("the server cannot store an artifact named %q because of %q in it; rename it, or set its path with =>", p, bad)
	}
	return nil
}

type wireFile struct {
	Path string `json:"path"`
	Dir  bool   `json:"is_dir"`
	Size int64  `json:"file_size"`
}

// entries makes paths relative to the root; the proxy answers with paths relative to the folder that was asked for.
func entries(folder string, files []wireFile) []Entry {
	out := make([]Entry, len(files))
	for i, f := range files {
		out[i] = Entry{Path: path.Join(folder, f.Path), Dir: f.Dir, Size: f.Size}
	}
	return out
}

// open reads a file of a Repo from an address of its server.
func open(ctx context.Context, client *rest.Client, repo Repo, name string, from *url.URL) (io.ReadCloser, error) {
	var body io.ReadCloser
	call := rest.Call{Name: fmt.Sprintf("GET artifact %q", name), Method: http.MethodGet, URL: from, Timeout: uploadTimeout}
	err := client.Do(ctx, call, func(resp *http.Response) error {
		rest.Stream(resp)
		body = resp.Body
		return nil
	})
	if err != nil && (statusOf(err) == http.StatusNotFound || missing(ctx, repo, name)) {
		return nil, fmt.Errorf("artifact %q: %w", name, mlflow.ErrNotFound)
	}
	return body, err
}

// missing reports whether an error means that the file does not exist. Servers answer 500 to a read of such a file:
// MLflow 2.9 always, later ones with a bucket.
func missing(ctx context.Context, repo Repo, name string) bool {
	siblings, err := repo.List(ctx, strings.TrimPrefix(path.Dir(name), "."))
	return err == nil && !slices.ContainsFunc(siblings, func(e Entry) bool { return e.Path == name })
}

// statusOf returns the HTTP status of a *mlflow.RejectedError, 0 for any other error.
func statusOf(err error) int {
	if rejected, ok := errors.AsType[*mlflow.RejectedError](err); ok {
		return rejected.Status
	}
	return 0
}

// drained reads an answer to its end, so that the connection is used again.
func drained(resp *http.Response) error {
	defer resp.Body.Close()
	const most = 64 << 10
	_, err := io.Copy(io.Discard, io.LimitReader(resp.Body, most))
	return err
}
