package visible_test

import (
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/Iyalvan/mlops-track/internal/visible"
)

func TestText(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ text, want string }{
		"plain":                {"loss 0.5\n\tend", "loss 0.5\n\tend"},
		"letters":              {"Größe 大小 👩‍🔬 ❤️", "Größe 大小 👩‍🔬 ❤️"},
		"colors":               {"\x1b[31mred\x1b[0m \x1b[38;2;1;2;3mx\x1b[K \u009b1mbold", "red x bold"},
		"a link":               {"\x1b]8;;http://x\x1b\\text\x1b]8;;\a!", "text!"},
		"a title without end":  {"\x1b]0;title\nnext", "0;title\nnext"},
		"a character set":      {"\x1b(Bx\x1b=y\x1b7z", "xyz"},
		"an escape at the end": {"x\x1b", "x"},
		"a sequence cut off":   {"x\x1b[3", "x3"},
		"an escape before ü":   {"\x1bü", "ü"},
		"a progress bar":       {"10%\r20%\r30%\nend", "30%\nend"},
		"Windows lines":        {"one\r\ntwo\r\r\nthree\r", "one\ntwo\nthree"},
		"a backspace":          {"abx\bc\n\b\bd", "abc\nd"},
		"a backspace after ü":  {"ü\bo", "o"},
		"no width":             {"a\u200bb\u202ec\u2066d\ufeffe\u00adf\u2060g\x00h\x07i", "abcdefghi"},
		"line separators":      {"a\u2028b\u2029c", "a\nb\nc"},
		"no UTF-8":             {"a\xffb", "a\uFFFDb"},
		"UTF-16":               {"k\x00e\x00y\x00 \x00\xe9\x00", "key é"},
		"UTF-16, big":          {"\x00k\x00e\x00y", "key"},
		"UTF-16 with a mark":   {"\xff\xfek\x00\x3d\xd8\x00\xde", "k😀"},
		"references stay":      {"a &amp; b &#8203;", "a &amp; b &#8203;"},
	} {
		got := visible.Text(test.text)
		if got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
		if again := visible.Text(got); again != got {
			t.Errorf("%s: %q became %q", name, got, again)
		}
	}
}

func TestPlainTextHasOneReading(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "loss", "train/loss 0.5 [x] {y}", "Größe", "a=b; c"} {
		if readings := visible.Readings(text); len(readings) > 0 {
			t.Errorf("%q has %d more", text, len(readings))
		}
	}
}

// FuzzReadings holds that what is seen stands where a reading says, in order, and that each is valid UTF-8.
func FuzzReadings(f *testing.F) {
	f.Add("a\x1b[1mb\x1b[0m\r\nc\bd &amp;&#x27; e  f\u00a0g\u202eh\xffi\u2028j", "x")
	f.Add("a&#10;b&#32;&nbsp;c&#x9;&#13;\n", " \n&#8203;&#0;&#xD800;")
	f.Add("0", "&#10\x80;")
	f.Add("s\x00e\x00c\x00", "\r\r\b\b\n")
	f.Fuzz(func(t *testing.T, one, two string) {
		text := one + two
		if shown := visible.Text(text); !utf8.ValidString(shown) || strings.ContainsAny(shown, "\x00\x1b\r\b") {
			t.Errorf("%q is shown as %q", text, shown)
		}
		for _, r := range visible.Readings(text) {
			if !utf8.Valid(r.Text) {
				t.Errorf("%q is read as %q", text, r.Text)
			}
			last := 0
			for i := range r.Text {
				from, to := r.Span(i, i+1)
				if from < last || to <= from || to > len(text) {
					t.Fatalf("%q: byte %d of %q stands at %d to %d", text, i, r.Text, from, to)
				}
				last = from
			}
		}
	})
}

// BenchmarkText is a text whose reading must not take the square of its length.
func BenchmarkText(b *testing.B) {
	for _, n := range []int{1 << 14, 1 << 16} {
		text := strings.Repeat("x", n) + strings.Repeat("\b", n/2) + strings.Repeat("\r", n) + strings.Repeat("\x1b]", n) + strings.Repeat("&", n)
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				visible.Text(text)
				visible.Readings(text)
			}
		})
	}
}
