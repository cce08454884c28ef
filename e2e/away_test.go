//go:build unix

package e2e_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/Iyalvan/mlops-track/internal/test/testenv"
)

// goneStep writes live metrics before and after the server goes, and a result at its end.
const goneStep = `
for i in 0 1 2 3 4; do echo "{\"loss\": 0.$i, \"step\": $i, \"timestamp\": 170000000000$i}" >> "$MLOPS_METRICS"; done
while [ ! -e gone ]; do sleep 0.05; done
for i in 5 6 7 8 9; do echo "{\"loss\": 0.$i, \"step\": $i, \"timestamp\": 170000000000$i}" >> "$MLOPS_METRICS"; done
mkdir -p plots; printf 'a\000b\377' > plots/raw.bin; echo 'ü' > notes.txt
echo '{"params": {"depth": 3}, "metrics": {"auc": 0.75, "odd": "NaN"}, "tags": {"team": "vision"},
       "artifacts": ["plots => plots", "notes.txt"]}' > "$MLOPS_RESULT"
exit 6
`

// TestServerGoesAway takes the server away once the run is open and a metric has passed. The training goes on, and sync
// brings the rest into the same run, each point once, however often it is interrupted.
func TestServerGoesAway(t *testing.T) {
	t.Parallel()
	s := newStories(t)
	for _, line := range []int{3, 2} {
		t.Run(fmt.Sprintf("MLflow%d", line), func(t *testing.T) {
			t.Parallel()
			dir, server := t.TempDir(), testenv.Server(t, line)
			gone := false
			g := newGateway(t, server, func(_ http.ResponseWriter, r *http.Request) bool {
				if gone {
					away()
				}
				if strings.HasSuffix(r.URL.Path, "runs/log-batch") && strings.Contains(body(t, r), `"loss"`) {
					gone = true // this one still passes
					writeFile(t, filepath.Join(dir, "gone"), "")
				}
				return false
			})
			run := s.call(t, call{dir: dir}, "run", "--tracking-uri", g.url, "--experiment", t.Name(), "--finish-timeout", "1s",
				"--outputs-file", "out.env", "--", "sh", "-c", goneStep)
			run.says(t, 6, "did not store all of the run; the rest is stored offline in", "hint: upload it later: mlops-track sync .mlops-track")
			id := outputOf(t, filepath.Join(dir, "out.env"), "RUN_ID")
			if at := outputOf(t, filepath.Join(dir, "out.env"), "OFFLINE_PATH"); filepath.Base(at) != ".mlops-track" {
				t.Errorf("offline-path = %q", at)
			}
			if got := outputOf(t, filepath.Join(dir, "out.env"), "METRICS"); got != `{"auc":0.75,"loss":0.9,"odd":"NaN"}` {
				t.Errorf("metrics = %s", got)
			}
			if got := outputOf(t, filepath.Join(dir, "out.env"), "PARAMS"); got != `{"depth":"3"}` {
				t.Errorf("params = %s", got)
			}
			s.interruptedSync(t, dir, server)
			again := s.call(t, call{dir: dir}, "sync", "--tracking-uri", server)
			again.says(t, 0, "nothing is stored offline in")
			goneRun(t, s, line, server, id, dir)
		})
	}
}

// interruptedSync uploads through a gateway that lets one request more pass each time.
func (s stories) interruptedSync(t *testing.T, dir, server string) {
	t.Helper()
	sent := 0
	for limit := 1; limit < 60; limit += 2 {
		n := 0
		g := newGateway(t, server, func(w http.ResponseWriter, r *http.Request) bool {
			switch n++; {
			case n > limit:
				http.Error(w, `{"error_code": "PERMISSION_DENIED", "message": "no more"}`, http.StatusForbidden)
			case strings.Contains(body(t, r), `"loss"`):
				sent++
			}
			return n > limit
		})
		if done := s.call(t, call{dir: dir}, "sync", "--tracking-uri", g.url); done.code == 0 {
			if limit < 4 {
				t.Errorf("the upload took %d requests only", limit)
			}
			if sent != 1 { // MLflow's databases drop a point that comes again, its folders do not
				t.Errorf("points of loss were sent %d times", sent)
			}
			return
		}
	}
	t.Error("the upload never came to its end")
}

// goneRun looks at the run of goneStep on the server.
func goneRun(t *testing.T, s stories, line int, server, id, dir string) {
	t.Helper()
	raw, err := s.readers[line].read(t, readRequest{URI: server, Run: id, Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	var run struct {
		Status    string
		Params    map[string]string
		Metrics   map[string]any
		Tags      map[string]string
		Artifacts []string
	}
	if err := json.Unmarshal(raw, &run); err != nil {
		t.Fatal(err)
	}
	want := []string{"notes.txt", "plots/raw.bin"}
	if run.Status != "FAILED" || run.Params["depth"] != "3" || run.Metrics["auc"] != 0.75 || run.Tags["team"] != "vision" ||
		run.Tags["mlops.exit_code"] != "6" || !reflect.DeepEqual(run.Artifacts, want) {
		t.Errorf("uploaded run:\n%s", raw)
	}
	var points [][3]float64
	for i := range 10 {
		points = append(points, [3]float64{float64(i), 1700000000000 + float64(i), float64(i) / 10})
	}
	if got := history(t, server, id, "loss"); !reflect.DeepEqual(got, points) {
		t.Errorf("points of loss = %v, want %v", got, points)
	}
	if got := history(t, server, id, "auc"); len(got) != 1 {
		t.Errorf("points of auc = %v, want one", got)
	}
	for _, name := range want {
		local, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if remote := fetch(t, server+"/get-artifact?"+url.Values{"path": {name}, "run_uuid": {id}}.Encode()); remote != string(local) {
			t.Errorf("%s = %q, want %q", name, remote, local)
		}
	}
}

// history returns step, time and value of each point of a metric, in the server's order.
func history(t *testing.T, server, run, key string) [][3]float64 {
	t.Helper()
	var answer struct {
		Metrics []struct {
			Step, Timestamp json.Number
			Value           float64
		}
	}
	text := fetch(t, server+"/api/2.0/mlflow/metrics/get-history?"+url.Values{"run_id": {run}, "metric_key": {key}}.Encode())
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	var out [][3]float64
	for _, m := range answer.Metrics {
		step, _ := m.Step.Float64() // MLflow leaves a zero out
		at, err := m.Timestamp.Float64()
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, [3]float64{step, at, m.Value})
	}
	return out
}

func fetch(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s %v %s", url, resp.Status, err, text)
	}
	return string(text)
}
