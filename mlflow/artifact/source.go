package artifact

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/Iyalvan/mlops-track/internal/regularfile"
)

// Source is a local file to be uploaded.
type Source struct {
	Path string
	// Sent is called with the number of bytes sent since the last call, a negative number when an attempt is repeated; may
	// be nil. It is called from several goroutines.
	Sent func(bytes int64)
}

func (s Source) size() (int64, error) {
	info, err := os.Stat(s.Path)
	if err != nil {
		return 0, err
	}
	if !info.Mode().IsRegular() {
		return 0, fmt.Errorf("%q is not a regular file", s.Path)
	}
	return info.Size(), nil
}

func (s Source) tell(bytes int64) {
	if s.Sent != nil {
		s.Sent(bytes)
	}
}

// section returns a function that opens a part of the file, and takes back what was told to Sent when it does so again.
func (s Source) section(offset, length int64) func() (io.ReadCloser, error) {
	var last *section
	return func() (io.ReadCloser, error) {
		f, err := regularfile.Open(s.Path)
		if err != nil {
			return nil, err
		}
		if last != nil {
			last.takeBack()
		}
		last = &section{Closer: f, from: io.NewSectionReader(f, offset, length), left: length, tell: s.tell}
		return last, nil
	}
}

var errShorter = errors.New("the file became shorter while it was uploaded")

// section is a part of a file on its way.
type section struct {
	io.Closer

	from io.Reader
	left int64
	tell func(int64)

	mu    sync.Mutex // an attempt that is over may still be reading
	total int64
	over  bool
}

func (s *section) Read(p []byte) (int, error) {
	n, err := s.from.Read(p)
	s.left -= int64(n)
	if errors.Is(err, io.EOF) && s.left > 0 {
		err = errShorter
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.over {
		s.total += int64(n)
		s.tell(int64(n))
	}
	return n, err
}

func (s *section) takeBack() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	s.tell(-s.total)
}

// rewindable is a file on its way that can be sent again. It tells how far it is by where it is read.
type rewindable struct {
	*io.SectionReader

	tell func(int64)
	told int64
}

func (r *rewindable) Read(p []byte) (int, error) {
	at, err := r.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0, err
	}
	n, err := r.SectionReader.Read(p)
	if errors.Is(err, io.EOF) && at+int64(n) < r.Size() {
		err = errShorter
	}
	r.tell(at + int64(n) - r.told)
	r.told = at + int64(n)
	return n, err
}
