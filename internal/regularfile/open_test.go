//go:build unix

package regularfile_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/Iyalvan/mlops-track/internal/regularfile"
)

func TestOpenTakesRegularFilesOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	file, pipe, socket := at("file"), at("pipe"), at("socket")
	listener, err := net.Listen("unix", socket)
	if err = errors.Join(err, os.WriteFile(file, []byte("x"), 0o600), syscall.Mkfifo(pipe, 0o600), os.Symlink(file, at("link")),
		os.Symlink("/dev/zero", at("zero"))); err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	for path, want := range map[string]string{
		file: "", at("link"): "", dir: "a directory", pipe: "a named pipe", socket: "a socket", at("zero"): "a device", "/dev/null": "a device",
	} {
		f, err := regularfile.Open(path)
		var other *regularfile.KindError
		switch {
		case err == nil && want == "":
			_ = f.Close()
		case !errors.As(err, &other) || other.Kind != want:
			t.Errorf("open %s: %v, want %q", path, err, want)
		}
	}
	if _, err := regularfile.Open(at("none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("open a missing file: %v", err)
	}
}

func TestOpenTakesNoFilesOfTheKernel(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has them")
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink("/proc/self/environ", link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{link, "/proc/self/environ", "/sys/kernel/uevent_seqnum"} {
		if _, err := os.Stat(path); err != nil {
			continue // a sandbox without sysfs
		}
		f, err := regularfile.Open(path)
		if err == nil {
			_ = f.Close()
		}
		if err == nil || !strings.Contains(err.Error(), "of the kernel's ") {
			t.Errorf("open %s: %v", path, err)
		}
	}
}

func TestReadNowNeverWaits(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	pipe, err := regularfile.OpenPipe(path)
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	read := func(want string) {
		t.Helper()
		buf := make([]byte, 8)
		if n, err := regularfile.ReadNow(pipe, buf); err != nil || string(buf[:n]) != want {
			t.Errorf("read %q, %v; want %q", buf[:n], err, want)
		}
	}
	read("") // no writer
	writer, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	read("") // nothing written
	if _, err := writer.WriteString("one"); err != nil {
		t.Fatal(err)
	}
	read("one")
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	read("") // the writer has gone
}

func TestIsNull(t *testing.T) {
	t.Parallel()
	link := filepath.Join(t.TempDir(), "null")
	if err := os.Symlink(os.DevNull, link); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{os.DevNull: true, link: true, "/dev/zero": false, t.TempDir(): false, "/none": false} {
		if regularfile.IsNull(path) != want {
			t.Errorf("%s is the null device: %v", path, !want)
		}
	}
}
