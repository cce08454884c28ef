package store

import (
	"path/filepath"
	"slices"

	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/filestore"
)

// Own returns the files and folders of an embedded store and, for every store, the local folder in which a run's artifacts lie: that of
// all experiments, if it is made like MLflow's. inside is a folder that is not among them although it may lie in one: of a store around
// it only the parts are returned.
func (t Target) Own(inside string, run mlflow.RunRef) []string {
	var own []string
	switch t.kind {
	case file:
		own = append(own, t.LockPath, filepath.Join(filepath.Dir(t.Path), artifactFolder))
		for _, path := range []string{t.Path, followed(t.Path)} { // https://www.sqlite.org/tempfiles.html
			own = append(own, path, path+"-wal", path+"-shm", path+"-journal")
		}
	case folder:
		if !contains(t.Path, inside) {
			own = append(own, t.Path)
		} else {
			own = append(own, filestore.Parts(t.Path)...)
		}
	}
	location, ok := mlflow.LocalPath(mlflow.AbsoluteLocation(run.ArtifactURI, t.Dir))
	if experiment := filepath.Dir(filepath.Dir(location)); ok && filepath.Base(filepath.Dir(location)) == run.ID {
		own = append(own, experiment)
		if filepath.Base(experiment) == run.ExperimentID {
			own = append(own, filepath.Dir(experiment))
		}
	}
	return slices.DeleteFunc(own, func(path string) bool { return contains(path, inside) })
}

// contains reports whether a folder is another one or lies around it.
func contains(folder, other string) bool {
	below, err := filepath.Rel(followed(folder), followed(other))
	return err == nil && filepath.IsLocal(below)
}

// followed resolves the links of a path that exists.
func followed(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}
