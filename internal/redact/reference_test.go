package redact

import (
	"regexp"
	"strings"
	"testing"
)

// reference is what the redactor must do, in the simplest words: mark each byte of each occurrence of each form, then write
// one Mask for each marked stretch.
func reference(text string, secrets []string) string {
	marked := make([]bool, len(text))
	for _, secret := range secrets {
		for _, part := range Parts(secret) {
			for _, form := range forms(part) {
				for i := range len(text) {
					if strings.HasPrefix(text[i:], form) {
						for j := range len(form) {
							marked[i+j] = true
						}
					}
				}
			}
		}
	}
	var b strings.Builder
	for i := range len(text) {
		switch {
		case !marked[i]:
			b.WriteByte(text[i])
		case i == 0 || !marked[i-1]:
			b.WriteString(Mask)
		}
	}
	return b.String()
}

// FuzzText holds the redactor to the reference: it removes at least as much, and nothing of a text without secrets.
func FuzzText(f *testing.F) {
	f.Add("aabaab", "abaaba", "aabaabaabaaba")
	f.Add("hunter2hunter2", "hunter2", "say hunter2hunter2hunter2hunter2hunt")
	f.Add("line one\nline two", "", "x line one\r\nline two line one")
	f.Add("p@ss w\"rd", "abcdef", "p%40ss+w%22rd p%40ss%20w%22rd p@ss w\\\"rd abcdefabcdeabcdef")
	f.Add("abcdef", "defghi", "\x1b[1mabc\x1b[0mdefghi d\x00e\x00f\x00g\x00h\x00i\x00abcdef")
	f.Add("hidden-Secret-9", "", "hidden&#8203;-Secret\u202e-9 \xffhidden\r-Secret-9 x\bhidden-Secret-9")
	f.Fuzz(func(t *testing.T, one, two, text string) {
		if len(one)+len(two) > 200 || len(text) > 4000 || strings.ContainsAny(one+two, "*") {
			t.Skip()
		}
		secrets := []string{one, two}
		text = strings.NewReplacer("{1}", one, "{2}", two).Replace(text)
		r := New(secrets...)
		got := r.Text(text)
		if again := reference(got, secrets); again != got {
			t.Errorf("%q is left of %q without %q", got, text, secrets)
		}
		if shown := r.Shown(text); reference(shown, secrets) != shown {
			t.Errorf("%q is shown of %q without %q", shown, text, secrets)
		}
		if none := New("no-such-Secret-4711").Text(text); none != text {
			t.Errorf("%q became %q", text, none)
		}
	})
}

