package redact

import "strings"

// index finds where secrets are in a text. Their first two bytes lead to them: that skips nearly all of a text at the
// speed of memory, needs no automaton of many megabytes for long tokens, and is built in microseconds.
type index struct {
	starts [1 << 16 / 64]uint64 // a bit for each pair of bytes that a needle starts with
	by     map[uint16][]string  // needles by their first two bytes
}

func newIndex(needles map[string]bool) *index {
	ix := &index{by: map[uint16][]string{}}
	for n := range needles {
		pair := uint16(n[0]) | uint16(n[1])<<8
		ix.starts[pair/64] |= 1 << (pair % 64)
		ix.by[pair] = append(ix.by[pair], n)
	}
	return ix
}

// next returns the next place, from i on, where a needle may start; len(text) if there is none.
func (ix *index) next(text string, i int) int {
	if len(ix.by) == 0 {
		return len(text)
	}
	for ; i+1 < len(text); i++ {
		pair := uint16(text[i]) | uint16(text[i+1])<<8
		if ix.starts[pair/64]&(1<<(pair%64)) != 0 {
			return i
		}
	}
	return len(text)
}

// find calls found for each place where needles are. They may overlap.
func (ix *index) find(text string, found func(start, end int)) {
	for i := ix.next(text, 0); i < len(text); i = ix.next(text, i+1) {
		if length := ix.at(text[i:]); length > 0 {
			found(i, i+length)
		}
	}
}

// at returns the length of the longest needle that text starts with. The beginning of a needle counts where it was cut: at the end of
// the text, before an ellipsis, and anywhere if it is half of a long needle.
func (ix *index) at(text string) int {
	longest := 0
	for _, n := range ix.by[uint16(text[0])|uint16(text[1])<<8] {
		switch {
		case len(n) <= longest:
		case strings.HasPrefix(text, n):
			longest = len(n)
		case len(text) >= minCut && len(n) > minCut && text[:minCut] == n[:minCut]:
			if same := commonPrefix(text, n); isCut(text[same:]) || same >= max(minHalf, len(n)/2) {
				longest = max(longest, same)
			}
		}
	}
	return longest
}

// isCut reports whether what follows says that the text before was cut.
func isCut(rest string) bool {
	return rest == "" || strings.HasPrefix(rest, "...") || strings.HasPrefix(rest, "…")
}

func commonPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// spans are parts of a text, in any order.
type spans [][2]int

// cover returns text with one Mask for each stretch of spans that overlap or touch.
func (s spans) cover(text string) string {
	edges := make([]int, len(text)+1)
	for _, span := range s {
		edges[span[0]]++
		edges[span[1]]--
	}
	var out strings.Builder
	inside := 0
	for i := range len(text) {
		before := inside
		inside += edges[i]
		switch {
		case inside == 0:
			out.WriteByte(text[i])
		case before == 0:
			out.WriteString(Mask)
		}
	}
	return out.String()
}
