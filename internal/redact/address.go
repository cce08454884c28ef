package redact

import (
	"net/url"
	"strings"
)

// minUser is the length from which a user name in a URL counts as a token.
const minUser = 20

// Passwords returns the passwords of the URLs in a text, as they are written and as they are meant, and the secrets in their
// queries. A long user name is one, too: https://TOKEN@host is a habit.
func Passwords(text string) []string {
	var found []string
	for _, address := range addresses(text) {
		for _, secret := range append(userSecrets(address), querySecrets(address)...) {
			found = append(found, secret)
			if meant, err := url.PathUnescape(secret); err == nil && meant != secret {
				found = append(found, meant)
			}
		}
	}
	return found
}

// addresses are the URLs in a text, without their schemes.
func addresses(text string) []string {
	var all []string
	for {
		_, rest, more := strings.Cut(text, "://")
		if !more {
			return all
		}
		text = rest
		if end := strings.IndexAny(rest, " \t\r\n\"'`<>"); end >= 0 {
			rest = rest[:end]
		}
		all = append(all, rest)
	}
}

// userSecrets are those before the host. A password may hold a slash that is not escaped; a port and a later @ look alike.
func userSecrets(address string) []string {
	authority, _, _ := strings.Cut(address, "/")
	at := strings.LastIndexByte(authority, '@')
	if at < 0 {
		user, _, hasPassword := strings.Cut(authority, ":")
		at = strings.LastIndexByte(address, '@')
		if port := strings.TrimLeft(strings.TrimPrefix(authority[len(user):], ":"), "0123456789"); !hasPassword || port == "" || at < 0 {
			return nil
		}
	}
	user, password, _ := strings.Cut(address[:at], ":")
	var found []string
	if password != "" {
		found = append(found, password)
	}
	if len(user) >= minUser {
		found = append(found, user)
	}
	return found
}

// querySecrets are the values of a query whose names say that they are secrets.
func querySecrets(address string) []string {
	_, query, _ := strings.Cut(address, "?")
	var found []string
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if SecretName(name) || isSignature(name) {
			found = append(found, value)
		}
	}
	return found
}

// isSignature reports whether a part of a query signs the rest.
func isSignature(name string) bool {
	lower := strings.ToLower(name)
	return lower == "sig" || strings.HasSuffix(lower, "signature")
}
