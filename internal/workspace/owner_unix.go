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

// GiveBack hands what root owns in the folder dir to the folder's owner. It does nothing where we are not root or the
// folder is root's. Errors are collected: one file that cannot be given back is no reason to keep the others.
func GiveBack(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("give the workspace back to its owner: %w", err)
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || owner.Uid == superuser || os.Geteuid() != superuser {
		return nil
	}
	root, err := os.OpenRoot(dir) // a link that is put in the way while we walk leads nowhere else
	if err != nil {
		return fmt.Errorf("give the workspace back to its owner: %w", err)
	}
	defer root.Close()
	var faults []error
	_ = fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil {
			err = giveBack(root, name, entry, owner)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // what is still running may delete files of its own
			faults = append(faults, fmt.Errorf("give %q back to the workspace's owner: %w", name, err))
		}
		return nil
	})
	return errors.Join(faults...)
}

func giveBack(root *os.Root, name string, entry fs.DirEntry, owner *syscall.Stat_t) error {
	info, err := entry.Info()
	if err != nil {
		return fmt.Errorf("look at its owner: %w", err)
	}
	if is, ok := info.Sys().(*syscall.Stat_t); !ok || is.Uid != superuser {
		return nil
	}
	return root.Lchown(name, int(owner.Uid), int(owner.Gid))
}

// take makes a folder ours, if we are root.
func take(dir string) error {
	if os.Geteuid() != superuser {
		return nil
	}
	return os.Lchown(dir, superuser, superuser)
}
