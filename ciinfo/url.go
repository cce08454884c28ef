package ciinfo

import (
	"net/url"
	"strings"
)

// publicURL returns the address of a repository or page as a browser opens it: https for ssh and git's host:path form,
// without user, password, query and ".git". It is empty for anything that is no address of another machine.
func publicURL(address string) string {
	address = strings.TrimSpace(address)
	if host, file, ok := strings.Cut(address, ":"); ok && !strings.Contains(address, "://") && isHost(host) {
		address = "ssh://" + host + "/" + strings.TrimPrefix(file, "/")
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return ""
	}
	switch u.Scheme {
	case "http", "https":
	case "ssh", "git", "git+ssh":
		u.Scheme, u.Host = "https", u.Hostname() // the port is that of another protocol
	default:
		return ""
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	azureSSH(u)
	return strings.TrimSuffix(trimURL(u.String()), ".git")
}

// azureSSH turns Azure's address for ssh, ssh.dev.azure.com/v3/ORG/PROJECT/REPOSITORY, into the page of the repository.
func azureSSH(u *url.URL) {
	parts := strings.Split(u.Path, "/")
	if u.Hostname() == "ssh.dev.azure.com" && len(parts) == 5 && parts[1] == "v3" {
		u.Host, u.Path, u.RawPath = "dev.azure.com", "/"+parts[2]+"/"+parts[3]+"/_git/"+parts[4], ""
	}
}

// isHost tells git's host:path form from a Windows path (C:\x) and a local path with a colon in it.
func isHost(s string) bool { return len(s) > 1 && !strings.ContainsAny(s, `/\`) }

func trimURL(s string) string { return strings.TrimRight(s, "/") }

// shortRef is the name of a branch or tag as people know it.
func shortRef(ref string) string {
	for _, prefix := range []string{"refs/heads/", "refs/tags/"} {
		if name, ok := strings.CutPrefix(ref, prefix); ok {
			return name
		}
	}
	return ref
}

func refType(ref string) string {
	switch {
	case strings.HasPrefix(ref, "refs/heads/"):
		return Branch
	case strings.HasPrefix(ref, "refs/tags/"):
		return Tag
	}
	return ""
}
