package filestore

import (
	"os"
	"path/filepath"
)

// Parts returns what belongs to the store in a folder that holds other files, too: its experiments, deleted ones, models and our own files.
func Parts(root string) []string {
	var parts []string
	for _, name := range []string{trash, registry, lockFile, openFile} {
		parts = append(parts, filepath.Join(root, name))
	}
	names, _ := subfolders(root) // of a folder that cannot be read nothing is uploaded either
	for _, name := range names {
		if _, err := os.Stat(filepath.Join(root, name, metaFile)); err == nil {
			parts = append(parts, filepath.Join(root, name))
		}
	}
	return parts
}
