package cli_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/Iyalvan/mlops-track/internal/test/mlflowtest"
	"github.com/Iyalvan/mlops-track/mlflow"
)

// noting is a server in memory that notes what it is sent in a header.
func noting(t *testing.T, header string) (url string, seen func() []string) {
	t.Helper()
	var mu sync.Mutex
	var values []string
	behind := mlflowtest.Handler(t, mlflowtest.StartMemory(t).URL)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		values = append(values, r.Header.Get(header))
		mu.Unlock()
		behind.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, func() []string { mu.Lock(); defer mu.Unlock(); return values }
}

// What was pasted along with a value is taken off, for us and for MLflow's own client in the step.
func TestPastedValues(t *testing.T) {
	t.Parallel()
	url, seen := noting(t, "Authorization")
	s := newShell(t, "MLFLOW_TRACKING_URI= "+url+"\r\n", "MLFLOW_TRACKING_TOKEN=tok-abcdefgh\n", "MLOPS_RUN_NAME= train\n", "OTHER= as it is ")
	code, out, log := s.call(t, "run", "--", "sh", "-c", `printf '[%s] [%s]' "$MLFLOW_TRACKING_TOKEN" "$OTHER"`)
	if code != 0 || out != "[tok-abcdefgh] [ as it is ]" || strings.Contains(log, "warning") || !strings.Contains(log, "run train in") {
		t.Errorf("exit code %d, %q\n%s", code, out, log)
	}
	for _, value := range seen() {
		if value != "Bearer tok-abcdefgh" {
			t.Errorf("sent %q", value)
		}
	}
}

// A value that cannot be sent is rejected by the name of its variable, before anything is sent and before the step.
func TestValuesThatCannotBeSent(t *testing.T) {
	t.Parallel()
	url, seen := noting(t, "Authorization")
	for name, value := range map[string]string{
		"MLFLOW_TRACKING_TOKEN": "s3cret-s3cret\nx", "MLFLOW_TRACKING_PASSWORD": "s3cret-s3cret\x00", "MLFLOW_WORKSPACE": "téam",
		"MLFLOW_HTTP_REQUEST_TIMEOUT": "soon", "HTTPS_PROXY": "http://ann:s3cret-s3cret@host:port", "http_proxy": "http://a\nb",
		"MLOPS_GITHUB_TOKEN": "s3cret-s3cret\nx", "GITLAB_TOKEN": "s3cret-s3crét", "MLOPS_TRACKING_URI": url + "\n/x", "MLOPS_STS_ENDPOINT": "http://a\tb",
		"MLOPS_AWS_REGION": "eu\n-1", "MLOPS_ROLE_TO_ASSUME": "arn:aws:iam::123456789012:role/a\nb",
	} {
		s := newShell(t, "MLFLOW_TRACKING_URI="+url, name+"="+value)
		code, out, log := s.call(t, "run", "--", "echo", "ran")
		setting := strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(name, "MLOPS_")), "_", "-")
		if code != 2 || out != "" || !strings.Contains(log, name) && !strings.Contains(log, setting) || strings.Contains(log, "s3cr") {
			t.Errorf("%s: exit code %d, %q\n%s", name, code, out, log)
		}
	}
	if n := len(seen()); n > 0 {
		t.Errorf("%d requests were sent", n)
	}
	s := newShell(t, "MLFLOW_TRACKING_TOKEN=s3cret\nx") // it is not needed
	if code, out, log := s.call(t, "run", "--", "echo", "ran"); code != 0 || out != "ran\n" {
		t.Errorf("an embedded store: exit code %d, %q\n%s", code, out, log)
	}
}

// A cancel while the run is created ends the process as the signal does, and leaves no run RUNNING.
func TestCancelWhileTheRunIsCreated(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rule mlflowtest.Rule
		runs int
	}{
		"created without an answer": {mlflowtest.Rule{Path: "runs/create", Keep: true}, 1},
		"before any run":            {mlflowtest.Rule{Path: "get-by-name", Hang: true}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := mlflowtest.StartMemory(t)
			proxy := mlflowtest.New(t, server.URL)
			proxy.Spoil(c.rule)
			s := newShell(t)
			go func() {
				for proxy.Calls(c.rule.Path) == 0 {
					time.Sleep(time.Millisecond)
				}
				s.signals <- syscall.SIGTERM
			}()
			code, out, log := s.call(t, "run", "--tracking-uri", proxy.URL, "--", "echo", "ran")
			runs := server.Runs()
			if code != 143 || out != "" || len(runs) != c.runs {
				t.Errorf("exit code %d, %q, %d runs\n%s", code, out, len(runs), log)
			}
			for _, r := range runs {
				if r.Status != mlflow.Killed {
					t.Errorf("run %+v\n%s", r, log)
				}
			}
			if _, err := os.Stat(filepath.Join(s.dir, ".mlops-track")); err == nil {
				t.Error("a run is stored offline")
			}
		})
	}
}

// MLflow's own limit for a request holds: a server that hangs once is asked again.
func TestRequestTimeout(t *testing.T) {
	t.Parallel()
	server := mlflowtest.StartMemory(t)
	proxy := mlflowtest.New(t, server.URL)
	proxy.Spoil(mlflowtest.Rule{Path: "get-by-name", Hang: true, Times: 1})
	s := newShell(t, "MLFLOW_HTTP_REQUEST_TIMEOUT=1", "MLOPS_START_TIMEOUT=20s")
	code, _, log := s.call(t, "run", "--tracking-uri", proxy.URL, "--", "true")
	if code != 0 || len(server.Runs()) != 1 || strings.Contains(log, "warning") {
		t.Errorf("exit code %d, %d runs\n%s", code, len(server.Runs()), log)
	}
}