// TestSecretsOverlap removes the whole of secrets that overlap or touch.
func TestSecretsOverlap(t *testing.T) {
	t.Parallel()
	secrets := []string{"abcabcabc", "bcabcx", "s3cr3t/+ü", "first line\nsecond line"}
	text := "abcabcabcabcx abcabcab" + strings.Join(forms(secrets[2]), "|") + "first line" + "\n" + "second lineabcabcabc"
	if got, want := New(secrets...).Text(text), reference(text, secrets); got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

// TestPatternsSeeLines shows a pattern what a line is, also where it is colored.
func TestPatternsSeeLines(t *testing.T) {
	t.Parallel()
	r := New("hunter2")
	r.Hide(regexp.MustCompile(`card=\d+`), regexp.MustCompile(`^pin.*$`))
	for text, want := range map[string]string{
		"card=1234 x\rhunter2 card=77\nrest card=5": "*** x\r*** ***\nrest ***",
		"card=\x1b[1m12\x1b[0m34\x1b[0m x":          "***\x1b[0m x",
		"a pin 1\npin 2\nx":                         "a pin 1\n***\nx",
	} {
		if got := r.Text(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestForms(t *testing.T) {
	t.Parallel()
	const secret = `p@ss/w+rd "quo'te" <é>` + "\\"
	r := New(secret)
	for name, text := range map[string]string{
		"itself":              secret,
		"base64 at 0":         "cEBzcy93K3JkICJxdW8ndGUiIDzDqT5c",
		"base64 user:":        "dXNlcjpwQHNzL3crcmQgInF1byd0ZSIgPMOpPlw=",
		"base64 URL, xx":      "eHhwQHNzL3crcmQgInF1byd0ZSIgPMOpPlw",
		"query":               "p%40ss%2Fw%2Brd+%22quo%27te%22+%3C%C3%A9%3E%5C",
		"query, lower hex":    "p%40ss%2fw%2brd+%22quo%27te%22+%3c%c3%a9%3e%5c",
		"Python's quote":      "p%40ss/w%2Brd%20%22quo%27te%22%20%3C%C3%A9%3E%5C",
		"JavaScript's":        "p%40ss%2Fw%2Brd%20%22quo'te%22%20%3C%C3%A9%3E%5C",
		"JSON":                `p@ss/w+rd \"quo'te\" <é>\\`,
		"JSON of Go":          `p@ss/w+rd \"quo'te\" \u003cé\u003e\\`,
		"JSON of Python":      `p@ss/w+rd \"quo'te\" <\u00e9>\\`,
		"JSON of PHP":         `p@ss\/w+rd \"quo'te\" <é>\\`,
		"a shell's quotes":    `p@ss/w+rd "quo'\''te" <é>` + "\\",
		"the quotes of a %q":  `p@ss/w+rd \"quo'te\" <é>\\`,
		"HTML of Go":          `p@ss/w+rd &#34;quo&#39;te&#34; &lt;é&gt;\`,
		"HTML of Python":      `p@ss/w+rd &quot;quo&#x27;te&quot; &lt;é&gt;\`,
		"a repr of Python":    `p@ss/w+rd "quo\'te" <é>\\`,
		"ascii of Python":     `p@ss/w+rd "quo\'te" <\xe9>\\`,
		"bytes of Python":     `p@ss/w+rd "quo\'te" <\xc3\xa9>\\`,
		"JSON inside of JSON": `p@ss/w+rd \\\"quo'te\\\" <\\u00e9>\\\\`,
		"URL inside of URL":   "p%2540ss%252Fw%252Brd+%2522quo%2527te%2522+%253C%25C3%25A9%253E%255C",
		"hex":                 "704073732f772b7264202271756f27746522203cc3a93e5c",
		"wrapped base64":      "cEBzcy93K3JkICJxdW8n\n    dGUiIDzDqT5c",
	} {
		got := r.Text("<" + text + ">")
		left := strings.Trim(strings.ReplaceAll(got, Mask, ""), "<>=")
		if !strings.Contains(got, Mask) || len(left) > 9 { // what lies before it in base64 stays
			t.Errorf("%s: %q of %q", name, got, text)
		}
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	r := New("hunter2", "true", "12345", "token-1234567890", "{\n  \"key\": \"abc\",\n}\n")
	for text, want := range map[string]string{
		"":                     "",
		"nothing here":         "nothing here",
		"hunter2":              "***",
		"a hunter2hunter2 b":   "a *** b",
		"true 12345 { }":       "true 12345 { }", // too short
		`x "key": "abc", y`:    "x *** y",        // a line of a secret
		"cut off in token-123": "cut off in ***",
		"cut off in token-":    "cut off in token-",
		"hunter2token-12345":   "***",
		"token-12345 goes on":  "token-12345 goes on",
	} {
		if got := r.Text(text); got != want {
			t.Errorf("Text(%q) = %q, want %q", text, got, want)
		}
	}
	if got := r.Key("loss.hunter2"); got != "loss.redacted" {
		t.Errorf("Key = %q", got)
	}
	var none *Redactor
	none.Add("hunter2")
	none.Hide(nil)
	if got := none.Text("hunter2"); got != "hunter2" {
		t.Errorf("nil redactor: %q", got)
	}
}

func TestDeep(t *testing.T) {
	t.Parallel()
	type inner struct {
		Name   string
		Values map[string][]string
		hidden string
	}
	type outer struct {
		Next    *outer
		Inner   *inner
		Any     any
		List    [1]inner
		Missing map[string]string
		N       int
		Curve   []struct{ Step, Value float64 }
	}
	v := outer{Inner: &inner{Name: "hunter2", Values: map[string][]string{"a hunter2": {"b", "hunter2"}}}, Any: "hunter2", N: 3, Next: &outer{Any: "hunter2"}}
	v.Curve = make([]struct{ Step, Value float64 }, 9)
	v.List[0].hidden = "kept"
	got := Deep(New("hunter2"), v)
	if got.Inner.Name != Mask || got.Inner.Values["a ***"][1] != Mask || got.Any != Mask || got.Missing != nil || got.N != 3 || got.List[0].hidden != "kept" ||
		got.Next.Any != Mask || len(got.Curve) != 9 {
		t.Errorf("%+v %+v", got, got.Inner)
	}
	if v.Inner.Name != "hunter2" {
		t.Error("the original is changed")
	}
}
