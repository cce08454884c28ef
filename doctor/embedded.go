package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Embedded is the check of a store that this program writes itself, a file or a folder, without opening it: where it lies
// can be written.
func Embedded(path, display string) Check {
	return Check{Name: "store", Look: func(context.Context) Finding {
		if err := writable(path); err != nil {
			return failed(fmt.Errorf("write to %s: %w", display, err), "give the user of the job the right to write there, or set tracking-uri to another place")
		}
		return ok("%s can be written", display)
	}}
}

// writable looks at a file, at a folder, or, for what is not there yet, at the folder in which it would be made. A file is
// looked at with its folder, in which SQLite keeps its journal.
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
		return fmt.Errorf("%q is no folder", path)
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
