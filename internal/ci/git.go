package ci

import (
	"context"
	"os/exec"
	"os/user"
	"slices"
	"strings"
	"time"

	"github.com/Iyalvan/mlops-track/internal/environ"
)

// gitTimeout bounds all calls of git.
const gitTimeout = 2 * time.Second

// Git returns a function that runs git in a folder, for ciinfo.Source. If git fails, the result is empty. It never prompts, takes no
// locks and starts no monitor, and gets no variables of the environment but those that it reads.
func Git(dir string, environment []string) func(args ...string) string {
	deadline := time.Now().Add(gitTimeout)
	return func(args ...string) string {
		ctx, cancel := context.WithDeadline(context.Background(), deadline)
		defer cancel()
		args = append([]string{"-c", "core.fsmonitor=false"}, args...)
		cmd := exec.CommandContext(ctx, "git", args...) //nolint:gosec // fixed words
		cmd.Dir = dir
		cmd.Env = append(forGit(environment), "GIT_TERMINAL_PROMPT=0", "GIT_OPTIONAL_LOCKS=0", "LC_ALL=C")
		cmd.WaitDelay = gitTimeout / 4
		out, _ := cmd.Output() // also what it printed before it failed
		return strings.TrimSpace(string(out))
	}
}

// forGit returns the variables that git needs to find its configuration and its repository.
func forGit(environment []string) []string {
	needed := []string{"PATH", "HOME", "XDG_CONFIG_HOME", "TMPDIR", "SYSTEMROOT", "USERPROFILE", "APPDATA", "PROGRAMDATA", "TEMP", "TMP"}
	return environ.Without(environment, func(name string) bool {
		name = strings.ToUpper(name) // Windows writes SystemRoot
		return !strings.HasPrefix(name, "GIT_") && !slices.Contains(needed, name)
	})
}

// Username returns the name of the account of this process, empty if it has none.
func Username() string {
	u, err := user.Current()
	if err != nil {
		return ""
	}
	return u.Username
}
