package redact

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

const (
	// Mask replaces a secret; GitHub and GitLab write the same.
	Mask = "***"

	// MinLength is the length in bytes from which a secret, or a line of one, is removed. Buildkite's agent has the same limit.
	MinLength = 6

	// keyMask replaces a secret in a key: MLflow allows no asterisks there.
	keyMask = "redacted"

	// minCut is how much of a secret at the end of a text is removed: a text that was cut may end in the middle of a secret.
	minCut = 8
)

// Redactor removes the secrets that it knows from text. It is safe for concurrent use; a nil one knows none.
type Redactor struct {
	mu    sync.Mutex // for those who add
	rules atomic.Pointer[rules]
}

// rules are a snapshot of what a redactor knows. They are never changed.
type rules struct {
	needles  map[string]bool
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
	needles := maps.Clone(old.needles)
	if needles == nil {
		needles = map[string]bool{}
	}
	for _, secret := range secrets {
		for _, part := range Parts(secret) {
			for _, form := range forms(part) {
				needles[form] = true
			}
		}
	}
	if len(needles) > len(old.needles) {
		r.rules.Store(&rules{needles: needles, index: newIndex(needles), patterns: old.patterns})
	}
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

// Text returns text with a Mask for each stretch of secrets. A text that ends with the first minCut bytes of a secret or
// more loses them, too.
func (r *Redactor) Text(text string) string {
	if r == nil || text == "" {
		return text
	}
	rules := r.rules.Load()
	if rules.index.touches(text) {
		out, held, run := rules.index.mask(nil, []byte(text), run{}, false)
		switch cut := text[held:]; {
		case len(cut) < minCut:
			out, _, _ = rules.index.mask(out, []byte(cut), run, true)
		case !run.masked:
			out = append(out, Mask...)
		}
		text = string(out)
	}
	return rules.hide(text)
}

// Key is Text for the key of a param, metric or tag: it uses a mask that is allowed in a key.
func (r *Redactor) Key(key string) string {
	return strings.ReplaceAll(r.Text(key), Mask, keyMask)
}

// hide replaces what the patterns match.
func (r *rules) hide(text string) string {
	if len(r.patterns) == 0 {
		return text
	}
	var b strings.Builder
	for len(text) > 0 {
		end := strings.IndexAny(text, lineEnds)
		if end < 0 {
			end = len(text)
		}
		line := text[:end]
		for _, p := range r.patterns {
			line = p.ReplaceAllLiteralString(line, Mask)
		}
		b.WriteString(line)
		b.WriteString(text[end:min(end+1, len(text))])
		text = text[min(end+1, len(text)):]
	}
	return b.String()
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
