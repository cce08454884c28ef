package rest_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/internal/test/mlflowtest"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/rest"
)

// witness is a server that notes the headers of what comes.
type witness struct {
	url string

	mu   sync.Mutex
	seen []http.Header
}

func newWitness(t *testing.T) *witness {
	t.Helper()
	w := &witness{}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.seen = append(w.seen, r.Header)
		_, _ = rw.Write([]byte("{}"))
	}))
	t.Cleanup(server.Close)
	w.url = server.URL
	return w
}

// with returns how many requests had a header.
func (w *witness) with(name string) (n, all int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, h := range w.seen {
		if h.Get(name) != "" {
			n++
		}
	}
	return n, len(w.seen)
}

// Whatever the credentials are, a redirect to another port is not followed, and the error says where it points.
func TestCredentialsStay(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*rest.Options){
		"token":     func(o *rest.Options) { o.Token = "s3cret" },
		"password":  func(o *rest.Options) { o.Username, o.Password = "ann", "s3cret" },
		"user info": func(o *rest.Options) { o.URI = strings.Replace(o.URI, "http://", "http://ann:s3cret@", 1) },
		"workspace": func(o *rest.Options) { o.Workspace = "team" },
		"header":    func(o *rest.Options) { o.Header = http.Header{"X-Mlflow-Sm-Tracking-Server-Arn": {"arn"}} },
		"signature": signedBy(testKeys()),
	} {
		for _, status := range []int{301, 302, 303, 307, 308} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				w := newWitness(t)
				s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
					http.Redirect(rw, r, w.url+r.URL.RequestURI(), status)
				}))
				t.Cleanup(s.Close)
				_, err := client(t, s.URL, change).EnsureExperiment(t.Context(), "x")
				refusedWith(t, err, status, "is not followed", `the server redirects to "`+w.url+`": use that address as the tracking URI`)
				if _, all := w.with(""); all > 0 {
					t.Errorf("%d requests arrived", all)
				}
			})
		}
	}
}

// A server may name another one as the place of artifacts; that gets none of our credentials.
func TestCredentialsStayWithTheTrackingServer(t *testing.T) {
	t.Parallel()
	w := newWitness(t)
	c := client(t, "http://127.0.0.1:1", func(o *rest.Options) { o.Token, o.Workspace = "s3cret", "team" })
	for _, location := range []string{w.url + "/api/2.0/mlflow-artifacts/artifacts/x", "mlflow-artifacts://" + strings.TrimPrefix(w.url, "http://") + "/x"} {
		service, _, ok := c.ArtifactService(location)
		if !ok {
			t.Fatalf("%s is no artifact service", location)
		}
		if err := c.JSON(t.Context(), rest.Call{Name: "PUT", Method: http.MethodPut, URL: service}, nil, nil); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"Authorization", "X-Mlflow-Workspace"} {
		if n, all := w.with(name); n > 0 || all != 2 {
			t.Errorf("%d of %d requests had %s", n, all, name)
		}
	}
}

// Credentials that cannot be sent are rejected by name before anything is.
func TestUnsendableCredentials(t *testing.T) {
	t.Parallel()
	for words, change := range map[string]func(*rest.Options){
		"MLFLOW_TRACKING_TOKEN contains a line break":                         func(o *rest.Options) { o.Token = "s3cret\nx" },
		"MLFLOW_TRACKING_TOKEN contains the character U+00E9":                 func(o *rest.Options) { o.Token = "s3crét" },
		"MLFLOW_TRACKING_PASSWORD contains the control character U+0000":      func(o *rest.Options) { o.Password = "s3cret\x00" },
		"MLFLOW_WORKSPACE contains a line break":                              func(o *rest.Options) { o.Workspace = "s3cret\r" },
		"the password in MLFLOW_TRACKING_URI contains a line break":           func(o *rest.Options) { o.URI = "http://a:s3cret%0A@h" },
		"MLFLOW_TRACKING_USERNAME contains the control character U+001B":      func(o *rest.Options) { o.Username = "\x1bs3cret" },
		"the user name in MLFLOW_TRACKING_URI contains the control character": func(o *rest.Options) { o.URI = "http://ann%01:s3cret@h" },
	} {
		o := rest.Options{URI: "http://h"}
		change(&o)
		_, err := rest.New(o)
		if err == nil || !strings.Contains(err.Error(), words) || strings.Contains(err.Error(), "s3cret") || hint.Of(err) == "" {
			t.Errorf("%q: %v", words, err)
		}
	}
	if _, err := rest.New(rest.Options{URI: "http://h", Username: "jürgen", Password: "päss wörd"}); err != nil {
		t.Errorf("what basic authentication encodes: %v", err)
	}
}

