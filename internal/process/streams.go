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
	// drainTime is how long we read on after the command has ended. Something it left behind may keep the pipe open.
	drainTime = 2 * time.Second
)

// streams gives the command its standard output and error. Output is the very file we were given. Error passes through a
// pipe, so that its end can be told when the command fails; a terminal is handed on as it is, because programs draw on it.
// Where both are one file they share the pipe, which keeps their order.
type streams struct {
	stdout, stderr *os.File
	read           *os.File // our end of the pipe; nil without one
	done           chan struct{}
	tail           tail
	keep           io.WriteCloser // leads to tail
}

func connect(stdout, stderr *os.File, filter Filter) (*streams, error) {
	s := &streams{stdout: stdout, stderr: stderr, done: make(chan struct{})}
	s.keep = &s.tail
	if filter != nil {
		s.keep = filter(&s.tail)
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

// copy passes everything on as it comes. A full disk or a closed log must not stop the training, so it reads on when
// writing fails.
func (s *streams) copy(to io.Writer) {
	defer close(s.done)
	buf := make([]byte, 32<<10)
	for {
		n, err := s.read.Read(buf)
		if n > 0 {
			_, _ = to.Write(buf[:n])
			_, _ = s.keep.Write(buf[:n]) // into memory
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
	_ = s.keep.Close() // of memory
	return s.tail.text()
}

// close stops nothing that still writes: a process left behind keeps a reader until we exit.
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

// tail keeps the last bytes written to it. Close changes nothing.
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
