package server

import (
	"context"
	"fmt"
	"maps"
	"net"
	"strings"

	"github.com/Iyalvan/mlops-track/internal/environ"
	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/mlflow"
)

// Options say which database is served, and how the user's MLflow is found.
type Options struct {
	URI     string   // of the database, as MLflow takes it
	Dir     string   // absolute folder where the server runs
	Environ []string // NAME=value
}

// Server is a running mlflow server. Stop must be called.
type Server struct {
	address string
	noProxy map[string]string
	process *server
}

// Start starts the server and waits until it answers. An error that a retry would meet again is
// a *mlflow.RejectedError, any other a *mlflow.UnreachableError.
func Start(ctx context.Context, opts Options) (*Server, error) {
	command, err := findMLflow(ctx, opts)
	if err != nil {
		return nil, err
	}
	address, err := freeAddress(ctx)
	if err != nil {
		return nil, fmt.Errorf("find a port for mlflow server: %w", err)
	}
	p, err := start(command, address, opts)
	if err != nil {
		return nil, err
	}
	s := &Server{address: address, process: p, noProxy: map[string]string{}}
	for _, name := range []string{"NO_PROXY", "no_proxy"} {
		s.noProxy[name] = strings.TrimPrefix(environ.Get(opts.Environ, name)+",127.0.0.1", ",")
	}
	if err := p.waitHealthy(ctx, s.URL()+"/health"); err != nil {
		s.Stop()
		return nil, notStarted(mlflow.RedactURI(opts.URI), err, p.log.lastWords(opts.URI))
	}
	return s, nil
}

// URL is the tracking URI of the server.
func (s *Server) URL() string { return "http://" + s.address }

// ChildEnv returns the environment that a program needs to log there. Without the exceptions Python would send requests to this
// machine through the proxy.
func (s *Server) ChildEnv() map[string]string {
	env := map[string]string{"MLFLOW_TRACKING_URI": s.URL()}
	maps.Copy(env, s.noProxy)
	return env
}

// Stop ends the server and what it started.
func (s *Server) Stop() { s.process.stop() }

// notStarted returns the error of a server that did not start: a *mlflow.RejectedError if a retry would fail too.
func notStarted(display string, err error, log string) error {
	fix := advice().Advice(hint.Answer{Message: log}, nil)
	if fix == "" {
		return &mlflow.UnreachableError{URI: display, Err: fmt.Errorf("start mlflow server: %w\n%s", err, log)}
	}
	return hint.With(&mlflow.RejectedError{Call: "start mlflow server for " + display, Message: err.Error() + "\n" + log}, fix)
}

func freeAddress(ctx context.Context) (string, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
