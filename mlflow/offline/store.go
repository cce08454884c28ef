package offline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/artifact"
	"github.com/Iyalvan/mlops-track/mlflow/store"
)

// Options say where a Store goes on when its server is unreachable.
type Options struct {
	Dir          string        // offline folder, absolute; empty: nothing is stored offline, errors are returned as they are
	TrackingURI  string        // of the server, without secrets
	Experiment   string        // name
	StartTimeout time.Duration // how long the server may take for each call that opens the run
}

// Store is a tracking store of one job that goes on locally when its server becomes unreachable: what the server does not
// take is written to a local store in the offline folder, from where Upload brings it to the server later. It is the one
// answer to an unreachable server; whoever writes through it need not know.
//
// A run keeps the id under which it was opened. Errors of the server that a later upload would not mend are returned as
// they are. All methods are safe for concurrent use.
type Store struct {
	server  *store.Opened
	options Options

	mu       sync.Mutex
	over     <-chan struct{} // closed when the server's time is over; nil: it never is
	progress func()          // called for each call that the server answered

	run    mlflow.NewRun // as the run was opened, for its local twin
	known  mlflow.Run    // the run as the server had it last; zero while none is open
	end    mlflow.RunUpdate
	lost   error         // the first error that the server was unreachable with; nil: it is not
	local  *store.Opened // nil until it is needed
	twin   mlflow.Run    // the run in the local store
	resume string        // run on the server that is resumed
}

// New returns a Store over an open server.
func New(server *store.Opened, options Options) *Store {
	return &Store{server: server, options: options, progress: func() {}}
}

// Limit bounds the server's time from now on: once over is closed all that is left is stored offline. progress is called for
// each call that the server answered.
func (s *Store) Limit(over <-chan struct{}, progress func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over, s.progress = over, progress
}

// Began reports whether the run was opened offline: the server was unreachable from the start.
func (s *Store) Began() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.local != nil && s.known.ID == s.twin.ID
}

// Lost returns why something is stored offline; nil if the server has everything.
func (s *Store) Lost() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.local == nil {
		return nil
	}
	return s.lost
}

// Direct is the store that the run is open in, without the way around an unreachable server.
func (s *Store) Direct() *store.Opened {
	if s.Began() {
		return s.local
	}
	return s.server
}

// Close closes the local store and the server.
func (s *Store) Close(ctx context.Context) error {
	var err error
	if s.local != nil {
		err = s.local.Close(ctx)
	}
	return errors.Join(err, s.server.Close(ctx))
}

// atServer makes a call to the server within the time that the server has.
func (s *Store) atServer(ctx context.Context, call func(context.Context) error) error {
	s.mu.Lock()
	over, progress := s.over, s.progress
	s.mu.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		select {
		case <-over:
			cancel()
		case <-ended:
		}
	}()
	err := call(ctx)
	if err == nil {
		progress()
	}
	return err
}

// try makes a call to the server and, where that is unreachable or was before, to the local store.
func (s *Store) try(ctx context.Context, server func(context.Context) error, local func() error) error {
	if !s.isLost() {
		err := s.atServer(ctx, server)
		if err == nil || ctx.Err() != nil || !s.mended(err) {
			return err
		}
		s.lose(err)
	}
	if err := s.openTwin(ctx); err != nil {
		return errors.Join(s.lost, err)
	}
	return local()
}

func (s *Store) isLost() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lost != nil
}

// lose notes why the server is given up. The first reason with advice tells best: what follows says the same.
func (s *Store) lose(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lost == nil || (hint.Of(s.lost) == "" && hint.Of(err) != "") {
		s.lost = err
	}
}

// mended reports whether an error is of a kind that a later upload mends: the server was unreachable, did not answer in
// time, or no longer took our credentials.
func (s *Store) mended(err error) bool {
	if s.options.Dir == "" {
		return false
	}
	var unreachable *mlflow.UnreachableError
	var rejected *mlflow.RejectedError
	return errors.As(err, &unreachable) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) ||
		errors.As(err, &rejected) && rejected.Lasting()
}

