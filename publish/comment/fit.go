package comment

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

const (
	// briefLimit is how long the short form of a section may be, in bytes: 256 jobs, the most a matrix has on GitHub
	// (https://docs.github.com/actions/reference/limits), still leave room for the short forms of a hundred.
	briefLimit = 300
	// worthFolding is how long a section must be to carry a short form.
	worthFolding = 3 * briefLimit
)

// draft is a section before it is made to fit.
type draft struct {
	part   part // with its whole text
	render func(limit int) string
}

// newDraft renders a section as long as the host would take it.
func newDraft(s Section, limit int) draft {
	d := draft{render: func(limit int) string {
		text := plain(s.Render(limit))
		if len(text) > limit { // cut off somewhere it would break the Markdown of the others
			return ""
		}
		return text
	}}
	d.part = part{
		Name: shortName(s.Name), Step: shortName(s.Step), Report: shortName(s.Report), Job: shortName(s.Job), Family: shortName(s.Family),
		Run: s.Order.Run, Attempt: s.Order.Attempt, Time: s.Order.Time.UTC().Truncate(1e6), text: d.render(limit),
	}
	d.part.Digest = digest(d.part.text)
	if d.part.text == "" {
		d.part.Form = bare
	}
	if len(d.part.text) >= worthFolding {
		d.part.Brief = d.render(briefLimit)
	}
	return d
}

func shortName(text string) string { return shorten(strings.ToValidUTF8(text, "\uFFFD"), longestName) }

// existing returns a draft of a section that another writer wrote and that stays unchanged.
func existing(p part) draft { return draft{part: p, render: func(int) string { return "" }} }

// within returns the part so that it takes at most room bytes, hidden lines included.
func (d draft) within(room int) (part, bool) {
	if len(d.part.render()) <= room {
		return d.part, true
	}
	p := d.part
	p.text = ""
	if space := room - len(p.render()) - 2; space > briefLimit {
		if p.text = d.render(space); p.text != "" && len(p.render()) <= room {
			return p, true
		}
	}
	for p = d.part.folded(); ; p = p.folded() {
		if len(p.render()) <= room {
			return p, true
		}
		if p.Form == bare {
			return p, false
		}
	}
}

// fit returns the body with the draft and the others in at most limit bytes. The draft gets what the others leave, but at
// least an equal share if it needs that much: others are folded for it, those of older runs first, then the longest.
func fit(key Key, d draft, others []part, limit int) (string, error) {
	others = slices.Clone(others)
	free := func() int { return limit - len(renderBody(key, others)) - bareNote }
	share := (limit - len(key.marker()) - bareNote) / (len(others) + 1)
	for wanted := min(len(d.part.render()), share); free() < wanted; {
		at := nextToFold(others)
		if at < 0 {
			break
		}
		if others[at].Form != bare {
			others[at] = others[at].folded()
		} else {
			others = slices.Delete(others, at, at+1)
		}
	}
	p, ok := d.within(free())
	if !ok {
		return "", fmt.Errorf("fit section %q beside %d others: %w", d.part.Name, len(others), ErrTooLong)
	}
	return renderBody(key, append(others, p)), nil
}

// nextToFold returns the part that is to lose text next: those that have some go before those that have none, and of the
// latter only those of runs that are over; -1: none.
func nextToFold(parts []part) int {
	newest := int64(0)
	for _, p := range parts {
		newest = max(newest, p.Run)
	}
	best := -1
	better := func(a, b part) int { // 1: fold a rather than b
		return cmp.Or(
			cmp.Compare(weight(a.Form), weight(b.Form)),
			cmp.Compare(b.Run, a.Run),
			cmp.Compare(len(a.text), len(b.text)),
			cmp.Compare(a.Name, b.Name),
		)
	}
	for at, p := range parts {
		if p.Form == bare && p.Run == newest {
			continue
		}
		if best < 0 || better(p, parts[best]) > 0 {
			best = at
		}
	}
	return best
}

func weight(f form) int {
	switch f {
	case full:
		return 2
	case brief:
		return 1
	default:
		return 0
	}
}
