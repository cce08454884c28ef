package e2e_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/Iyalvan/mlops-track/internal/test/testenv"
)

var update = flag.Bool("update", false, "rewrite the expected files inside the stories")

// TestStories runs the scripts of e2e/testdata/script, each in a folder of its own, over the real binary, real MLflow and
// real training. CONTRIBUTING.md lists the commands that a story has besides those of testscript.
func TestStories(t *testing.T) {
	t.Parallel()
	s := stories{t: t, bin: binFolder, shared: t.TempDir(), readers: map[int]*reader{3: {line: 3}, 2: {line: 2}}}
	t.Cleanup(func() {
		for _, r := range s.readers {
			r.stop(t)
		}
	})
	testscript.Run(t, testscript.Params{
		Dir:                "e2e/testdata/script",
		Setup:              s.isolate,
		UpdateScripts:      *update,
		RequireUniqueNames: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"use-mlflow":    s.useMLflow,
			"mlflow-server": s.mlflowServer,
			"example":       s.example,
			"exits":         exits,
			"env-file":      envFile,
			"run-json":      s.runJSON,
			"wait-for":      waitFor,
			"signal":        sendSignal,
			"free-port":     freePort,
			"wait-url":      waitURL,
		},
	})
}

type stories struct {
	t       *testing.T
	bin     string   // holds the binary
	program []string // that runs it, such as a shell with limits; empty: none
	shared  string   // caches that every story may fill
	readers map[int]*reader
}

// isolate gives a story a home and temporary folder inside its work folder. testscript has taken out every variable
// of the surrounding job already; what MLflow and matplotlib would fetch or compute anew each time is kept away.
func (s stories) isolate(env *testscript.Env) error {
	home := filepath.Join(env.WorkDir, ".home")
	if err := os.MkdirAll(home, 0o755); err != nil {
		return fmt.Errorf("make the home of a story: %w", err)
	}
	env.Setenv("HOME", home)
	env.Setenv("USERPROFILE", home)
	env.Setenv("PATH", s.bin+string(os.PathListSeparator)+env.Getenv("PATH"))
	env.Setenv("MPLCONFIGDIR", s.shared)
	env.Setenv("DO_NOT_TRACK", "true")
	return nil
}

// useMLflow puts the Python of an MLflow line first on PATH: use-mlflow 3|2.
func (s stories) useMLflow(ts *testscript.TestScript, _ bool, args []string) {
	bin := filepath.Dir(testenv.Python(s.t, lineOf(ts, args, 0)))
	ts.Setenv("PATH", bin+string(os.PathListSeparator)+ts.Getenv("PATH"))
}

// mlflowServer sets SERVER to the URL of a running tracking server: mlflow-server 3|2. All stories share it, so each
// needs an experiment of its own.
func (s stories) mlflowServer(ts *testscript.TestScript, _ bool, args []string) {
	ts.Setenv("SERVER", testenv.Server(s.t, lineOf(ts, args, 0)))
}

// example copies an example's files into the story's folder: example NAME.
func (s stories) example(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: example NAME")
	}
	ts.Check(os.CopyFS(ts.MkAbs("."), os.DirFS(filepath.Join("docs", "examples", args[0]))))
}

// runJSON prints a run as MLflow reads it, for stdout to look at: run-json URI RUN [3|2]. RUN is an id or "last".
func (s stories) runJSON(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 && len(args) != 3 {
		ts.Fatalf("usage: run-json URI RUN [3|2]")
	}
	line := 3
	if len(args) == 3 {
		line = lineOf(ts, args, 2)
	}
	out, err := s.readers[line].read(s.t, readRequest{URI: args[0], Run: args[1], Dir: ts.MkAbs(".")})
	switch {
	case neg && err == nil:
		ts.Fatalf("the run was read")
	case neg:
		_, _ = fmt.Fprintln(ts.Stderr(), err)
	default:
		ts.Check(err)
		_, err = ts.Stdout().Write(out)
		ts.Check(err)
	}
}

// exits runs a command that must end with one exit code: exits CODE COMMAND [ARG...].
func exits(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARG...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	switch err := ts.Exec(args[1], args[2:]...); {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	default:
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, not %d", got, want)
	}
}

// envFile takes the NAME=value lines of a file into the story's environment: env-file FILE.
func envFile(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: env-file FILE")
	}
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			ts.Setenv(name, value)
		}
	}
}

// waitFor waits until a file exists and, with a pattern, until it matches: wait-for FILE [PATTERN].
func waitFor(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 && len(args) != 2 {
		ts.Fatalf("usage: wait-for FILE [PATTERN]")
	}
	const patience = 2 * time.Minute // an import of MLflow on a busy machine, many times over
	pattern, err := regexp.Compile("(?m)" + strings.Join(args[1:], ""))
	ts.Check(err)
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if text, err := os.ReadFile(ts.MkAbs(args[0])); err == nil && pattern.Match(text) {
			return
		}
	}
	ts.Fatalf("%s did not come within %s", strings.Join(args, " with "), patience)
}

// signal sends a signal to the commands in the background, and to no process that they started: signal INT|TERM|HUP|KILL.
func sendSignal(ts *testscript.TestScript, _ bool, args []string) {
	signals := map[string]os.Signal{"INT": os.Interrupt, "TERM": syscall.SIGTERM, "HUP": syscall.SIGHUP, "KILL": os.Kill}
	if len(args) != 1 || signals[args[0]] == nil {
		ts.Fatalf("usage: signal INT|TERM|HUP|KILL")
	}
	for _, cmd := range ts.BackgroundCmds() {
		ts.Check(cmd.Process.Signal(signals[args[0]]))
	}
}

func lineOf(ts *testscript.TestScript, args []string, i int) int {
	if len(args) <= i || (args[i] != "2" && args[i] != "3") {
		ts.Fatalf("want an MLflow line, 3 or 2")
	}
	return int(args[i][0] - '0')
}
