//go:build unix

package e2e_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Iyalvan/mlops-track/internal/test/testenv"
)

// TestServersThatSayNo: a server that rejects the request ends the job before the step, whatever on-tracking-error says, with the
// server's words and what to do.
func TestServersThatSayNo(t *testing.T) {
	t.Parallel()
	s := newStories(t)
	server := testenv.Server(t, 3)
	guarded, _ := testenv.Start(t, 3, testenv.Options{Args: []string{"--app-name", "basic-auth"}, Env: authEnv(t)})
	byName := newGateway(t, server, func(http.ResponseWriter, *http.Request) bool { return false })
	forbidding := newGateway(t, server, func(w http.ResponseWriter, _ *http.Request) bool {
		http.Error(w, "Permission denied", http.StatusForbidden)
		return true
	})
	deleted := s.deletedExperiment(t, server)

	for name, c := range map[string]struct {
		uri   string
		env   []string
		flags []string
		words []string
	}{
		"no credentials": {uri: guarded, words: []string{
			"not authenticated", "hint: set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN",
		}},
		"wrong password": {
			uri: guarded, env: []string{"MLFLOW_TRACKING_USERNAME=admin", "MLFLOW_TRACKING_PASSWORD=hunter2"},
			words: []string{"401", "hint: ", "check MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"},
		},
		"wrong password in the URI": {
			uri:   strings.Replace(guarded, "http://", "http://admin:hunter2@", 1),
			words: []string{"401", "check the user info in MLFLOW_TRACKING_URI"},
		},
		"forbidden": {uri: forbidding.url, words: []string{"Permission denied", "403", "the account has no permission for this"}},
		"host": {uri: "http://mlflow.example:5000", env: []string{"HTTP_PROXY=" + byName.url}, words: []string{
			"Invalid Host header", "start the server with --allowed-hosts mlflow.example:5000",
		}},
		"deleted experiment": {uri: server, flags: []string{"--experiment", deleted}, words: []string{deleted, "is deleted", "hint: "}},
		"path prefix": {
			uri:   strings.Replace(server, "http://", "http://admin:hunter2@", 1) + "/wrong",
			words: []string{"404", "check the tracking URI", "path prefix"},
		},
	} {
		for _, mode := range []string{"keep", "fail"} {
			t.Run(name+"/"+mode, func(t *testing.T) {
				dir := t.TempDir()
				args := append([]string{"run", "--tracking-uri", c.uri, "--on-tracking-error", mode}, c.flags...)
				got := s.call(t, call{dir: dir, env: c.env}, append(args, "--", "touch", "ran")...)
				got.says(t, 1, c.words...)
				if exists(filepath.Join(dir, "ran")) || exists(filepath.Join(dir, ".mlops-track")) {
					t.Error("the step ran, or a run was kept")
				}
				if strings.Contains(got.stderr+got.stdout, "hunter2") {
					t.Errorf("the password is told:\n%s", got.stderr)
				}
			})
		}
	}
}

// deletedExperiment returns the name of an experiment in the server's trash.
func (s stories) deletedExperiment(t *testing.T, server string) string {
	t.Helper()
	dir := t.TempDir()
	s.call(t, call{dir: dir}, "run", "--tracking-uri", server, "--experiment", t.Name(), "--outputs-file", "out.env", "--", "true").says(t, 0)
	body := `{"experiment_id": "` + outputOf(t, filepath.Join(dir, "out.env"), "EXPERIMENT_ID") + `"}`
	resp, err := http.Post(server+"/api/2.0/mlflow/experiments/delete", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("delete the experiment: %s", resp.Status)
	}
	return t.Name()
}

// authEnv is the environment of a server with the app basic-auth. The app of MLflow 3 wants Flask-WTF, which guards its
// sign-up form in a browser and has no part in what is told here: an empty one does.
func authEnv(t *testing.T) []string {
	t.Helper()
	folder := t.TempDir()
	writeFile(t, filepath.Join(folder, "flask_wtf.py"), "import sys, types\n"+
		"csrf = types.ModuleType('flask_wtf.csrf')\n"+
		"csrf.CSRFProtect = type('CSRFProtect', (), {'init_app': lambda self, app: None})\n"+
		"sys.modules['flask_wtf.csrf'] = csrf\n")
	writeFile(t, filepath.Join(folder, "auth.ini"), "[mlflow]\ndefault_permission = READ\nadmin_username = admin\n"+
		"admin_password = the-right-password\ndatabase_uri = sqlite:///"+folder+"/auth.db\n"+
		"authorization_function = mlflow.server.auth:authenticate_request_basic_auth\n")
	return []string{
		"MLFLOW_AUTH_CONFIG_PATH=" + filepath.Join(folder, "auth.ini"), "MLFLOW_FLASK_SERVER_SECRET_KEY=test", "PYTHONPATH=" + folder,
	}
}

// TestServerThatHangs: a server that takes connections and never answers is told while it is waited for, and counts as unreachable after
// start-timeout.
func TestServerThatHangs(t *testing.T) {
	t.Parallel()
	s := newStories(t)
	ending := make(chan struct{})
	hanging := newGateway(t, "http://127.0.0.1:1", func(http.ResponseWriter, *http.Request) bool { return false })
	hanging.http.Config.Handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-ending:
		}
	})
	t.Cleanup(func() { close(ending) })
	for mode, code := range map[string]int{"keep": 5, "fail": 1} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			dir, start := t.TempDir(), time.Now()
			args := []string{"run", "--tracking-uri", hanging.url, "--start-timeout", "7s", "--on-tracking-error", mode, "--", "sh", "-c", "touch ran; exit 5"}
			s.call(t, call{dir: dir}, args...).says(t, code, "still opening the run at "+hanging.url, "is unreachable", "the run was not open after 7s")
			if took := time.Since(start); took > 15*time.Second { // 7 s and a busy machine
				t.Errorf("it took %s", took)
			}
			if ran := exists(filepath.Join(dir, "ran")); ran != (mode == "keep") {
				t.Errorf("the step ran: %t", ran)
			}
		})
	}
}

// TestTokenExpires: a server that no longer takes our credentials once the run is open costs no training.
func TestTokenExpires(t *testing.T) {
	t.Parallel()
	s := newStories(t)
	dir, created := t.TempDir(), false
	g := newGateway(t, testenv.Server(t, 3), func(w http.ResponseWriter, r *http.Request) bool {
		if created {
			http.Error(w, "the token has expired", http.StatusUnauthorized)
			return true
		}
		created = strings.HasSuffix(r.URL.Path, "runs/create")
		return false
	})
	step := `echo '{"params": {"depth": 3}}' > $MLOPS_RESULT; exit 4`
	got := s.call(t, call{dir: dir, env: []string{"MLFLOW_TRACKING_TOKEN=hunter2"}}, "run", "--tracking-uri", g.url, "--experiment", t.Name(),
		"--outputs-file", "out.env", "--", "sh", "-c", step)
	got.says(t, 4, "the token has expired", "check MLFLOW_TRACKING_TOKEN", "the rest is stored offline in")
	if strings.Contains(got.stderr, "hunter2") {
		t.Errorf("the token is told:\n%s", got.stderr)
	}
	s.call(t, call{dir: dir}, "sync", "--tracking-uri", testenv.Server(t, 3)).says(t, 0, "1 param,")
	run := readEnded(t, s, dir, testenv.Server(t, 3))
	if run.Status != "FAILED" || run.Tags["mlops.exit_code"] != "4" {
		t.Errorf("the run on the server is %+v", run)
	}
}
