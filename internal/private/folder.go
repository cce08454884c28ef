package private

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Folder returns the path of a folder without symbolic links. An error says why another user could change what lies there:
// the folder, or one above it, belongs to somebody else or may be written by others.
func Folder(path string) (string, error) {
	resolved, err := resolve(path)
	if err != nil {
		return "", err
	}
	for dir := resolved; ; dir = filepath.Dir(dir) {
		info, err := os.Lstat(dir)
		if err != nil {
			return "", err
		}
		// In a sticky folder others can create entries, but not rename or remove ours.
		above := dir != resolved
		if reason := foreign(info, above && info.Mode()&fs.ModeSticky != 0); reason != "" {
			return "", fmt.Errorf("folder %q %s", dir, reason)
		}
		if dir == filepath.Dir(dir) {
			return resolved, nil
		}
	}
}

// Ours reports whether a file or folder belongs to us, or to the administrator, and nobody else may write it.
func Ours(info fs.FileInfo) bool { return foreign(info, false) == "" }

func resolve(path string) (string, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(absolute)
}
