package rest

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"sync"
)

// sending is the body of one attempt on its way to the server.
type sending struct {
	open  func() (io.ReadCloser, error)
	moved func()

	mu    sync.Mutex // the transport reads on its own goroutine
	fault error
}

// start opens the body; a redirect does so a second time.
func (s *sending) start() (io.ReadCloser, error) {
	body, err := s.open()
	if err != nil {
		return nil, err
	}
	return &source{ReadCloser: body, of: s}, nil
}

// failed returns the error that ended the reading of the body on our side; nil if that went well.
func (s *sending) failed() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fault
}

type source struct {
	io.ReadCloser

	of *sending
}

func (b *source) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.of.moved()
	// An attempt that ends while the body is read closes it.
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, fs.ErrClosed) {
		b.of.mu.Lock()
		b.of.fault = err
		b.of.mu.Unlock()
	}
	return n, err
}

// answer is the body of a response; the attempt is over when it is closed.
type answer struct {
	io.ReadCloser

	moved   func()
	done    func()
	streams bool
}

// Stream says of an answer that it is as long as a file: its time counts anew with each part that comes. Any other must be there whole
// within the time of one request.
func Stream(resp *http.Response) {
	if body, ok := resp.Body.(*answer); ok {
		body.streams = true
	}
}

func (b *answer) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.streams {
		b.moved()
	}
	return n, err
}

func (b *answer) Close() error {
	err := b.ReadCloser.Close()
	b.done()
	return err
}
