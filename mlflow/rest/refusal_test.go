package rest_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/internal/test/mlflowtest"
	"github.com/Iyalvan/mlops-track/internal/test/testenv"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/rest"
)

// refusedWith asks that an error is a refusal with this status and these words in message and fix.
func refusedWith(t *testing.T, err error, status int, message, fix string) {
	t.Helper()
	rejected, ok := errors.AsType[*mlflow.RejectedError](err)
	if !ok || rejected.Status != status || !strings.Contains(rejected.Message, message) || !strings.Contains(hint.Of(err), fix) {
		t.Errorf("%#v\nwant status %d, message %q, fix %q", err, status, message, fix)
	}
}

func TestBasicAuth(t *testing.T) {
	t.Parallel()
	for _, line := range []int{3, 2} {
		t.Run(fmt.Sprintf("MLflow%d", line), func(t *testing.T) {
			t.Parallel()
			const password = "p@ss word#1234"
			server, _ := testenv.Start(t, line, testenv.Options{
				Args: []string{"--app-name", "basic-auth"},
				Env:  authEnv(t, password),
			})
			u, err := url.Parse(server)
			if err != nil {
				t.Fatal(err)
			}
			u.User = url.UserPassword("admin", password)
			good := func(o *rest.Options) { o.Username, o.Password, o.Token = "admin", password, "wrong token" }
			wrong := func(o *rest.Options) { o.Username, o.Password = "admin", "wrong password" }
			for name, c := range map[string]*rest.Client{"variables": client(t, server, good), "URI": client(t, u.String(), wrong)} {
				if _, err := c.EnsureExperiment(t.Context(), "Default"); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
			_, err = client(t, server).EnsureExperiment(t.Context(), "Default")
			refusedWith(t, err, http.StatusUnauthorized, "not authenticated", "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD")
			_, err = client(t, server, wrong).EnsureExperiment(t.Context(), "Default")
			refusedWith(t, err, http.StatusUnauthorized, "", "check MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD")
		})
	}
}

// authEnv is the environment of a server with the app basic-auth and one account. The app of MLflow 3 wants Flask-WTF,
// which guards its sign-up form in a browser and has no part in what is tested: an empty one does.
func authEnv(t *testing.T, password string) []string {
	t.Helper()
	folder := t.TempDir()
	for name, text := range map[string]string{
		"auth.ini": "[mlflow]\ndefault_permission = READ\nadmin_username = admin\nadmin_password = " + password +
			"\ndatabase_uri = sqlite:///" + filepath.ToSlash(folder) + "/auth.db\n" +
			"authorization_function = mlflow.server.auth:authenticate_request_basic_auth\n",
		"flask_wtf/__init__.py": "",
		"flask_wtf/csrf.py":     "class CSRFProtect:\n    def init_app(self, app):\n        pass\n",
	} {
		name = filepath.Join(folder, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return []string{
		"MLFLOW_AUTH_CONFIG_PATH=" + filepath.Join(folder, "auth.ini"), "MLFLOW_FLASK_SERVER_SECRET_KEY=test",
		"PYTHONPATH=" + folder,
	}
}

func TestHostCheck(t *testing.T) {
	t.Parallel()
	u, err := url.Parse(testenv.Server(t, 3))
	if err != nil {
		t.Fatal(err)
	}
	proxy := forward(t, u.Host)
	// A name that leads to the server, as in a GitLab job with a service: an HTTP proxy takes it there.
	c := client(t, "http://mlflow:"+u.Port(), func(o *rest.Options) {
		o.Proxy = func(*url.URL) (*url.URL, error) { return url.Parse(proxy) }
	})
	_, err = c.EnsureExperiment(t.Context(), "Default")
	refusedWith(t, err, http.StatusForbidden, "Invalid Host header", "--allowed-hosts mlflow:"+u.Port())
}

// forward is an HTTP proxy that takes every request to one server and leaves the Host header as it is.
func forward(t *testing.T, host string) string {
	t.Helper()
	s := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = "http", host, r.In.Host
	}})
	t.Cleanup(s.Close)
	return s.URL
}

func TestAnswersThatAreNotMLflows(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rule         mlflowtest.Rule
		status       int
		message, fix string
	}{
		"no MLflow there": {mlflowtest.Rule{Status: 404, Body: "<html><head><style>p{}</style></head><h1>Not &lt;Found&gt;</h1>"}, 404, "Not <Found>", "check the tracking URI"},
		"a login page":    {mlflowtest.Rule{Status: 200, Body: "<!doctype html>\n<title>Sign in</title>"}, 200, "Sign in", "login page"},
		"forbidden":       {mlflowtest.Rule{Status: 403, Body: "Permission denied"}, 403, "Permission denied", "permission"},
		"empty":           {mlflowtest.Rule{Status: 400}, 400, "Bad Request", ""},
		"long":            {mlflowtest.Rule{Status: 400, Body: strings.Repeat("x", 1<<20)}, 400, strings.Repeat("x", 500), ""},
		"no workspaces": {mlflowtest.Rule{Status: 500, Body: `{"error_code":"FEATURE_DISABLED","message":"off"}`}, 500, "off",
			"MLFLOW_WORKSPACE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := spoiled(t, c.rule)
			_, err := client.EnsureExperiment(t.Context(), "x")
			refusedWith(t, err, c.status, c.message, c.fix)
			if len(err.Error()) > 700 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
		})
	}
}

func TestRealRefusals(t *testing.T) {
	t.Parallel()
	for _, line := range []int{3, 2} {
		server := testenv.Server(t, line)
		_, err := client(t, server+"/wrong").EnsureExperiment(t.Context(), "x")
		refusedWith(t, err, http.StatusNotFound, "", "path prefix")

		c := client(t, server)
		e := experiment(t, c)
		post(t, server+"/api/2.0/mlflow/experiments/delete", `{"experiment_id":"`+e.ID+`"}`)
		_, err = c.EnsureExperiment(t.Context(), e.Name)
		refusedWith(t, err, 0, "is deleted", "--experiment-id "+e.ID)
	}
	_, err := client(t, testenv.Server(t, 3), func(o *rest.Options) { o.Workspace = "team" }).EnsureExperiment(t.Context(), "x")
	refusedWith(t, err, 500, "orkspace", "MLFLOW_WORKSPACE")
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	server := testenv.Server(t, 3)
	for status, works := range map[int]bool{http.StatusPermanentRedirect: true, http.StatusMovedPermanently: false} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, server+r.URL.RequestURI(), status)
		}))
		t.Cleanup(s.Close)
		c := client(t, s.URL)
		run := newRun(t, client(t, server))
		err := c.LogBatch(t.Context(), run.ID, mlflow.Batch{Tags: []mlflow.Tag{{Key: "k", Value: "v"}}})
		if works && err != nil {
			t.Errorf("status %d: %v", status, err)
		}
		if !works {
			refusedWith(t, err, status, "", server)
		}
	}
}

func post(t *testing.T, url, body string) {
	t.Helper()
	resp, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("POST %s: %s", url, resp.Status)
	}
}
