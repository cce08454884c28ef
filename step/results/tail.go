package results

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
)

// maxLine is the length of a line of the metrics file in bytes.
const maxLine = 1 << 20

var errLongLine = fmt.Errorf("longer than %d bytes", maxLine)

// tail reads the whole lines of a growing file. If the file was replaced it reads the new one, and if it became shorter it
// starts over.
type tail struct {
	path   string
	file   *os.File // nil until there is one
	buffer []byte
	start  int   // of what is in the buffer and not yet handed out
	read   int64 // bytes read of the file
	line   int   // number of the last line handed out
	long   bool  // inside of a line that is too long
	files  int   // how many files at this path were replaced
}

// line is one line of a metrics file.
type line struct {
	text   []byte // without the line's end; valid until the next call
	number int    // from 1
	end    int64  // offset in the file after the line
	err    error  // errLongLine; text is empty then
}

// next returns the next whole line; it is false when there is none yet. With last, the text after the last line end is a line
// too.
func (t *tail) next(last bool) (line, bool, error) {
	for {
		if l, ok := t.cut(); ok {
			return l, true, nil
		}
		n, err := t.fill()
		switch {
		case err != nil:
			return line{}, false, err
		case n > 0:
			continue
		}
		moved, err := t.moved()
		if err != nil {
			return line{}, false, err
		}
		if rest := len(t.buffer) - t.start; (last || moved) && (rest > 0 || t.long) {
			return t.take(rest, 0), true, nil
		}
		if !moved {
			return line{}, false, nil
		}
		t.close()
		t.files++
	}
}

// cut returns a line of the buffer.
func (t *tail) cut() (line, bool) {
	rest := t.buffer[t.start:]
	if n := bytes.IndexByte(rest, '\n'); n >= 0 {
		return t.take(n, 1), true
	}
	if t.long || len(rest) > maxLine {
		t.long, t.start = true, len(t.buffer)
	}
	return line{}, false
}

// take returns n bytes of the buffer and skips drop bytes after them.
func (t *tail) take(n, drop int) line {
	t.line++
	l := line{text: t.buffer[t.start : t.start+n], number: t.line}
	t.start += n + drop
	l.end = t.read - int64(len(t.buffer)-t.start)
	if t.long || n > maxLine {
		l.text, l.err, t.long = nil, errLongLine, false
	}
	return l
}

// fill reads more of the file. It returns 0 at the end, and where there is no file yet.
func (t *tail) fill() (int, error) {
	if t.file == nil {
		if err := t.open(); err != nil || t.file == nil {
			return 0, err
		}
	}
	const chunk = 64 << 10
	have := copy(t.buffer, t.buffer[t.start:])
	t.buffer, t.start = slices.Grow(t.buffer[:have], chunk), 0
	n, err := t.file.Read(t.buffer[have : have+chunk])
	t.buffer = t.buffer[:have+n]
	t.read += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		return n, fmt.Errorf("read metrics file %q: %w", t.path, withoutPath(err))
	}
	return n, nil
}

// open opens the file if it is there, from the offset that was read before.
func (t *tail) open() error {
	info, err := os.Stat(t.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && !info.Mode().IsRegular() { // opening a named pipe would wait for a writer
		err = errNotRegular
	}
	var f *os.File
	if err == nil {
		f, err = os.Open(t.path)
	}
	if err == nil {
		_, err = f.Seek(t.read, io.SeekStart)
	}
	if err != nil {
		return fmt.Errorf("read metrics file %q: %w", t.path, withoutPath(err))
	}
	t.file = f
	return nil
}

// moved reports whether the path now names another file, or one that is shorter than what was read.
func (t *tail) moved() (bool, error) {
	if t.file == nil {
		return false, nil
	}
	ours, err := t.file.Stat()
	if err != nil {
		return false, fmt.Errorf("read metrics file %q: %w", t.path, withoutPath(err))
	}
	if ours.Size() < t.read {
		t.buffer, t.start, t.long = t.buffer[:0], 0, false // discard the half line that was read
		return true, nil
	}
	now, err := os.Stat(t.path)
	return err == nil && !os.SameFile(ours, now), nil
}

// close closes the file; the next one is read from its start.
func (t *tail) close() {
	if t.file != nil {
		_ = t.file.Close() // only read
	}
	*t = tail{path: t.path, buffer: t.buffer[:0], files: t.files}
}
