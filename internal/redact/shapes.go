package redact

import (
	_ "embed"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// shapes are gitleaks' rules for values that are secrets whatever they are called, such as ghp_ and 36 characters: id, words that
// such a value holds, least entropy, regular expression. scripts/secret-rules writes the file.
//
//go:embed gitleaks/shapes.tsv
var shapes string

// shortestShape is the length of the shortest secret that has a shape of its own: the id of a key of AWS.
const shortestShape = 20

// Shaped returns the secrets in some texts that have the shape of a well-known one. Only rules whose words are in a text are
// compiled.
func Shaped(texts ...string) []string {
	long := slices.DeleteFunc(slices.Clone(texts), func(text string) bool { return len(text) < shortestShape })
	if len(long) == 0 {
		return nil
	}
	var found []string
	text := strings.Join(long, "\n")
	lower := strings.ToLower(text)
	for line := range strings.Lines(shapes) {
		_, rest, _ := strings.Cut(line, "\t")
		words, rest, _ := strings.Cut(rest, "\t")
		if words == "" || !containsAny(lower, words) {
			continue
		}
		least, pattern, _ := strings.Cut(strings.TrimSuffix(rest, "\n"), "\t")
		rule, err := regexp.Compile(pattern)
		if err != nil {
			continue
		}
		bits, _ := strconv.ParseFloat(least, 64)
		for _, match := range rule.FindAllStringSubmatch(text, -1) {
			if value := firstGroup(match); entropy(value) >= bits {
				found = append(found, value)
			}
		}
	}
	return found
}

// containsAny reports whether a text holds one of some words, which are separated by commas.
func containsAny(text, words string) bool {
	for {
		word, rest, more := strings.Cut(words, ",")
		switch {
		case strings.Contains(text, word):
			return true
		case !more:
			return false
		}
		words = rest
	}
}

// firstGroup is the first part of a match that is not empty, else all of it.
func firstGroup(match []string) string {
	for _, group := range match[1:] {
		if group != "" {
			return group
		}
	}
	return match[0]
}
