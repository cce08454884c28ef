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
	"testing"
	"time"
)

//go:embed supervise.py
var supervise string

// patience is how long a server may take to start: seconds on a quiet machine, far more on a busy one.
const patience = 3 * time.Minute

// command starts a server of this machine.
type command struct {
	name   string // for messages
	folder string // where it works and keeps its data; removed when it ends
	path   string
	args   []string
	env    []string // further variables, NAME=value
	url    string
	health string // path that answers 200 when the server is ready
}

// process is a server that runs until it is stopped, at the latest when this process ends, however that ends.
type process struct {
	url  string
	log  string // file
	stop func()
}

func launch(t testing.TB, c command) process {
	t.Helper()
	name := filepath.Join(c.folder, "log")
	log, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command(Python(t, 3), "-I", "-c", supervise, c.folder, c.path)
	cmd.Args = append(cmd.Args, c.args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = c.folder, log, log
	cmd.Env = append(os.Environ(), c.env...)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", c.name, err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	p := process{url: c.url, log: name, stop: func() { _ = stdin.Close(); <-ended }}
	if err := waitHealthy(c.url+c.health, ended); err != nil {
		p.stop()
		text, _ := io.ReadAll(io.NewSectionReader(log, 0, 1<<20))
		t.Fatalf("start %s: %v\n%s", c.name, err, text)
	}
	return p
}

func waitHealthy(url string, ended <-chan struct{}) error {
	client := http.Client{Timeout: 5 * time.Second}
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if resp, err := client.Get(url); err == nil {
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

// temporaryFolder is not the test's: what works in it may outlive the test.
func temporaryFolder(t testing.TB) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "testenv-")
	if err != nil {
		t.Fatal(err)
	}
	return folder
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
