//go:build unix

package reliability_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/Iyalvan/mlops-track/internal/test/mlflowtest"
	"github.com/Iyalvan/mlops-track/internal/test/testenv"
	"github.com/Iyalvan/mlops-track/mlflow"
)

// phases are the requests of a run, by the end of their path, and how many of them pass first.
var phases = []struct {
	name, path string
	skip       int
}{
	{"finding the experiment", "experiments/get-by-name", 0},
	{"creating the run", "runs/create", 0},
	{"the first batch", "runs/log-batch", 0},
	{"a later batch", "runs/log-batch", 1},
	{"reading the run", "runs/get", 0},
	{"uploading an artifact", "model.bin", 0},
	{"closing the run", "runs/update", 0},
}

var faults = []struct {
	name string
	rule mlflowtest.Rule
}{
	{"connection closed", mlflowtest.Rule{Refuse: true}},
	{"answer lost", mlflowtest.Rule{Lose: true}},
	{"answer cut", mlflowtest.Rule{Cut: true}},
	{"no answer", mlflowtest.Rule{Hang: true}},
	{"500", mlflowtest.Rule{Status: http.StatusInternalServerError, Body: `{"error_code": "INTERNAL_ERROR", "message": "database is locked"}`}},
	{"502 of a proxy", mlflowtest.Rule{Status: http.StatusBadGateway, Body: "<html>Bad Gateway</html>"}},
	{"503 with Retry-After", mlflowtest.Rule{Status: http.StatusServiceUnavailable, RetryAfter: "1"}},
	{"429", mlflowtest.Rule{Status: http.StatusTooManyRequests, RetryAfter: "1"}},
	{"401", mlflowtest.Rule{Status: http.StatusUnauthorized, Body: "the token has expired"}},
	{"a login page", mlflowtest.Rule{Status: http.StatusOK, Body: "<html>Sign in</html>"}},
}

// TestFaultMatrix spoils one kind of request of a run, once or from then on. The training runs and its exit code stands, unless
// the server rejected the run before; once the server is well again and sync ran, all of the training is there, once.
func TestFaultMatrix(t *testing.T) {
	t.Parallel()
	for _, lasts := range []struct {
		name  string
		times int
	}{{"once", 1}, {"to the end of the job", 0}} {
		for _, phase := range phases {
			r := counted.row("server fails", fmt.Sprintf("%s, %s: %d faults", phase.name, lasts.name, len(faults)))
			for _, fault := range faults {
				t.Run(fmt.Sprintf("%s/%s/%s", phase.name, fault.name, lasts.name), func(t *testing.T) {
					t.Parallel()
					proxy := mlflowtest.New(t, testenv.Server(t, 3))
					rule := fault.rule
					rule.Path, rule.Skip, rule.Times = phase.path, phase.skip, lasts.times
					proxy.Spoil(rule)
					j := job{
						dir: t.TempDir(), uri: proxy.URL, experiment: t.Name(), step: training,
						flags: []string{"--finish-timeout", "5s"},
					}
					counted.trial(t, r, j.throughFault(t, proxy))
				})
			}
		}
	}
}

// throughFault runs a job whose server fails, then sync when it is well again.
func (j job) throughFault(t *testing.T, proxy *mlflowtest.Proxy) (broken []string) {
	t.Helper()
	cmd := j.command(t)
	code := run(t, cmd)
	_, err := os.Stat(filepath.Join(j.dir, "ran"))
	proxy.Mend()
	if code == 1 && err != nil { // rejected before the step: nothing was trained, nothing is to stay open
		for _, r := range j.stored(t) {
			if r.Status == mlflow.Running {
				broken = append(broken, fmt.Sprintf("the job was rejected, but run %s is RUNNING:\n%s", r.ID, logged(cmd)))
			}
		}
		return broken
	}
	if code != 0 || err != nil {
		broken = append(broken, fmt.Sprintf("exit code %d; the step ran: %t\n%s", code, err == nil, logged(cmd)))
	}
	if _, err := os.Stat(filepath.Join(j.dir, ".mlops-track")); err == nil {
		sync := j.program(t, "sync", "--tracking-uri", j.uri)
		if code := run(t, sync); code != 0 {
			broken = append(broken, fmt.Sprintf("sync exits %d:\n%s", code, logged(sync)))
		}
	}
	for _, what := range j.whole(t) {
		broken = append(broken, what+"\n"+logged(cmd))
	}
	return broken
}

// whole says what is not as one whole training leaves it.
func (j job) whole(t *testing.T) (broken []string) {
	t.Helper()
	runs := j.stored(t)
	if len(runs) != 1 {
		return []string{fmt.Sprintf("%d runs instead of 1", len(runs))}
	}
	if runs[0].Status != mlflow.Finished || len(runs[0].lacks) > 0 {
		return []string{fmt.Sprintf("the run is %s, and lacks: %v", runs[0].Status, runs[0].lacks)}
	}
	return nil
}