// A firewall or rate limiter that knows no 429 answers a plain 403 now and then; one that lasts is told as such. MLflow's own is
// believed at once.
func TestPlain403(t *testing.T) {
	t.Parallel()
	const own = `{"error_code": "PERMISSION_DENIED", "message": "Permission denied"}`
	for name, c := range map[string]struct {
		body         string
		times, calls int
		passes       bool
	}{
		"once":     {"<html>blocked</html>", 1, 2, true},
		"twice":    {"too many requests from your network", 2, 3, true},
		"for good": {"<html>blocked</html>", 0, 3, false},
		"MLflow's": {own, 0, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			proxy := mlflowtest.New(t, mlflowtest.StartMemory(t).URL)
			proxy.Spoil(mlflowtest.Rule{Path: "get-by-name", Status: http.StatusForbidden, Body: c.body, Times: c.times})
			_, err := client(t, proxy.URL).FindExperiment(t.Context(), "Default")
			rejected, ok := errors.AsType[*mlflow.RejectedError](err)
			if c.passes != (err == nil) || !c.passes && (!ok || rejected.Status != http.StatusForbidden) || proxy.Calls("get-by-name") != c.calls {
				t.Errorf("%v after %d requests, want %d", err, proxy.Calls("get-by-name"), c.calls)
			}
		})
	}
}

// A write that a login page answers with 200 was not done.
func TestWriteAnsweredByALoginPage(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"<!doctype html><title>Sign in</title>", "", "[]", "ok"} {
		proxy := mlflowtest.New(t, mlflowtest.StartMemory(t).URL)
		c := client(t, proxy.URL)
		run, err := c.CreateRun(t.Context(), mlflow.NewRun{ExperimentID: "0", Start: time.Now()})
		if err != nil {
			t.Fatal(err)
		}
		proxy.Spoil(mlflowtest.Rule{Status: http.StatusOK, Body: body})
		err = c.UpdateRun(t.Context(), run.ID, mlflow.RunUpdate{Status: mlflow.Finished})
		refusedWith(t, err, http.StatusOK, "the answer is not MLflow's JSON", "login page")
		if rejected, ok := errors.AsType[*mlflow.RejectedError](err); !ok || !rejected.Lasting() {
			t.Errorf("%q: another request would be tried", body)
		}
	}
}

// An answer has a limit, which the error states. What is read of a larger one, and the memory for it, does not grow with its size.
func TestHugeAnswer(t *testing.T) { // not parallel: the memory of the process is measured
	const size, limit = 2 << 30, 32 << 20
	proxy := mlflowtest.New(t, mlflowtest.StartMemory(t).URL)
	proxy.Spoil(mlflowtest.Rule{Huge: size})
	c := client(t, proxy.URL)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := c.GetRun(t.Context(), "x")
	refusedWith(t, err, http.StatusOK, "the answer is larger than 32 MiB", "")
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 6*limit {
		t.Errorf("%d MiB were allocated", grown>>20)
	}
	if sent := proxy.Sent(); sent > limit+(16<<20) { // what the sockets hold
		t.Errorf("%d MiB were read", sent>>20)
	}
	sent := proxy.Sent()
	_, err = c.MetricHistory(t.Context(), "x", "loss") // no point is so long
	refusedWith(t, err, http.StatusOK, "is larger than", "")
	if more := proxy.Sent() - sent; more > 32<<20 {
		t.Errorf("%d MiB of a history were read", more>>20)
	}
}

// An answer that comes byte by byte is given the time of one request, and no more.
func TestDrippingAnswer(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]func(context.Context, *rest.Client) error{
		"read":  func(ctx context.Context, c *rest.Client) error { _, err := c.GetRun(ctx, "x"); return err },
		"write": func(ctx context.Context, c *rest.Client) error { return c.UpdateRun(ctx, "x", mlflow.RunUpdate{}) },
		"error": func(ctx context.Context, c *rest.Client) error { _, err := c.Version(ctx); return err },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			proxy := mlflowtest.New(t, "http://127.0.0.1:1")
			proxy.Spoil(mlflowtest.Rule{Drip: true, Times: 1})
			proxy.Spoil(mlflowtest.Rule{Status: http.StatusUnauthorized, Body: "no"})
			err := call(t.Context(), client(t, proxy.URL, func(o *rest.Options) { o.Timeout = 500 * time.Millisecond }))
			refusedWith(t, err, http.StatusUnauthorized, "no", "") // the second attempt
		})
	}
}

// A proxy that does not let us through is named, and not tried again and again.
func TestProxyRejects(t *testing.T) {
	t.Parallel()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusProxyAuthRequired) }))
	t.Cleanup(proxy.Close)
	through := func(o *rest.Options) { o.Proxy = func(*url.URL) (*url.URL, error) { return url.Parse(proxy.URL) } }
	_, err := client(t, "https://mlflow.example", through).EnsureExperiment(t.Context(), "x")
	refusedWith(t, err, 0, "Proxy Authentication Required", "HTTPS_PROXY=http://user:password@")
	_, err = client(t, "http://mlflow.example", through).EnsureExperiment(t.Context(), "x")
	refusedWith(t, err, http.StatusProxyAuthRequired, "", "HTTP_PROXY=http://user:password@")
}
