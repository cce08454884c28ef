package comment

import (
	"slices"
	"time"
)

// Mode says what happens to the comment of an earlier run.
type Mode string

// Values of the setting comment-mode. In all but Update each run has a comment of its own, which its jobs share, also
// when some of them run again.
const (
	Update       Mode = "update"         // one comment, kept up to date; duplicates are merged
	HideAndNew   Mode = "hide-and-new"   // a new comment, and those of older runs are hidden
	DeleteAndNew Mode = "delete-and-new" // a new comment, and those of older runs are deleted
	New          Mode = "new"            // a new comment; those of older runs stay as they are
)

// own is a comment with our key, as it was read.
type own struct {
	comment Comment
	parts   []part
	page    int       // it was on
	at      time.Time // when that page was asked for
}

// run is the newest that the comment is about.
func (o own) run() int64 {
	newest := int64(0)
	for _, p := range o.parts {
		newest = max(newest, p.Run)
	}
	return newest
}

// ofFamily reports whether the comment is about a sister of a child pipeline.
func (o own) ofFamily(family string) bool {
	return family != "" && slices.ContainsFunc(o.parts, func(p part) bool { return p.Family == family })
}

// action is what a step does.
type action int

const (
	nothing action = iota // all is as it should be
	outdated
	create
	update
	hide
	remove
)

// step is the next thing to do.
type step struct {
	do     action
	target own    // that it is done to; of nothing: that holds the section
	draft  draft  // that the body holds
	others []part // and what it holds beside
}

// plan decides the next step, from what was read and what is wanted. written says that ours was sent before: then a section
// of the same order that says something else is another writer's, and stays.
func plan(seen []own, d draft, mode Mode, written bool) step {
	mine, older := seen, []own(nil)
	if mode != Update {
		mine, older = nil, nil
		for _, o := range seen {
			switch run := o.run(); {
			case run == d.part.Run || o.ofFamily(d.part.Family):
				mine = append(mine, o)
			case run < d.part.Run:
				older = append(older, o)
			case mode != New:
				return step{do: outdated, target: o}
			}
		}
	}
	if len(mine) == 0 {
		return step{do: create, draft: d}
	}
	target, spare := mine[0], mine[1:]
	wanted := target.parts
	for _, o := range spare {
		wanted = merge(wanted, o.parts)
	}
	d.part = d.part.placed(wanted)
	wanted = slices.DeleteFunc(slices.Clone(wanted), d.part.outlives)
	stored, found := at(wanted, d.part.place())
	age := stored.order().Compare(d.part.order())
	mineStands := found && stored.same(d.part)
	switch {
	case mineStands:
	case found && age > 0 && !written:
		return step{do: outdated, target: target}
	case found && (age > 0 || age == 0 && written):
		d = existing(stored)
	default:
		return step{do: update, target: target, draft: d, others: without(wanted, d.part.place())}
	}
	if !covers(target.parts, wanted) {
		return step{do: update, target: target, draft: d, others: without(wanted, d.part.place())}
	}
	if len(spare) > 0 {
		return step{do: remove, target: spare[0]}
	}
	switch {
	case len(older) == 0:
	case mode == HideAndNew:
		return step{do: hide, target: older[0]}
	case mode == DeleteAndNew:
		return step{do: remove, target: older[0]}
	}
	return step{do: nothing, target: target}
}

func without(parts []part, there place) []part {
	return slices.DeleteFunc(slices.Clone(parts), func(p part) bool { return p.place() == there })
}
