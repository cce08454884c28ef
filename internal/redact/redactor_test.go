package redact_test

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Iyalvan/mlops-track/internal/redact"
)

// A redactor that is nil knows no secrets and may be used.
func TestNilRedactor(t *testing.T) {
	t.Parallel()
	var r *redact.Redactor
	r.Add("hunter2")
	r.Hide(regexp.MustCompile("x"))
	var b bytes.Buffer
	w := r.Tail(&b)
	if _, err := w.Write([]byte("hunter2")); err != nil || w.Close() != nil || b.String() != "hunter2" || r.Text("hunter2") != "hunter2" || r.Key("hunter2") != "hunter2" {
		t.Errorf("written %q, %v", b.String(), err)
	}
	if got := redact.Deep(r, []string{"hunter2"}); got[0] != "hunter2" {
		t.Errorf("copy %q", got)
	}
}

func TestKey(t *testing.T) {
	t.Parallel()
	if got := redact.New("hunter2").Key("loss hunter2"); got != "loss redacted" {
		t.Errorf("key %q", got)
	}
}

// Patterns hide what they match line by line, in texts and in streams, where a line is waited for.
func TestPatterns(t *testing.T) {
	t.Parallel()
	r := redact.New("hunter2")
	r.Hide(regexp.MustCompile(`\d{4}-\d{4}`), regexp.MustCompile("^secret.*$"))
	const text, want = "card 1234-5678\nsecret of mine\r\nhunter2 1234-\n5678", "card ***\n***\r\n*** 1234-\n5678"
	if got := r.Text(text); got != want {
		t.Errorf("text %q, want %q", got, want)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("disk full") }

// TestTail shows the end of a stream when it is closed: as it is shown, without secrets, also those that became known later and
// one whose beginning is lost.
func TestTail(t *testing.T) {
	t.Parallel()
	const secret = "hunter2-of-The-Tail"
	for name, text := range map[string]string{
		"plain":        "say hunter2-of-The-Tail\nend",
		"in color":     "say \x1b[1mhunter2\x1b[0m-of-The-Tail\nend",
		"long":         strings.Repeat("x", 1<<20) + "\nsay hunter2-of-The-Tail\nend",
		"one line":     strings.Repeat(secret+" ", 1<<14) + "\nend",
		"UTF-16":       "s\x00a\x00y\x00 \x00h\x00u\x00n\x00t\x00e\x00r\x002\x00-\x00o\x00f\x00-\x00T\x00h\x00e\x00-\x00T\x00a\x00i\x00l\x00\n\x00e\x00n\x00d\x00",
		"a bar before": strings.Repeat("10%\r", 1<<15) + "say hunter2-of-The-Tail\nend",
	} {
		r := redact.New()
		var out bytes.Buffer
		w := r.Tail(&out)
		for rest := []byte(text); len(rest) > 0; {
			n := min(7, len(rest))
			if k, err := w.Write(rest[:n]); k != n || err != nil {
				t.Fatal(k, err)
			}
			rest = rest[n:]
		}
		r.Add(secret)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(secret)); err != nil || w.Close() != nil {
			t.Fatal("a write after the end")
		}
		got := out.String()
		if strings.Contains(got, "ter2") || strings.Contains(got, "Tail") || strings.ContainsAny(got, "\x00\x1b\r") || !strings.HasSuffix(got, "***\nend") && !strings.HasSuffix(got, "*** \nend") {
			t.Errorf("%s: %.100q ... %q", name, got, got[max(0, len(got)-100):])
		}
	}
	if err := redact.New().Tail(broken{}).Close(); err == nil {
		t.Error("an error of the writer below is lost")
	}
}

