package python

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/Iyalvan/mlops-track/internal/private"
)

// holds reports whether dir has every file with its content and nothing else, all of it ours.
func holds(dir string, files map[string][]byte) bool {
	found := 0
	err := walk(dir, func(name string, entry fs.DirEntry) error {
		info, err := entry.Info()
		switch {
		case err != nil:
			return err
		case !private.Ours(info) || !expected(name, entry, files):
			return fs.ErrInvalid
		case entry.IsDir():
			return nil
		}
		got, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err == nil && !bytes.Equal(got, files[name]) {
			err = fs.ErrInvalid
		}
		found++
		return err
	})
	return err == nil && found == len(files)
}

// removeForeign removes from dir what does not belong there: planted modules and folders, and bytecode, as its content
// cannot be compared. Python only writes bytecode again.
func removeForeign(dir string, files map[string][]byte) error {
	return walk(dir, func(name string, entry fs.DirEntry) error {
		if expected(name, entry, files) {
			return nil
		}
		if err := os.RemoveAll(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
			return err
		}
		if entry.IsDir() {
			return fs.SkipDir
		}
		return nil
	})
}

// expected reports whether an entry is one of the files, or a folder of them. No link is.
func expected(name string, entry fs.DirEntry, files map[string][]byte) bool {
	if _, ok := files[name]; ok {
		return entry.Type().IsRegular()
	}
	if !entry.IsDir() {
		return false
	}
	if name == "." {
		return true
	}
	for file := range files {
		if strings.HasPrefix(file, name+"/") {
			return true
		}
	}
	return false
}

// walk visits dir itself, as ".", and what lies in it by slash-separated path, following no link.
func walk(dir string, visit func(name string, entry fs.DirEntry) error) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		return visit(filepath.ToSlash(name), entry)
	})
}

// create writes the files into the folder dir, which must not exist.
func create(dir string, files map[string][]byte) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	for _, folder := range unpackedFolders() {
		if err := os.MkdirAll(filepath.Join(dir, filepath.FromSlash(folder)), 0o700); err != nil {
			return err
		}
	}
	for name, content := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.WriteFile(file, content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// place writes the files into a temporary folder beside dir and renames it. A damaged dir is moved out of the way first.
// fs.ErrExist says that another process was faster.
func place(dir string, files map[string][]byte) error {
	scratch, err := os.MkdirTemp(filepath.Dir(dir), ".python-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	fresh := filepath.Join(scratch, "fresh")
	if err := create(fresh, files); err != nil {
		return err
	}
	if err := os.Rename(fresh, dir); err == nil || holds(dir, files) {
		return nil
	}
	if err := os.Rename(dir, filepath.Join(scratch, "damaged")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Rename(fresh, dir)
}
