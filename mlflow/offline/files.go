package offline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/Iyalvan/mlops-track/internal/regularfile"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/artifact"
)

// files uploads the run's artifacts to the remote location, and the models that an MLflow 3 client logged from it: each becomes a folder of the run's
// artifacts under its name, where older clients put models and every server can register one.
func (d *upload) files(ctx context.Context, local mlflow.RunRef, remote string) error {
	if err := d.folder(ctx, local.ArtifactURI, remote, ""); err != nil {
		return err
	}
	models, err := d.from.LoggedModels(ctx, local.ExperimentID, local.ID)
	if err != nil {
		return err
	}
	for _, m := range models {
		if err := d.folder(ctx, m.ArtifactURI, remote, m.Name); err != nil {
			return fmt.Errorf("model %q: %w", m.Name, err)
		}
	}
	return nil
}

// folder uploads what lies at a local location into a folder of the remote one, "" for its root: the files that the server
// does not have in the same size.
func (d *upload) folder(ctx context.Context, location, remote, target string) error {
	root, err := d.root(location)
	if err != nil {
		return err
	}
	here, special, err := d.inside(root)
	if err != nil || len(here) == 0 {
		return errors.Join(append(special, err)...)
	}
	to, err := d.to.Artifacts(remote)
	if err != nil {
		return err
	}
	there, err := tree(ctx, to, target)
	if err != nil {
		return err
	}
	var missing []artifact.File
	for name, size := range here {
		at := mlflow.ValidPath(path.Join(target, name))
		if other, ok := there[at]; !ok || other != size {
			missing = append(missing, artifact.File{Path: filepath.Join(root, filepath.FromSlash(name)), Target: at})
		}
	}
	result := artifact.Upload(ctx, to, missing, artifact.Options{Progress: func(artifact.Progress) { d.tick() }})
	d.done.Files += result.Files
	faults := special
	for _, failure := range result.Failed {
		faults = append(faults, fmt.Errorf("%q: %w", failure.File.Target, failure.Err))
	}
	return errors.Join(faults...)
}

// root is the folder that an artifact location of the local store names. Where the job was killed the location is still absolute,
// and the store may have been moved since. Nothing outside of the offline folder is uploaded, whatever the store says.
func (d *upload) root(location string) (string, error) {
	root, ok := mlflow.LocalPath(mlflow.AbsoluteLocation(location, d.from.Dir))
	if !ok {
		return "", fmt.Errorf("%q is not a folder of this machine", location)
	}
	if below, err := filepath.Rel(d.from.Dir, root); err == nil && filepath.IsLocal(below) {
		return root, nil
	}
	const artifacts = "/mlartifacts/"
	if at := strings.LastIndex(filepath.ToSlash(root), artifacts); at >= 0 && filepath.IsLocal(root[at+len(artifacts):]) {
		return filepath.Join(d.from.Dir, artifacts, root[at+len(artifacts):]), nil
	}
	return "", fmt.Errorf("%q is outside of the offline folder %q", root, d.from.Dir)
}

// inside returns the size of every regular file below a folder of the offline folder, and an error for each entry that is neither that nor
// a folder. The store copies what is logged, so it makes no links: one leads to what was not logged.
func (d *upload) inside(folder string) (sizes map[string]int64, special []error, err error) {
	relative, err := filepath.Rel(d.from.Dir, folder)
	if err != nil {
		return nil, nil, err
	}
	store, err := os.OpenRoot(d.from.Dir)
	if err != nil {
		return nil, nil, err
	}
	defer store.Close()
	sizes = map[string]int64{}
	err = fs.WalkDir(store.FS(), filepath.ToSlash(relative), func(name string, entry fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case entry.IsDir():
			return nil
		case !entry.Type().IsRegular():
			special = append(special, fmt.Errorf("%q is not a file but %s, and is not uploaded", name, regularfile.Kind(entry.Type())))
			return nil
		}
		info, err := entry.Info()
		if err == nil && !artifact.IsTemporary(entry.Name()) {
			below, _ := filepath.Rel(relative, filepath.FromSlash(name)) // it is below
			sizes[filepath.ToSlash(below)] = info.Size()
		}
		return err
	})
	return sizes, special, err
}

// tree returns the size of every file below a folder.
func tree(ctx context.Context, repo artifact.Repo, folder string) (map[string]int64, error) {
	sizes := map[string]int64{}
	for queue := []string{folder}; len(queue) > 0; queue = queue[1:] {
		entries, err := repo.List(ctx, queue[0])
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if e.Dir {
				queue = append(queue, e.Path)
			} else {
				sizes[e.Path] = e.Size
			}
		}
	}
	return sizes, nil
}

// tagRegistered holds the version of the model that an upload registered.
const tagRegistered = "mlops.kept.registered"

// register adds the model version that could not be added while the server was unreachable, once: an earlier upload whose
// answer was lost, or which was interrupted, may have done it.
func (d *upload) register(ctx context.Context, run mlflow.RunRef, registered string, m Model) error {
	if registered != "" {
		return nil
	}
	v := mlflow.NewModelVersion{Name: m.Name, RunID: run.ID, ModelID: m.ID}
	switch {
	case m.ID != "":
		v.Source = "models:/" + m.ID
	case !filepath.IsLocal(m.Path):
		return fmt.Errorf("register model %q: its path %q is not in the artifacts of the run", m.Name, m.Path)
	default:
		v.Source = mlflow.JoinLocation(run.ArtifactURI, path.Clean(m.Path))
	}
	version, err := d.to.FindModelVersion(ctx, v)
	if errors.Is(err, mlflow.ErrNotFound) {
		version, err = d.to.CreateModelVersion(ctx, v)
	}
	if err != nil {
		return fmt.Errorf("register model %q: %w", m.Name, err)
	}
	return d.to.LogBatch(ctx, run.ID, mlflow.Batch{Tags: []mlflow.Tag{{Key: tagRegistered, Value: version.Version}}})
}