// TestSplitSecrets finds a secret with what is not seen between its characters, and leaves no half of one that was cut.
func TestSplitSecrets(t *testing.T) {
	t.Parallel()
	const s = "fak-1bYw8741-SECRETVALUE"
	r := redact.New(s)
	for name, text := range map[string]string{
		"colors":          "key fak-\x1b[1;36m1\x1b[0mbYw\x1b[1;36m8741\x1b[0m-SECRETVALUE end",
		"colors in 8 bit": "key fak-\u009b1;36m1bYw8741-SECRETVALUE end",
		"a link":          "key \x1b]8;;http://x\x1b\\fak-1bYw\x1b]8;;\x1b\\8741-SECRETVALUE end",
		"a lone escape":   "key fak-\x1b1bYw8741-SECRETVALUE end",
		"NUL":             "key " + strings.Join(strings.Split(s, ""), "\x00") + " end",
		"bidi":            "key " + strings.Join(strings.Split(s, ""), "\u202e") + " end",
		"zero width":      "key " + strings.Join(strings.Split(s, ""), "\u200b") + " end",
		"joiners":         "key " + strings.Join(strings.Split(s, ""), "\u200d") + " end",
		"selectors":       "key " + strings.Join(strings.Split(s, ""), "\ufe0f") + " end",
		"tags":            "key " + strings.Join(strings.Split(s, ""), "\U000e0041") + " end",
		"soft hyphens":    "key " + strings.Join(strings.Split(s, ""), "\u00ad") + " end",
		"CR":              "key " + strings.Join(strings.Split(s, ""), "\r") + " end",
		"our own escapes": "key fak-1bYw8&#8203;741&#45;SECRET&#8203;VALUE end",
		"invalid UTF-8":   "key fak-1bYw\xff8741-SECRETVALUE end",
		"replaced":        "key fak-1bYw\uFFFD8741-SECRETVALUE end",
		"backspace":       "key fak-1bYz\bw8741-SECRETVALUE end",
		"overwritten":     "key 1 %\rkey fak-1bYw8741-SECRETVALUE end",
		"wrapped":         "key fak-1bYw8741-\n   SECRETVALUE end",
		"cut by us":       "key fak-1bYw8… end",
		"cut by others":   "key fak-1bYw8... end",
		"half of it":      "key fak-1bYw8741-SEC.txt end",
	} {
		got := r.Text(text)
		if strings.Contains(got, "bYw") || strings.Contains(got, "ETV") || !strings.Contains(got, redact.Mask) || !strings.HasPrefix(got, "key ") || !strings.HasSuffix(got, " end") {
			t.Errorf("%s: %q", name, got)
		}
	}
	spaced := redact.New("four words of secret")
	for _, text := range []string{"four words\tof  secret", "four words of\n  secret", "four\u00a0words of secret"} {
		if got := spaced.Text(text); got != redact.Mask {
			t.Errorf("%q: %q", text, got)
		}
	}
	for _, text := range []string{"fak-1bYw and more", "1bYw8741", "hun\nter2", "key fak-1b…"} {
		if got := redact.New(s, "hunter2").Text(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

type leaf struct {
	Text   string
	Any    any
	hidden string
}

type tree struct {
	Leaf    *leaf
	None    *leaf
	List    []leaf
	Array   [1]string
	Map     map[string][]string
	Nothing map[string]string
	Empty   []string
	Numbers []float64
	Self    []tree
}

// Every text of a value is taken over without secrets, wherever it lies, and the value itself is left alone.
func TestDeep(t *testing.T) {
	t.Parallel()
	const s = "hunter2"
	numbers := []float64{1, 2}
	value := tree{
		Leaf: &leaf{Text: s, Any: s, hidden: s}, List: []leaf{{Any: leaf{Text: s}}}, Array: [1]string{s}, Map: map[string][]string{s: {s}},
		Numbers: numbers, Self: []tree{{Array: [1]string{s}}},
	}
	want := tree{
		Leaf: &leaf{Text: "***", Any: "***", hidden: s}, List: []leaf{{Any: leaf{Text: "***"}}}, Array: [1]string{"***"}, Map: map[string][]string{"***": {"***"}},
		Numbers: numbers, Self: []tree{{Array: [1]string{"***"}}},
	}
	got := redact.Deep(redact.New(s), value)
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(leaf{})); diff != "" {
		t.Errorf("copy (-want +got):\n%s", diff)
	}
	if value.Leaf.Text != s || value.List[0].Any.(leaf).Text != s || value.Map[s][0] != s {
		t.Errorf("the value itself was changed: %+v", value)
	}
}
