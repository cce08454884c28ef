package visible

import (
	"encoding/binary"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Text returns a text as it is shown: valid UTF-8, without control sequences and characters that are not seen, and of a line that
// was overwritten, as progress bars do, its last state.
func Text(text string) string {
	text = Decoded(text)
	if !touched(text) {
		return text
	}
	return string(read(text, options{overwritten: true, sequences: true, replacement: true}).Text)
}

// touched reports whether there may be something to do.
func touched(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' && c != '\n' && c != '\t' || c >= 0x7f {
			return true
		}
	}
	return false
}

// unseen reports whether a character takes no room. Joiners and variation selectors take none either, but Text keeps them: they
// shape the characters around them.
func unseen(r rune) bool {
	return shaping(r) || unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Cf, r) ||
		unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
}

func shaping(r rune) bool {
	return r == '\u200c' || r == '\u200d' || unicode.Is(unicode.Variation_Selector, r)
}

// lineEnd reports a character that ends a line, besides the line feed, where it is shown.
func lineEnd(r rune) bool { return r == '\u2028' || r == '\u2029' }

// Decoded returns a text in UTF-16 as UTF-8, and any other as it is. Programs on Windows write UTF-16 into a pipe: with a byte order
// mark, or with a NUL in nearly every pair of bytes.
func Decoded(text string) string {
	const most = 5 // one pair in so many may be of another script
	order, marked := binary.ByteOrder(binary.LittleEndian), true
	switch {
	case strings.HasPrefix(text, "\xff\xfe"):
	case strings.HasPrefix(text, "\xfe\xff"):
		order = binary.BigEndian
	default:
		nuls := [2]int{}
		for i := 0; i < len(text); i++ {
			if text[i] == 0 {
				nuls[i%2]++
			}
		}
		pairs := len(text) / 2
		if nuls[0] > nuls[1] {
			order = binary.BigEndian
		}
		marked = pairs > 1 && min(nuls[0], nuls[1]) == 0 && max(nuls[0], nuls[1]) >= pairs-pairs/most
	}
	if !marked {
		return text
	}
	units := make([]uint16, 0, len(text)/2)
	for pair := []byte(text); len(pair) > 1; pair = pair[2:] {
		units = append(units, order.Uint16(pair))
	}
	return strings.TrimPrefix(string(utf16.Decode(units)), "\ufeff")
}

// sequence returns the length of the control sequence that a text starts with, 0 if it starts with none: ECMA-48, 5.3 to 5.6.
// One that has no end is taken as two characters.
func sequence(text string) int {
	first, size := utf8.DecodeRuneInString(text)
	var kind byte
	switch {
	case first == '\x1b' && len(text) > size:
		kind = text[size]
		size++
	case first >= 0x80 && first < 0xa0 && size > 1: // the same in one character
		kind = byte(first) - 0x40
	default:
		return 0
	}
	rest := text[size:]
	switch {
	case kind == '[':
		n := len(rest) - len(strings.TrimLeft(rest, "0123456789:;<=>?"))
		n += len(rest[n:]) - len(strings.TrimLeft(rest[n:], " !\"#$%&'()*+,-./"))
		if n < len(rest) && rest[n] >= '@' && rest[n] <= '~' {
			return size + n + 1
		}
	case strings.IndexByte("]PX^_", kind) >= 0: // a command with text, such as the address of a link
		if n := strings.IndexAny(rest, "\a\x1b\u009c\n"); n >= 0 {
			end := rest[n:]
			for _, terminator := range []string{"\a", "\x1b\\", "\u009c"} {
				if strings.HasPrefix(end, terminator) {
					return size + n + len(terminator)
				}
			}
		}
	case kind >= ' ' && kind < '0' && rest != "": // the choice of a character set
		return size + 1
	case kind < ' ' || kind > '~':
		return size - 1 // not a sequence: the character by itself
	}
	return size
}
