package mlflow

import "strings"

// RedactURI returns a URI for people to read: without the password of its user info, and without its query, in which
// database URIs may hold one. Any other text is returned as it is.
func RedactURI(uri string) string {
	scheme, rest, ok := strings.Cut(uri, "://")
	if !ok || scheme == "" || strings.ContainsAny(scheme, " \"'/") {
		return uri
	}
	rest, _, query := strings.Cut(rest, "?")
	authority, path, below := strings.Cut(rest, "/")
	if at := strings.LastIndexByte(rest, '@'); at > len(authority) {
		authority, path, below = rest, "", false // a password with a slash that is not quoted
	}
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		user, _, password := strings.Cut(authority[:at], ":")
		if password {
			user += ":***"
		}
		authority = user + authority[at:]
	}
	out := scheme + "://" + authority
	if below {
		out += "/" + path
	}
	if query {
		out += "?***"
	}
	return out
}
