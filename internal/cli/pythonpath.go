package cli

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/Iyalvan/mlops-track/internal/notice"
	"github.com/Iyalvan/mlops-track/internal/private"
	"github.com/Iyalvan/mlops-track/python"
)

func (a *app) pythonPathCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "python-path",
		Short: "Print the folder to put on PYTHONPATH for the Python helper outside a step",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			binary, err := os.Executable()
			if err != nil {
				return fmt.Errorf("find this executable for the Python helper: %w", err)
			}
			dir, notices, err := lastingPython(python.Release{Version: a.Version, Binary: binary})
			if err != nil {
				return err
			}
			a.console.Tell(notices...)
			_, err = fmt.Fprintln(cmd.OutOrStdout(), dir)
			return err
		},
	}
}

// lastingPython returns a folder with the Python files that stays: in the user's cache, else a new one that a warning names.
func lastingPython(release python.Release) (string, []notice.Notice, error) {
	dir, reason := cachedPython(release)
	if reason == nil {
		return dir, nil, nil
	}
	parent, err := os.MkdirTemp("", "mlops-track-python-")
	if err != nil {
		return "", nil, fmt.Errorf("make a temporary folder: %w", err)
	}
	dir, err = python.Write(filepath.Join(parent, "python"), release)
	return dir, []notice.Notice{notice.Warn("the Python files are in a new temporary folder, not in the cache: "+reason.Error(),
		"set XDG_CACHE_HOME to a folder that only you can write")}, err
}

// cachedPython unpacks the Python files into the user's cache, once a version.
func cachedPython(release python.Release) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return python.Unpack(filepath.Join(cache, "mlops-track"), release)
}

// pythonHook is the folder of the Python hook. It is written while git is asked for the commit and the run is opened.
type pythonHook struct {
	written <-chan struct{}
	result  *pythonFolder
}

type pythonFolder struct {
	dir     string // empty: there is none
	notices []notice.Notice
}

func (a *app) startPythonHook(work string) pythonHook {
	done := make(chan struct{})
	h := pythonHook{written: done, result: &pythonFolder{}}
	go func() {
		defer close(done)
		*h.result = a.pythonFolder(work)
	}()
	return h
}

func (h pythonHook) wait() { <-h.written }

// folder returns the folder, once it is written; empty if there is none, which problems tells.
func (h pythonHook) folder() string {
	h.wait()
	return h.result.dir
}

func (h pythonHook) problems() []notice.Notice {
	h.wait()
	return h.result.notices
}

// pythonFolder returns the folder of the Python hook: a new one in the private folder work of this job, so that nothing that an
// earlier job or another user planted is in it. If work is not private, because of an unsafe TMPDIR, the user's cache is used if that
// is private. If no folder could be written the result is empty, and a warning says why.
func (a *app) pythonFolder(work string) pythonFolder {
	release := python.Release{Version: a.Version}
	_, unsafe := private.Folder(work)
	if work == "" || unsafe != nil {
		if dir, err := cachedPython(release); err == nil {
			return pythonFolder{dir: dir}
		}
	}
	if work == "" {
		return pythonFolder{} // workFolder's warning says so
	}
	dir, err := python.Write(filepath.Join(work, "python"), release)
	switch {
	case err != nil:
		return pythonFolder{notices: []notice.Notice{
			notice.Warn("autolog is not available: "+err.Error(), "set TMPDIR to a folder that can be written"),
		}}
	case unsafe != nil:
		return pythonFolder{dir: dir, notices: []notice.Notice{notice.Warn(
			"another user of this machine could change the code of the step: "+unsafe.Error(),
			"set TMPDIR to a folder that only you can write, or make it sticky with chmod +t",
		)}}
	}
	return pythonFolder{dir: dir}
}
