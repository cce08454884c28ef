package python

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestUnpackRemovesWhatIsNotOurs(t *testing.T) {
	t.Parallel()
	dir := unpack(t, privateFolder(t), "1")
	want := tree(t, dir)
	written := modified(t, filepath.Join(dir, "sitecustomize.py"))
	for _, name := range []string{
		"colorsys.py", "planted.pth", "json/__init__.py", "__pycache__/sitecustomize.cpython-311.pyc",
		"mlops_track/__pycache__/_autolog.cpython-311.pyc", "mlops_track/planted.so", "fallback/colorsys.py",
		"fallback/mlops_wrapper/__init__.py",
	} {
		plant(t, filepath.Join(dir, filepath.FromSlash(name)))
	}
	outside := t.TempDir()
	plant(t, filepath.Join(outside, "kept"))
	if err := os.Symlink(outside, filepath.Join(dir, "xgboost")); err != nil && runtime.GOOS != "windows" {
		t.Fatal(err)
	}
	unpack(t, filepath.Dir(dir), "1")
	if diff := cmp.Diff(want, tree(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if _, err := os.Stat(filepath.Join(outside, "kept")); err != nil {
		t.Error("a file behind a link was removed")
	}
	if !modified(t, filepath.Join(dir, "sitecustomize.py")).Equal(written) {
		t.Error("the files were written again")
	}
}

func TestUnpackReplacesAFileThatIsALink(t *testing.T) {
	t.Parallel()
	dir := unpack(t, privateFolder(t), "1")
	want := tree(t, dir)
	file := filepath.Join(dir, "sitecustomize.py")
	elsewhere := filepath.Join(t.TempDir(), "sitecustomize.py")
	if err := os.Rename(file, elsewhere); err != nil { // the same content, which its owner can change later
		t.Fatal(err)
	}
	if err := os.Symlink(elsewhere, file); err != nil {
		t.Skip(err)
	}
	unpack(t, filepath.Dir(dir), "1")
	if diff := cmp.Diff(want, tree(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestUnpackReplacesWhatOthersMayWrite(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("modes are of Unix")
	}
	for _, name := range []string{".", "mlops_track", "sitecustomize.py"} {
		dir := unpack(t, privateFolder(t), "1")
		want := tree(t, dir)
		if err := os.Chmod(filepath.Join(dir, name), 0o777); err != nil {
			t.Fatal(err)
		}
		unpack(t, filepath.Dir(dir), "1")
		if diff := cmp.Diff(want, tree(t, dir)); diff != "" {
			t.Errorf("%s: files (-want +got):\n%s", name, diff)
		}
	}
}

func TestUnpackRefusesAFolderOfOthers(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("modes are of Unix")
	}
	cache := t.TempDir()
	if err := os.Chmod(cache, 0o777); err != nil {
		t.Fatal(err)
	}
	if dir, err := Unpack(cache, Release{Version: "1"}); err == nil || !strings.Contains(err.Error(), "may be written by other users") {
		t.Errorf("Unpack gave %q, %v", dir, err)
	}
}

func TestWriteNeedsANewFolder(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	dir, err := Write(filepath.Join(parent, "python"), Release{Version: "1"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(tree(t, unpack(t, privateFolder(t), "1")), tree(t, dir)); diff != "" {
		t.Errorf("files (-unpacked +written):\n%s", diff)
	}
	if _, err := Write(dir, Release{Version: "1"}); err == nil {
		t.Error("a folder was used that somebody else had made")
	}
	if _, err := Write(filepath.Join(parent, "a"+string(os.PathListSeparator)), Release{Version: "1"}); err == nil {
		t.Error("a path was used that Python would split")
	}
}

func plant(t *testing.T, file string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("raise SystemExit('planted')\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

// tree returns the mode of every entry below dir by its path.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := walk(dir, func(name string, entry fs.DirEntry) error {
		info, err := entry.Info()
		if err == nil {
			found[name] = info.Mode().String()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
