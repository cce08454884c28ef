package redact

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Find returns the secrets of an environment (NAME=value) and of a command line: values with a secret's name, such as
// MLFLOW_TRACKING_TOKEN, INPUT_GITHUB-TOKEN or --api-key, and the passwords in URLs. There may be duplicates.
func Find(environ, command []string) []string {
	var found []string
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if SecretName(name) && !(strings.HasSuffix(name, "_CREDENTIALS") && strings.HasPrefix(value, "/")) { // a file has them
			found = append(found, value)
		}
		found = append(found, Passwords(value)...)
	}
	for i, arg := range command {
		name, value, given := strings.Cut(arg, "=")
		switch {
		case !SecretName(strings.TrimLeft(name, "-")):
		case given:
			found = append(found, value)
		case strings.HasPrefix(arg, "-") && i+1 < len(command) && !strings.HasPrefix(command[i+1], "-"):
			found = append(found, command[i+1])
		}
		found = append(found, Passwords(arg)...)
	}
	return found
}

// longestWord is the length up to which letters of one case count as a word.
const longestWord = 15

// Plausible reports whether a value that only its name makes a secret may be one: long enough, and not a word. Variables such
// as AUTH=refreshing or POSTGRES_PASSWORD=postgres hold words, and to mask those would make the log and the report unreadable.
func Plausible(value string) bool {
	value = strings.TrimSpace(value)
	if len(value) < MinLength {
		return false
	}
	different := map[rune]bool{}
	for _, c := range value {
		different[c] = true
	}
	return len(different) > 3 && !word(value)
}

// word reports whether a value is letters of one case, but for the first.
func word(value string) bool {
	if utf8.RuneCountInString(value) > longestWord {
		return false
	}
	_, first := utf8.DecodeRuneInString(value)
	rest := value[first:]
	letters := !strings.ContainsFunc(value, func(c rune) bool { return !unicode.IsLetter(c) })
	return letters && (rest == strings.ToLower(rest) || value == strings.ToUpper(value))
}

// SecretName reports whether a name is one that people give to secrets.
func SecretName(name string) bool {
	name = strings.ReplaceAll(strings.ToUpper(name), "-", "_")
	for _, end := range []string{"TOKEN", "SECRET", "PASSWORD", "PASSWD", "PASSPHRASE"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	name = "_" + name
	for _, end := range []string{
		"_API_KEY", "_APIKEY", "_ACCESS_KEY", "_ACCESS_KEY_ID", "_SECRET_KEY", "_PRIVATE_KEY", "_SIGNING_KEY", "_ENCRYPTION_KEY",
		"_ACCOUNT_KEY", "_STORAGE_KEY", "_MASTER_KEY", "_DEPLOY_KEY", "_SSH_KEY", "_SA_KEY", "_CONNECTION_STRING", "_CREDENTIALS",
		"_JWT", "_PAT", "_SAS", "_LICENSE_KEY",
	} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return false
}

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
		if lower := strings.ToLower(name); SecretName(name) || lower == "sig" || strings.HasSuffix(lower, "signature") {
			found = append(found, value)
		}
	}
	return found
}
