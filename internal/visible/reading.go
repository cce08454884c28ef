package visible

import (
	"html"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Reading is one way in which a text may be read. Text holds what is seen.
type Reading struct {
	Text     []byte
	LineEnds bool // line ends are left out: a program may have wrapped the lines

	from, to []int // where the bytes of Text stand in the text that was read
	line     int   // where the last line of Text begins
}

// Span returns where the bytes from start to end of the reading stand in the text.
func (r Reading) Span(start, end int) (from, to int) { return r.from[start], r.to[end-1] }

// Readings returns the ways in which a text may be read besides as it is; none for plain text of one line. In all of them HTML's
// character references count as their characters. Which of them a reader sees depends on the program that shows the text: one
// removes control characters, another the sequences that they begin, a third obeys them.
func Readings(text string) []Reading {
	has := featuresOf(text)
	var all []Reading
	add := func(wanted bool, o options) {
		if wanted {
			all = append(all, read(text, o))
		}
	}
	add(has.unseen || has.reference, options{})
	add(has.sequence, options{sequences: true})
	add(has.overwritten, options{sequences: true, overwritten: true})
	add(has.lineEnd, options{sequences: true, joined: true})
	add(has.space, options{sequences: true, spaces: true})
	return all
}

// features are what decides which readings of a text differ.
type features struct{ unseen, reference, sequence, overwritten, lineEnd, space bool }

func featuresOf(text string) features {
	var has features
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\n':
			has.lineEnd, has.space = true, true
		case c == '\t', c == ' ' && i > 0 && text[i-1] == ' ':
			has.space = true
		case c == '\r':
			has.unseen, has.overwritten, has.lineEnd, has.space = true, true, true, true
		case c == '\b':
			has.unseen, has.overwritten = true, true
		case c == '\x1b':
			has.unseen, has.sequence = true, true
		case c < ' ', c == 0x7f:
			has.unseen = true
		case c >= 0x80:
			r, size := utf8.DecodeRuneInString(text[i:])
			has.unseen = has.unseen || unseen(r) || r == utf8.RuneError
			has.sequence = has.sequence || r >= 0x80 && r < 0xa0
			has.space = has.space || unicode.IsSpace(r)
			i += size - 1
		case c == '&':
			has.reference = true
		}
	}
	return has
}

// options say how a text is read.
type options struct {
	sequences   bool // control sequences are left out as a whole; else only their first character
	overwritten bool // a carriage return starts the line anew, a backspace takes a character back
	joined      bool // line ends and the white space around them are left out
	spaces      bool // any white space is one space
	replacement bool // for a person: what is not UTF-8 is replaced, references stay, and so does what shapes characters
}

func read(text string, o options) Reading {
	r := Reading{LineEnds: o.joined, Text: make([]byte, 0, len(text)), from: make([]int, 0, len(text)), to: make([]int, 0, len(text))}
	for at := 0; at < len(text); {
		if n := plain(text[at:]); n > 0 {
			r.addPlain(text[at:at+n], at)
			at += n
			continue
		}
		c, size := utf8.DecodeRuneInString(text[at:])
		if o.sequences {
			if n := sequence(text[at:]); n > 0 {
				at += n
				continue
			}
		}
		word := text[at : at+size]
		if c == '&' && !o.replacement {
			word, size = reference(text[at:])
			c, _ = utf8.DecodeRuneInString(word)
		}
		switch {
		case c == '\r' && o.overwritten:
			r.carriageReturn(text[at+1:])
		case c == '\b' && o.overwritten:
			r.cut(max(r.line, len(r.Text)-lastSize(r.Text)))
		case unicode.IsSpace(c) && o.joined && word != text[at:at+size]: // a reference
			if c != '\n' && c != '\r' {
				r.add(word, at, at+size)
			}
		case unicode.IsSpace(c) && o.joined:
			size = len(text[at:]) - len(strings.TrimLeftFunc(text[at:], unicode.IsSpace))
			if space := text[at : at+size]; !strings.ContainsAny(space, "\r\n\u2028\u2029") {
				r.add(space, at, at+size)
			}
		case unicode.IsSpace(c) && o.spaces:
			if len(r.Text) == 0 || r.Text[len(r.Text)-1] != ' ' {
				r.add(" ", at, at+size)
			}
		case c == utf8.RuneError && o.replacement:
			r.add("\uFFFD", at, at+size)
		case c == utf8.RuneError, unseen(c) && !(o.replacement && shaping(c)):
		case lineEnd(c):
			r.add("\n", at, at+size)
		default:
			r.add(word, at, at+size)
		}
		at += size
	}
	return r
}

// plain returns how many characters a text starts with that are read as they are in any way.
func plain(text string) int {
	n := 0
	for n < len(text) && text[n] > ' ' && text[n] < 0x7f && text[n] != '&' {
		n++
	}
	return n
}

func (r *Reading) addPlain(text string, from int) {
	r.Text = append(r.Text, text...)
	for i := range len(text) {
		r.from, r.to = append(r.from, from+i), append(r.to, from+i+1)
	}
}

func (r *Reading) add(text string, from, to int) {
	r.Text = append(r.Text, text...)
	for range len(text) {
		r.from, r.to = append(r.from, from), append(r.to, to)
	}
	if strings.HasSuffix(text, "\n") {
		r.line = len(r.Text)
	}
}

func (r *Reading) cut(length int) {
	r.Text, r.from, r.to = r.Text[:length], r.from[:length], r.to[:length]
}

// carriageReturn goes back to the start of the line. Before the end of the line, or of the text, nothing overwrites it; of several the
// last one decides.
func (r *Reading) carriageReturn(rest string) {
	if rest != "" && rest[0] != '\n' && rest[0] != '\r' {
		r.cut(r.line)
	}
}

func lastSize(text []byte) int {
	_, size := utf8.DecodeLastRune(text)
	return size
}

// reference returns the character that a text starts with, which may be written as a reference of HTML, and its length there.
func reference(text string) (word string, size int) {
	const longest = 12
	end := strings.IndexByte(text[:min(len(text), longest)], ';')
	if end < 0 || strings.ContainsFunc(text[1:end], func(c rune) bool { return c != '#' && (c > 'z' || !unicode.IsLetter(c) && !unicode.IsDigit(c)) }) {
		return text[:1], 1
	}
	word = html.UnescapeString(text[:end+1])
	if word == text[:end+1] {
		return text[:1], 1
	}
	return word, end + 1
}
