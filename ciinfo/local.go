package ciinfo

import (
	"cmp"
	"context"
	"net/url"
	"os/exec"
	"os/user"
	"path"
	"strings"
	"time"
)

// gitTimeout bounds all that git is asked.
const gitTimeout = 2 * time.Second

// detectLocal asks git. Without git, or outside a repository, only the user is known.
func detectLocal(s Source) Info {
	ctx, cancel := context.WithTimeout(context.Background(), gitTimeout)
	defer cancel()
	git := gitIn{ctx: ctx, dir: s.Dir}
	info := Info{Provider: Local, User: localUser(s.Getenv), Workspace: git.ask("rev-parse", "--show-toplevel")}
	if info.Workspace == "" {
		return info
	}
	info.HeadSHA = git.ask("rev-parse", "--verify", "--quiet", "HEAD")
	info.CheckoutSHA = info.HeadSHA
	if info.HeadRef = git.ask("symbolic-ref", "--quiet", "--short", "HEAD"); info.HeadRef != "" {
		info.HeadType = Branch
	}
	info.RepositoryURL = publicURL(git.ask("ls-remote", "--get-url"))
	info.VCS = hostedBy(info.RepositoryURL)
	info.Repository = path.Base(cmp.Or(info.RepositoryURL, info.Workspace))
	_, info.DefaultBranch, _ = strings.Cut(git.ask("symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD"), "/")
	info.Dirty = git.ask("status", "--porcelain", "--untracked-files=no") != ""
	return info
}

// gitIn runs git in a folder.
type gitIn struct {
	ctx context.Context //nolint:containedctx // one deadline for a handful of questions
	dir string
}

// ask returns what git prints, empty if it fails. It never prompts, takes no locks and starts no monitor.
func (g gitIn) ask(args ...string) string {
	cmd := exec.CommandContext(g.ctx, "git", append([]string{"-c", "core.fsmonitor=false"}, args...)...) //nolint:gosec // fixed words
	cmd.Dir = g.dir
	cmd.Env = append(cmd.Environ(), "GIT_TERMINAL_PROMPT=0", "GIT_OPTIONAL_LOCKS=0", "LC_ALL=C")
	cmd.WaitDelay = gitTimeout / 4
	out, err := cmd.Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// hostedBy names the well-known hosts in OpenTelemetry's words.
func hostedBy(repositoryURL string) string {
	u, err := url.Parse(repositoryURL)
	if err != nil {
		return ""
	}
	return map[string]string{"github.com": "github", "gitlab.com": "gitlab", "bitbucket.org": "bitbucket"}[u.Hostname()]
}

// localUser looks where Python's getpass.getuser, which MLflow uses, looks.
func localUser(env func(string) string) string {
	if name := cmp.Or(env("LOGNAME"), env("USER"), env("LNAME"), env("USERNAME")); name != "" {
		return name
	}
	u, err := user.Current()
	if err != nil {
		return ""
	}
	return u.Username
}
