//go:build unix

package e2e_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/Iyalvan/mlops-track/internal/test/testenv"
)

// TestRedirectsTakeNoToken: a tracking server that redirects elsewhere ends the job before the step, and no token goes along.
func TestRedirectsTakeNoToken(t *testing.T) {
	t.Parallel()
	s := newStories(t)
	var arrived atomic.Int64
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { arrived.Add(1) }))
	t.Cleanup(elsewhere.Close)
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, to := range []string{elsewhere.URL, strings.Replace(elsewhere.URL, "127.0.0.1", "localhost", 1)} {
			redirecting := newGateway(t, elsewhere.URL, func(w http.ResponseWriter, r *http.Request) bool {
				http.Redirect(w, r, to+r.URL.RequestURI(), status)
				return true
			})
			got := s.call(t, call{dir: t.TempDir(), env: []string{"MLFLOW_TRACKING_TOKEN=hunter2-hunter2"}},
				"run", "--tracking-uri", redirecting.url, "--", "touch", "ran")
			got.says(t, 1, "which is not followed: credentials stay with "+redirecting.url, `redirects to "`+to+`": use that address as the tracking URI`)
		}
	}
	if n := arrived.Load(); n > 0 {
		t.Errorf("%d requests arrived elsewhere", n)
	}
}

// TestHostileOfflineFolder: a folder from a job that need not be trusted names a server, a run of somebody else, and files of this
// machine. The user's server gets what is the job's, and nothing else changes or leaves.
func TestHostileOfflineFolder(t *testing.T) {
	t.Parallel()
	s, server := newStories(t), testenv.Server(t, 3)
	var asked atomic.Int64
	evil := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	t.Cleanup(evil.Close)
	dir := t.TempDir()
	s.call(t, call{dir: dir}, "run", "--tracking-uri", server, "--experiment", t.Name(), "--run-name", "victim", "--outputs-file", "victim.env", "--", "true").says(t, 0)
	victim := outputOf(t, filepath.Join(dir, "victim.env"), "RUN_ID")
	writeFile(t, filepath.Join(dir, "plot.txt"), "plot")
	for range 2 {
		s.call(t, call{dir: dir}, "run", "--tracking-uri", "http://127.0.0.1:1", "--experiment", t.Name(), "--artifacts", "plot.txt", "--", "sh", "-c", "exit 3").says(t, 3)
	}
	kept, err := filepath.Glob(filepath.Join(dir, ".mlops-track", "kept", "*.json"))
	if err != nil || len(kept) != 2 {
		t.Fatalf("notes %v, %v", kept, err)
	}
	changeNote(t, kept[0], map[string]string{"tracking_uri": evil.URL, "server_run_id": victim})
	changeNote(t, kept[1], map[string]string{"tracking_uri": evil.URL})
	secret := filepath.Join(t.TempDir(), "secret")
	writeFile(t, secret, "hunter2-hunter2")
	linked, err := filepath.Glob(filepath.Join(dir, ".mlops-track", "mlartifacts", "*", strings.TrimSuffix(filepath.Base(kept[1]), ".json"), "artifacts"))
	if err != nil || len(linked) != 1 {
		t.Fatalf("artifacts %v, %v", linked, err)
	}
	if err := errors.Join(os.Symlink(secret, filepath.Join(linked[0], "secret.txt")), os.Symlink("..", filepath.Join(linked[0], "up"))); err != nil {
		t.Fatal(err)
	}
	token := []string{"MLFLOW_TRACKING_TOKEN=hunter2-hunter2"}
	s.call(t, call{dir: dir, env: token}, "sync").says(t, 1, "no tracking server is named", "--tracking-uri "+evil.URL)
	s.call(t, call{dir: dir, env: token}, "sync", "--tracking-uri", server).says(t, 1, "not of the same job", "MLFLOW_RUN_ID="+victim, "secret.txt", "is not a file but a link")
	if n := asked.Load(); n > 0 {
		t.Errorf("the server of the note got %d requests", n)
	}
	raw, err := s.readers[3].read(t, readRequest{URI: server, Run: victim, Dir: dir})
	if err != nil || !strings.Contains(string(raw), `"status": "FINISHED"`) || !strings.Contains(string(raw), `"name": "victim"`) {
		t.Errorf("the run of somebody else: %v\n%s", err, raw)
	}
}

// changeNote sets keys of a note.
func changeNote(t *testing.T, file string, keys map[string]string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	note := map[string]any{}
	if err := json.Unmarshal(text, &note); err != nil {
		t.Fatal(err)
	}
	for key, value := range keys {
		note[key] = value
	}
	if text, err = json.Marshal(note); err != nil {
		t.Fatal(err)
	}
	writeFile(t, file, string(text))
}
