package offline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/store"
)

// Options say where a Store continues when its server is unreachable.
type Options struct {
	Dir          string        // offline folder, absolute; empty: nothing is stored offline, errors are returned as they are
	TrackingURI  string        // of the server, without secrets
	Experiment   string        // name
	StartTimeout time.Duration // how long opening the run may take in all; less where there is no connection
}

// Store is a tracking store of one job that continues locally when its server becomes unreachable: what the server does not
// store is written to a local store in the offline folder, from where Upload uploads it later. No other package handles
// an unreachable server.
//
// Until Limit is called the run is being opened: all calls together have StartTimeout, and only for an unreachable server the store
// continues offline; a rejected request is an error. From then on what is rejected because of the credentials is stored
// offline, too. Errors that a later upload would meet again are returned as they are.
//
// The id of a run never changes. All methods are safe for concurrent use.
type Store struct {
	server  *store.Opened
	options Options

	mu       sync.Mutex    // guards what follows
	limited  bool          // Limit was called: the run is open
	within   within        // the time that the server has for a call
	progress func()        // called for each call that the server answered
	run      mlflow.NewRun // as the run was opened, for its local twin
	resume   string        // run on the server that is resumed
	changed  bool          // the resumed run may have been changed there
	unsure   bool          // it is not known whether the server created the run
	known    mlflow.Run    // the run as the server had it last; zero while none is open
	end      mlflow.RunUpdate
	lost     error         // why the server is no longer used; nil: it is used
	reason   error         // why something is stored offline, for the log
	local    *store.Opened // nil until it is needed
	made     mlflow.Run    // the run in the local store, before it is noted
	twin     *twin         // nil until there is one
	release  func() error  // says that the job no longer writes the twin; nil without one
}

// twin is the run in the local store that holds what the server did not store.
type twin struct {
	store *store.Opened
	run   mlflow.Run
	as    string // id under which the caller has the run
	of    string // run on the server that it belongs to; empty: none that we know of
}

// began reports whether the run was opened offline.
func (t *twin) began() bool { return t != nil && t.as == t.run.ID }

// at returns the id of a run in the local store.
func (t *twin) at(runID string) string {
	if runID == t.as || runID == t.of {
		return t.run.ID
	}
	return runID
}

// New returns a Store over an open server.
func New(server *store.Opened, options Options) *Store {
	return &Store{server: server, options: options, progress: func() {}, within: opening(options.StartTimeout)}
}

// Limit bounds the server's time from now on: once serverTime is over all that is left is stored offline, for its cause.
// progress is called for each call that the server answered, from several goroutines.
func (s *Store) Limit(serverTime context.Context, progress func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limited, s.progress = true, progress
	s.within = func(ctx context.Context) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancelCause(ctx)
		over := func() { cancel(context.Cause(serverTime)) }
		if serverTime.Err() != nil {
			over()
		}
		stop := context.AfterFunc(serverTime, over)
		return ctx, func() { stop(); cancel(nil) }
	}
}

// within is a context for a call to the server.
type within func(context.Context) (context.Context, context.CancelFunc)

// Began reports whether the run was opened offline: the server was unreachable from the start.
func (s *Store) Began() bool { return s.opened().began() }

// opened returns the run in the local store; nil if there is none.
func (s *Store) opened() *twin {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.twin
}

// Lost returns why something is stored offline; nil if the server has everything.
func (s *Store) Lost() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.twin == nil {
		return nil
	}
	return s.reason
}

// Direct returns the store that the run is open in, without the offline fallback.
func (s *Store) Direct() *store.Opened {
	if t := s.opened(); t.began() {
		return t.store
	}
	return s.server
}

// Close closes the local store and the server.
func (s *Store) Close(ctx context.Context) error {
	s.mu.Lock()
	local, release := s.local, s.release
	s.release = nil
	s.mu.Unlock()
	var err error
	if local != nil {
		err = local.Close(ctx)
	}
	if release != nil {
		err = errors.Join(err, release())
	}
	return errors.Join(err, s.server.Close(ctx))
}

