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
	w := r.Writer(&b)
	if _, err := w.Write([]byte("hunter2")); err != nil || b.String() != "hunter2" || r.Text("hunter2") != "hunter2" || r.Key("hunter2") != "hunter2" {
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
	var b bytes.Buffer
	w := r.Writer(&b)
	for _, c := range []byte(text) {
		if n, err := w.Write([]byte{c}); n != 1 || err != nil {
			t.Fatal(n, err)
		}
	}
	if err := w.Close(); err != nil || b.String() != want {
		t.Errorf("stream %q, %v, want %q", b.String(), err, want)
	}
}

type broken struct{ short bool }

func (b broken) Write([]byte) (int, error) {
	if b.short {
		return 0, nil
	}
	return 0, errors.New("disk full")
}

// An error of the writer below is the error of the write.
func TestWriterBelowFails(t *testing.T) {
	t.Parallel()
	for want, below := range map[string]broken{"disk full": {}, "short write": {short: true}} {
		w := redact.New("hunter2").Writer(below)
		if _, err := w.Write([]byte("plain text\n")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
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
