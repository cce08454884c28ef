package comment

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
)

// Section is one report's part of the comment.
type Section struct {
	// Name identifies the section: the cell of a matrix, empty for a job without one. Sections are ordered by
	// name. A name over 100 bytes is cut, and made unique by a digest.
	Name string
	// Step tells the steps of one job apart, where the CI system names them.
	Step string
	// Report is the id of what is reported, such as a run. Two reports of one pipeline run with one name and step, as of two commands in
	// a step, or of two calls of a reusable workflow, each keep their place; without an id the later one replaces the other.
	Report string
	// Job is the id of the job: where attempts are not counted, another one is another attempt.
	Job string
	// Family is what the sisters of a child pipeline have in common, whose numbers differ; empty for others.
	Family string
	Order  Order
	// Render returns the section as Markdown of at most limit bytes. It is called several times, with different limits,
	// and must return the same for the same limit. A result over the limit is not used.
	Render func(limit int) string
}

// Order decides which of two reports of one job is newer: by Run, then Attempt, then Time.
type Order struct {
	Run     int64 // number or id of the pipeline run; grows
	Attempt int
	Time    time.Time // when the job ended; compared in milliseconds
}

// Compare returns -1 where o is older, 1 where it is newer.
func (o Order) Compare(other Order) int {
	return cmp.Or(
		cmp.Compare(o.Run, other.Run),
		cmp.Compare(o.Attempt, other.Attempt),
		o.Time.Truncate(time.Millisecond).Compare(other.Time.Truncate(time.Millisecond)),
	)
}

// Key identifies a comment. It may be any text; it is escaped so that it cannot end the hidden line that holds it.
type Key string

// Own returns the key of a comment that trusted jobs write. None equals one of Foreign.
func Own(text string) Key {
	if text = strings.TrimSpace(text); strings.HasPrefix(text, foreignPrefix) {
		text = "own " + text
	}
	return Key(text)
}

// Foreign returns the key of a comment for reports that somebody else wrote.
func Foreign(text string) Key { return Key(foreignPrefix + text) }

const foreignPrefix = "unverified: "

const (
	markerPrefix  = "<!-- mlops-track: "
	retiredPrefix = "<!-- mlops-track outdated: "
	longestKey    = 300
	longestName   = 100
)

// marker is the first line of a comment with that key. Different keys have different markers.
func (k Key) marker() string { return markerPrefix + k.clean() + " -->" }

// retired is the first line of a comment that was hidden: later runs no longer find it.
func (k Key) retired() string { return retiredPrefix + k.clean() + " -->" }

// clean replaces what could end an HTML comment or the line. "-->" needs its ">".
func (k Key) clean() string {
	var b strings.Builder
	for _, c := range []byte(strings.ToValidUTF8(string(k), "?")) {
		if c < ' ' || c == 0x7f || c == '<' || c == '>' || c == '%' {
			b.WriteString("%" + strings.ToUpper(hex.EncodeToString([]byte{c})))
			continue
		}
		b.WriteByte(c)
	}
	return shorten(strings.TrimSpace(b.String()), longestKey)
}

// shorten cuts a text that is too long and appends a digest of the whole, so that different texts stay different.
func shorten(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	sum := digest(text)
	return strings.ToValidUTF8(text[:limit-len(sum)-1], "") + "~" + sum
}

// digest returns a short hash of the text.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:6])
}
