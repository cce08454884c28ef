package python

import (
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

	"github.com/Iyalvan/mlops-track/internal/private"
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

// Write writes the Python files into the new folder dir and returns it as the absolute folder to put first on PYTHONPATH. Its
// parent must be private: Python executes what lies there.
func Write(dir string, release Release) (string, error) {
	files, err := contents(release)
	if err != nil {
		return "", fmt.Errorf("read embedded python files: %w", err)
	}
	if dir, err = searchable(dir); err != nil {
		return "", err
	}
	if err := create(dir, files); err != nil {
		return "", fmt.Errorf("write python files: %w", err)
	}
	return dir, nil
}

// Unpack writes the Python files below cacheDir, to stay there, and returns the absolute folder to put first on PYTHONPATH. Each
// release and content has a folder of its own, written once; one that exists is compared: what differs is replaced, and
// what is not ours is removed, since Python would import a planted module before any other. It is an error if
// another user could change the folder. Several processes may unpack at the same time.
func Unpack(cacheDir string, release Release) (string, error) {
	files, err := contents(release)
	if err != nil {
		return "", fmt.Errorf("read embedded python files: %w", err)
	}
	if err := os.MkdirAll(cacheDir, 0o700); err != nil {
		return "", fmt.Errorf("unpack python files: %w", err)
	}
	parent, err := private.Folder(cacheDir)
	if err != nil {
		return "", fmt.Errorf("unpack python files: %w", err)
	}
	dir, err := searchable(filepath.Join(parent, folderName(files, release.Version)))
	if err != nil {
		return "", err
	}
	const attempts = 10 // one is enough unless other processes repair the same damaged folder
	for range attempts {
		if removeForeign(dir, files) == nil && holds(dir, files) {
			return dir, nil
		}
		if err = place(dir, files); err != nil && !errors.Is(err, fs.ErrExist) {
			return "", fmt.Errorf("unpack python files: %w", err)
		}
	}
	return "", fmt.Errorf("unpack python files: %q keeps changing: %w", dir, err)
}

// searchable returns a folder as an absolute path that can be an entry of PYTHONPATH.
func searchable(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("find folder of python files: %w", err)
	}
	if strings.ContainsRune(dir, os.PathListSeparator) {
		return "", fmt.Errorf("unpack python files: %q holds %q, which ends an entry of PYTHONPATH",
			dir, os.PathListSeparator)
	}
	return dir, nil
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
