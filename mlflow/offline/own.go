package offline

import (
	"path/filepath"

	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/store"
)

// Own returns the files and folders of an offline folder: the folder itself, or its parts if the folder inside lies in it.
func Own(dir, inside string) []string {
	if below, err := filepath.Rel(dir, inside); err != nil || !filepath.IsLocal(below) {
		return []string{dir}
	}
	own := []string{filepath.Join(dir, "kept"), filepath.Join(dir, "sent")}
	if target, err := store.Describe(store.Options{URI: StoreURI, Dir: dir}); err == nil {
		own = append(own, target.Own(inside, mlflow.RunRef{})...)
	}
	return own
}
