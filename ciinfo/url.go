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
	return strings.TrimSuffix(trimURL(u.String()), ".git")
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

// CommitURL is the page of the head's commit; empty where that is not known.
func (i Info) CommitURL() string {
	switch {
	case i.Repository.URL == "" || i.Head.SHA == "" || i.Change.Fork:
		return ""
	case i.Repository.Host == "gitlab":
		return i.Repository.URL + "/-/commit/" + i.Head.SHA
	}
	return i.Repository.URL + "/commit/" + i.Head.SHA
}
