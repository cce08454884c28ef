package redact

import "bytes"

// index finds where secrets are in a text. Their first two bytes lead to them: that skips nearly all of a text at the
// speed of memory, needs no automaton of many megabytes for long tokens, and is built in microseconds.
type index struct {
	starts [1 << 16 / 64]uint64 // a bit for each pair of bytes that a needle starts with
	first  [256]bool            // the first bytes
	by     map[uint16][]string  // needles by their first two bytes
}

func newIndex(needles map[string]bool) *index {
	ix := &index{by: map[uint16][]string{}}
	for n := range needles {
		pair := uint16(n[0]) | uint16(n[1])<<8
		ix.first[n[0]] = true
		ix.starts[pair/64] |= 1 << (pair % 64)
		ix.by[pair] = append(ix.by[pair], n)
	}
	return ix
}

// candidate returns the next place, from i on, where a needle may start; len(text) if there is none.
func (ix *index) candidate(text []byte, i int) int {
	if len(ix.by) == 0 {
		return len(text)
	}
	for ; i+1 < len(text); i++ {
		pair := uint16(text[i]) | uint16(text[i+1])<<8
		if ix.starts[pair/64]&(1<<(pair%64)) != 0 {
			return i
		}
	}
	if i < len(text) && !ix.first[text[i]] {
		i++
	}
	return i
}

// touches says whether there may be something to do in a text.
func (ix *index) touches(text string) bool {
	if len(ix.by) == 0 {
		return false
	}
	for i := 0; i+1 < len(text); i++ {
		pair := uint16(text[i]) | uint16(text[i+1])<<8
		if ix.starts[pair/64]&(1<<(pair%64)) != 0 {
			return true
		}
	}
	return false
}

// run is the stretch of secrets that a text begins in.
type run struct {
	masked  bool // its Mask is written, and nothing since
	covered int  // so many bytes at the text's beginning belong to it
}

// mask appends text to out with one Mask for each stretch of bytes that belong to needles; needles that overlap or touch
// make one stretch. Unless final, what may be the beginning of a needle is held back: text from held on is to come again,
// with what follows it and the run that is returned.
func (ix *index) mask(out, text []byte, in run, final bool) (_ []byte, held int, _ run) {
	end, masked := in.covered, in.masked // text before end is written, or masked
	held = len(text)
	for i := ix.candidate(text, 0); i < len(text); i = ix.candidate(text, i+1) {
		length, more := ix.at(text[i:])
		if more && !final {
			held = i
			break
		}
		switch {
		case length == 0:
			continue
		case i > end || !masked:
			out = append(append(out, text[end:i]...), Mask...)
			masked = true
		}
		end = max(end, i+length)
	}
	if end < held {
		return append(out, text[end:held]...), held, run{}
	}
	return out, held, run{masked: masked, covered: end - held}
}

// at returns the length of the longest needle that text starts with, and whether a longer one may start there that goes
// beyond its end.
func (ix *index) at(text []byte) (length int, more bool) {
	if len(text) == 1 {
		return 0, true
	}
	for _, n := range ix.by[uint16(text[0])|uint16(text[1])<<8] {
		switch {
		case len(n) <= len(text):
			if len(n) > length && string(text[:len(n)]) == n {
				length = len(n)
			}
		case !more && bytes.Equal([]byte(n[:len(text)]), text):
			more = true
		}
	}
	return length, more
}
