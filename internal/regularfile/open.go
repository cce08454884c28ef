package regularfile

import (
	"fmt"
	"io/fs"
	"os"
)

// KindError says that a path names something else than a regular file.
type KindError struct{ Kind string } // with its article: "a directory"

func (e *KindError) Error() string { return "it is " + e.Kind + ", not a regular file" }

// Open opens a regular file for reading; symbolic links are followed. The error for anything else is a *KindError.
func Open(path string) (*os.File, error) {
	return open(path, func(mode fs.FileMode) bool { return mode.IsRegular() })
}

// OpenPipe opens a named pipe for reading, without waiting for a writer.
func OpenPipe(path string) (*os.File, error) {
	return open(path, func(mode fs.FileMode) bool { return mode&fs.ModeNamedPipe != 0 })
}

// IsNull reports whether a path names the null device, to which a program writes what nobody needs.
func IsNull(path string) bool {
	info, err := os.Stat(path)
	if err != nil || info.Mode()&fs.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err == nil && os.SameFile(info, null)
}

// open looks before it opens, because opening a device can have an effect, and again afterwards, because the path may name
// something else by then.
func open(path string, wanted func(fs.FileMode) bool) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !wanted(info.Mode()) {
		return nil, &KindError{Kind(info.Mode())}
	}
	f, err := os.OpenFile(path, os.O_RDONLY|nonblock, 0) //nolint:gosec // the caller's path
	if err != nil {
		return nil, err
	}
	if err := check(f, wanted); err != nil {
		_ = f.Close() // only opened
		return nil, err
	}
	return f, nil
}

func check(f *os.File, wanted func(fs.FileMode) bool) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !wanted(info.Mode()) {
		return &KindError{Kind(info.Mode())}
	}
	if system, ok := kernelFiles(f); ok {
		return &KindError{fmt.Sprintf("a file of the kernel's %s", system)}
	}
	return nil
}

// Kind names what a file is, such as "a named pipe".
func Kind(mode fs.FileMode) string {
	switch {
	case mode&fs.ModeSymlink != 0:
		return "a link"
	case mode.IsRegular():
		return "a regular file"
	case mode.IsDir():
		return "a directory"
	case mode&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	case mode&fs.ModeDevice != 0:
		return "a device"
	}
	return "a special file"
}
