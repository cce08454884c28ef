package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/Iyalvan/mlops-track/internal/cli"
	"github.com/Iyalvan/mlops-track/internal/test/mlflowtest"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/artifact"
	"github.com/Iyalvan/mlops-track/mlflow/offline"
	"github.com/Iyalvan/mlops-track/mlflow/store"
)

// shell is a folder in which commands are called.
type shell struct {
	dir     string
	environ []string
	signals chan os.Signal
}

func newShell(t *testing.T, environ ...string) shell {
	t.Helper()
	home := t.TempDir()
	return shell{dir: t.TempDir(), environ: append(environ, "PATH="+os.Getenv("PATH"), "HOME="+home), signals: make(chan os.Signal, 1)}
}

// call runs a command line and returns the exit code, standard output and the log.
func (s shell) call(t *testing.T, args ...string) (code int, out, log string) {
	t.Helper()
	texts := t.TempDir()
	open := func(name string) *os.File {
		f, err := os.Create(filepath.Join(texts, name))
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	stdout, stderr := open("out"), open("log")
	defer stdout.Close()
	defer stderr.Close()
	code = cli.Main(t.Context(), cli.Process{
		Args: args, Environ: s.environ, Dir: s.dir, Stdin: os.Stdin, Stdout: stdout, Stderr: stderr, Signals: s.signals, Version: "test",
	})
	return code, read(t, stdout.Name()), read(t, stderr.Name())
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func says(t *testing.T, text string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("%q is not said:\n%s", w, text)
		}
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	for line, c := range map[string]struct {
		code int
		says string
	}{
		"":                               {0, "Usage:"},
		"version":                        {0, "mlops-track test ("},
		"rum -- train":                   {2, "did you mean run or"},
		"frobnicate":                     {2, "see mlops-track --help"},
		"run --no-such-flag":             {2, "see mlops-track run --help"},
		"run":                            {2, "hint: see mlops-track run --help"},
		"run --dry-run false -- train":   {2, "write --autolog=false or --dry-run=false"},
		"report":                         {2, "nothing to report: --run-id or --from is required"},
		"record --ended badly":           {2, `ended "badly" is unknown`},
		"sync nowhere":                   {1, "pass the folder that the job logged"},
		"report --from none.json":        {1, "none.json"},
		"ui":                             {1, "track a run first"},
		"ui --tracking-uri http://x:1/y": {0, "http://x:1/y"},
	} {
		code, out, log := s.call(t, strings.Fields(line)...)
		if code != c.code || !strings.Contains(out+log, c.says) {
			t.Errorf("mlops-track %s: exit code %d, want %d and %q:\n%s%s", line, code, c.code, c.says, out, log)
		}
	}
}

const step = `printf '{"loss": 0.5, "step": 1}\n{"loss": 0.25, "step": 2}\n' >> "$MLOPS_METRICS"
echo '{"params": {"depth": 3}, "metrics": {"auc": 0.75}, "artifacts": ["notes.txt"]}' > "$MLOPS_RESULT"
echo hello > notes.txt; `

// A step on a tracking server: the run has its results, the status matches, and so does the exit code.
func TestRunOnAServer(t *testing.T) {
	t.Parallel()
	for script, c := range map[string]struct {
		code   int
		status mlflow.Status
	}{"exit 0": {0, mlflow.Finished}, "echo worse >&2; exit 3": {3, mlflow.Failed}} {
		t.Run(string(c.status), func(t *testing.T) {
			t.Parallel()
			server, s := mlflowtest.StartMemory(t), newShell(t)
			code, _, log := s.call(t, "run", "--tracking-uri", server.URL, "--experiment", "vision", "--autolog=false", "--outputs-file", "out.env", "--",
				"sh", "-c", step+script)
			if code != c.code {
				t.Errorf("exit code %d:\n%s", code, log)
			}
			runs := server.Runs()
			if len(runs) != 1 || runs[0].Status != c.status || runs[0].Params["depth"] != "3" || len(runs[0].Points["loss"]) != 2 || runs[0].Metrics["auc"].Value != 0.75 {
				t.Fatalf("runs %+v\n%s", runs, log)
			}
			if files := server.Files(runs[0].ArtifactURI); files["notes.txt"] != "hello\n" {
				t.Errorf("files %q", files)
			}
			says(t, read(t, filepath.Join(s.dir, "out.env")), "MLOPS_OUT_RUN_ID="+runs[0].ID, "MLOPS_OUT_STATUS="+string(c.status))
			says(t, log, "run ", "in experiment vision: "+server.URL, "step: sh -c")
		})
	}
}

// A server that rejects us stops the job before the step.
func TestRunThatIsRejected(t *testing.T) {
	t.Parallel()
	proxy, s := mlflowtest.New(t, mlflowtest.StartMemory(t).URL), newShell(t)
	proxy.Spoil(mlflowtest.Rule{Status: 401})
	code, _, log := s.call(t, "run", "--tracking-uri", proxy.URL, "--outputs-file", "out.env", "--", "sh", "-c", "touch started")
	if _, err := os.Stat(filepath.Join(s.dir, "started")); code != 1 || err == nil {
		t.Errorf("exit code %d, the step was started: %t\n%s", code, err == nil, log)
	}
	says(t, log, "error: find experiment", "hint: set MLFLOW_TRACKING_USERNAME")
	says(t, read(t, filepath.Join(s.dir, "out.env")), "MLOPS_OUT_STATUS=FAILED", "MLOPS_OUT_EXIT_CODE=1")
}

// A server that is lost during the step: the rest is stored offline, the exit code is the step's, and sync brings it.
func TestServerThatIsLost(t *testing.T) {
	t.Parallel()
	server := mlflowtest.StartMemory(t)
	proxy, s := mlflowtest.New(t, server.URL), newShell(t)
	proxy.Spoil(mlflowtest.Rule{Path: "runs/log-batch", Refuse: true})
	code, _, log := s.call(t, "run", "--tracking-uri", proxy.URL, "--experiment", "vision", "--finish-timeout", "1s", "--autolog=false", "--", "sh", "-c", step)
	if code != 0 {
		t.Errorf("exit code %d", code)
	}
	says(t, log, "the rest is stored offline in", "upload it later: mlops-track sync .mlops-track")
	proxy.Mend()
	code, _, log = s.call(t, "sync", "--tracking-uri", proxy.URL)
	runs := server.Runs()
	if code != 0 || len(runs) != 1 || runs[0].Params["depth"] != "3" || len(runs[0].Points["loss"]) != 2 || runs[0].Status != mlflow.Finished ||
		server.Files(runs[0].ArtifactURI)["notes.txt"] != "hello\n" {
		t.Errorf("exit code %d, runs %+v\n%s", code, runs, log)
	}
	says(t, log, "uploaded run ", "metric points")
	if code, _, log = s.call(t, "sync"); code != 0 {
		t.Errorf("exit code %d", code)
	}
	says(t, log, "nothing is stored offline in")
}

// The same lost server where the user wants it to count.
func TestServerThatIsLostFails(t *testing.T) {
	t.Parallel()
	proxy, s := mlflowtest.New(t, mlflowtest.StartMemory(t).URL), newShell(t)
	proxy.Spoil(mlflowtest.Rule{Path: "runs/log-batch", Status: 403})
	code, _, log := s.call(t, "run", "--tracking-uri", proxy.URL, "--finish-timeout", "1s", "--on-tracking-error", "fail", "--autolog=false", "--", "sh", "-c", step)
	if _, err := os.Stat(filepath.Join(s.dir, ".mlops-track")); code != 1 || err == nil {
		t.Errorf("exit code %d, offline folder %v\n%s", code, err, log)
	}
}

// A cancel is passed on to the step; the run is KILLED, and the exit code that of the signal.
func TestCancel(t *testing.T) {
	t.Parallel()
	server, s := mlflowtest.StartMemory(t), newShell(t)
	started := filepath.Join(s.dir, "started")
	go func() {
		for range 500 {
			if _, err := os.Stat(started); err == nil {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		s.signals <- syscall.SIGTERM
	}()
	code, _, log := s.call(t, "run", "--tracking-uri", server.URL, "--autolog=false", "--", "sh", "-c", "touch started; exec sleep 30")
	if runs := server.Runs(); code != 143 || len(runs) != 1 || runs[0].Status != mlflow.Killed || runs[0].Tags["mlops.error_message"] != "cancelled by SIGTERM" {
		t.Errorf("exit code %d, runs %+v\n%s", code, runs, log)
	}
	says(t, log, "SIGTERM: forwarded to the step; the run is marked KILLED", "was cancelled after")
}

// The plan is shown without a secret, and nothing is done.
func TestDryRun(t *testing.T) {
	t.Parallel()
	s := newShell(t, "MLFLOW_TRACKING_PASSWORD=pass-of-server", "API_TOKEN=xyz")
	code, out, log := s.call(t, "run", "--dry-run", "--tracking-uri", "http://ann:pass-of-uri@127.0.0.1:1", "--experiment", "vision", "--run-name", "mine",
		"--tag", "token=abc", "--artifacts", "plots/*", "--", "train", "--api-key", "key-of-step")
	says(t, out, "store:       http://ann:***@127.0.0.1:1", "experiment:  vision", "run:         mine", "tag:         token=***", "artifacts:   plots/*")
	for _, secret := range []string{"pass-of-uri", "pass-of-server", "key-of-step"} {
		if code != 0 || strings.Contains(out+log, secret) {
			t.Errorf("exit code %d, %q is shown:\n%s%s", code, secret, out, log)
		}
	}
	if left, err := os.ReadDir(s.dir); err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

// The action runs its script with the inputs of the step.
func TestAction(t *testing.T) {
	t.Parallel()
	server := mlflowtest.StartMemory(t)
	s := newShell(t, "GITHUB_ACTIONS=true", "INPUT_TRACKING-URI="+server.URL, "INPUT_EXPERIMENT=vision", "INPUT_AUTOLOG=false", "INPUT_RUN="+step+"exit 4")
	output := filepath.Join(t.TempDir(), "output")
	s.environ = append(s.environ, "GITHUB_OUTPUT="+output, "GITHUB_WORKSPACE="+s.dir)
	code, _, log := s.call(t, "action")
	if runs := server.Runs(); code != 4 || len(runs) != 1 || runs[0].Params["depth"] != "3" || runs[0].Status != mlflow.Failed {
		t.Fatalf("exit code %d, runs %+v\n%s", code, runs, log)
	}
	says(t, read(t, output), "run-id", "FAILED")
}

// The embedded store is used where no server is named, and a run in it can be reported later.
func TestEmbeddedStoreAndReport(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	code, _, log := s.call(t, "run", "--report-file", "report.json", "--outputs-file", "out.env", "--autolog=false", "--", "sh", "-c", step)
	says(t, log, "view run: mlops-track ui")
	_, after, _ := strings.Cut(read(t, filepath.Join(s.dir, "out.env")), "MLOPS_OUT_RUN_ID=")
	id, _, _ := strings.Cut(after, "\n")
	if code != 0 || len(id) != 32 {
		t.Fatalf("exit code %d, run %q\n%s", code, id, log)
	}
	if code, _, log = s.call(t, "report", "--run-id", id, "--from", "report.json"); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if n := strings.Count(log, " finished in "); n != 2 {
		t.Errorf("%d runs are reported:\n%s", n, log)
	}
	if code, _, log = s.call(t, "report", "--run-id", "none"); code != 1 {
		t.Errorf("a run that does not exist: exit code %d\n%s", code, log)
	}
}

// The decorator's run is finished by the rules of a step, and the verdict is printed. Settings that are wrong cost nothing of it.
func TestRecord(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]string{"finished": "FINISHED", "failed": "FAILED", "killed": "KILLED", "finished, bad settings": "FINISHED"} {
		ended, _, bad := strings.Cut(name, ",")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := mlflowtest.StartMemory(t)
			s := newShell(t, "MLFLOW_TRACKING_URI="+server.URL)
			st, err := store.Open(t.Context(), store.Options{URI: server.URL, Dir: s.dir})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = st.Close(context.Background()) }()
			run, err := st.CreateRun(t.Context(), mlflow.NewRun{ExperimentID: "0", Name: "decorated", Start: time.Now()})
			if err != nil {
				t.Fatal(err)
			}
			result, hook := filepath.Join(s.dir, "result.json"), t.TempDir()
			if bad {
				if err := os.WriteFile(filepath.Join(s.dir, "mlops-track.toml"), []byte("nope = 1\n"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.WriteFile(result, []byte(`{"params": {"depth": 3}}`), 0o600); err != nil {
				t.Fatal(err)
			}
			if ended == "killed" { // the Ctrl-C that ended the function comes to us, too
				s.signals <- os.Interrupt
			}
			code, out, log := s.call(t, "record", "--run-id", run.ID, "--result-file", result, "--hook-dir", hook, "--ended", ended)
			var verdict struct{ Status string }
			if err := json.Unmarshal([]byte(out), &verdict); err != nil || code != 0 || verdict.Status != status {
				t.Errorf("exit code %d, %q, %v\n%s", code, out, err, log)
			}
			if strings.Contains(log, "settings are ignored") != bad {
				t.Errorf("log %s", log)
			}
			if runs := server.Runs(); string(runs[0].Status) != status || runs[0].Params["depth"] != "3" {
				t.Errorf("run %+v", runs[0])
			}
		})
	}
}

// The folder names servers, but whoever made it chose those: nothing is sent before the user names one. A note that cannot be read
// stops no other run.
func TestSyncOfSeveralRuns(t *testing.T) {
	t.Parallel()
	server, s := mlflowtest.StartMemory(t), newShell(t)
	dir := filepath.Join(s.dir, ".mlops-track")
	for i, uri := range []string{server.URL, "http://ann:***@127.0.0.1:1", server.URL} {
		unreachable, err := store.Open(t.Context(), store.Options{URI: "http://127.0.0.1:1", Dir: s.dir})
		if err != nil {
			t.Fatal(err)
		}
		o := offline.New(unreachable, offline.Options{Dir: dir, TrackingURI: uri, Experiment: "vision", StartTimeout: 100 * time.Millisecond})
		run, err := o.CreateRun(t.Context(), mlflow.NewRun{Name: "r" + string(rune('0'+i)), Start: time.UnixMilli(1)})
		if err != nil {
			t.Fatal(err)
		}
		o.Upload(t.Context(), run.ArtifactURI, []artifact.File{{Path: os.Args[0], Target: "test"}}, artifact.Options{})
		if err := o.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "kept", "broken.json"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, log := s.call(t, "sync", ".mlops-track")
	if runs := server.Runs(); code != 1 || len(runs) != 0 {
		t.Errorf("exit code %d, %d runs\n%s", code, len(runs), log)
	}
	says(t, log, "no tracking server is named", strconv.Quote(server.URL), "mlops-track sync .mlops-track --tracking-uri "+server.URL,
		"mlops-track sync .mlops-track --tracking-uri http://127.0.0.1:1\n")
	code, _, log = s.call(t, "sync", ".mlops-track", "--tracking-uri", server.URL)
	if runs := server.Runs(); code != 1 || len(runs) != 3 || strings.Count(log, "1 artifact:") != 3 {
		t.Errorf("exit code %d, %d runs\n%s", code, len(runs), log)
	}
	says(t, log, "broken.json")
	if left, _ := offline.List(dir); len(left) != 0 {
		t.Errorf("left %v", left)
	}
}

// On GitHub a secret is masked in the log before anything else is written; a log that is a file shows no masks.
func TestLogInAFile(t *testing.T) {
	t.Parallel()
	s := newShell(t, "GITHUB_ACTIONS=true", "MLFLOW_TRACKING_PASSWORD=hunter2-hunter2")
	_, _, log := s.call(t, "run", "--run-name", "hunter2-hunter2", "--stop-grace", "hunter2-hunter2", "--", "train")
	if strings.Contains(log, "hunter2") || strings.Contains(log, "::add-mask::") {
		t.Errorf("log\n%s", log)
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cli.Main(t.Context(), cli.Process{
		Args: []string{"run", "--stop-grace", "hunter2-hunter2", "--", "train"}, Environ: s.environ, Dir: s.dir, Stdin: os.Stdin, Stdout: writer, Stderr: writer, Version: "test",
	})
	writer.Close()
	var piped bytes.Buffer
	if _, err := piped.ReadFrom(reader); err != nil {
		t.Fatal(err)
	}
	if first, rest, _ := strings.Cut(piped.String(), "\n"); first != "::add-mask::hunter2-hunter2" || strings.Contains(rest, "hunter2") {
		t.Errorf("log\n%s", piped.String())
	}
}
