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

// detectLocal asks git, in two processes at once. Without git, or outside a repository, only the user is known.
func detectLocal(s Source) Info {
	ctx, cancel := context.WithTimeout(context.Background(), gitTimeout)
	defer cancel()
	git := gitIn{ctx: ctx, dir: s.Dir}
	remote := make(chan string, 1)
	go func() { remote <- git.ask("config", "--get", "remote.origin.url") }()

	info := Info{Provider: Local, Job: Job{User: localUser(s.Getenv)}}
	// A line each: the folder, the commit, the branch ("HEAD" where there is none), the remote's default branch. git stops
	// at the first it does not know and has printed those before.
	known := strings.Split(git.ask("rev-parse", "--show-toplevel", "HEAD", "--abbrev-ref", "HEAD", "origin/HEAD"), "\n")
	if info.Job.Workspace = known[0]; info.Job.Workspace == "" {
		return info
	}
	if len(known) > 2 {
		info.Head.SHA, info.Head.CheckoutSHA, info.Head.Ref = known[1], known[1], known[2]
	} else { // no commit yet
		info.Head.Ref = git.ask("symbolic-ref", "--quiet", "--short", "HEAD")
	}
	if info.Head.Ref == "HEAD" { // detached
		info.Head.Ref = ""
	}
	if info.Head.Ref != "" {
		info.Head.Type = Branch
	}
	if len(known) > 3 && known[3] != "origin/HEAD" { // echoed back where there is none
		_, info.Repository.DefaultBranch, _ = strings.Cut(known[3], "/")
	}
	info.Repository.URL = publicURL(<-remote)
	info.Repository.Host = hostedBy(info.Repository.URL)
	info.Repository.Name = path.Base(cmp.Or(info.Repository.URL, info.Job.Workspace))
	return info
}

// gitIn runs git in a folder.
type gitIn struct {
	ctx context.Context //nolint:containedctx // one deadline for a handful of questions
	dir string
}

// ask returns what git prints, also before it fails. It never prompts, takes no locks and starts no monitor.
func (g gitIn) ask(args ...string) string {
	args = append([]string{"-c", "core.fsmonitor=false"}, args...)
	cmd := exec.CommandContext(g.ctx, "git", args...) //nolint:gosec // fixed words
	cmd.Dir = g.dir
	cmd.Env = append(cmd.Environ(), "GIT_TERMINAL_PROMPT=0", "GIT_OPTIONAL_LOCKS=0", "LC_ALL=C")
	cmd.WaitDelay = gitTimeout / 4
	out, _ := cmd.Output() // what it could not tell is not known
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
