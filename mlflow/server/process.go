package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/Iyalvan/mlops-track/internal/process"
)

const (
	// startTimeout is how long the server may take until it answers; a busy machine needs a good half minute.
	startTimeout = 2 * time.Minute
	// stopGrace is the time between SIGTERM and SIGKILL to its process group.
	stopGrace = 5 * time.Second
	// defaultArtifacts is where MLflow puts the artifacts of a database store that it opens itself.
	defaultArtifacts = "mlruns"
)

// server is a running mlflow server.
type server struct {
	cmd   *exec.Cmd
	log   tail
	ended <-chan struct{}
}

// start runs the server that command names.
func start(command []string, address string, opts Options) (*server, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	args := append(slices.Clip(command[1:]), "server", "--host", host, "--port", port, "--workers", "1",
		"--no-serve-artifacts", "--default-artifact-root", filepath.Join(opts.Dir, defaultArtifacts))
	p := &server{cmd: exec.Command(command[0], args...)} //nolint:gosec,noctx // the user's own; ended by stop
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = opts.Dir, &p.log, &p.log
	// The URI goes by the environment: it holds a password, and arguments can be read by everybody on the machine.
	p.cmd.Env = append(slices.Clip(opts.Environ), "MLFLOW_BACKEND_STORE_URI="+opts.URI,
		"MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false")
	ownGroup(p.cmd)
	if p.ended, err = process.Start(p.cmd); err != nil {
		return nil, fmt.Errorf("start mlflow server: %w", err)
	}
	return p, nil
}

// waitHealthy waits until the server answers.
func (p *server) waitHealthy(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	const poll = 100 * time.Millisecond
	for {
		if healthy(ctx, url) {
			return nil
		}
		select {
		case <-p.ended:
			return errors.New("it exited")
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
func (p *server) stop() {
	terminate(p.cmd)
	select {
	case <-p.ended:
	case <-time.After(stopGrace):
	}
	kill(p.cmd)
	<-p.ended
}
