package ci

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/Iyalvan/mlops-track/internal/environ"
)

// programTimeout bounds one call of a program of the CI system, its own retries included.
const programTimeout = 10 * time.Second

// program is one that the CI system provides for its jobs, such as buildkite-agent.
type program struct {
	path    string
	environ []string
}

// findProgram finds a program on the PATH of an environment.
func findProgram(environment []string, name string) (program, bool) {
	for _, dir := range filepath.SplitList(environ.Get(environment, "PATH")) {
		if !filepath.IsAbs(dir) { // a program in the working directory may not be the CI system's
			continue
		}
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return program{path, environment}, true
		}
	}
	return program{}, false
}

// run passes input to the program and returns its standard output. args must not contain a secret: everybody on the machine
// can read them.
func (p program) run(ctx context.Context, input string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, programTimeout)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, p.path, args...) //nolint:gosec // a program of the CI system
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = p.environ, strings.NewReader(input), &stdout, &stderr
	cmd.WaitDelay = time.Second // a child of its own may hold the pipes open
	err := cmd.Run()
	if err == nil {
		return stdout.String(), nil
	}
	if ctx.Err() != nil {
		err = fmt.Errorf("no answer within %s", programTimeout)
	}
	said := strings.Split(strings.TrimSpace(stderr.String()), "\n")
	if last := said[len(said)-1]; last != "" {
		err = fmt.Errorf("%w: %s", err, last)
	}
	return "", fmt.Errorf("%s %s: %w", filepath.Base(p.path), args[0], err)
}
