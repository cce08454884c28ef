package results

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/Iyalvan/mlops-track/internal/regularfile"
)

const (
	maxLine     = 1 << 20 // length of a line of the metrics file in bytes
	maxNoLine   = 1 << 30 // bytes without a line end; with more the file is no JSON Lines
	maxRestarts = 3       // times in one look that a file is read from its start
	pipeBuffer  = 1 << 20 // the most that a named pipe holds on Linux, for a program that has no privileges
)

var (
	errLongLine = fmt.Errorf("longer than %d bytes", maxLine)
	errNoLines  = fmt.Errorf("more than %d bytes without a line end", maxNoLine)
)

// tail reads the whole lines of a file, or of a named pipe, while another program writes it. If the path gets another file,
// the rest of the old one is read first. If the file is written anew, it is read from its start, except for lines that are the
// same as before.
type tail struct {
	path   string
	file   *os.File // nil until there is one
	pipe   bool
	buffer []byte
	start  int       // of what is in the buffer and not yet handed out
	read   int64     // bytes read of the file
	end    int64     // of the file, where reading ends; -1: it grows
	filled time.Time // when the buffer got its last bytes
	long   int64     // bytes of a line that is too long
	number int       // of the last line handed out
	seen   seen

	began  time.Time
	opened []os.FileInfo // each file that had the path and was read

	restarts int // in this look
	rewrites int // how often lines may have been lost because the file was written anew
}

// line is one line of a metrics file.
type line struct {
	text   []byte    // without the line's end; valid until the next call
	number int       // from 1
	at     time.Time // when it was read
	err    error     // errLongLine; text is empty then
}

func newTail(path string) *tail {
	return &tail{path: path, end: -1, seen: newSeen(), began: time.Now().Add(-time.Second)}
}

// look begins a new look at the file.
func (t *tail) look() { t.restarts = 0 }

// next returns the next whole line; it is false when there is none yet. With last, the text after the last line end is a line
// too.
func (t *tail) next(last bool) (line, bool, error) {
	for {
		for l, ok := t.cut(); ok; l, ok = t.cut() {
			if t.isNew(l) {
				return l, true, nil
			}
		}
		n, err := t.fill()
		if err != nil {
			return line{}, false, err
		}
		if n > 0 {
			continue
		}
		change, err := t.changed()
		if err != nil {
			return line{}, false, err
		}
		if change == rewritten {
			t.seen.keepsOld(false)
			t.restart()
			continue
		}
		if rest := len(t.buffer) - t.start; (last || change == replaced) && (rest > 0 || t.long > 0) {
			if l := t.take(rest, 0); t.isNew(l) {
				return l, true, nil
			}
		}
		if change != replaced {
			return line{}, false, nil
		}
		t.close()
		t.restart()
	}
}

// isNew reports whether a line was not read before the file was written anew.
func (t *tail) isNew(l line) bool {
	repeated, lost := t.seen.line(l.text)
	if lost {
		t.rewrites++
	}
	return !repeated
}

// cut returns a line of the buffer.
func (t *tail) cut() (line, bool) {
	rest := t.buffer[t.start:]
	if n := bytes.IndexByte(rest, '\n'); n >= 0 {
		return t.take(n, 1), true
	}
	if t.long > 0 || len(rest) > maxLine {
		t.long, t.start = t.long+int64(len(rest)), len(t.buffer)
	}
	return line{}, false
}

// take returns n bytes of the buffer and skips drop bytes after them.
func (t *tail) take(n, drop int) line {
	t.number++
	l := line{text: t.buffer[t.start : t.start+n], number: t.number, at: t.filled}
	t.start += n + drop
	if t.long > 0 || n > maxLine {
		l.text, l.err, t.long = nil, errLongLine, 0
	}
	return l
}

// fill reads more of the file. It returns 0 at the end, and where there is no file yet.
func (t *tail) fill() (int, error) {
	if t.file == nil {
		if err := t.open(); err != nil || t.file == nil {
			return 0, t.fault(err)
		}
	}
	if t.long > maxNoLine {
		return 0, t.fault(errNoLines)
	}
	const chunk = 64 << 10
	size := int64(chunk)
	if t.end >= 0 {
		size = min(size, max(0, t.end-t.read))
	}
	have := copy(t.buffer, t.buffer[t.start:])
	t.buffer, t.start = slices.Grow(t.buffer[:have], chunk), 0
	n, err := t.readInto(t.buffer[have : have+int(size)])
	t.buffer = t.buffer[:have+n]
	if n > 0 {
		t.filled = time.Now()
		t.seen.bytes(t.buffer[have:], t.read == 0)
	}
	t.read += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		return n, t.fault(err)
	}
	return n, nil
}

