package server

import (
	"bytes"
	"net/url"
	"strings"
	"sync"

	"github.com/Iyalvan/mlops-track/mlflow"
)

const (
	logTail  = 4 << 10 // bytes of the server's log that are held
	logLines = 8       // at most, of the tail, are shown
)

// lastWords returns the end of the server's log without the secrets of the URI.
func (t *tail) lastWords(uri string) string {
	lines := strings.Split(t.String(), "\n")
	words := strings.Join(lines[max(0, len(lines)-logLines):], "\n")
	words = strings.ReplaceAll(words, uri, mlflow.RedactURI(uri))
	if u, err := url.Parse(uri); err == nil {
		if password, ok := u.User.Password(); ok && password != "" {
			words = strings.ReplaceAll(words, password, "***")
		}
	}
	return words
}

// tail holds the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	text []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if over := len(t.text) - logTail; over > 0 {
		t.text = append(t.text[:0], t.text[over:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.TrimSpace(t.text))
}
