//go:build unix

package reliability_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Iyalvan/mlops-track/internal/test/testenv"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/artifact"
	"github.com/Iyalvan/mlops-track/mlflow/store"
)

const (
	points = 40 // live points of the training
	params = 12 // params of its result
)

// training writes live points, an artifact and a result, in about half a second. It makes the file "ran" first.
var training = fmt.Sprintf(`touch ran; i=0
while [ $i -lt %d ]; do echo "{\"loss\": $i, \"step\": $i, \"timestamp\": 1700000000000}" >> "$MLOPS_METRICS"; i=$((i+1)); sleep 0.01; done
mkdir -p out; head -c 50000 /dev/zero > out/model.bin
echo '{"params": {%s}, "metrics": {"auc": 0.75}, "tags": {"team": "vision"}, "artifacts": "out"}' > "$MLOPS_RESULT"
`, points, strings.TrimSuffix(numbered(params, `"p%d": %d, `), ", "))

func numbered(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i, i)
	}
	return b.String()
}

// job is one run of the binary, in a folder of its own unless trials share a store.
type job struct {
	dir        string
	uri        string // tracking URI
	experiment string
	flags      []string // further flags of run
	step       string   // script of sh
}

// command returns the job's command, which writes its standard error into a file.
func (j job) command(t *testing.T) *exec.Cmd {
	t.Helper()
	flags := append([]string{"run", "--tracking-uri", j.uri, "--experiment", j.experiment}, j.flags...)
	return j.program(t, append(flags, "--", "sh", "-c", j.step)...)
}

// program returns any command of the binary in the job's folder.
func (j job) program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(binary, args...)
	cmd.Dir, cmd.Env = j.dir, environment(j.dir)
	log, err := os.CreateTemp(j.dir, "log-*")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	cmd.Stderr = log // a pipe would be held open by what the step left behind
	return cmd
}

// environment is that of a quiet machine without CI.
func environment(home string) []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "LANG=C.UTF-8", "USER=trial", "DO_NOT_TRACK=true"}
}

// run runs a command to its end and returns its exit code.
func run(t *testing.T, cmd *exec.Cmd) int {
	t.Helper()
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode()
}

// logged is what a command wrote on standard error.
func logged(cmd *exec.Cmd) string {
	name, ok := cmd.Stderr.(*os.File)
	if !ok {
		return ""
	}
	text, _ := os.ReadFile(name.Name())
	return string(bytes.TrimSpace(text))
}

// history is what stores can tell besides mlflow.Store.
type history interface {
	MetricHistory(ctx context.Context, runID, key string) ([]mlflow.Metric, error)
}

// stored returns the runs of the job's experiment, with what each of them lacks of a whole training.
func (j job) stored(t *testing.T) []storedRun {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	opened, err := store.Open(ctx, store.Options{URI: j.uri, Dir: j.dir})
	if err != nil {
		t.Fatalf("open %s: %v", j.uri, err)
	}
	defer func() { _ = opened.Close(ctx) }()
	found, err := opened.EnsureExperiment(ctx, j.experiment)
	if err != nil {
		t.Fatalf("find the experiment: %v", err)
	}
	runs, err := opened.SearchRuns(ctx, mlflow.RunSearch{ExperimentID: found.ID})
	if err != nil {
		t.Fatalf("read the runs of %s: %v", j.uri, err)
	}
	var out []storedRun
	for _, r := range runs {
		out = append(out, storedRun{Run: r, lacks: lacks(ctx, opened, r)})
	}
	return out
}

type storedRun struct {
	mlflow.Run

	lacks []string
}

// lacks says what a run lacks of a whole training.
func lacks(ctx context.Context, opened *store.Opened, r mlflow.Run) []string {
	var out []string
	if len(r.Params) != params {
		out = append(out, fmt.Sprintf("%d params instead of %d", len(r.Params), params))
	}
	if r.Metrics["auc"].Value != 0.75 || r.Tags["team"] != "vision" {
		out = append(out, fmt.Sprintf("metrics or tags of the result: %v", slices.Sorted(maps.Keys(r.Tags))))
	}
	if r.Tags["mlops.status"] != "success" {
		out = append(out, fmt.Sprintf("mlops.status is %q", r.Tags["mlops.status"]))
	}
	told, ok := opened.Store.(history)
	if !ok {
		return append(out, "the store tells no history")
	}
	loss, err := told.MetricHistory(ctx, r.ID, "loss")
	steps := map[int64]int{}
	for _, p := range loss {
		steps[p.Step]++
	}
	if err != nil || len(loss) != points || len(steps) != points {
		out = append(out, fmt.Sprintf("%d points, %d steps of loss instead of %d (%v)", len(loss), len(steps), points, err))
	}
	files, err := opened.List(ctx, r.ArtifactURI, "")
	if err != nil || !slices.ContainsFunc(files, func(e artifact.Entry) bool { return e.Path == "model.bin" && e.Size == 50000 }) {
		out = append(out, fmt.Sprintf("model.bin of 50,000 bytes is not among %v (%v)", files, err))
	}
	return out
}

// uris are the three kinds of store, each in a folder or a server of this machine.
func uris(t *testing.T, dir string) map[string]string {
	t.Helper()
	return map[string]string{
		"SQLite": "sqlite:///" + filepath.Join(dir, "mlflow.db"),
		"folder": "file:" + filepath.Join(dir, "mlruns"),
		"server": testenv.Server(t, 3),
	}
}
