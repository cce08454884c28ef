package settings

import (
	"slices"
	"strings"

	"github.com/Iyalvan/mlops-track/internal/redact"
)

// Secrets returns the values among the settings that must not be shown, from every source, also from one that another
// overrides: tokens, tags whose key says that they are secret, and passwords in URLs. It works on what Parse would reject,
// too, so that no error shows one.
func Secrets(src Sources) []string {
	p := newParser(src)
	var found, all []string
	for _, s := range All() {
		for _, value := range p.candidates(s) {
			if s.Secret && value != "" {
				found = append(found, value)
			}
			found = append(found, redact.Passwords(value)...)
			all = append(all, value)
			if s.Name == "tags" {
				only := newParser(Sources{Set: func(name string) (string, bool) { return value, name == "tags" }, Env: noVariable})
				found = append(found, only.secretTags()...)
			}
		}
	}
	flags := newParser(Sources{Set: unset, Env: noVariable, Tags: src.Tags})
	return slices.Concat(found, flags.secretTags(), redact.Shaped(append(all, src.Tags...)...))
}

// secretTags are the values of the tags whose key says that they are secret. In a line without =, which Parse rejects and
// quotes, a colon or white space may have been meant.
func (p *parser) secretTags() []string {
	var found []string
	for _, tag := range p.tags() {
		if tag.Value == "" {
			if i := strings.IndexAny(tag.Key, ": \t"); i >= 0 {
				tag.Key, tag.Value = tag.Key[:i], strings.TrimSpace(tag.Key[i+1:])
			}
		}
		found = append(found, redact.In(tag.Key, tag.Value)...)
	}
	return found
}

func unset(string) (string, bool) { return "", false }

func noVariable(string) string { return "" }
