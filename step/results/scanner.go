package results

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth bounds how deep objects and arrays may be nested.
const maxDepth = 100

// scanner reads one JSON text from front to back. encoding/json cannot be used: it rejects the bare NaN and Infinity that
// Python writes, hides repeated keys, and returns nothing of a truncated text.
type scanner struct {
	text     []byte
	pos      int
	depth    int
	repaired bool // text that is not valid UTF-8 was replaced
}

// kind is the type of a JSON value.
type kind int

const (
	kindNull kind = iota
	kindBool
	kindNumber // NaN and Infinity included
	kindString
	kindArray
	kindObject
)

func (k kind) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "an array", "an object"}[k]
}

// syntaxError says where a text stops being JSON.
type syntaxError struct {
	Offset int // bytes from the start
	Line   int // from 1
	Reason string
}

func (e *syntaxError) Error() string {
	return fmt.Sprintf("%s at line %d, byte %d", e.Reason, e.Line, e.Offset)
}

func (s *scanner) fail(format string, args ...any) error {
	at := min(s.pos, len(s.text))
	return &syntaxError{Offset: at, Line: 1 + bytes.Count(s.text[:at], []byte("\n")), Reason: fmt.Sprintf(format, args...)}
}

// space skips white space and reports whether the text has ended.
func (s *scanner) space() (end bool) {
	for s.pos < len(s.text) && isSpace(s.text[s.pos]) {
		s.pos++
	}
	return s.pos == len(s.text)
}

// next returns the type of the next value.
func (s *scanner) next() (kind, error) {
	if s.space() {
		return 0, s.fail("the text ends where a value is missing")
	}
	switch c := s.text[s.pos]; {
	case c == '{':
		return kindObject, nil
	case c == '[':
		return kindArray, nil
	case c == '"':
		return kindString, nil
	case c == 't', c == 'f':
		return kindBool, nil
	case c == 'n':
		return kindNull, nil
	case c == '-', c == 'N', c == 'I', c >= '0' && c <= '9':
		return kindNumber, nil
	}
	return 0, s.fail("%q is not a JSON value", s.char())
}

// object reads an object and calls member for each key, which must read the value.
func (s *scanner) object(member func(key []byte) error) error {
	return s.list('{', '}', func() error {
		if s.space() || s.text[s.pos] != '"' {
			return s.fail("a key in quotes is missing")
		}
		key, err := s.quoted()
		if err != nil {
			return err
		}
		if s.space() || s.text[s.pos] != ':' {
			return s.fail("a colon is missing")
		}
		s.pos++
		return member(key)
	})
}

// emptyObject reports whether the next object has no keys.
func (s *scanner) emptyObject() bool {
	ahead := scanner{text: s.text, pos: s.pos + 1}
	return !ahead.space() && s.text[ahead.pos] == '}'
}

// array reads an array and calls item for each value, which it must read.
func (s *scanner) array(item func() error) error { return s.list('[', ']', item) }

func (s *scanner) list(open, shut byte, item func() error) error {
	s.pos++ // open
	if s.depth++; s.depth > maxDepth {
		return s.fail("more than %d levels of objects and arrays", maxDepth)
	}
	defer func() { s.depth-- }()
	for first := true; ; first = false {
		switch {
		case s.space():
			return s.fail("the text ends inside of %c%c", open, shut)
		case s.text[s.pos] == shut && first:
			s.pos++
			return nil
		}
		if err := item(); err != nil {
			return err
		}
		switch {
		case s.space():
			return s.fail("the text ends inside of %c%c", open, shut)
		case s.text[s.pos] == shut:
			s.pos++
			return nil
		case s.text[s.pos] != ',':
			return s.fail("a comma or %c is missing", shut)
		}
		s.pos++
	}
}

// scalar reads a value that is not an object or array. The text of a number or word is returned as it was written, that of a
// string without quotes and escapes. It is valid until the next call.
func (s *scanner) scalar(k kind) ([]byte, error) {
	if k == kindString {
		return s.quoted()
	}
	start := s.pos
	for s.pos < len(s.text) && isWord(s.text[s.pos]) {
		s.pos++
	}
	word := s.text[start:s.pos]
	var ok bool
	switch k {
	case kindNumber:
		ok = isNumber(word)
	case kindBool:
		ok = string(word) == "true" || string(word) == "false"
	default:
		ok = string(word) == "null"
	}
	if !ok {
		s.pos = start
		return nil, s.fail("%q is not a JSON value", shortened(word))
	}
	return word, nil
}

// skip reads a value and discards it.
func (s *scanner) skip() error {
	k, err := s.next()
	if err != nil {
		return err
	}
	switch k {
	case kindObject:
		return s.object(func([]byte) error { return s.skip() })
	case kindArray:
		return s.array(s.skip)
	}
	_, err = s.scalar(k)
	return err
}

