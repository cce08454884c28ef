package testenv

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Docker is an engine. Its networks may have no way out, so containers get --network host.
type Docker struct {
	env []string // reaches the engine, NAME=value
}

// engine is the one that all tests of the process share.
var engine struct {
	sync.Mutex

	docker Docker
	reason string // why there is none
	hold   io.Closer
}

// baseImages are what scripts/base-images brings.
var baseImages = []string{"debian:bookworm-slim", JobImage}

// JobImage is what a job of act or gitlab-ci-local runs in. The tag counts its changes.
const JobImage = "mlops-track-test/job:2"

// NewDocker returns a Docker engine: that of this machine, or one that scripts/with-docker starts and that ends with the last
// process that uses it. Where there can be none, the test is skipped with the reason.
func NewDocker(t testing.TB) Docker {
	t.Helper()
	needs(t, "a Docker engine")
	engine.Lock()
	defer engine.Unlock()
	if engine.hold == nil && engine.reason == "" {
		startEngine(t)
	}
	if engine.reason != "" {
		t.Skip(engine.reason)
	}
	for _, image := range baseImages {
		if engine.docker.Command("docker", "image", "inspect", image).Run() != nil {
			t.Skipf("no image %s: make test-env says why", image)
		}
	}
	return engine.docker
}

// hold keeps the engine: it says how to reach it, and lives until its standard input ends, which it does with this process.
const hold = `echo "$PATH"; echo "$DOCKER_HOST"; exec cat`

func startEngine(t testing.TB) {
	t.Helper()
	cmd := exec.Command(filepath.Join(moduleFolder(t), "scripts", "with-docker"), "sh", "-c", hold)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		engine.reason = err.Error()
		return
	}
	lines := bufio.NewScanner(stdout)
	var said []string
	for len(said) < 2 && lines.Scan() {
		said = append(said, lines.Text())
	}
	if len(said) < 2 {
		_ = cmd.Wait()
		engine.reason = strings.TrimSpace(stderr.String())
		return
	}
	engine.hold = stdin
	engine.docker.env = append(os.Environ(), "PATH="+said[0])
	if said[1] != "" {
		engine.docker.env = append(engine.docker.env, "DOCKER_HOST="+said[1])
	}
}

// Command is a command that reaches the engine.
func (d Docker) Command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Env = slices.Clone(d.env) // callers append to it
	for _, v := range d.env {     // the client that fits the engine
		if path, ok := strings.CutPrefix(v, "PATH="); ok && name == "docker" {
			cmd.Path, cmd.Err = lookPath(name, path)
		}
	}
	return cmd
}

func lookPath(name, path string) (string, error) {
	for _, dir := range filepath.SplitList(path) {
		if found, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return found, nil
		}
	}
	return "", exec.ErrNotFound
}

// Build builds an image from a folder, with the Dockerfile's text or, where that is empty, the folder's own, and returns its
// name. It is removed with the test.
func (d Docker) Build(t testing.TB, folder, dockerfile string, args ...string) string {
	t.Helper()
	name := "mlops-track-test/" + strings.ToLower(rand.Text())
	args = append([]string{"build", "--quiet", "--network", "host", "--tag", name}, args...)
	if dockerfile != "" {
		args = append(args, "--file", "-")
	}
	cmd := d.Command("docker", append(args, folder)...)
	cmd.Env = append(cmd.Env, "DOCKER_BUILDKIT=1")
	cmd.Stdin = strings.NewReader(dockerfile)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("docker build: %v\n%s", err, out)
	}
	t.Cleanup(func() { _ = d.Command("docker", "image", "rm", "--force", name).Run() })
	return name
}

// moduleFolder is the folder with go.mod.
func moduleFolder(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
	}
	t.Fatal("no go.mod above the test")
	return ""
}
