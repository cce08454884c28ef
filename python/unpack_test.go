package python

import (
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestUnpackWritesOncePerVersionAndContent(t *testing.T) {
	cache := privateFolder(t)
	first := unpack(t, cache, "1.2.3")
	before := modified(t, first)
	if again := unpack(t, cache, "1.2.3"); again != first {
		t.Errorf("second Unpack gave %q, want %q", again, first)
	}
	if !modified(t, first).Equal(before) {
		t.Error("the second Unpack wrote the files again")
	}
	if other := unpack(t, cache, "1.2.4+dirty/x"); other == first || filepath.Dir(other) != cache {
		t.Errorf("another version went to %q", other)
	}
	version := read(t, filepath.Join(first, "mlops_track", "_version.py"))
	if want := "VERSION = \"1.2.3\"\nBINARY = \"/opt/mlops-track\"\n"; version != want {
		t.Errorf("_version.py holds %q, want %q", version, want)
	}
	if left, _ := filepath.Glob(filepath.Join(cache, ".python-*")); len(left) != 0 {
		t.Errorf("temporary folders are left: %q", left)
	}
}

func TestUnpackRepairsADamagedFolder(t *testing.T) {
	cache := privateFolder(t)
	dir := unpack(t, cache, "1")
	hook := filepath.Join(dir, "sitecustomize.py")
	want := read(t, hook)
	if err := os.WriteFile(hook, []byte("raise SystemExit"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "mlops_track")); err != nil {
		t.Fatal(err)
	}
	unpack(t, cache, "1")
	if got := read(t, hook); got != want {
		t.Errorf("the damaged hook is still there: %q", got)
	}
	if files, _ := contents(Release{Version: "1", Binary: "/opt/mlops-track"}); !holds(dir, files) {
		t.Error("files are missing")
	}
}

func TestUnpackManyAtOnce(t *testing.T) {
	cache := filepath.Join(privateFolder(t), "not", "there", "yet")
	files, err := contents(Release{Version: "1"})
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			dir, err := Unpack(cache, Release{Version: "1"})
			if err != nil || !holds(dir, files) {
				t.Errorf("Unpack gave an incomplete folder, error %v", err)
			}
		})
	}
	all.Wait()
}

func TestUnpackRefusesAPathThatPythonWouldSplit(t *testing.T) {
	if dir, err := Unpack(filepath.Join(t.TempDir(), "a"+string(os.PathListSeparator)+"b"), Release{Version: "1"}); err == nil {
		t.Errorf("Unpack gave %q", dir)
	}
}

func TestContentsAreTheWholeProject(t *testing.T) {
	files, err := contents(Release{Version: "1"})
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	err = fs.WalkDir(os.DirFS("."), ".", func(name string, _ fs.DirEntry, err error) error {
		inHook, isHook := strings.CutPrefix(name, "hook/")
		inSource, isSource := strings.CutPrefix(name, "src/")
		switch {
		case err != nil || path.Ext(name) != ".py":
			return err
		case isHook:
			want = append(want, inHook)
		case strings.HasPrefix(inSource, "mlops_wrapper/"):
			want = append(want, "fallback/"+inSource)
		case isSource:
			want = append(want, inSource)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(files))); diff != "" {
		t.Errorf("unpacked files (-in the project +unpacked):\n%s", diff)
	}
}

// privateFolder returns an empty folder that nobody else may write, whatever the umask.
func privateFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

func unpack(t *testing.T, cache, version string) string {
	t.Helper()
	dir, err := Unpack(cache, Release{Version: version, Binary: "/opt/mlops-track"})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