func (t *tail) readInto(buffer []byte) (int, error) {
	switch {
	case len(buffer) == 0:
		return 0, nil
	case t.pipe:
		return regularfile.ReadNow(t.file, buffer)
	}
	return t.file.Read(buffer)
}

// open opens the file if it is there.
func (t *tail) open() error {
	info, err := os.Stat(t.path)
	switch {
	case errors.Is(err, fs.ErrNotExist) || err == nil && regularfile.IsNull(t.path):
		return nil
	case err != nil:
		return err
	case info.Mode()&fs.ModeNamedPipe != 0:
		t.file, err = regularfile.OpenPipe(t.path)
		t.pipe = true
	default:
		t.file, err = regularfile.Open(t.path)
		t.pipe = false
	}
	if err != nil {
		t.file = nil
		return err
	}
	if info, err := t.file.Stat(); err == nil {
		t.opened = append(t.opened, info)
	}
	return nil
}

// unseen returns the names of files that stand beside the metrics file as a rotation leaves them, were written since reading began and
// were never read: they had the path for less than pollInterval.
func (t *tail) unseen() (names []string) {
	folder, base := filepath.Split(t.path)
	entries, err := os.ReadDir(cmp.Or(folder, "."))
	if err != nil {
		return nil
	}
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), base+".")
		info, err := e.Info()
		if !ok || rest == "old" || err != nil || !info.Mode().IsRegular() || info.Size() == 0 || info.ModTime().Before(t.began) {
			continue
		}
		if !slices.ContainsFunc(t.opened, func(read os.FileInfo) bool { return os.SameFile(read, info) }) {
			names = append(names, e.Name())
		}
	}
	return names
}

func (t *tail) fault(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("read metrics file %q: %w", t.path, withoutPath(err))
}

// change is what happened to a file of which all was read.
type change int

const (
	unchanged change = iota
	rewritten        // it is shorter, or holds something else than what was read
	replaced         // the path names another file
)

// changed compares the file with what was read of it.
func (t *tail) changed() (change, error) {
	if t.file == nil || t.restarts >= maxRestarts {
		return unchanged, nil
	}
	ours, err := t.file.Stat()
	if err != nil {
		return unchanged, t.fault(err)
	}
	if !t.pipe && (ours.Size() < t.read || t.seen.differs(t.file, t.read)) {
		return rewritten, nil
	}
	now, err := os.Stat(t.path)
	if err != nil || os.SameFile(ours, now) {
		return unchanged, nil // also while it is renamed and the next one is not there yet
	}
	if n, err := t.fill(); n > 0 || err != nil { // written before it was replaced
		return unchanged, err
	}
	t.seen.keepsOld(hasName(ours))
	return replaced, nil
}

// restart begins to read a file from its start.
func (t *tail) restart() {
	t.restarts++
	t.buffer, t.start, t.read, t.long, t.number = t.buffer[:0], 0, 0, 0, 0
	t.seen.restart()
	if t.file != nil {
		if _, err := t.file.Seek(0, io.SeekStart); err != nil {
			t.close() // it is opened again
		}
	}
}

// finishAt sets that reading ends where the file, or what the pipe holds, ends now: a process that survives the step may
// write for ever.
func (t *tail) finishAt() {
	t.end = 0
	info, err := os.Stat(t.path)
	if err == nil {
		t.end = info.Size()
	}
	if t.file != nil { // the path may have another file meanwhile
		if info, err = t.file.Stat(); err == nil {
			t.end = max(t.end, info.Size())
		}
	}
	if err == nil && !info.Mode().IsRegular() {
		t.end = t.read + pipeBuffer
	}
}

// close closes the file.
func (t *tail) close() {
	if t.file != nil {
		_ = t.file.Close() // only read
		t.file = nil
	}
}