// compact reads a value and returns its text without white space between its parts.
func (s *scanner) compact() ([]byte, error) {
	s.space()
	start := s.pos
	if err := s.skip(); err != nil {
		return nil, err
	}
	out := make([]byte, 0, s.pos-start)
	inString, escaped := false, false
	for _, c := range s.text[start:s.pos] {
		switch {
		case escaped:
			escaped = false
		case c == '\\' && inString:
			escaped = true
		case c == '"':
			inString = !inString
		case !inString && isSpace(c):
			continue
		}
		out = append(out, c)
	}
	return s.valid(out), nil
}

// ended checks that only white space follows.
func (s *scanner) ended() error {
	if !s.space() {
		return s.fail("%q after the end of the object", s.char())
	}
	return nil
}

// quoted reads a string. Raw control characters are allowed, as with Python's strict=False; what is not valid UTF-8 is
// replaced.
func (s *scanner) quoted() ([]byte, error) {
	start := s.pos
	s.pos++
	end := bytes.IndexAny(s.text[s.pos:], `"\`)
	if end >= 0 && s.text[s.pos+end] == '"' { // nothing to unescape: no copy
		raw := s.text[s.pos : s.pos+end]
		s.pos += end + 1
		return s.valid(raw), nil
	}
	var out []byte
	for s.pos < len(s.text) {
		c := s.text[s.pos]
		s.pos++
		switch c {
		case '"':
			return s.valid(out), nil
		case '\\':
			r, err := s.escape()
			if err != nil {
				return nil, err
			}
			out = utf8.AppendRune(out, r)
		default:
			out = append(out, c)
		}
	}
	s.pos = start
	return nil, s.fail("a string has no end")
}

// escape reads what follows a backslash.
func (s *scanner) escape() (rune, error) {
	if s.pos >= len(s.text) {
		return 0, s.fail("a string has no end")
	}
	c := s.text[s.pos]
	s.pos++
	switch c {
	case '"', '\\', '/':
		return rune(c), nil
	case 'b':
		return '\b', nil
	case 'f':
		return '\f', nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	case 'u':
		return s.unicode()
	}
	s.pos--
	return 0, s.fail(`\%c is no escape`, c)
}

// unicode reads the digits of \uXXXX, two of them where they are halves of one character.
func (s *scanner) unicode() (rune, error) {
	first, ok := s.hex()
	if !ok {
		return 0, s.fail(`\u needs four hexadecimal digits`)
	}
	if !utf16.IsSurrogate(first) {
		return first, nil
	}
	after := s.pos
	if bytes.HasPrefix(s.text[s.pos:], []byte(`\u`)) {
		s.pos += 2
		if second, ok := s.hex(); ok {
			if r := utf16.DecodeRune(first, second); r != utf8.RuneError {
				return r, nil
			}
		}
	}
	s.pos, s.repaired = after, true
	return utf8.RuneError, nil
}

func (s *scanner) hex() (rune, bool) {
	if len(s.text)-s.pos < 4 {
		return 0, false
	}
	n, err := strconv.ParseUint(string(s.text[s.pos:s.pos+4]), 16, 16)
	if err != nil {
		return 0, false
	}
	s.pos += 4
	return rune(n), true
}

func (s *scanner) valid(text []byte) []byte {
	if utf8.Valid(text) {
		return text
	}
	s.repaired = true
	return bytes.ToValidUTF8(text, []byte(string(utf8.RuneError)))
}

func (s *scanner) char() rune {
	r, _ := utf8.DecodeRune(s.text[s.pos:])
	return r
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func isWord(c byte) bool {
	return c == '-' || c == '+' || c == '.' || c == '_' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// isNumber reports whether a word is a number as JSON or Python's json module writes it.
func isNumber(word []byte) bool {
	switch string(word) {
	case "NaN", "Infinity", "-Infinity":
		return true
	}
	rest := bytes.TrimPrefix(word, []byte("-"))
	whole, rest := digits(rest)
	if whole == 0 || whole > 1 && word[len(word)-len(rest)-whole] == '0' {
		return false
	}
	if len(rest) > 0 && rest[0] == '.' {
		var n int
		if n, rest = digits(rest[1:]); n == 0 {
			return false
		}
	}
	if len(rest) > 0 && (rest[0] == 'e' || rest[0] == 'E') {
		rest = rest[1:]
		if len(rest) > 0 && (rest[0] == '+' || rest[0] == '-') {
			rest = rest[1:]
		}
		var n int
		if n, rest = digits(rest); n == 0 {
			return false
		}
	}
	return len(rest) == 0
}

func digits(b []byte) (n int, rest []byte) {
	for n < len(b) && b[n] >= '0' && b[n] <= '9' {
		n++
	}
	return n, b[n:]
}

// parseFloat returns the value of a number; one too large for a float64 is an infinity, as in Python.
func parseFloat(number []byte) (float64, error) {
	v, err := strconv.ParseFloat(string(number), 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, err
	}
	return v, nil
}

// shortened returns text cut for a message.
func shortened(text []byte) string {
	const keep = 40
	if len(text) > keep {
		return string(bytes.ToValidUTF8(text[:keep], nil)) + "..."
	}
	return string(text)
}
