package comment

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	hiddenPrefix = "<!-- mlops-track"
	openPrefix   = hiddenPrefix + " section "
	lineEnd      = " -->"
	closeLine    = hiddenPrefix + " end -->"
)

// form is how much of a section is shown.
type form string

const (
	full  form = ""
	brief form = "brief"
	bare  form = "bare" // nothing but the hidden line
)

// place is where a part stands in a comment.
type place struct {
	name, step string
	nth        int
}

// part is a section as it stands in a comment.
type part struct {
	Name    string    `json:"name"`
	Step    string    `json:"step,omitempty"`
	Nth     int       `json:"nth,omitempty"`    // of the reports with one name and step, from 0
	Report  string    `json:"report,omitempty"` // which report it is
	Job     string    `json:"job,omitempty"`
	Family  string    `json:"family,omitempty"`
	Run     int64     `json:"run"`
	Attempt int       `json:"attempt"`
	Time    time.Time `json:"time"`
	Digest  string    `json:"digest"` // of the Markdown before it was made to fit
	Form    form      `json:"form,omitempty"`
	Brief   string    `json:"brief,omitempty"` // what to show instead when room is needed

	text string
}

func (p part) place() place { return place{p.Name, p.Step, p.Nth} }

func (p part) order() Order { return Order{Run: p.Run, Attempt: p.Attempt, Time: p.Time} }

// same reports whether p has the content of other. Times do not count: the same job posted again is nothing new.
func (p part) same(other part) bool {
	return p.place() == other.place() && p.Run == other.Run && p.Attempt == other.Attempt && p.Digest == other.Digest
}

// apart reports whether p and other are reports of one pipeline run that need a place each, although name and step are the same.
// It is not so of two attempts: an attempt has another number, or where none are counted its job has another id.
func (p part) apart(other part) bool {
	switch {
	case p.Report == "" || other.Report == "" || p.Report == other.Report:
		return false
	case p.Run != other.Run:
		return p.Family != "" && p.Family == other.Family
	}
	return p.Attempt == other.Attempt && (p.Attempt > 0 || p.Job == other.Job)
}

// placed returns p at its place among the parts: where its report stands already, else at the first number from its own on where
// nothing stands that must stay beside it.
func (p part) placed(parts []part) part {
	for _, q := range parts {
		if p.Report != "" && q.Report == p.Report && q.Name == p.Name && q.Step == p.Step {
			p.Nth = q.Nth
			return p
		}
	}
	for {
		q, found := at(parts, p.place())
		if !found || !q.apart(p) {
			return p
		}
		p.Nth++
	}
}

// folded returns p in the next shorter form. If there is no short form, or it saves nothing, that is the bare one.
func (p part) folded() part {
	if p.Form == full && p.Brief != "" && len(p.Brief) < len(p.text) {
		p.Form, p.text = brief, p.Brief
	} else {
		p.Form, p.text = bare, ""
	}
	p.Brief = ""
	return p
}

// outlives reports whether other was left over by an older run that had more reports with this name and step: by their numbers alone
// nobody would ever replace it.
func (p part) outlives(other part) bool {
	return p.Report != "" && other.Nth > 0 && other.Name == p.Name && other.Step == p.Step && other.Run < p.Run && !other.apart(p)
}

// render returns the part with its hidden lines. JSON in them has no ">", so it does not end them.
func (p part) render() string {
	header, err := json.Marshal(p)
	if err != nil { // a year beyond 9999
		p.Time = time.Time{}
		header, _ = json.Marshal(p)
	}
	text := p.text
	if text != "" {
		text = "\n" + text + "\n"
	}
	return openPrefix + string(header) + lineEnd + "\n" + text + closeLine + "\n"
}

// plain returns Markdown that contains none of our hidden lines.
func plain(markdown string) string {
	markdown = strings.ReplaceAll(strings.ToValidUTF8(markdown, "\uFFFD"), "\r\n", "\n")
	return strings.Trim(strings.ReplaceAll(markdown, hiddenPrefix, "&lt;!-- mlops-track"), "\n")
}

// renderBody returns a comment with these parts, in the order of their places.
func renderBody(key Key, parts []part) string {
	var b strings.Builder
	b.WriteString(key.marker() + "\n")
	hidden := 0
	for _, p := range sorted(parts) {
		b.WriteString(p.render())
		if p.Form == bare {
			hidden++
		}
	}
	if hidden > 0 {
		fmt.Fprintf(&b, "\n*%d of %d reports are not shown here, as the comment would be too long; their job summaries have them.*\n",
			hidden, len(parts))
	}
	return b.String()
}

// bareNote is an upper bound of the length of the line about bare parts.
const bareNote = 160

func sorted(parts []part) []part {
	return slices.SortedFunc(slices.Values(parts), func(a, b part) int {
		return cmp.Or(
			strings.Compare(a.Name, b.Name),
			cmp.Compare(len(a.Step), len(b.Step)), strings.Compare(a.Step, b.Step), // __run_2 comes before __run_10
			cmp.Compare(a.Nth, b.Nth),
		)
	})
}

// parseBody returns the parts of a comment, and whether it is one with that key. It ignores what it cannot parse.
func parseBody(key Key, body string) (parts []part, ours bool) {
	first, rest, _ := strings.Cut(body, "\n")
	if strings.TrimRight(first, " \r") != key.marker() {
		return nil, false
	}
	var current *part
	var text []string
	for line := range strings.Lines(rest) {
		line = strings.TrimRight(line, "\r\n")
		header, opens := strings.CutPrefix(line, openPrefix)
		switch {
		case opens:
			current, text = parseHeader(header), nil
		case line == closeLine && current != nil:
			current.text = strings.Trim(strings.Join(text, "\n"), "\n")
			parts = merge(parts, []part{*current})
			current = nil
		default:
			text = append(text, line)
		}
	}
	return parts, true
}

func parseHeader(line string) *part {
	header, closed := strings.CutSuffix(strings.TrimRight(line, " "), lineEnd)
	var p part
	if !closed || json.Unmarshal([]byte(header), &p) != nil {
		return nil
	}
	p.Brief = plain(p.Brief)
	return &p
}

// merge returns the newest part of each place. Reports that must stay beside each other get places of their own.
func merge(a, b []part) []part {
	out := slices.Clone(a)
	for _, p := range b {
		p = p.placed(out)
		index := indexAt(out, p.place())
		switch {
		case index < 0:
			out = append(out, p)
		case p.order().Compare(out[index].order()) > 0:
			out[index] = p
		}
	}
	return out
}

// covers reports whether each of the parts is among have, or one at its place that is no older.
func covers(have, parts []part) bool {
	return !slices.ContainsFunc(parts, func(p part) bool {
		h, found := at(have, p.placed(have).place())
		return !found || !h.same(p) && h.order().Compare(p.order()) < 0
	})
}

// at returns the part at a place.
func at(parts []part, there place) (part, bool) {
	index := indexAt(parts, there)
	if index < 0 {
		return part{}, false
	}
	return parts[index], true
}

func indexAt(parts []part, there place) int {
	return slices.IndexFunc(parts, func(p part) bool { return p.place() == there })
}

// retire returns the body with a first line that later runs no longer find.
func retire(key Key, body string) string {
	_, rest, _ := strings.Cut(body, "\n")
	return key.retired() + "\n" + rest
}
