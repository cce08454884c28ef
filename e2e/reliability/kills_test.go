//go:build unix

package reliability_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/Iyalvan/mlops-track/internal/test/testenv"
	"github.com/Iyalvan/mlops-track/mlflow"
)

// TestRandomKills ends the tracker by SIGKILL at random moments. The store stays whole: MLflow reads it, no run is FINISHED
// that lacks a part, and the next run works. It closes what the killed ones left open, where the store is a file or folder.
func TestRandomKills(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"SQLite", "folder", "server"} {
		r := counted.row("SIGKILL of the tracker", "at a random moment, "+kind+"; then one run more")
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			j := job{dir: dir, uri: uris(t, dir)[kind], experiment: t.Name(), step: training}
			start := time.Now()
			if code := run(t, j.command(t)); code != 0 {
				t.Fatalf("the training alone exits %d", code)
			}
			whole, random := time.Since(start), moments(t.Name())
			for range 10 * *rounds {
				cmd := j.command(t)
				cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				after := time.Duration(random.Int64N(int64(whole) * 21 / 20))
				time.Sleep(after)
				_ = cmd.Process.Kill()
				_ = cmd.Wait()
				counted.trial(t, r, nil) // what it broke is seen below, by all of them together
			}
			time.Sleep(time.Second) // steps without a tracker end by themselves
			last := j.command(t)
			if code := run(t, last); code != 0 {
				t.Errorf("the run after them exits %d:\n%s", code, logged(last))
			}
			counted.trial(t, counted.row("SIGKILL of the tracker", "the same: no FINISHED run lacks a part, none stays RUNNING in a file"), j.afterKills(t, kind))
			if broken := readable(t, j); broken != "" {
				t.Error(broken)
			}
		})
	}
}

// afterKills says what is wrong with the runs of a store.
func (j job) afterKills(t *testing.T, kind string) (broken []string) {
	t.Helper()
	finished := 0
	for _, r := range j.stored(t) {
		switch {
		case r.Status == mlflow.Finished && len(r.lacks) > 0:
			broken = append(broken, fmt.Sprintf("run %s is FINISHED, but: %v", r.ID, r.lacks))
		case r.Status == mlflow.Finished:
			finished++
		case r.Status == mlflow.Running && kind != "server":
			broken = append(broken, fmt.Sprintf("run %s stays RUNNING: %v", r.ID, r.Tags))
		}
	}
	if finished < 2 {
		broken = append(broken, fmt.Sprintf("%d runs are FINISHED, the first and the last are to be", finished))
	}
	return broken
}

// readable says what MLflow says about a store that it can not read.
func readable(t *testing.T, j job) string {
	t.Helper()
	const script = `
import sys, mlflow
client = mlflow.MlflowClient(sys.argv[1])
found = client.get_experiment_by_name(sys.argv[2])
for run in client.search_runs([found.experiment_id]):
    client.get_metric_history(run.info.run_id, "loss")
    if run.info.status == "FINISHED":
        assert [f.path for f in client.list_artifacts(run.info.run_id)], run.info.artifact_uri
`
	cmd := exec.Command(testenv.Python(t, 3), "-c", script, j.uri, j.experiment)
	cmd.Dir, cmd.Env = j.dir, append(environment(j.dir), "MLFLOW_ALLOW_FILE_STORE=true")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Sprintf("MLflow reads %s: %v\n%s", j.uri, err, bytes.TrimSpace(out))
	}
	return ""
}

// TestKillMatrix ends the tracker by SIGKILL when the step reaches a stated point, so that no moment is left to chance.
func TestKillMatrix(t *testing.T) {
	t.Parallel()
	for _, at := range []struct{ name, step string }{
		{"before the step writes", `kill -9 $PPID; exit 0`},
		{"between two live points", `echo '{"loss": 1}' >> "$MLOPS_METRICS"; sleep 0.3; kill -9 $PPID; exit 0`},
		{"with a result that is half written", `printf '{"params": {"a"' > "$MLOPS_RESULT"; kill -9 $PPID; exit 0`},
		{"as the step ends", training + `kill -9 $PPID; exit 0`},
		{"soon after the step has ended", training + `(sleep 0.02; kill -9 $PPID) & exit 0`},
	} {
		r := counted.row("SIGKILL of the tracker", at.name+", each store")
		for _, kind := range []string{"SQLite", "folder", "server"} {
			t.Run(at.name+"/"+kind, func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				uri := uris(t, dir)[kind]
				j := job{dir: dir, uri: uri, experiment: t.Name(), step: training}
				if code := run(t, j.command(t)); code != 0 {
					t.Fatalf("the training alone exits %d", code)
				}
				killed := job{dir: dir, uri: uri, experiment: t.Name(), step: at.step}
				_ = run(t, killed.command(t))
				var broken []string
				last := j.command(t)
				if code := run(t, last); code != 0 {
					broken = append(broken, fmt.Sprintf("the run after it exits %d:\n%s", code, logged(last)))
				}
				counted.trial(t, r, append(broken, j.afterKills(t, kind)...))
			})
		}
	}
}

// living reports whether a process of that file is there and is no zombie.
func living(file string) bool {
	pid, err := os.ReadFile(file)
	if err != nil {
		return false
	}
	state, err := os.ReadFile(filepath.Join("/proc", string(bytes.TrimSpace(pid)), "stat"))
	if err != nil {
		return false
	}
	_, after, _ := bytes.Cut(state, []byte(") "))
	return len(after) > 0 && after[0] != 'Z'
}
