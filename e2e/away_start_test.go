//go:build unix

package e2e_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/Iyalvan/mlops-track/internal/test/testenv"
)

// twoFits is two trainings, of which autolog makes two runs.
const twoFits = `
import mlflow
from sklearn.linear_model import LogisticRegression
X, y = [[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1]
LogisticRegression(C=1.5).fit(X, y)
with mlflow.start_run(run_name="parent again"):
    pass
with mlflow.start_run(run_name="second"):
    LogisticRegression(C=2.5).fit(X, y)
`

// TestServerAwayFromTheStart keeps a real training with a child run while there is no server, and uploads both to servers
// of both lines.
func TestServerAwayFromTheStart(t *testing.T) {
	t.Parallel()
	s := newStories(t)
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "step.py"), twoFits)
	s.call(t, call{dir: dir}, "run", "--tracking-uri", "http://127.0.0.1:1", "--experiment", t.Name(), "--autolog-config",
		`{"log_models": false}`, "--", testenv.Python(t, 3), "step.py").says(t, 0, "the run is stored offline in")
	for _, line := range []int{3, 2} {
		server, copied := testenv.Server(t, line), t.TempDir()
		if err := os.CopyFS(filepath.Join(copied, ".mlops-track"), os.DirFS(filepath.Join(dir, ".mlops-track"))); err != nil {
			t.Fatal(err)
		}
		s.call(t, call{dir: copied}, "sync", "--tracking-uri", server).says(t, 0, "uploaded run")
		s.call(t, call{dir: copied}, "sync", "--tracking-uri", server).says(t, 0, "nothing is stored offline in")
		raw, err := s.readers[line].read(t, readRequest{URI: server, Run: sentRun(t, copied), Dir: copied})
		if err != nil {
			t.Fatal(err)
		}
		var run struct {
			Status   string
			Params   map[string]string
			Tags     map[string]string
			Children []struct {
				Name, Status string
				Params       map[string]string
			}
		}
		if err := json.Unmarshal(raw, &run); err != nil {
			t.Fatal(err)
		}
		found := false
		for _, child := range run.Children {
			found = found || (child.Name == "second" && child.Status == "FINISHED" && child.Params["C"] == "2.5")
		}
		if run.Status != "FINISHED" || run.Params["C"] != "1.5" || run.Tags["mlops.autolog"] != "captured" || !found {
			t.Errorf("uploaded to MLflow %d:\n%s", line, raw)
		}
	}
}

// sentRun returns the id on the server of the one run that was uploaded.
func sentRun(t *testing.T, dir string) string {
	t.Helper()
	notes, err := filepath.Glob(filepath.Join(dir, ".mlops-track", "sent", "*.json"))
	if err != nil || len(notes) != 1 {
		t.Fatalf("notes of uploaded runs: %v, %v", notes, err)
	}
	text, err := os.ReadFile(notes[0])
	if err != nil {
		t.Fatal(err)
	}
	var note struct {
		Server string `json:"server_run_id"`
	}
	if err := json.Unmarshal(text, &note); err != nil {
		t.Fatal(err)
	}
	return note.Server
}
