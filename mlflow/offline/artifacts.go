package offline

import (
	"context"
	"strings"

	"github.com/Iyalvan/mlops-track/mlflow/artifact"
)

// Upload uploads artifacts of the run; those that cannot be uploaded now are stored offline. After an error of the artifact
// store the tracking server is still used.
func (s *Store) Upload(ctx context.Context, location string, files []artifact.File, opts artifact.Options) artifact.Result {
	if t := s.opened(); t.began() {
		return t.store.Upload(ctx, location, files, opts)
	}
	var result artifact.Result
	if lost := s.isLost(); lost != nil && strings.HasPrefix(location, "mlflow-artifacts:") { // the same server takes them
		result = artifact.AllFailed(files, lost)
	} else {
		result = s.atServerUpload(ctx, location, files, opts)
	}
	var rest []artifact.File
	var final []artifact.Failure
	for _, failure := range result.Failed {
		if ctx.Err() == nil && s.mended(failure.Err) {
			s.explain(failure.Err)
			rest = append(rest, failure.File)
		} else {
			final = append(final, failure)
		}
	}
	if len(rest) == 0 {
		return result
	}
	t, err := s.openTwin(ctx)
	if err != nil {
		result.Failed = append(final, artifact.AllFailed(rest, err).Failed...)
		return result
	}
	stored := t.store.Upload(ctx, t.run.ArtifactURI, rest, artifact.Options{})
	result.Files += stored.Files
	result.Bytes += stored.Bytes
	result.Failed = append(final, stored.Failed...)
	if s.mended(result.Manifest) {
		result.Manifest = nil
	}
	return result
}

// atServerUpload uploads what the server's artifact store accepts.
func (s *Store) atServerUpload(ctx context.Context, location string, files []artifact.File, opts artifact.Options) (result artifact.Result) {
	s.mu.Lock()
	progress, tell := s.progress, opts.Progress
	s.mu.Unlock()
	opts.Progress = func(done artifact.Progress) {
		progress()
		if tell != nil {
			tell(done)
		}
	}
	_ = s.atServer(ctx, func(ctx context.Context) error { // failures are reported per file
		result = s.server.Upload(ctx, location, files, opts)
		return nil
	})
	return result
}

// List returns what lies directly in a folder of the run's artifacts. Of a run that was opened on the server it is an error
// where nothing is stored offline and the server cannot be asked: what it has is not known.
func (s *Store) List(ctx context.Context, location, folder string) (entries []artifact.Entry, err error) {
	if t := s.opened(); t.began() {
		return t.store.List(ctx, location, folder)
	}
	err = s.try(ctx, func(ctx context.Context) error {
		entries, err = s.server.List(ctx, location, folder)
		return err
	}, func(t *twin) error {
		entries, err = t.store.List(ctx, t.run.ArtifactURI, folder)
		if err == nil && len(entries) == 0 {
			err = s.isLost()
		}
		return err
	})
	return entries, err
}
