package process

import (
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// The shell's exit codes for a command that could not be started.
const (
	codeNotExecutable = 126
	codeNotFound      = 127
)

// find returns the path of the program: looked up on PATH, or relative to the folder where the command will run.
func find(cmd Command) (string, error) {
	name := cmd.Args[0]
	if strings.ContainsRune(name, filepath.Separator) && !filepath.IsAbs(name) {
		name = filepath.Join(cmd.Dir, name)
	}
	path, err := exec.LookPath(name)
	if err != nil && !hasPath(cmd.Env) {
		path, err = lookUsual(name, err)
	}
	if errors.Is(err, exec.ErrDot) { // PATH has a relative folder; the shell uses it, and so do we
		path, err = filepath.Abs(path)
	}
	if err != nil {
		return "", fmt.Errorf("run %q: %w", cmd.Args[0], errors.Unwrap(err))
	}
	return path, nil
}

// usualPath is where a shell looks when there is no PATH at all.
const usualPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

func hasPath(env []string) bool {
	return slices.ContainsFunc(env, func(entry string) bool { return strings.HasPrefix(strings.ToUpper(entry), "PATH=") })
}

// lookUsual looks a program up where a shell does without PATH; not found, it returns the error that was.
func lookUsual(name string, notFound error) (string, error) {
	if strings.ContainsRune(name, filepath.Separator) {
		return "", notFound
	}
	for _, dir := range filepath.SplitList(usualPath) {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path, nil
		}
	}
	return "", notFound
}

// startCode returns the exit code for a command that could not be started.
func startCode(err error) int {
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		return codeNotFound
	}
	return codeNotExecutable
}
