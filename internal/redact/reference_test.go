package redact

import (
	"bytes"
	"regexp"
	"slices"
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

// inPieces writes text through a Writer in pieces whose lengths are the bytes of cuts, and flushes at the end.
func inPieces(t *testing.T, r *Redactor, text string, cuts []byte) string {
	t.Helper()
	var out bytes.Buffer
	w := r.Writer(&out)
	for i := 0; len(text) > 0; i++ {
		n := len(text)
		if len(cuts) > 0 {
			n = min(n, int(cuts[i%len(cuts)])+1)
		}
		if k, err := w.Write([]byte(text[:n])); k != n || err != nil {
			t.Fatalf("write = %d, %v", k, err)
		}
		text = text[n:]
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// FuzzWriter holds the stream to the reference, for every way in which the writes cut it.
func FuzzWriter(f *testing.F) {
	f.Add("aabaab", "abaaba", "aabaabaabaaba", []byte{0, 1})
	f.Add("hunter2hunter2", "hunter2", "say hunter2hunter2hunter2hunter2hunt", []byte{2})
	f.Add("line one\nline two", "", "x line one\r\nline two line one", []byte{5, 0})
	f.Add("p@ss w\"rd", "abcdef", "p%40ss+w%22rd p%40ss%20w%22rd p@ss w\\\"rd abcdefabcdeabcdef", []byte{})
	f.Add("abcdef", "defghi", "abcdefghi defghiabcdef", []byte{3})
	f.Fuzz(func(t *testing.T, one, two, text string, cuts []byte) {
		if len(one)+len(two) > 200 || len(text) > 4000 {
			t.Skip()
		}
		secrets := []string{one, two}
		text = strings.NewReplacer("{1}", one, "{2}", two).Replace(text)
		r := New(secrets...)
		want := reference(text, secrets)
		if got := inPieces(t, r, text, cuts); got != want {
			t.Errorf("in pieces %v\n got %q\nwant %q\nof %q without %q", cuts, got, want, text, secrets)
		}
		if got := r.Text(text); got != want && !strings.HasSuffix(got, Mask) { // only the end may have lost more
			t.Errorf("as a text\n got %q\nwant %q", got, want)
		}
	})
}

// TestWriterAnyCut cuts a text with many secrets at every place.
func TestWriterAnyCut(t *testing.T) {
	t.Parallel()
	secrets := []string{"abcabcabc", "bcabcx", "s3cr3t/+ü", "first line\nsecond line"}
	text := "abcabcabcabcx abcabcab" + strings.Join(forms(secrets[2]), "|") + "first line" + "\n" + "second lineabcabcabc"
	want := reference(text, secrets)
	for i := range text {
		for _, cuts := range [][]byte{{byte(i)}, {0, byte(i)}} {
			if got := inPieces(t, New(secrets...), text, cuts); got != want {
				t.Fatalf("pieces of %v:\n got %q\nwant %q", cuts, got, want)
			}
		}
	}
}

// TestPatternsSeeWholeLines shows a pattern what a line is, wherever the writes cut it.
func TestPatternsSeeWholeLines(t *testing.T) {
	t.Parallel()
	r := New("hunter2")
	r.Hide(regexp.MustCompile(`card=\d+`))
	text := "card=1234 x\rhunter2 card=77\nrest card=5"
	const want = "*** x\r*** ***\nrest ***"
	for i := range text {
		if got := inPieces(t, r, text, []byte{byte(i)}); got != want {
			t.Errorf("pieces of %d: %q, want %q", i, got, want)
		}
	}
	if got := r.Text(text); got != want {
		t.Errorf("text: %q", got)
	}
	long := strings.Repeat("x", 3*maxLine)
	var out bytes.Buffer
	w := r.Writer(&out)
	if _, err := w.Write([]byte(long)); err != nil || out.Len() < 2*maxLine {
		t.Errorf("%d of %d bytes of a line without end were held back (%v)", len(long)-out.Len(), len(long), err)
	}
}

// TestWriterHoldsLittle passes on at once what cannot be a secret.
func TestWriterHoldsLittle(t *testing.T) {
	t.Parallel()
	r := New("hunter2")
	var out bytes.Buffer
	w := r.Writer(&out)
	for _, step := range []struct{ write, seen string }{
		{"epoch 1 ...", "epoch 1 ..."}, {"hun", "epoch 1 ..."}, {"ger", "epoch 1 ...hunger"}, {"hunter", "epoch 1 ...hunger"},
		{"2", "epoch 1 ...hunger***"}, {"hunter2", "epoch 1 ...hunger***"}, {"!", "epoch 1 ...hunger***!"},
	} {
		if _, err := w.Write([]byte(step.write)); err != nil {
			t.Fatal(err)
		}
		if out.String() != step.seen {
			t.Errorf("after %q: %q, want %q", step.write, out.String(), step.seen)
		}
	}
}

// TestAddedLater takes out a secret that comes while the stream runs, even where its beginning is held back already.
func TestAddedLater(t *testing.T) {
	t.Parallel()
	r := New()
	var out bytes.Buffer
	w := r.Writer(&out)
	for _, part := range []string{"minted99 ", "", "mint", "ed99 minted99"} {
		if part == "" {
			r.Add("minted99")
		}
		if _, err := w.Write([]byte(part)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil || out.String() != "minted99 *** ***" {
		t.Errorf("%q, %v", out.String(), err)
	}
}

func TestForms(t *testing.T) {
	t.Parallel()
	const secret = `p@ss/w+rd "quo'te" <é>` + "\\"
	r := New(secret)
	for name, text := range map[string]string{
		"itself":             secret,
		"base64 at 0":        "cEBzcy93K3JkICJxdW8ndGUiIDzDqT5c",
		"base64 user:":       "dXNlcjpwQHNzL3crcmQgInF1byd0ZSIgPMOpPlw=",
		"base64 URL, xx":     "eHhwQHNzL3crcmQgInF1byd0ZSIgPMOpPlw",
		"query":              "p%40ss%2Fw%2Brd+%22quo%27te%22+%3C%C3%A9%3E%5C",
		"query, lower hex":   "p%40ss%2fw%2brd+%22quo%27te%22+%3c%c3%a9%3e%5c",
		"Python's quote":     "p%40ss/w%2Brd%20%22quo%27te%22%20%3C%C3%A9%3E%5C",
		"JavaScript's":       "p%40ss%2Fw%2Brd%20%22quo'te%22%20%3C%C3%A9%3E%5C",
		"JSON":               `p@ss/w+rd \"quo'te\" <é>\\`,
		"JSON of Go":         `p@ss/w+rd \"quo'te\" \u003cé\u003e\\`,
		"JSON of Python":     `p@ss/w+rd \"quo'te\" <\u00e9>\\`,
		"JSON of PHP":        `p@ss\/w+rd \"quo'te\" <é>\\`,
		"a shell's quotes":   `p@ss/w+rd "quo'\''te" <é>` + "\\",
		"the quotes of a %q": `p@ss/w+rd \"quo'te\" <é>\\`,
		"HTML":               `p@ss/w+rd &#34;quo&#39;te&#34; &lt;é&gt;\`,
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

func TestFind(t *testing.T) {
	t.Parallel()
	env := []string{
		"MLFLOW_TRACKING_TOKEN=t0ken-one", "INPUT_GITHUB-TOKEN=ghs_two", "PGPASSWORD=pw-three", "WANDB_API_KEY=four4444",
		"AWS_SECRET_ACCESS_KEY=/five/5/5", "GOOGLE_APPLICATION_CREDENTIALS=/etc/key.json", "MAX_TOKENS=4096", "PWD=/home/me",
		"TOKENIZERS_PARALLELISM=false", "MLFLOW_TRACKING_URI=https://ci:six%2F6@host:80/x?y=z", "DB=postgres://u:sev/en7@db/x",
		"PIP_EXTRA_INDEX_URL=https://ghp_eight8888888888888888@a/simple https://git@b/", "NPM=https://host:8080/@scope/x",
		"BLOB=https://x.blob/c?sv=1&sig=nine99999", "MAIL=https://host/path?email=a@b.example",
	}
	args := []string{"run", "--tracking-uri=http://u:ten10@h", "--tag", "api_token=eleven", "--", "python", "t.py", "--api-key", "twelve", "--password"}
	got := Find(env, args)
	want := []string{
		"t0ken-one", "ghs_two", "pw-three", "four4444", "/five/5/5", "six%2F6", "six/6", "sev/en7", "ghp_eight8888888888888888",
		"nine99999", "ten10", "eleven", "twelve",
	}
	if !slices.Equal(got, want) {
		t.Errorf("found %q\nwant  %q", got, want)
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
