package python

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

//go:embed hook/*.py src/mlops_track/*.py src/mlops_wrapper/*.py
var project embed.FS

// Release is what the unpacked package knows of the binary that unpacked it.
type Release struct {
	Version string
	// Binary is the path of the executable that the decorator runs outside a step. Empty where nobody needs it: inside a
	// step, and where the executable is gone once the job has ended.
	Binary string
}

// Unpack writes the Python files below cacheDir and returns the absolute folder to put first on PYTHONPATH. Each release
// and content has a folder of its own, written once; one that is there is compared and only replaced where it differs.
// Several processes may unpack at the same time.
func Unpack(cacheDir string, release Release) (string, error) {
	files, err := contents(release)
	if err != nil {
		return "", fmt.Errorf("read embedded python files: %w", err)
	}
	dir, err := filepath.Abs(filepath.Join(cacheDir, folderName(files, release.Version)))
	if err != nil {
		return "", fmt.Errorf("find folder of python files: %w", err)
	}
	if strings.ContainsRune(dir, os.PathListSeparator) {
		return "", fmt.Errorf("unpack python files: %q holds %q, which ends an entry of PYTHONPATH",
			dir, os.PathListSeparator)
	}
	const attempts = 10 // one is enough unless other processes repair the same damaged folder
	for range attempts {
		if holds(dir, files) {
			return dir, nil
		}
		if err = place(dir, files); err != nil && !errors.Is(err, fs.ErrExist) {
			return "", fmt.Errorf("unpack python files: %w", err)
		}
	}
	return "", fmt.Errorf("unpack python files: %q keeps changing: %w", dir, err)
}

// unpackedFolders are the folders of the project by the folder on PYTHONPATH that their files go to.
func unpackedFolders() map[string]string {
	return map[string]string{
		"hook":              ".",
		"src/mlops_track":   "mlops_track",
		"src/mlops_wrapper": "fallback/mlops_wrapper", // found last: only where no such package is installed
	}
}

// contents returns the files by their slash-separated path, the release written into the package.
func contents(release Release) (map[string][]byte, error) {
	files := map[string][]byte{}
	for from, to := range unpackedFolders() {
		entries, err := project.ReadDir(from)
		if err != nil {
			return nil, err
		}
		for _, entry := range entries {
			content, err := project.ReadFile(path.Join(from, entry.Name()))
			if err != nil {
				return nil, err
			}
			files[path.Join(to, entry.Name())] = content
		}
	}
	files["mlops_track/_version.py"] = fmt.Appendf(nil, "VERSION = %+q\nBINARY = %+q\n", release.Version, release.Binary)
	return files, nil
}

var notInNames = regexp.MustCompile(`[^A-Za-z0-9.+-]+`)

// folderName is made of the version, to be read, and a digest of all names and contents, to be right.
func folderName(files map[string][]byte, version string) string {
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(sum, "%s %d\n", name, len(files[name]))
		sum.Write(files[name])
	}
	digest := hex.EncodeToString(sum.Sum(nil))
	return "python-" + notInNames.ReplaceAllString(version, "-") + "-" + digest[:12]
}

// holds says whether dir has every file with its content. Further files, such as bytecode, do not matter.
func holds(dir string, files map[string][]byte) bool {
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil || !bytes.Equal(got, want) {
			return false
		}
	}
	return true
}

// place writes the files into a temporary folder beside dir and renames it. A damaged dir is moved out of the way first.
// fs.ErrExist says that another process was faster.
func place(dir string, files map[string][]byte) error {
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return err
	}
	scratch, err := os.MkdirTemp(parent, ".python-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	fresh := filepath.Join(scratch, "fresh")
	for name, content := range files {
		file := filepath.Join(fresh, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, content, 0o644); err != nil {
			return err
		}
	}
	if err := os.Rename(fresh, dir); err == nil || holds(dir, files) {
		return nil
	}
	if err := os.Rename(dir, filepath.Join(scratch, "damaged")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Rename(fresh, dir)
}
