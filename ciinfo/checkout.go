package ciinfo

import "strings"

// readCheckout asks git about the folder of the step, two questions at once. What git does not know is empty.
func readCheckout(git func(args ...string) string) Checkout {
	if git == nil {
		return Checkout{}
	}
	remote := make(chan string, 1)
	go func() { remote <- git("config", "--get", "remote.origin.url") }()

	// A line each: the folder, the commit, the branch ("HEAD" where there is none), the remote's default branch. git stops
	// at the first it does not know and has printed those before.
	known := strings.Split(git("rev-parse", "--show-toplevel", "HEAD", "--abbrev-ref", "HEAD", "origin/HEAD"), "\n")
	c := Checkout{Folder: known[0], URL: publicURL(<-remote)}
	if c.Folder == "" {
		return Checkout{}
	}
	c.Dirty = dirty(git("status", "--porcelain=v2", "--branch", "--untracked-files=no"))
	if len(known) > 2 {
		c.Commit, c.Branch = commitSHA(known[1]), known[2]
	} else { // no commit yet
		c.Branch = git("symbolic-ref", "--quiet", "--short", "HEAD")
	}
	if c.Branch == "HEAD" { // detached
		c.Branch = ""
	}
	if len(known) > 3 && known[3] != "origin/HEAD" { // echoed back where there is none
		_, c.DefaultBranch, _ = strings.Cut(known[3], "/")
	}
	return c
}

// dirty reports whether the status lists a changed file after its header; empty if git gave no status.
func dirty(status string) string {
	if !strings.HasPrefix(status, "# branch.oid ") {
		return ""
	}
	for line := range strings.Lines(status) {
		if !strings.HasPrefix(line, "#") {
			return "true"
		}
	}
	return "false"
}

// sourceTags are MLflow's tags about the code: what is checked out, which need not be what the CI system started the job for.
// Without a checkout it is the CI system's view.
func (i Info) sourceTags() map[string]string {
	c := i.Checkout
	branch := ""
	if i.Head.Type == Branch {
		branch = i.Head.Ref
	}
	if c.Commit == "" {
		return map[string]string{
			"mlflow.source.git.commit": i.Head.SHA, "mlflow.source.git.repoURL": i.Repository.URL, "mlflow.source.git.branch": branch,
		}
	}
	tags := map[string]string{
		"mlflow.source.git.commit": c.Commit, "mlflow.source.git.repoURL": i.Repository.URL, "mlflow.source.git.dirty": c.Dirty,
		"mlflow.source.git.branch": c.Branch,
	}
	if c.URL != "" {
		tags["mlflow.source.git.repoURL"] = c.URL
	}
	if c.Branch == "" && i.ForCheckout() { // CI systems check a commit out, not its branch
		tags["mlflow.source.git.branch"] = branch
	}
	return tags
}

// ForCheckout reports whether what is checked out is what the CI system started the job for: the head, or the merge that
// was made of it for the test. Where nothing is checked out, nothing speaks against it.
func (i Info) ForCheckout() bool {
	c := i.Checkout.Commit
	return c == "" || c == i.Head.SHA || c == i.Head.CheckoutSHA
}

// Trained is the commit that a reader is told: the head's, unless another one is checked out.
func (i Info) Trained() string {
	if i.ForCheckout() {
		return i.Head.SHA
	}
	return i.Checkout.Commit
}