// openLocal opens the local store.
func (s *Store) openLocal(ctx context.Context) error {
	if s.local != nil {
		return nil
	}
	if err := os.MkdirAll(s.options.Dir, 0o755); err != nil { //nolint:gosec // later steps of the job read it
		return hint.With(fmt.Errorf("store the run offline: %w", err), "set offline-dir to a folder that can be written")
	}
	local, err := store.Open(ctx, store.Options{URI: StoreURI, Dir: s.options.Dir})
	if err != nil {
		return fmt.Errorf("store the run offline in %q: %w", s.options.Dir, err)
	}
	s.local = local
	return nil
}

// openTwin makes the run in the local store that holds what the server does not take.
func (s *Store) openTwin(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.twin.ID != "" {
		return nil
	}
	if err := s.openLocal(ctx); err != nil {
		return err
	}
	experiment, err := s.local.EnsureExperiment(ctx, s.options.Experiment)
	if err != nil {
		return fmt.Errorf("store the run offline: %w", err)
	}
	run := s.run
	run.ExperimentID = experiment.ID
	twin, err := s.local.CreateRun(ctx, run)
	if err != nil {
		return fmt.Errorf("store the run offline: %w", err)
	}
	if s.end != (mlflow.RunUpdate{}) { // there may be no time later
		if err := s.local.UpdateRun(ctx, twin.ID, s.end); err != nil {
			return fmt.Errorf("store the run offline: %w", err)
		}
	}
	onServer := s.known.ID
	if onServer == "" {
		onServer = s.resume
	}
	if s.known.ID == "" {
		s.known = twin
	}
	s.twin = twin
	return Write(s.options.Dir, Note{
		RunID: twin.ID, Experiment: s.options.Experiment, TrackingURI: s.options.TrackingURI, ServerRunID: onServer,
	})
}

// Upload puts artifacts of the run into their place; those that cannot be uploaded now are stored offline.
func (s *Store) Upload(ctx context.Context, location string, files []artifact.File, opts artifact.Options) artifact.Result {
	if s.Began() {
		return s.local.Upload(ctx, location, files, opts)
	}
	var result artifact.Result
	if s.isLost() && strings.HasPrefix(location, "mlflow-artifacts:") { // the same server takes them
		result = artifact.AllFailed(files, s.lost)
	} else {
		result = s.atServerUpload(ctx, location, files, opts)
	}
	var rest []artifact.File
	var final []artifact.Failure
	for _, failure := range result.Failed {
		if ctx.Err() == nil && s.mended(failure.Err) {
			s.lose(failure.Err)
			rest = append(rest, failure.File)
		} else {
			final = append(final, failure)
		}
	}
	if len(rest) == 0 {
		return result
	}
	if err := s.openTwin(ctx); err != nil {
		result.Failed = append(final, artifact.AllFailed(rest, err).Failed...)
		return result
	}
	stored := s.local.Upload(ctx, s.twin.ArtifactURI, rest, artifact.Options{})
	result.Files += stored.Files
	result.Bytes += stored.Bytes
	result.Failed = append(final, stored.Failed...)
	if result.Manifest != nil && s.mended(result.Manifest) {
		result.Manifest = nil
	}
	return result
}

// atServerUpload uploads what the server's artifact store takes.
func (s *Store) atServerUpload(ctx context.Context, location string, files []artifact.File, opts artifact.Options) (result artifact.Result) {
	tell := opts.Progress
	opts.Progress = func(done artifact.Progress) {
		s.progress()
		if tell != nil {
			tell(done)
		}
	}
	_ = s.atServer(ctx, func(ctx context.Context) error { // failures are told by file
		result = s.server.Upload(ctx, location, files, opts)
		return nil
	})
	return result
}

// List returns what lies directly in a folder of the run's artifacts, as far as it can be asked.
func (s *Store) List(ctx context.Context, location, folder string) (entries []artifact.Entry, err error) {
	if s.Began() {
		return s.local.List(ctx, location, folder)
	}
	err = s.try(ctx, func(ctx context.Context) error {
		entries, err = s.server.List(ctx, location, folder)
		return err
	}, func() error {
		entries, err = s.local.List(ctx, s.twin.ArtifactURI, folder)
		return err
	})
	return entries, err
}
