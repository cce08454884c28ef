package redact

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
)

// lines is a log of a training, repeated until n lines were read.
func logLines(n int) io.Reader {
	block := &strings.Builder{}
	for i := range 1000 {
		fmt.Fprintf(block, "2026-11-23 07:%02d:%02d INFO epoch=%d loss=%.5f val_auc=%.5f lr=0.001 eta 3 min\n", i/60%60, i%60, i, 1/float64(i+1), 0.9)
	}
	return io.LimitReader(&endless{text: []byte(block.String())}, int64(block.Len()/1000*n))
}

type endless struct {
	text []byte
	at   int
}

func (e *endless) Read(p []byte) (int, error) {
	n := copy(p, e.text[e.at:])
	e.at = (e.at + n) % len(e.text)
	return n, nil
}

// someSecrets are as many as a job has: tokens, keys and passwords.
func someSecrets() []string {
	secrets := []string{"eyJhbGciOiJSUzI1NiJ9." + strings.Repeat("eyJzdWIiOiJ0cmFpbiJ9", 40)}
	for i := range 19 {
		secrets = append(secrets, fmt.Sprintf("%c%cs3cr3t/%d+%x", 'a'+i, 'k'+i%10, i, i*7919))
	}
	return secrets
}

const manyLines = 10_000_000

// BenchmarkCopy is the measure for BenchmarkWriter: the same ten million lines without a redactor.
func BenchmarkCopy(b *testing.B) {
	for b.Loop() {
		n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, logLines(manyLines), make([]byte, 32<<10))
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(n)
	}
}

func BenchmarkWriter(b *testing.B) {
	r := New(someSecrets()...)
	for b.Loop() {
		n, err := io.CopyBuffer(r.Writer(struct{ io.Writer }{io.Discard}), logLines(manyLines), make([]byte, 32<<10))
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(n)
	}
}

// BenchmarkNew is what a start of the program pays.
func BenchmarkNew(b *testing.B) {
	secrets := someSecrets()
	for b.Loop() {
		New(secrets...)
	}
}

// BenchmarkText is one text without secrets, such as the key of a metric.
func BenchmarkText(b *testing.B) {
	r := New(someSecrets()...)
	for b.Loop() {
		if r.Text("training_accuracy_score") == Mask {
			b.Fatal(bytes.ErrTooLarge)
		}
	}
}
