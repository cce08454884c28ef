package artifact

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// temporary is the prefix of a file that is being written; List omits it.
const temporary = ".mlops-track-"

// IsTemporary reports whether a file of a folder of artifacts is one that was still being written.
func IsTemporary(name string) bool { return strings.HasPrefix(name, temporary) }

// local stores artifacts in a folder of this machine.
type local struct{ folder string }

// Put implements Repo. The file appears whole or not at all. A file that is uploaded onto itself is left alone.
func (l *local) Put(ctx context.Context, p string, from Source) error {
	to, err := l.path(p)
	if err != nil {
		return err
	}
	size, err := from.size()
	if err != nil {
		return err
	}
	if same(from.Path, to) {
		from.tell(size)
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil { //nolint:gosec // as MLflow makes them; the umask decides
		return err
	}
	// Not by os.CreateTemp, which gives the file to its owner alone.
	name := filepath.Join(filepath.Dir(to), temporary+mlflow.NewRunID())
	file, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666) //nolint:gosec // see above
	if err != nil {
		return err
	}
	if err := errors.Join(copyTo(ctx, file, from.section(0, size)), file.Close()); err != nil {
		return errors.Join(err, os.Remove(name))
	}
	if err := os.Rename(name, to); err != nil {
		return errors.Join(err, os.Remove(name))
	}
	return nil
}

func same(one, other string) bool {
	a, err := os.Stat(one)
	if err != nil {
		return false
	}
	b, err := os.Stat(other)
	return err == nil && os.SameFile(a, b)
}

func copyTo(ctx context.Context, to io.Writer, open func() (io.ReadCloser, error)) error {
	from, err := open()
	if err != nil {
		return err
	}
	defer from.Close()
	_, err = copyPieces(ctx, to, from)
	return err
}

// copyPieces copies in pieces, so that it ends with the context.
func copyPieces(ctx context.Context, to io.Writer, from io.Reader) (copied int64, err error) {
	const piece = 8 << 20
	for {
		if ctx.Err() != nil {
			return copied, context.Cause(ctx)
		}
		n, err := io.CopyN(to, from, piece)
		copied += n
		if errors.Is(err, io.EOF) {
			return copied, nil
		}
		if err != nil {
			return copied, err
		}
	}
}

// List implements Repo.
func (l *local) List(_ context.Context, folder string) ([]Entry, error) {
	dir := l.folder
	if folder != "" {
		var err error
		if dir, err = l.path(folder); err != nil {
			return nil, err
		}
	}
	found, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var entries []Entry
	for _, f := range found {
		info, err := os.Stat(filepath.Join(dir, f.Name())) // follows links, as MLflow does
		if err != nil || IsTemporary(f.Name()) {
			continue
		}
		e := Entry{Path: path.Join(folder, f.Name()), Dir: info.IsDir()}
		if !e.Dir {
			e.Size = info.Size()
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// Open implements Repo.
func (l *local) Open(_ context.Context, p string) (io.ReadCloser, error) {
	name, err := l.path(p)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("artifact %q: %w", p, mlflow.ErrNotFound)
	}
	return f, err
}

func (l *local) path(p string) (string, error) {
	if err := checkPath(p); err != nil {
		return "", err
	}
	name := filepath.FromSlash(p)
	if !filepath.IsLocal(name) {
		return "", fmt.Errorf("artifact path %q is not a file name on this system", p)
	}
	return filepath.Join(l.folder, name), nil
}
