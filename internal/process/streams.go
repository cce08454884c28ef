package process

import (
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"
)

const (
	tailSize = 16 << 10
	// drainTime is how long we still read after the command has ended. A surviving child process may hold the pipe open.
	drainTime = 2 * time.Second
)

// streams connects standard output and error of the command. Output is the same file as ours. Error goes through a
// pipe, so that its end can be shown when the command fails; a terminal is not piped, because programs draw on it.
// If both are one file they share the pipe, so that their order does not change.
type streams struct {
	stdout, stderr *os.File
	read           *os.File // our end of the pipe; nil without one
	done           chan struct{}
	tail           tail
	toTail         io.WriteCloser // the filter before tail
}

func connect(stdout, stderr *os.File, filter Filter) (*streams, error) {
	s := &streams{stdout: stdout, stderr: stderr, done: make(chan struct{})}
	s.toTail = &s.tail
	if filter != nil {
		s.toTail = filter(&s.tail)
	}
	if stderr == nil || term.IsTerminal(int(stderr.Fd())) {
		close(s.done)
		return s, nil
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	s.read, s.stderr = read, write
	if sameFile(stdout, stderr) {
		s.stdout = write
	}
	go s.copy(stderr)
	return s, nil
}

// copy copies everything as it comes. A full disk or a closed log must not stop the training, so it continues to read when
// writing fails.
func (s *streams) copy(to io.Writer) {
	defer close(s.done)
	buf := make([]byte, 32<<10)
	for {
		n, err := s.read.Read(buf)
		if n > 0 {
			_, _ = to.Write(buf[:n])
			_, _ = s.toTail.Write(buf[:n]) // into memory
		}
		if err != nil {
			return
		}
	}
}

// started closes our copy of the end that the command writes to.
func (s *streams) started() {
	if s.read != nil {
		_ = s.stderr.Close()
	}
}

// drain waits for the rest and returns the end of standard error.
func (s *streams) drain() string {
	select {
	case <-s.done:
	case <-time.After(drainTime):
	}
	_ = s.toTail.Close() // of memory
	return s.tail.text()
}

// close does not stop a process that still writes: its pipe has a reader until we exit.
func (s *streams) close() {
	select {
	case <-s.done:
		if s.read != nil {
			_ = s.read.Close()
		}
	default:
		s.started()
	}
}

func sameFile(a, b *os.File) bool {
	if a == nil || b == nil {
		return false
	}
	x, errX := a.Stat()
	y, errY := b.Stat()
	return errX == nil && errY == nil && os.SameFile(x, y)
}

// tail holds the last bytes written to it. Close changes nothing.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

func (t *tail) Close() error { return nil }

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p...)
	if extra := len(t.buf) - tailSize; extra > 0 {
		t.buf = append(t.buf[:0], t.buf[extra:]...)
	}
	return len(p), nil
}

func (t *tail) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.buf)
}
