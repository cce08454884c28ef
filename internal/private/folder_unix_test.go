//go:build unix

package private_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Iyalvan/mlops-track/internal/private"
)

// stranger is a user who is neither us nor root.
const stranger = 4321

func TestFolder(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		prepare func(t *testing.T, above string) // above holds the folder
		want    string                           // part of the error; empty: the folder is private
	}{
		{"ours", func(*testing.T, string) {}, ""},
		{"in a sticky folder for all", func(t *testing.T, above string) { chmod(t, above, os.ModeSticky|0o777) }, ""},
		{"in a folder for all", func(t *testing.T, above string) { chmod(t, above, 0o777) }, "may be written by other users (mode 0777)"},
		{"in a group's folder", func(t *testing.T, above string) { chmod(t, above, 0o775) }, "may be written by other users (mode 0775)"},
		{"itself sticky and for all", func(t *testing.T, above string) { chmod(t, filepath.Join(above, "folder"), os.ModeSticky|0o777) },
			"may be written by other users (mode 0777)"},
		{"of a stranger", func(t *testing.T, above string) { chown(t, filepath.Join(above, "folder")) }, "belongs to another user (uid 4321)"},
		{"below a stranger's", func(t *testing.T, above string) { chown(t, above) }, "belongs to another user (uid 4321)"},
		{"missing", func(t *testing.T, above string) { remove(t, filepath.Join(above, "folder")) }, "no such file"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			above := resolved(t, t.TempDir())
			folder := filepath.Join(above, "folder")
			if err := os.Mkdir(folder, 0o700); err != nil {
				t.Fatal(err)
			}
			test.prepare(t, above)
			got, err := private.Folder(folder)
			switch {
			case test.want == "" && (err != nil || got != folder):
				t.Errorf("got %q, %v", got, err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("got %q, %v; want an error with %q", got, err, test.want)
			}
		})
	}
}

// TestFolderBehindALink returns the folder that a link names: whoever owns the link can no longer change where it leads.
func TestFolderBehindALink(t *testing.T) {
	t.Parallel()
	above := resolved(t, t.TempDir())
	shared, folder := filepath.Join(above, "shared"), filepath.Join(above, "home")
	for _, dir := range []string{shared, folder} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	chmod(t, shared, 0o777)
	link := filepath.Join(shared, "link")
	if err := os.Symlink(folder, link); err != nil {
		t.Fatal(err)
	}
	if got, err := private.Folder(link); err != nil || got != folder {
		t.Errorf("got %q, %v; want %q", got, err, folder)
	}
}

// resolved returns a private folder by its path without links.
func resolved(t *testing.T, dir string) string {
	t.Helper()
	chmod(t, dir, 0o700) // whatever the umask
	path, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func chmod(t *testing.T, dir string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(dir, mode); err != nil {
		t.Fatal(err)
	}
}

func chown(t *testing.T, dir string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root gives files away")
	}
	if err := os.Chown(dir, stranger, stranger); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, dir string) {
	t.Helper()
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
}
