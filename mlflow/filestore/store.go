package filestore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/internal/filelock"
	"github.com/Iyalvan/mlops-track/mlflow/internal/moved"
)

// Names in the store.
const (
	metaFile    = "meta.yaml"
	trash       = ".trash" // holds deleted experiments
	registry    = "models"
	paramsDir   = "params"
	tagsDir     = "tags"
	metricsDir  = "metrics"
	artifactDir = "artifacts"
	lockFile    = ".mlops-track.lock"
)

// Options say where artifacts lie.
type Options struct {
	// ArtifactRoot is the absolute folder under which a new experiment gets <root>/<experiment id>. Empty: the store's
	// own folder, as in MLflow.
	ArtifactRoot string
	// RelativeTo is the absolute folder to which Close makes artifact locations relative, so that it can be moved;
	// locations elsewhere are kept. Empty: locations are never rewritten.
	RelativeTo string
}

// Store is an open folder. Close must be called, and is what makes the locations relative.
type Store struct {
	root    string
	options Options
	lock    *filelock.Lock

	roots       moved.Roots           // not changed after Open
	metricFiles map[string]*knownFile // by path; guarded by the lock

	mu          sync.Mutex
	experiments map[string]bool // of this session, for Close
	runs        map[string]bool
}

var _ mlflow.Store = (*Store)(nil)

// Open opens the store in the folder root and creates it, with the experiment "Default", when there is none. It mends a store that was moved. A root
// that is a file or cannot be written is a *mlflow.RejectedError.
func Open(ctx context.Context, root string, opts Options) (*Store, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, fmt.Errorf("open store %q: %w", root, err)
	}
	opts.ArtifactRoot = cmp.Or(opts.ArtifactRoot, root)
	s := &Store{
		root:        root,
		options:     opts,
		lock:        filelock.New(filepath.Join(root, lockFile)),
		roots:       moved.Roots{Now: func(string) (string, bool) { return root, true }},
		metricFiles: map[string]*knownFile{},
		experiments: map[string]bool{},
		runs:        map[string]bool{},
	}
	if err := os.MkdirAll(root, 0o777); err != nil {
		return nil, s.explain("open", err)
	}
	err = s.locked(ctx, "open", func() error {
		if err := os.MkdirAll(filepath.Join(root, trash), 0o777); err != nil {
			return err
		}
		if err := s.ensureDefault(); err != nil {
			return err
		}
		if err := s.learn(ctx); err != nil {
			return err
		}
		return s.mend(ctx)
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// locked runs do while no other process of ours writes. doing says what for, as in "log batch".
func (s *Store) locked(ctx context.Context, doing string, do func() error) error {
	return s.explain(doing, s.lock.With(ctx, do))
}

// explain names the store in an error and gives the known ones their type and cure.
func (s *Store) explain(doing string, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*mlflow.RejectedError](err); ok {
		return err
	}
	switch {
	case errors.Is(err, fs.ErrPermission):
		return s.because(doing, err, "make the folder writable")
	case isNotFolder(err):
		return s.rejected(doing, err.Error(),
			"a file is where a folder is needed: one key cannot begin another, as in a and a/b")
	case isFull(err):
		return s.because(doing, err, "free some disk space")
	}
	return fmt.Errorf("%s in %q: %w", doing, s.root, err)
}

// rejected returns a *mlflow.RejectedError that names the store.
func (s *Store) rejected(doing, message, fix string) error {
	return hint.With(&mlflow.RejectedError{Call: fmt.Sprintf("%s in %q", doing, s.root), Message: message}, fix)
}

// because returns a *mlflow.RejectedError whose reason is this machine.
func (s *Store) because(doing string, err error, fix string) error {
	return hint.With(&mlflow.RejectedError{Call: fmt.Sprintf("%s in %q", doing, s.root), Message: err.Error(), Err: err}, fix)
}

// remember notes what Close has to make relative.
func (s *Store) remember(experimentID, runID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.experiments[experimentID] = true
	if runID != "" {
		s.runs[runID] = true
	}
}

// absolute is a location as it is in this folder now.
func (s *Store) absolute(location string) string {
	if s.options.RelativeTo != "" && location != "" {
		location = mlflow.AbsoluteLocation(location, s.options.RelativeTo)
	}
	return s.roots.Here(location)
}

// An id is the name of a folder (_RUN_ID_REGEX and _EXPERIMENT_ID_REGEX in mlflow/utils/validation.py).
var idPattern = regexp.MustCompile(`^[a-zA-Z0-9][\w-]*$`)

const maxID = 256 // not part of the pattern: a repetition with a bound is slow to compile, and every start of the program would wait

func isID(text string) bool { return len(text) <= maxID && idPattern.MatchString(text) }

// subfolders returns the names of the folders in one, but for hidden ones; none when it is missing.
func subfolders(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	return names, err
}

// Close makes artifact locations relative, if Options say so. It is best not called with a context that is over.
func (s *Store) Close(ctx context.Context) error {
	if s.options.RelativeTo == "" {
		return s.locked(ctx, "close", func() error { return s.forgetEnded(ctx) })
	}
	return s.locked(ctx, "make locations relative", func() error { return s.makeRelative(ctx) })
}
