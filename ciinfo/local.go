package ciinfo

import (
	"cmp"
	"path"
)

// detectLocal is for the checkout. Without git, or outside a repository, only the user is known.
func detectLocal(s Source, c Checkout) Info {
	info := Info{Provider: Local, Job: Job{User: localUser(s), Workspace: c.Folder}, Checkout: c}
	if c.Folder == "" {
		return info
	}
	info.Head = Head{Ref: c.Branch, SHA: c.Commit, CheckoutSHA: c.Commit}
	if c.Branch != "" {
		info.Head.Type = Branch
	}
	info.Repository.DefaultBranch = c.DefaultBranch
	info.Repository.URL = c.URL
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
