package cli

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/Iyalvan/mlops-track/internal/notice"
)

// probeSize is how much a temporary folder must take: our own files are a few KiB.
const probeSize = 64 << 10

// workFolder makes the private folder of a job. Where TMPDIR is missing, full or not writable another one serves; it is
// empty where none does.
func (a *app) workFolder() (string, []notice.Notice) {
	wanted := a.absolute(os.TempDir())
	var first error
	for _, parent := range a.temporaryParents() {
		dir, err := privateFolder(parent)
		switch {
		case err != nil:
			first = cmp.Or(first, err)
		case first == nil:
			return dir, nil
		default:
			return dir, []notice.Notice{notice.Warn(
				fmt.Sprintf("the temporary folder %q cannot be used: %v; %q is used instead", wanted, first, parent),
				"point TMPDIR at a folder that can be written and has space; the step itself still gets the one that is set",
			)}
		}
	}
	return "", []notice.Notice{notice.Warn(
		fmt.Sprintf("no folder for temporary files: %v; results, live metrics and autolog are not available", first),
		"point TMPDIR at a folder that can be written and has space, or set result-file and metrics-file",
	)}
}

// temporaryParents are the folders to try, the usual one first.
func (a *app) temporaryParents() []string {
	parents := []string{a.absolute(os.TempDir())}
	if runner := a.getenv("RUNNER_TEMP"); runner != "" {
		parents = append(parents, a.absolute(runner))
	}
	parents = append(parents, "/tmp", "/var/tmp", "/dev/shm")
	if cache, err := os.UserCacheDir(); err == nil {
		parents = append(parents, cache)
	}
	return append(parents, a.Dir)
}

// privateFolder makes a folder that can be written and has space.
func privateFolder(parent string) (string, error) {
	dir, err := os.MkdirTemp(parent, "mlops-track-")
	if err != nil {
		return "", err
	}
	probe := filepath.Join(dir, "probe")
	if err := errors.Join(os.WriteFile(probe, make([]byte, probeSize), 0o600), os.Remove(probe)); err != nil {
		return "", errors.Join(err, os.RemoveAll(dir))
	}
	return dir, nil
}
