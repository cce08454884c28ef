package results

import (
	"bytes"
	"hash/maphash"
	"io"
	"slices"
)

const (
	maxSums    = 100_000 // lines whose hash is remembered
	windowSize = 4 << 10 // bytes at the start and before the end of what was read
)

// seen remembers what was read of a file, to notice that it was written anew, and which of its lines are there again: some
// programs write the whole history each time.
type seen struct {
	seed  maphash.Seed
	first []byte // what the file began with
	last  []byte // what was read last

	sums  []uint64 // of its first lines
	count int      // lines read

	old      []uint64 // of the file as it was before; its lines were read
	oldCount int
	same     bool // every line so far is as before
	renamed  bool // the file before still has a name, so it was read to its end
}

func newSeen() seen { return seen{seed: maphash.MakeSeed()} }

// bytes notes what was read.
func (s *seen) bytes(text []byte, begins bool) {
	if begins {
		s.first, s.last = nil, nil
	}
	if room := windowSize - len(s.first); room > 0 {
		s.first = append(s.first, text[:min(room, len(text))]...)
	}
	if len(text) >= windowSize {
		s.last = append(s.last[:0], text[len(text)-windowSize:]...)
		return
	}
	keep := min(len(s.last), windowSize-len(text))
	s.last = append(slices.Clone(s.last[len(s.last)-keep:]), text...)
}

// differs reports whether a file no longer holds what was read of it up to an offset.
func (s *seen) differs(file io.ReaderAt, read int64) bool {
	return !holds(file, s.last, read-int64(len(s.last))) || !holds(file, s.first, 0)
}

func holds(file io.ReaderAt, text []byte, at int64) bool {
	now := make([]byte, len(text))
	n, err := file.ReadAt(now, at)
	if err != nil && n < len(text) {
		return len(text) == 0 // shorter, or not readable at the moment: then the next read says so
	}
	return bytes.Equal(now, text)
}

// keepsOld says whether the file that was replaced still has a name.
func (s *seen) keepsOld(renamed bool) { s.renamed = renamed }

// restart begins the file anew.
func (s *seen) restart() {
	if !s.same || s.count >= s.oldCount { // else it was written anew before all old lines were there again
		s.old, s.oldCount = s.sums, s.count
	}
	s.sums, s.count, s.same = nil, 0, s.oldCount > 0
	s.first, s.last = nil, nil
}

// line notes a line. It is repeated if it is the same as before the file was written anew, and so were all lines before it.
// lost says that lines may be gone: the first one that differs stands where an old one was, and between two looks there may
// have been more.
func (s *seen) line(text []byte) (repeated, lost bool) {
	at, sum := s.count, maphash.Bytes(s.seed, text)
	s.count++
	if s.same {
		switch {
		case at >= s.oldCount:
			s.same = false // all were the same
		case at >= len(s.old) || s.old[at] == sum:
			repeated = true
		default:
			s.same, lost = false, !s.renamed
		}
		if !s.same {
			s.old, s.oldCount, s.renamed = nil, 0, false
		}
	}
	if len(s.sums) < maxSums {
		s.sums = append(s.sums, sum)
	}
	return repeated, lost
}
