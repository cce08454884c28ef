package redact

import (
	"bytes"
	"errors"
	"io"
	"sync"
)

// maxLine bounds how much of a line is held back for the patterns.
const maxLine = 64 << 10

// Writer returns a writer that removes secrets from what it writes to w. What could be the beginning of a secret at the
// end of a write waits for the next write or for Flush, at most the length of the longest secret's longest form; where there
// are patterns a line waits for its end, at most 64 KiB of it.
func (r *Redactor) Writer(w io.Writer) *Writer { return &Writer{redactor: r, to: w} }

// Writer removes secrets from a stream. It is safe for concurrent use.
type Writer struct {
	redactor *Redactor
	to       io.Writer

	mu   sync.Mutex
	held []byte // may be the beginning of a secret
	run  run
	line []byte // waits for its end
	out  []byte // for the next write, reused
}

// Write writes p without secrets. An error is that of the writer below; the data is then lost.
func (w *Writer) Write(p []byte) (int, error) { return len(p), w.pass(p, false) }

// Flush writes what was held back.
func (w *Writer) Flush() error { return w.pass(nil, true) }

// Close flushes. Writing may continue.
func (w *Writer) Close() error { return w.Flush() }

func (w *Writer) pass(p []byte, final bool) error {
	if w.redactor == nil {
		_, err := w.to.Write(p)
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	rules := w.redactor.rules.Load()
	text := p
	if len(w.held) > 0 {
		w.held = append(w.held, p...)
		text = w.held
	}
	var held int
	w.out, held, w.run = rules.index.mask(w.out[:0], text, w.run, final)
	w.held = append(w.held[:0], text[held:]...)
	if final {
		w.run = run{masked: w.run.masked}
	}
	if len(rules.patterns) == 0 && len(w.line) == 0 {
		return w.emit(w.out)
	}
	return w.lines(rules, final)
}

// lines passes whole lines through the patterns.
func (w *Writer) lines(rules *rules, final bool) error {
	w.line = append(w.line, w.out...)
	end := bytes.LastIndexAny(w.line, lineEnds) + 1
	if final || len(w.line)-end > maxLine {
		end = len(w.line)
	}
	err := w.emit([]byte(rules.hide(string(w.line[:end]))))
	w.line = append(w.line[:0], w.line[end:]...)
	return err
}

func (w *Writer) emit(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	n, err := w.to.Write(text)
	if err == nil && n < len(text) {
		err = errors.New("short write")
	}
	return err
}
