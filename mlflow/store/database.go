package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/Iyalvan/mlops-track/internal/environ"
	"github.com/Iyalvan/mlops-track/mlflow"
)

const (
	// serverStart is how long the server may take until it answers; a busy machine needs a good half minute.
	serverStart = 2 * time.Minute
	// serverStop is the time between SIGTERM and SIGKILL to its process group.
	serverStop = 5 * time.Second
	// defaultArtifacts is where MLflow keeps the artifacts of a database store that it opens itself.
	defaultArtifacts = "mlruns"
	logTail          = 4 << 10
	logLines         = 8 // at most, of the tail, are shown
)

// serve starts the user's own mlflow server on a loopback port for a database, and connects to it.
func (o *Opened) serve(ctx context.Context, opts Options) error {
	command, err := findMLflow(ctx, opts)
	if err != nil {
		return err
	}
	address, err := freeAddress(ctx)
	if err != nil {
		return fmt.Errorf("find a port for mlflow server: %w", err)
	}
	s, err := startServer(command, address, opts)
	if err != nil {
		return err
	}
	base := "http://" + address
	if err := s.waitHealthy(ctx, base+"/health"); err != nil {
		s.stop()
		return o.notStarted(err, s.lastWords(opts.URI))
	}
	if err := o.connect(ctx, Options{UserAgent: opts.UserAgent}, base); err != nil {
		s.stop()
		return err
	}
	o.ChildEnv = map[string]string{trackingURI: base}
	for _, name := range []string{"NO_PROXY", "no_proxy"} { // else Python asks the proxy for an address of this machine
		o.ChildEnv[name] = strings.TrimPrefix(environ.Get(opts.Environ, name)+",127.0.0.1", ",")
	}
	o.close = func(context.Context) error { o.client.Close(); s.stop(); return nil }
	return nil
}

// notStarted is the error of a server that did not come up: a refusal where another try would end the same way.
func (o *Opened) notStarted(err error, log string) error {
	var fix string
	switch {
	case strings.Contains(log, "No module named"), strings.Contains(log, "Can't load plugin"):
		fix = "install the driver that the tracking URI names, or names by default, beside mlflow"
	case strings.Contains(log, "password authentication failed"), strings.Contains(log, "Access denied for user"):
		fix = "check user and password in the tracking URI"
	default:
		return &mlflow.UnreachableError{URI: o.Display, Err: fmt.Errorf("start mlflow server: %w\n%s", err, log)}
	}
	return &mlflow.RefusedError{Call: "start mlflow server for " + o.Display, Message: err.Error() + "\n" + log, Fix: fix}
}

// findMLflow returns the words that start the user's MLflow: mlflow from PATH, else python3 -m mlflow.
func findMLflow(ctx context.Context, opts Options) ([]string, error) {
	paths := filepath.SplitList(environ.Get(opts.Environ, "PATH"))
	if path := findProgram(paths, opts.Dir, "mlflow"); path != "" {
		return []string{path}, nil
	}
	for _, name := range []string{"python3", "python"} {
		path := findProgram(paths, opts.Dir, name)
		if path == "" {
			continue
		}
		check := exec.CommandContext(ctx, path, "-c", "import importlib.util as u, sys; sys.exit(u.find_spec('mlflow') is None)") //nolint:gosec // the user's own Python
		check.Env, check.Dir = opts.Environ, opts.Dir
		if check.Run() == nil {
			return []string{path, "-m", "mlflow"}, nil
		}
	}
	scheme, _, _ := strings.Cut(opts.URI, ":")
	return nil, &mlflow.RefusedError{
		Call: "open " + mlflow.RedactURI(opts.URI), Message: "a database is reached through an mlflow server, and mlflow is not installed here",
		Fix: "install mlflow and the driver of " + scheme + " where the training runs, or use the URI of a tracking server",
	}
}

// findProgram looks a program up on the PATH of the environment that was handed in, which exec.LookPath does not know.
func findProgram(paths []string, dir, name string) string {
	for _, folder := range paths {
		if !filepath.IsAbs(folder) {
			folder = filepath.Join(dir, folder)
		}
		if path, err := exec.LookPath(filepath.Join(folder, name)); err == nil {
			return path
		}
	}
	return ""
}

func freeAddress(ctx context.Context) (string, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// mlflowServer is a running mlflow server.
type mlflowServer struct {
	cmd   *exec.Cmd
	log   tail
	ended chan struct{}
}

func startServer(command []string, address string, opts Options) (*mlflowServer, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	args := append(slices.Clip(command[1:]), "server", "--host", host, "--port", port, "--workers", "1",
		"--no-serve-artifacts", "--default-artifact-root", filepath.Join(opts.Dir, defaultArtifacts))
	s := &mlflowServer{cmd: exec.Command(command[0], args...), ended: make(chan struct{})} //nolint:gosec,noctx // the user's own; ended by stop
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = opts.Dir, &s.log, &s.log
	// The URI goes by the environment: it holds a password, and arguments can be read by everybody on the machine.
	s.cmd.Env = append(slices.Clip(opts.Environ), "MLFLOW_BACKEND_STORE_URI="+opts.URI,
		"MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false")
	ownGroup(s.cmd)
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start mlflow server: %w", err)
	}
	go func() {
		_ = s.cmd.Wait() // how it ended is in its log
		close(s.ended)
	}()
	return s, nil
}

func (s *mlflowServer) waitHealthy(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, serverStart)
	defer cancel()
	const poll = 100 * time.Millisecond
	for {
		if healthy(ctx, url) {
			return nil
		}
		select {
		case <-s.ended:
			return errors.New("it ended")
		case <-ctx.Done():
			return fmt.Errorf("it does not answer: %w", context.Cause(ctx))
		case <-time.After(poll):
		}
	}
}

func healthy(ctx context.Context, url string) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return false
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // no proxy: it is on this machine
	resp, err := client.Do(req)
	if err != nil {
		return false
	}
	return errors.Join(resp.Body.Close()) == nil && resp.StatusCode == http.StatusOK
}

// stop ends the server and what it started.
func (s *mlflowServer) stop() {
	terminate(s.cmd)
	select {
	case <-s.ended:
	case <-time.After(serverStop):
	}
	kill(s.cmd)
	<-s.ended
}

// lastWords is the end of the server's log without the secrets of the URI.
func (s *mlflowServer) lastWords(uri string) string {
	lines := strings.Split(s.log.String(), "\n")
	words := strings.Join(lines[max(0, len(lines)-logLines):], "\n")
	words = strings.ReplaceAll(words, uri, mlflow.RedactURI(uri))
	if u, err := url.Parse(uri); err == nil {
		if password, ok := u.User.Password(); ok && password != "" {
			words = strings.ReplaceAll(words, password, "***")
		}
	}
	return words
}

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	text []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if over := len(t.text) - logTail; over > 0 {
		t.text = append(t.text[:0], t.text[over:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.TrimSpace(t.text))
}
