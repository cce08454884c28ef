package redact

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/Iyalvan/mlops-track/internal/visible"
)

const (
	// Mask replaces a secret; GitHub and GitLab write the same.
	Mask = "***"

	// MinLength is the length in bytes from which a secret, or a line of one, is removed. Buildkite's agent has the same limit.
	MinLength = 6

	// keyMask replaces a secret in a key: MLflow allows no asterisks there.
	keyMask = "redacted"

	// minCut is how much of a secret is removed where a text was cut, which may be in the middle of a secret.
	minCut = 8

	// minHalf is the length from which the first half of a secret is removed wherever it stands.
	minHalf = 16

	// minWrapped is the length from which a secret is found though lines were wrapped inside of it. The ends of two lines make a
	// short one by chance.
	minWrapped = 8
)

// Redactor removes the secrets that it knows from text. It is safe for concurrent use; a nil one knows none.
type Redactor struct {
	mu    sync.Mutex // for those who add
	rules atomic.Pointer[rules]
}

// rules are a snapshot of what a redactor knows. They are never changed.
type rules struct {
	needles  map[string]bool // all forms of all secrets; true: a secret itself
	index    *index
	patterns []*regexp.Regexp
}

// New returns a redactor that knows some secrets.
func New(secrets ...string) *Redactor {
	r := &Redactor{}
	r.rules.Store(&rules{index: newIndex(nil)})
	r.Add(secrets...)
	return r
}

// Add makes secrets known from now on.
func (r *Redactor) Add(secrets ...string) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	old := r.rules.Load()
	var fresh []string
	for _, secret := range secrets {
		for _, part := range Parts(secret) {
			if !old.needles[part] {
				fresh = append(fresh, part)
			}
		}
	}
	if len(fresh) == 0 {
		return
	}
	needles := maps.Clone(old.needles)
	if needles == nil {
		needles = map[string]bool{}
	}
	for _, part := range fresh {
		for _, form := range forms(part) {
			if _, known := needles[form]; !known {
				needles[form] = false
			}
		}
		needles[part] = true
	}
	r.rules.Store(&rules{needles: needles, index: newIndex(needles), patterns: old.patterns})
}

// Hide adds a pattern, whose matches are removed too, line by line.
func (r *Redactor) Hide(patterns ...*regexp.Regexp) {
	if r == nil || len(patterns) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	old := r.rules.Load()
	r.rules.Store(&rules{needles: old.needles, index: old.index, patterns: slices.Concat(old.patterns, patterns)})
}

// Text returns text with a Mask for each stretch of secrets. One is found also if characters that are not seen stand inside of
// it. Where a text was cut, its first minCut bytes or more are removed, too.
func (r *Redactor) Text(text string) string {
	if r == nil || text == "" {
		return text
	}
	rules := r.rules.Load()
	if len(rules.needles) == 0 && len(rules.patterns) == 0 {
		return text
	}
	var all spans
	rules.find(text, func(start, end int) { all = append(all, [2]int{start, end}) })
	for _, reading := range visible.Readings(text) {
		find := rules.find
		if reading.LineEnds { // patterns are for lines
			find = rules.index.find
		}
		find(string(reading.Text), func(start, end int) {
			if from, to := reading.Span(start, end); !reading.LineEnds || end-start >= minWrapped {
				all = append(all, [2]int{from, to})
			}
		})
	}
	if len(all) == 0 {
		return text
	}
	return all.cover(text)
}

// Key is Text for the key of a param, metric or tag: it uses a mask that is allowed in a key.
func (r *Redactor) Key(key string) string {
	return strings.ReplaceAll(r.Text(key), Mask, keyMask)
}

// find calls found for each place that a secret or a pattern matches.
func (r *rules) find(text string, found func(start, end int)) {
	r.index.find(text, found)
	if len(r.patterns) == 0 {
		return
	}
	at := 0
	for at < len(text) {
		end := strings.IndexAny(text[at:], lineEnds)
		if end < 0 {
			end = len(text) - at
		}
		for _, p := range r.patterns {
			for _, match := range p.FindAllStringIndex(text[at:at+end], -1) {
				if match[0] < match[1] {
					found(at+match[0], at+match[1])
				}
			}
		}
		at += end + 1
	}
}

// Parts returns what is removed of a secret: itself, and its lines if it has several, as far as they are long enough,
// without white space around.
func Parts(secret string) []string {
	var parts []string
	for _, line := range strings.FieldsFunc(secret, func(c rune) bool { return strings.ContainsRune(lineEnds, c) }) {
		if line = strings.TrimSpace(line); len(line) >= MinLength {
			parts = append(parts, line)
		}
	}
	if whole := strings.TrimSpace(secret); strings.ContainsAny(whole, lineEnds) && len(whole) >= MinLength {
		parts = append(parts, whole)
	}
	return parts
}

// lineEnds are the characters that end a line for GitHub's runner.
const lineEnds = "\r\n"
