//go:build unix

package workspace_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/Iyalvan/mlops-track/internal/workspace"
)

// runner is the user of GitHub's own machines.
const runner = 1001

// TestGiveBack gives back what root wrote, in all its depth, and nothing else: no other user's files, nothing behind a link.
func TestGiveBack(t *testing.T) {
	t.Parallel()
	outside, dir := newWorkspace(t), newWorkspace(t)
	write(t, outside, "kept", 0)
	write(t, dir, "out/deep/model.bin", 0)
	write(t, dir, "other", 4242)
	for _, link := range []string{"kept", "."} {
		if err := os.Symlink(filepath.Join(outside, link), filepath.Join(dir, "link-"+filepath.Base(link))); err != nil {
			t.Fatal(err)
		}
	}
	if err := workspace.RestoreOwner(dir); err != nil {
		t.Error(err)
	}
	want := map[string]uint32{
		"out": runner, "out/deep": runner, "out/deep/model.bin": runner, "other": 4242, "link-kept": runner, "link-.": runner,
	}
	for name, uid := range want {
		if got := ownerOf(t, filepath.Join(dir, name)); got != uid {
			t.Errorf("%s belongs to %d, want %d", name, got, uid)
		}
	}
	if got := ownerOf(t, filepath.Join(outside, "kept")); got != 0 {
		t.Errorf("a file behind a link belongs to %d", got)
	}
}

// TestGiveBackOwn leaves a workspace of root's as it is.
func TestGiveBackOwn(t *testing.T) {
	t.Parallel()
	dir := newWorkspace(t)
	own(t, dir, 0)
	write(t, dir, "a", 0)
	if err := workspace.RestoreOwner(dir); err != nil || ownerOf(t, filepath.Join(dir, "a")) != 0 {
		t.Errorf("%v, or the file has another owner", err)
	}
	if err := workspace.RestoreOwner(filepath.Join(dir, "none")); err == nil {
		t.Error("a workspace that is not there is no error")
	}
}

// TestCaches uses the caches that are there, makes them fit for pip, and leaves the user's own choice alone.
func TestCaches(t *testing.T) {
	t.Parallel()
	dir := newWorkspace(t)
	if got := workspace.Caches(dir, func(string) string { return "" }); len(got) != 0 {
		t.Errorf("caches without their folders: %q", got)
	}
	for _, name := range []string{"pip", "uv"} {
		if err := os.MkdirAll(filepath.Join(dir, ".cache", name), 0o755); err != nil {
			t.Fatal(err)
		}
		own(t, filepath.Join(dir, ".cache", name), runner)
	}
	got := workspace.Caches(dir, func(string) string { return "" })
	slices.Sort(got)
	want := []string{"PIP_CACHE_DIR=" + filepath.Join(dir, ".cache/pip"), "UV_CACHE_DIR=" + filepath.Join(dir, ".cache/uv")}
	if !slices.Equal(got, want) {
		t.Errorf("caches %q, want %q", got, want)
	}
	if uid := ownerOf(t, filepath.Join(dir, ".cache/pip")); uid != 0 {
		t.Errorf("pip's cache belongs to %d, so pip run by root does not use it", uid)
	}
	got = workspace.Caches(dir, func(name string) string { return strings.TrimPrefix(name, "UV_CACHE_DIR") })
	if !slices.Equal(got, want[1:]) {
		t.Errorf("with pip's cache chosen by the user: %q", got)
	}
}

// TestCachesBehindALink leaves a folder outside of the workspace alone, to which a link in the workspace leads.
func TestCachesBehindALink(t *testing.T) {
	t.Parallel()
	dir, outside := newWorkspace(t), newWorkspace(t)
	write(t, outside, "pip/wheels", runner)
	own(t, filepath.Join(outside, "pip"), runner)
	if err := os.Symlink(outside, filepath.Join(dir, ".cache")); err != nil {
		t.Fatal(err)
	}
	if got := workspace.Caches(dir, func(string) string { return "" }); len(got) != 0 {
		t.Errorf("caches outside of the workspace: %q", got)
	}
	if uid := ownerOf(t, filepath.Join(outside, "pip")); uid != runner {
		t.Errorf("a folder outside of the workspace belongs to %d now", uid)
	}
}

func newWorkspace(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root, as in a container action")
	}
	dir := t.TempDir()
	own(t, dir, runner)
	return dir
}

func write(t *testing.T, dir, name string, uid int) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	own(t, path, uid)
}

func own(t *testing.T, path string, uid int) {
	t.Helper()
	if err := os.Lchown(path, uid, uid); err != nil {
		t.Fatal(err)
	}
}

func ownerOf(t *testing.T, path string) uint32 {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		t.Fatal(fs.ErrInvalid)
	}
	return stat.Uid
}
