package filestore

import (
	"cmp"
	"context"
	"maps"
	"os"
	"path/filepath"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// makeRelative rewrites the artifact locations of this session's experiments and runs, of the runs' children there, and
// of the models made from them. A run that is still RUNNING is left alone, and so is the location of its experiment: a
// process in another folder may be about to write there.
func (s *Store) makeRelative(ctx context.Context) error {
	s.mu.Lock()
	experiments, family := maps.Clone(s.experiments), maps.Clone(s.runs)
	s.mu.Unlock()
	for id := range experiments {
		if err := s.relativeExperiment(ctx, filepath.Join(s.root, id), family); err != nil {
			return err
		}
	}
	if err := s.forgetEnded(ctx); err != nil {
		return err
	}
	return s.rewriteVersions(ctx, s.relative, func(runID string) bool { return family[runID] })
}

// rewriteVersions rewrites the locations of model versions that come from the wanted runs.
func (s *Store) rewriteVersions(ctx context.Context, to func(location string) string, wanted func(runID string) bool) error {
	models, err := subfolders(filepath.Join(s.root, registry))
	if err != nil {
		return err
	}
	for _, model := range models {
		err := eachMeta(ctx, filepath.Join(s.root, registry, model), func(folder string, v versionMeta, d document) error {
			if !wanted(v.RunID) {
				return nil
			}
			return rewrite(folder, d, to, stored{"source", v.Source}, stored{"storage_location", v.Storage})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// versionMeta is the meta.yaml of a model version, as far as it is read here.
type versionMeta struct {
	RunID   string `yaml:"run_id"`
	Source  string `yaml:"source"`
	Storage string `yaml:"storage_location"`
}

// relativeExperiment rewrites one experiment with its runs and logged models, and adds the children it finds to family.
func (s *Store) relativeExperiment(ctx context.Context, folder string, family map[string]bool) error {
	type runFile struct {
		folder string
		meta   runMeta
		text   document
	}
	runs, parents, running := map[string]runFile{}, map[string]string{}, false
	err := eachMeta(ctx, folder, func(folder string, m runMeta, d document) error {
		id := cmp.Or(m.ID, m.UUID)
		runs[id] = runFile{folder, m, d}
		running = running || m.Status == statusNumber(mlflow.Running)
		parent, err := os.ReadFile(filepath.Join(folder, tagsDir, mlflow.ParentRunTag))
		if err == nil {
			parents[id] = string(parent)
		}
		return nil
	})
	if err != nil {
		return err
	}
	addChildren(family, parents)
	for id, run := range runs {
		if !family[id] || run.meta.Status == statusNumber(mlflow.Running) {
			continue
		}
		if err := rewrite(run.folder, run.text, s.relative, stored{"artifact_uri", run.meta.ArtifactURI}); err != nil {
			return err
		}
	}
	err = eachMeta(ctx, filepath.Join(folder, registry), func(folder string, m loggedModelMeta, d document) error {
		if !family[m.SourceRunID] {
			return nil
		}
		return rewrite(folder, d, s.relative, stored{"artifact_location", m.Location})
	})
	if err != nil || running {
		return err
	}
	var e experimentMeta
	d, err := readMeta(ctx, folder, &e)
	if err != nil {
		return err
	}
	return rewrite(folder, d, s.relative, stored{"artifact_location", e.Location})
}

// addChildren adds every run whose parent is in the family, over all generations.
func addChildren(family map[string]bool, parents map[string]string) {
	for grown := true; grown; {
		grown = false
		for id, parent := range parents {
			if family[parent] && !family[id] {
				family[id], grown = true, true
			}
		}
	}
}

// relative is a location as Close leaves it.
func (s *Store) relative(location string) string {
	return mlflow.RelativeLocation(location, s.options.RelativeTo)
}

// stored is a location in a meta.yaml.
type stored struct{ key, location string }

// rewrite changes the locations in a meta.yaml, and writes it only if one is another then.
func rewrite(folder string, d document, to func(string) string, locations ...stored) error {
	changed := false
	for _, l := range locations {
		location := to(l.location)
		if location == l.location {
			continue
		}
		var err error
		if d, err = d.with(l.key, location); err != nil {
			return err
		}
		changed = true
	}
	if !changed {
		return nil
	}
	return writeMeta(folder, d)
}