// atServer makes a call to the server within the time that the server has.
func (s *Store) atServer(ctx context.Context, call func(context.Context) error) error {
	s.mu.Lock()
	within, progress := s.within, s.progress
	s.mu.Unlock()
	ctx, cancel := within(ctx)
	defer cancel()
	err := call(ctx)
	if err == nil {
		progress()
	}
	return err
}

// try makes a call to the server and, where that is unreachable or was before, to the local store.
func (s *Store) try(ctx context.Context, server func(context.Context) error, local func(*twin) error) error {
	if s.isLost() == nil {
		err := s.atServer(ctx, server)
		if err == nil || ctx.Err() != nil || !s.mended(err) {
			return err
		}
		s.lose(err)
	}
	t, err := s.openTwin(ctx)
	if err != nil {
		return errors.Join(s.isLost(), err)
	}
	return local(t)
}

// isLost returns why the server is no longer used; nil: it is used.
func (s *Store) isLost() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lost
}

// lose stops the use of the server.
func (s *Store) lose(err error) {
	s.explain(err)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lost == nil {
		s.lost = err
	}
}

// explain records why something is stored offline: the first reason with a hint, as later ones repeat it.
func (s *Store) explain(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reason == nil || (hint.Of(s.reason) == "" && hint.Of(err) != "") {
		s.reason = err
	}
}

// mended reports whether a later upload can succeed after an error: the server was unreachable or did not answer in
// time or, for an open run, rejected our credentials.
func (s *Store) mended(err error) bool {
	if err == nil || s.options.Dir == "" {
		return false
	}
	s.mu.Lock()
	limited := s.limited
	s.mu.Unlock()
	var unreachable *mlflow.UnreachableError
	var rejected *mlflow.RejectedError
	switch {
	case errors.As(err, &unreachable):
		return true
	case !limited:
		return false
	}
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.As(err, &rejected) && rejected.Lasting()
}

// openLocal opens the local store. The mutex is held.
func (s *Store) openLocal(ctx context.Context) error {
	if s.local != nil {
		return nil
	}
	if err := os.MkdirAll(s.options.Dir, 0o755); err != nil { //nolint:gosec // later steps of the job read it
		return hint.With(fmt.Errorf("store the run offline: %w", err), "set offline-dir to a writable folder")
	}
	local, err := store.Open(ctx, store.Options{URI: StoreURI, Dir: s.options.Dir})
	if err != nil {
		return fmt.Errorf("store the run offline in %q: %w", s.options.Dir, err)
	}
	s.local = local
	return nil
}

// openTwin returns the run in the local store, and creates it if there is none. Without its note it would never be
// uploaded, so it is not used before that is written.
func (s *Store) openTwin(ctx context.Context) (*twin, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.twin != nil {
		return s.twin, nil
	}
	if err := s.openLocal(ctx); err != nil {
		return nil, err
	}
	if err := s.makeTwin(ctx); err != nil {
		return nil, fmt.Errorf("store the run offline: %w", err)
	}
	onServer := cmp.Or(s.known.ID, s.resume)
	if err := Write(s.options.Dir, Note{
		RunID: s.made.ID, Experiment: s.options.Experiment, TrackingURI: s.options.TrackingURI, ServerRunID: onServer,
		ServerJobID: s.known.Tags[mlflow.JobIDTag],
	}); err != nil {
		return nil, err
	}
	s.release = holdRunning(s.options.Dir, Note{RunID: s.made.ID})
	if s.known.ID == "" {
		s.known = s.made
	}
	s.twin = &twin{store: s.local, run: s.made, as: s.known.ID, of: onServer}
	return s.twin, nil
}

// makeTwin creates the run in the local store. The mutex is held.
func (s *Store) makeTwin(ctx context.Context) error {
	if s.made.ID == "" {
		experiment, err := s.local.EnsureExperiment(ctx, s.options.Experiment)
		if err != nil {
			return err
		}
		run := s.run
		run.ExperimentID, run.Tags = experiment.ID, s.marked(run.Tags)
		if s.made, err = s.local.CreateRun(ctx, run); err != nil {
			return err
		}
	}
	if s.end == (mlflow.RunUpdate{}) {
		return nil
	}
	return s.local.UpdateRun(ctx, s.made.ID, s.end) // there may be no time later
}
