package ciinfo

import (
	"cmp"
	"net/url"
	"path"
	"strings"
)

// repositoryAt says what the address of a repository tells about it. The word is what the CI system calls the host, as
// "GitHubEnterprise"; empty where it does not say.
func repositoryAt(address, word string) Repository {
	page := publicURL(address)
	repo := Repository{URL: page, Host: cmp.Or(hostNamed(word), hostedBy(page))}
	u, err := url.Parse(page)
	if err != nil || u.Host == "" {
		return repo
	}
	repo.ServerURL = u.Scheme + "://" + u.Host
	project := strings.Trim(u.Path, "/")
	project = strings.TrimPrefix(project, "scm/")        // Bitbucket Data Center
	project = strings.TrimPrefix(project, "v1/repos/")   // CodeCommit
	project = strings.Replace(project, "/_git/", "/", 1) // Azure Repos
	if repo.Project = project; project != "" {
		repo.Name = path.Base(project)
	}
	return repo
}

// hostNamed is OpenTelemetry's word for what a CI system calls the host of a repository. Hosts that OpenTelemetry does not
// know have their own name.
// https://opentelemetry.io/docs/specs/semconv/registry/attributes/vcs/
func hostNamed(word string) string {
	word = strings.ToLower(word)
	for _, name := range []string{"github", "gitlab", "bitbucket", "gitea", "forgejo"} {
		if strings.Contains(word, name) {
			return name
		}
	}
	if word == "tfsgit" || word == "vso" || strings.HasPrefix(word, "azure") {
		return "azure"
	}
	return ""
}

// hostedBy names the well-known hosts.
func hostedBy(page string) string {
	u, err := url.Parse(page)
	if err != nil {
		return ""
	}
	host := u.Hostname()
	switch {
	case host == "github.com":
		return "github"
	case host == "gitlab.com":
		return "gitlab"
	case host == "bitbucket.org":
		return "bitbucket"
	case host == "gitea.com":
		return "gitea"
	case host == "codeberg.org":
		return "forgejo"
	case host == "dev.azure.com", strings.HasSuffix(host, ".visualstudio.com"):
		return "azure"
	case strings.HasPrefix(host, "git-codecommit.") && strings.Contains(host, ".amazonaws.com"):
		return "codecommit"
	}
	return ""
}

// changeIn is the pull request or merge request of a repository with this number; empty without a number.
func changeIn(repo Repository, number string) Change {
	id := changeNumber(number)
	if id == "" {
		return Change{}
	}
	change := Change{ID: id, Project: repo.Project}
	if folder := changeFolder(repo); folder != "" && repo.URL != "" {
		change.URL = repo.URL + folder + id
	}
	return change
}

// changeFolder is what stands between the page of a repository and the number of a change; empty where that is not known.
func changeFolder(repo Repository) string {
	switch repo.Host {
	case "github":
		return "/pull/"
	case "gitlab":
		return "/-/merge_requests/"
	case "gitea", "forgejo":
		return "/pulls/"
	case "azure":
		return "/pullrequest/"
	case "bitbucket":
		if repo.ServerURL == "https://bitbucket.org" {
			return "/pull-requests/"
		}
	}
	return ""
}

// CommitURL is the page of the commit that was trained; empty where that is not known.
func (i Info) CommitURL() string {
	repo, commit := i.Repository, url.PathEscape(i.Trained())
	switch {
	case !i.ForCheckout() && i.Checkout.URL != "" && i.Checkout.URL != repo.URL: // another repository
		return ""
	case repo.URL == "" || commit == "" || i.Change.Fork || repo.Host == "codecommit":
		return ""
	case repo.Host == "gitlab":
		return repo.URL + "/-/commit/" + commit
	case repo.Host == "bitbucket" && repo.ServerURL != "" && repo.ServerURL != "https://bitbucket.org":
		return "" // Bitbucket Data Center: the page is not below the address of the repository
	case repo.Host == "bitbucket":
		return repo.URL + "/commits/" + commit
	}
	return repo.URL + "/commit/" + commit
}

// otherRepository says whether two addresses, each in any form that git takes, are known to be two repositories.
func otherRepository(one, two string) bool {
	a, b := repositoryAt(one, ""), repositoryAt(two, "")
	return a.Project != "" && b.Project != "" &&
		!(strings.EqualFold(a.Project, b.Project) && strings.EqualFold(serverName(a), serverName(b)))
}

// serverName is the server without protocol and port, which differ between ssh and https.
func serverName(repo Repository) string {
	u, err := url.Parse(repo.ServerURL)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
