package redact

import (
	"io"
	"strings"
	"sync"

	"github.com/Iyalvan/mlops-track/internal/visible"
)

// tailSize is how much of the end of a stream a Tail looks at. It is more than is shown, so that no secret begins before it.
const tailSize = 64 << 10

// Tail returns a writer that holds the end of what is written to it, and writes it to w when it is closed: as it is shown, without
// secrets. What is secret is decided then. What is written after that is lost.
func (r *Redactor) Tail(w io.Writer) io.WriteCloser { return &tail{redactor: r, to: w} }

type tail struct {
	redactor *Redactor
	to       io.Writer

	mu     sync.Mutex
	held   []byte
	lost   bool // held is not all
	closed bool
}

// Write holds p.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return len(p), nil
	}
	t.held = append(t.held, p...)
	if len(t.held) > 2*tailSize {
		t.held, t.lost = append(t.held[:0], t.held[len(t.held)-tailSize:]...), true
	}
	return len(p), nil
}

// Close writes what is held. A second call does nothing.
func (t *tail) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil
	}
	t.closed = true
	_, err := io.WriteString(t.to, t.text())
	t.held = nil
	return err
}

// text returns what is shown of what is held, without the end of a secret whose beginning is lost.
func (t *tail) text() string {
	const doubtful = tailSize / 8
	held := string(t.held)
	if !t.lost {
		return t.redactor.Shown(held)
	}
	if first := strings.IndexByte(held, '\n'); first >= 0 && first < tailSize/2 {
		return t.redactor.Shown(held[first+1:])
	}
	clean := t.redactor.Text(visible.Decoded(held))
	return t.redactor.Shown(clean[min(doubtful, len(clean)/2):])
}

// Shown returns a text as it is shown, without secrets: they are removed before characters are, and once more from what the rest
// has become.
func (r *Redactor) Shown(text string) string {
	return r.Text(visible.Text(r.Text(visible.Decoded(text))))
}
