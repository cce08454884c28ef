package results

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// walk visits a folder and collects the files whose path below it matches a pattern. doublestar's own walk is not used:
// it never ends in a cycle of symbolic links, and follows them anywhere. Here a folder is not entered inside of itself, and
// a link inside of a linked folder is followed only to a folder that was not visited yet.
type walk struct {
	finder  *finder
	spec    spec
	root    string // as the spec names it
	pattern string
	depth   int // levels below root that can match; 0: any number

	taken   int
	own     string          // one of our own files that was passed over
	leftOut []string        // folders that match but are not entered
	from    string          // real path of root
	seen    map[string]bool // real paths of folders entered
}

func (w *walk) run() {
	if _, err := os.Lstat(w.root); errors.Is(err, fs.ErrNotExist) {
		return
	}
	if real, info, ok := w.finder.resolve(w.spec, w.root); ok && info.IsDir() {
		w.seen, w.from = map[string]bool{}, real
		w.folder(real, "", place{})
	}
}

// place is the position of an entry in a walk.
type place struct {
	above  []string // real paths of the folders around it
	linked bool     // one of them was reached through a link
}

// folder visits one folder.
func (w *walk) folder(real, below string, at place) {
	w.seen[real] = true
	at.above = append(slices.Clip(at.above), real)
	entries, err := os.ReadDir(real)
	if err != nil {
		w.finder.problem(w.spec.fault, w.spec.text, "", "read folder %q: %v", filepath.Join(w.root, below), withoutPath(err))
		return
	}
	for _, entry := range entries {
		if w.finder.entries++; w.finder.entries > maxEntries {
			return
		}
		w.entry(filepath.Join(real, entry.Name()), filepath.Join(below, entry.Name()), entry, at)
	}
}

// entry visits one entry of a folder. path is its real path, except that the entry itself may be a symbolic link.
func (w *walk) entry(path, below string, entry fs.DirEntry, at place) {
	name, slashed := filepath.Join(w.root, below), filepath.ToSlash(below)
	matches := doublestar.MatchUnvalidated(w.pattern, slashed)
	deeper := w.depth == 0 || strings.Count(slashed, "/")+1 < w.depth
	switch {
	case entry.Name() == ".git", w.finder.excluded(name):
		return
	case !matches && !(deeper && isFolder(path, entry)):
		return
	}
	if w.passOver(name, path, entry, matches || w.depth == 0) {
		return
	}
	real, info, ok := w.look(name, path, entry)
	switch {
	case !ok:
	case !info.IsDir():
		if matches && w.finder.take(w.spec, name, real, info, below) {
			w.taken++
		}
	case !deeper:
		w.leftOut = append(w.leftOut, name)
	case slices.Contains(at.above, real):
	case entry.IsDir():
		w.folder(real, below, at)
	case !at.linked || !w.seen[real]:
		at.linked = true
		w.folder(real, below, at)
	}
}

// passOver reports whether an entry, or what it is a link to, is one of our own.
func (w *walk) passOver(name, path string, entry fs.DirEntry, named bool) bool {
	real := path
	if entry.Type()&fs.ModeSymlink != 0 {
		real = realPath(path)
	}
	own := w.finder.isOwn(real) && !w.finder.isOwn(w.from)
	if own && named {
		w.own = name
	}
	return own
}

// look follows an entry that is a symbolic link. A broken link is skipped with a warning.
func (w *walk) look(name, path string, entry fs.DirEntry) (real string, info fs.FileInfo, ok bool) {
	var err error
	if entry.Type()&fs.ModeSymlink == 0 {
		info, err = entry.Info()
	} else if _, err = os.Stat(path); err == nil {
		return w.finder.resolve(w.spec, name)
	}
	if err != nil {
		w.finder.problem(Warning, w.spec.text, "", "%q is not uploaded: %v", name, withoutPath(err))
	}
	return path, info, err == nil
}

// isFolder reports whether an entry is a folder or a symbolic link to one.
func isFolder(path string, entry fs.DirEntry) bool {
	if entry.Type()&fs.ModeSymlink == 0 {
		return entry.IsDir()
	}
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
