package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Embedded returns the check that a store which this program writes itself, a file or a folder, is writable. The store is
// not opened.
func Embedded(path, display string) Check {
	return Check{Name: "store", Look: func(context.Context) Finding {
		if err := writable(path); err != nil {
			return failed(fmt.Errorf("write to %s: %w", display, err), "give the user of the job permission to write there, or set tracking-uri to another place")
		}
		return ok("%s is writable", display)
	}}
}

// writable checks a file, a folder, or, for what does not exist yet, the folder in which it would be created. A file is
// checked together with its folder, where SQLite writes its journal.
func writable(path string) error {
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		return writableFolder(path)
	}
	if err == nil {
		f, openErr := os.OpenFile(path, os.O_WRONLY, 0)
		if openErr != nil {
			return openErr
		}
		return errors.Join(f.Close(), writableFolder(filepath.Dir(path)))
	}
	for errors.Is(err, fs.ErrNotExist) && filepath.Dir(path) != path {
		path = filepath.Dir(path)
		info, err = os.Stat(path)
	}
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%q is not a folder", path)
	}
	return writableFolder(path)
}

func writableFolder(path string) error {
	f, err := os.CreateTemp(path, ".mlops-track-doctor-*")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}
