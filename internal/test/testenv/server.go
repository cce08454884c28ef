package testenv

import (
	"fmt"
	"net"
	"path/filepath"
	"sync"
	"testing"
)

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

func start(t testing.TB, line int, opts Options) process {
	t.Helper()
	needs(t, fmt.Sprintf("an MLflow %d server", line))
	folder, address := temporaryFolder(t), freeAddress(t)
	host, port, _ := net.SplitHostPort(address)
	args := []string{
		"-m", "mlflow", "server", "--host", host, "--port", port, "--workers", "1",
		"--backend-store-uri", "sqlite:///" + filepath.ToSlash(filepath.Join(folder, "mlflow.db")),
		"--artifacts-destination", filepath.Join(folder, "artifacts"),
	}
	return launch(t, command{
		name: fmt.Sprintf("the MLflow %d server", line), folder: folder,
		path: Python(t, line), args: append(args, opts.Args...),
		env: append([]string{"MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false", "DO_NOT_TRACK=true"}, opts.Env...),
		url: "http://" + address, health: "/health",
	})
}
