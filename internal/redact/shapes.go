package redact

import (
	_ "embed"
	"regexp"
	"strconv"
	"strings"
)

// shapes are gitleaks' rules for values that are secrets whatever they are called, such as ghp_ and 36 characters: id, words that
// such a value holds, least entropy, regular expression. scripts/secret-rules writes the file.
//
//go:embed gitleaks/shapes.tsv
var shapes string

// Shaped returns the secrets in a text that have the shape of a well-known one. Only rules whose words are in the text are
// compiled.
func Shaped(text string) []string {
	var found []string
	lower := strings.ToLower(text)
	for line := range strings.Lines(shapes) {
		fields := strings.SplitN(strings.TrimSuffix(line, "\n"), "\t", 4)
		if len(fields) < 4 || !containsAny(lower, fields[1]) {
			continue
		}
		rule, err := regexp.Compile(fields[3])
		if err != nil {
			continue
		}
		least, _ := strconv.ParseFloat(fields[2], 64)
		for _, match := range rule.FindAllStringSubmatch(text, -1) {
			if value := firstGroup(match); entropy(value) >= least {
				found = append(found, value)
			}
		}
	}
	return found
}

// containsAny reports whether a text holds one of some words, which are separated by commas.
func containsAny(text, words string) bool {
	for word := range strings.SplitSeq(words, ",") {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
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
