package report

import (
	"fmt"
	"strings"
	"unicode"
)

// maxText is how much of one text is shown, in characters.
const maxText = 300

// code writes text of the training for one line of Markdown, as code: there a forge looks for no mention, no reference, no
// emoji. Markdown itself does read what stands inside of the element, so its characters are written as references.
func code(s string) string { return "<code>" + escaped(s, false) + "</code>" }

// prose writes text of ours that may quote the training. What a forge would make a mention, a reference to an issue, a
// commit or a label, or an emoji of is torn by a space of no width: it looks for them in the finished page, where a
// character reference is the character again.
// https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls
// https://docs.gitlab.com/user/markdown/#gitlab-specific-references
func prose(s string) string { return escaped(s, true) }

const zeroWidth = "&#8203;"

func escaped(s string, tear bool) string {
	var b strings.Builder
	n, hex := 0, 0
	for _, r := range s {
		if n == maxText {
			b.WriteString("…")
			break
		}
		n++
		hex++
		if !strings.ContainsRune("0123456789abcdefABCDEF", r) {
			hex = 0
		}
		switch {
		case r == '\n' || r == '\t':
			b.WriteByte(' ')
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r): // neither steers anything nor is seen
		case unicode.IsSpace(r):
			b.WriteByte(' ')
		case r < 0x80 && !isAlphanumeric(r) && r != ' ' && r != ',' && r != ';' && r != '-' && r != '%':
			fmt.Fprintf(&b, "&#%d;", r)
		case r == '-' && strings.HasSuffix(strings.ToUpper(b.String()), "GH"):
			b.WriteRune(r)
			if tear {
				b.WriteString(zeroWidth)
			}
		default:
			b.WriteRune(r)
		}
		if tear && (strings.ContainsRune("@#!$%~&:*^", r) || hex == shortestSHA-1) {
			b.WriteString(zeroWidth)
			hex = 0
		}
	}
	return b.String()
}

// shortestSHA is how many characters of a commit's name a forge takes for it.
const shortestSHA = 7

func isAlphanumeric(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

// target writes a URL as the target of a Markdown link.
func target(url string) string {
	return "<" + strings.NewReplacer("<", "%3C", ">", "%3E", "\n", "", "\r", "", "\\", "%5C", " ", "%20").Replace(url) + ">"
}

// block writes text as an indented block of code, which nothing inside can end.
func block(s string) string {
	var b strings.Builder
	for line := range strings.Lines(strings.ToValidUTF8(s, "�")) {
		line = strings.TrimRight(line, "\r\n")
		if at := strings.LastIndexByte(line, '\r'); at >= 0 { // what a progress bar left to be seen
			line = line[at+1:]
		}
		b.WriteString("    " + plain(strings.ReplaceAll(line, "\t", "    ")) + "\n")
	}
	return b.String()
}
