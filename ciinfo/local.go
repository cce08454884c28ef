package ciinfo

import (
	"cmp"
	"path"
	"strings"
)

// detectLocal asks git, two questions at once. Without git, or outside a repository, only the user is known.
func detectLocal(s Source) Info {
	info := Info{Provider: Local, Job: Job{User: localUser(s)}}
	if s.Git == nil {
		return info
	}
	remote := make(chan string, 1)
	go func() { remote <- s.Git("config", "--get", "remote.origin.url") }()

	// A line each: the folder, the commit, the branch ("HEAD" where there is none), the remote's default branch. git stops
	// at the first it does not know and has printed those before.
	known := strings.Split(s.Git("rev-parse", "--show-toplevel", "HEAD", "--abbrev-ref", "HEAD", "origin/HEAD"), "\n")
	if info.Job.Workspace = known[0]; info.Job.Workspace == "" {
		return info
	}
	if len(known) > 2 {
		info.Head.SHA, info.Head.CheckoutSHA, info.Head.Ref = known[1], known[1], known[2]
	} else { // no commit yet
		info.Head.Ref = s.Git("symbolic-ref", "--quiet", "--short", "HEAD")
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

// localUser looks where Python's getpass.getuser, which MLflow uses, looks.
func localUser(s Source) string {
	env := s.Getenv
	name := cmp.Or(env("LOGNAME"), env("USER"), env("LNAME"), env("USERNAME"))
	if name == "" && s.Username != nil {
		name = s.Username()
	}
	return name
}
