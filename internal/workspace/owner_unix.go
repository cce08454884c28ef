//go:build unix

package workspace

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

const superuser = 0

// RestoreOwner changes the owner of what root owns in the folder dir to the folder's owner. It does nothing if we are not root
// or the folder is root's. Errors are collected: after a failure the other files are still changed.
func RestoreOwner(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("give the workspace back to its owner: %w", err)
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || owner.Uid == superuser || os.Geteuid() != superuser {
		return nil
	}
	root, err := os.OpenRoot(dir) // a link that somebody creates while we walk cannot lead out of the folder
	if err != nil {
		return fmt.Errorf("give the workspace back to its owner: %w", err)
	}
	defer root.Close()
	var faults []error
	_ = fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil {
			err = restoreOwner(root, name, entry, owner)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // a process that still runs may delete its files
			faults = append(faults, fmt.Errorf("change the owner of %q to that of the workspace: %w", name, err))
		}
		return nil
	})
	return errors.Join(faults...)
}

func restoreOwner(root *os.Root, name string, entry fs.DirEntry, owner *syscall.Stat_t) error {
	info, err := entry.Info()
	if err != nil {
		return fmt.Errorf("read its owner: %w", err)
	}
	if is, ok := info.Sys().(*syscall.Stat_t); !ok || is.Uid != superuser {
		return nil
	}
	return root.Lchown(name, int(owner.Uid), int(owner.Gid))
}

// take makes root the owner of a folder, if we are root.
func take(root *os.Root, dir string) error {
	if os.Geteuid() != superuser {
		return nil
	}
	return root.Lchown(dir, superuser, superuser)
}
