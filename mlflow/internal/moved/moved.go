// Package moved finds out where the artifacts of an embedded store lie after its folder was moved or copied, from the absolute locations that a
// run that was never closed leaves in it.
package moved

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// Roots are the folders in which the artifacts of a store once lay, each with the folder in which they lie now.
type Roots struct {
	// Now returns the folder for an old one. certain says that artifacts of this store are there although nothing can be seen: it has none.
	Now func(old string) (folder string, certain bool)

	known []root
}

type root struct {
	old, now string
	certain  bool
}

// Learn notes the root of a location, whose last elements are those below the root, unless it is where it is now.
func (r *Roots) Learn(location string, below ...string) {
	path, ok := mlflow.LocalPath(location)
	if !ok || !filepath.IsAbs(path) {
		return
	}
	old, ok := strings.CutSuffix(filepath.Clean(path), string(filepath.Separator)+filepath.Join(below...))
	if !ok || old == "" {
		return
	}
	now, certain := r.Now(old)
	if now == old || r.find(old) != nil || same(old, now) {
		return
	}
	r.known = append(r.known, root{old, now, certain})
}

// Any reports whether a root has moved.
func (r *Roots) Any() bool { return len(r.known) > 0 }

// Here returns where a location is now, and the location as it is if it has not moved. What is found only at its old place has not.
func (r *Roots) Here(location string) string {
	if !r.Any() {
		return location
	}
	path, ok := mlflow.LocalPath(location)
	if !ok || !filepath.IsAbs(path) {
		return location
	}
	root := r.find(path)
	if root == nil {
		return location
	}
	here := root.now + strings.TrimPrefix(filepath.Clean(path), root.old)
	if exists(here) || !exists(path) && (root.certain || exists(root.now)) {
		return mlflow.LocalLocation(here)
	}
	return location
}

func (r *Roots) find(path string) *root {
	for i, root := range r.known {
		below, err := filepath.Rel(root.old, path)
		if err == nil && filepath.IsLocal(below) {
			return &r.known[i]
		}
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func same(one, other string) bool {
	a, err := os.Stat(one)
	if err != nil {
		return false
	}
	b, err := os.Stat(other)
	return err == nil && os.SameFile(a, b)
}
