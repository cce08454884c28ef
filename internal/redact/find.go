package redact

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
)

// Find returns the secrets of an environment (NAME=value) and of a command line: values with a secret's name, such as
// MLFLOW_TRACKING_TOKEN, INPUT_GITHUB-TOKEN or --api-key, what has the shape of a well-known secret, and what In finds in the
// others. There may be duplicates.
func Find(environ, command []string) []string {
	found := Shaped(slices.Concat(environ, command)...)
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		found = append(found, In(name, value)...)
	}
	for i, arg := range command {
		name, value, given := strings.Cut(arg, "=")
		if given && !strings.ContainsAny(name, " \t\n\"'()[]") {
			found = append(found, In(strings.TrimLeft(name, "-"), value)...)
		} else if !given && strings.HasPrefix(arg, "-") && i+1 < len(command) && !strings.HasPrefix(command[i+1], "-") {
			found = append(found, In(strings.TrimLeft(name, "-"), command[i+1])...)
		}
		found = append(found, Passwords(arg)...)
	}
	return found
}

// In returns the secrets in a value that has a name: the value, if the name says so, passwords in URLs, values in lists such as
// "Server=db;Password=...", and the strings of JSON.
func In(name, value string) []string {
	found := slices.Concat(Passwords(value), pairs(value))
	if text := strings.TrimSpace(value); strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[") {
		var whole any
		if json.Unmarshal([]byte(text), &whole) == nil {
			found = append(found, leaves(name, whole)...)
		}
	}
	return append(found, named(nameStrength(name), value)...)
}

// named returns what the name makes a secret.
func named(says strength, value string) []string {
	switch {
	case says == nothing:
		return nil
	case says == secret && Plausible(value) && !isFile(value), random(value):
		return append(parts(value), value)
	}
	return webhook(value)
}

// isFile reports whether a value is the path of a file. A secret that begins with a slash, as keys of AWS may, has no ending.
func isFile(value string) bool {
	base := value[strings.LastIndexAny(value, `/\`)+1:]
	dot := strings.LastIndexByte(base, '.')
	return isPath(value) && dot >= 0 && len(base)-dot <= len(".json5")
}

// parts are those of a secret that are secrets by themselves: what follows "Bearer" or a user's name, and what base64 hides.
func parts(value string) []string {
	var found []string
	value = strings.TrimSpace(value)
	if scheme, rest, ok := strings.Cut(value, " "); ok && slices.Contains([]string{"bearer", "basic", "token", "apikey"}, strings.ToLower(scheme)) {
		value = strings.TrimSpace(rest)
		found = append(found, value)
	}
	if text, err := base64.StdEncoding.DecodeString(value); err == nil && Plausible(string(text)) && printable(text) {
		value = string(text)
		found = append(found, value)
	}
	if _, password, ok := strings.Cut(value, ":"); ok && !strings.ContainsAny(value, " \n{/") && Plausible(password) {
		found = append(found, password)
	}
	return found
}

// webhook returns the random parts of the path of an address.
func webhook(value string) []string {
	_, address, ok := strings.Cut(value, "://")
	if !ok || strings.ContainsAny(value, " \n") {
		return nil
	}
	var found []string
	_, path, _ := strings.Cut(address, "/")
	for part := range strings.SplitSeq(path, "/") {
		if random(part) {
			found = append(found, part)
		}
	}
	return found
}

// pairs returns the values in a list of pairs, such as a connection string or a query, whose names say that they are secrets.
func pairs(value string) []string {
	var found []string
	if !strings.Contains(value, "=") {
		return nil
	}
	for pair := range strings.FieldsFuncSeq(value, func(c rune) bool { return strings.ContainsRune(";& \t\n,", c) }) {
		name, text, _ := strings.Cut(pair, "=")
		if text = strings.Trim(text, `"'`); strings.ContainsAny(text, "\"'()[]{}") { // of a program
			continue
		}
		name = name[strings.LastIndexByte(name, '?')+1:]
		if says := nameStrength(name); says == secret && Plausible(text) || says == hint && random(text) || isSignature(name) && Plausible(text) {
			found = append(found, text)
		}
	}
	return found
}

// leaves returns the secrets among the strings of a JSON value, by their own names and by that of the whole.
func leaves(name string, value any) []string {
	var found []string
	switch v := value.(type) {
	case string:
		return In(name, v)
	case []any:
		for _, one := range v {
			found = append(found, leaves(name, one)...)
		}
	case map[string]any:
		for key, one := range v {
			said := key
			if all := words(key); nameStrength(key) == nothing && (len(all) == 0 || !in(all[len(all)-1], propertyWords)) {
				said = name
			}
			found = append(found, leaves(said, one)...)
		}
	}
	return found
}

// printable reports whether all of a text is ASCII that can be seen.
func printable(text []byte) bool {
	return !slices.ContainsFunc(text, func(c byte) bool { return c < ' ' || c > '~' })
}
