package testenv

import (
	_ "embed"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

//go:embed supervise.py
var supervise string

// patience is how long a server may take to start: seconds on a quiet machine, far more on a busy one.
const patience = 3 * time.Minute

// Options change how a server is started.
type Options struct {
	Args []string // further arguments of mlflow server; they win over the usual ones
	Env  []string // further variables, NAME=value
}

// Server returns the URL of a tracking server of that line, 3 or 2. All tests of a process share it, so each needs an
// experiment of its own. It stops when the process ends.
func Server(t testing.TB, line int) string {
	t.Helper()
	s := &shared[line]
	s.Lock()
	defer s.Unlock()
	if s.url == "" {
		s.url = start(t, line, Options{}).url
	}
	return s.url
}

// shared holds the servers of this process by line.
var shared [4]struct {
	sync.Mutex
	url string
}

// Start starts a tracking server for one test and returns its URL. It stops with the test, or before that by stop.
func Start(t testing.TB, line int, opts Options) (url string, stop func()) {
	t.Helper()
	s := start(t, line, opts)
	stop = sync.OnceFunc(s.stop)
	t.Cleanup(stop)
	return s.url, stop
}

type server struct {
	url  string
	stop func()
}

func start(t testing.TB, line int, opts Options) server {
	t.Helper()
	python := Python(t, line)
	folder, err := os.MkdirTemp("", "mlflow-server-") // not the test's: the server may outlive it
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(folder, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	address := freeAddress(t)
	host, port, _ := net.SplitHostPort(address)

	cmd := exec.Command(python, "-I", "-c", supervise, folder,
		python, "-m", "mlflow", "server", "--host", host, "--port", port, "--workers", "1",
		"--backend-store-uri", "sqlite:///"+filepath.ToSlash(filepath.Join(folder, "mlflow.db")),
		"--artifacts-destination", filepath.Join(folder, "artifacts"))
	cmd.Args = append(cmd.Args, opts.Args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = folder, log, log
	cmd.Env = append(os.Environ(), "MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false", "DO_NOT_TRACK=true")
	cmd.Env = append(cmd.Env, opts.Env...)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start the MLflow %d server: %v", line, err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	s := server{url: "http://" + address, stop: func() { _ = stdin.Close(); <-ended }}
	if err := waitHealthy(s.url, ended); err != nil {
		s.stop()
		text, _ := io.ReadAll(io.NewSectionReader(log, 0, 1<<20))
		t.Fatalf("start the MLflow %d server: %v\n%s", line, err, text)
	}
	return s
}

func waitHealthy(url string, ended <-chan struct{}) error {
	client := http.Client{Timeout: 5 * time.Second}
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if resp, err := client.Get(url + "/health"); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ended:
			return fmt.Errorf("it ended")
		case <-time.After(50 * time.Millisecond):
		}
	}
	return fmt.Errorf("it is not healthy after %s", patience)
}

func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
