package python

import (
	"bytes"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

func TestUnpackWritesOncePerVersionAndContent(t *testing.T) {
	cache := t.TempDir()
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
	if want := "VERSION = \"1.2.3\"\n"; version != want {
		t.Errorf("_version.py holds %q, want %q", version, want)
	}
	if left, _ := filepath.Glob(filepath.Join(cache, ".python-*")); len(left) != 0 {
		t.Errorf("temporary folders are left: %q", left)
	}
}

func TestUnpackRepairsADamagedFolder(t *testing.T) {
	cache := t.TempDir()
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
	if files, _ := contents("1"); !holds(dir, files) {
		t.Error("files are missing")
	}
}

func TestUnpackManyAtOnce(t *testing.T) {
	cache := filepath.Join(t.TempDir(), "not", "there", "yet")
	files, err := contents("1")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			dir, err := Unpack(cache, "1")
			if err != nil || !holds(dir, files) {
				t.Errorf("Unpack gave an incomplete folder, error %v", err)
			}
		})
	}
	all.Wait()
}

func TestUnpackRefusesAPathThatPythonWouldSplit(t *testing.T) {
	if dir, err := Unpack(filepath.Join(t.TempDir(), "a"+string(os.PathListSeparator)+"b"), "1"); err == nil {
		t.Errorf("Unpack gave %q", dir)
	}
}

func TestContentsLeavesBytecodeOut(t *testing.T) {
	files, err := contents("1")
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		if filepath.Ext(name) != ".py" || bytes.ContainsRune(content, 0) {
			t.Errorf("%q is unpacked", name)
		}
	}
}

func unpack(t *testing.T, cache, version string) string {
	t.Helper()
	dir, err := Unpack(cache, version)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
