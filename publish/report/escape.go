package report

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"
)

// GitHub and GitLab make links in a text twice. The Markdown parser does, and a character reference stops it; then filters run over
// the rendered text, where a reference is the plain character again, and look for @name, #1, commit ids, URLs and emoji
// codes. They skip code, and need their characters side by side: a zero-width space between them stops them.
const breakHere = "&#8203;"

// prose escapes text for one line of Markdown, at most limit characters.
func prose(s string, limit int) string {
	runes := oneLine(s, limit)
	breaks := breaksIn(runes)
	var b strings.Builder
	for i, r := range runes {
		switch {
		case strings.ContainsRune("\\`*{}[]<>#|&@~$!", r), r == '_' && !insideWord(runes, i),
			i == 0 && r < unicode.MaxASCII && !unicode.IsLetter(r): // a list, a rule or a heading could start so
			fmt.Fprintf(&b, "&#%d;", r)
		default:
			b.WriteRune(r)
		}
		if breaks[i] {
			b.WriteString(breakHere)
		}
	}
	return b.String()
}

// code writes a name or a value as a code span, or as prose if a span cannot hold it safely.
func code(s string, limit int) string {
	runes := oneLine(s, limit)
	if len(runes) == 0 {
		return ""
	}
	for _, r := range runes {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(" -_.,:;/+=()%'\"[]*?…", r) {
			return prose(s, limit)
		}
	}
	return "`" + string(runes) + "`"
}

// block escapes lines for the inside of a <pre>, where only HTML is read. Punctuation becomes references all the same:
// bots read the raw text too, and take "/close" or "::add-mask::" at the start of a line for theirs.
func block(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\n':
			b.WriteByte('\n')
		case r == '\t':
			b.WriteString("    ")
		case steers(r):
		case r < unicode.MaxASCII && unicode.IsPrint(r) && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(" -_.,;()'", r):
			fmt.Fprintf(&b, "&#%d;", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// link returns a link to a page of http or https, or only the text if the address is not one.
func link(text, address string) string {
	safe := webAddress(address)
	if safe == "" {
		return text
	}
	return "[" + text + "](<" + strings.ReplaceAll(safe, "&", "&amp;") + ">)"
}

// webAddress returns the address, escaped so that it cannot end the Markdown link, or empty if it is not one of http or https
// without credentials.
func webAddress(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		return ""
	}
	var b strings.Builder
	for _, c := range []byte(u.String()) {
		if c <= ' ' || c >= 0x7f || strings.IndexByte("<>\"'`\\|*[](){}^@$!", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// oneLine returns the text on one line, without control characters and marks of direction, cut to limit characters.
func oneLine(s string, limit int) []rune {
	var runes []rune
	for _, r := range strings.TrimSpace(s) {
		if len(runes) == limit {
			return append(runes[:max(limit-1, 0)], '…')
		}
		switch {
		case unicode.IsSpace(r):
			if len(runes) == 0 || runes[len(runes)-1] != ' ' {
				runes = append(runes, ' ')
			}
		case !steers(r):
			runes = append(runes, r)
		}
	}
	return []rune(strings.TrimSpace(string(runes)))
}

// plain removes control characters. "##[" starts a workflow command of GitHub anywhere in a line, "::" at its start.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		if steers(r) {
			return -1
		}
		return r
	}, s)
	return strings.ReplaceAll(s, "##[", "## [")
}

// steers reports control characters and those that change the direction of writing, which make a text look like another.
func steers(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' || r == '\ufeff'
}

// insideWord reports an underscore that cannot be emphasis, since letters or digits are on both sides.
func insideWord(s []rune, i int) bool {
	return i > 0 && i+1 < len(s) && s[i-1] != '_' && isWord(s[i-1]) && s[i+1] != '_' && isWord(s[i+1])
}

func isWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

// breaksIn reports after which characters the filters of GitHub and GitLab must not see the next one.
// GitHub: https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls,
// GitLab: https://docs.gitlab.com/user/markdown/#gitlab-specific-references.
func breaksIn(s []rune) []bool {
	breaks := make([]bool, len(s))
	at := func(i int) rune {
		if i < 0 || i >= len(s) {
			return ' '
		}
		return s[i]
	}
	for i, r := range s {
		next := at(i + 1)
		switch {
		case strings.ContainsRune("@#!$%~&^*", r):
			breaks[i] = isWord(next) || next == '"'
		case r == ':': // https://, :emoji:
			breaks[i] = next == '/' || endsInColon(s[i+1:])
		case r == '[': // [issue:1]
			breaks[i] = endsInColon(s[i+1:])
		case r == '-': // GH-1
			breaks[i] = unicode.IsDigit(next) && unicode.ToLower(at(i-1)) == 'h' && unicode.ToLower(at(i-2)) == 'g'
		case r == 'w' || r == 'W':
			breaks[i] = next == '.' && unicode.ToLower(at(i-1)) == 'w' && unicode.ToLower(at(i-2)) == 'w'
		}
	}
	return breakHex(s, breaks)
}

// endsInColon reports whether the first word of a text is followed by a colon.
func endsInColon(s []rune) bool {
	for i, r := range s {
		if !isWord(r) && r != '+' && r != '-' {
			return i > 0 && r == ':'
		}
	}
	return false
}

// breakHex also breaks what could be a commit id: 7 to 40 hexadecimal digits.
func breakHex(s []rune, breaks []bool) []bool {
	run := 0
	for i, r := range s {
		if !unicode.Is(unicode.ASCII_Hex_Digit, r) {
			run = 0
			continue
		}
		run++
		if run == 6 && i+1 < len(s) && unicode.Is(unicode.ASCII_Hex_Digit, s[i+1]) {
			breaks[i], run = true, 0
		}
	}
	return breaks
}
