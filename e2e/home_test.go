//go:build unix

package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A container with a random user, as OpenShift starts it, often has the home of root, which that user may not enter. The
// step runs, and nothing is said, since there is nothing to do.
func TestHomeThatMayNotBeEntered(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("needs root to become another user")
	}
	const user = 4321
	s := newStories(t)
	bin, dir, home := filepath.Join(s.bin, "mlops-track"), t.TempDir(), t.TempDir()
	if err := os.Chmod(home, 0o700); err != nil {
		t.Fatal(err)
	}
	for at := dir; at != os.TempDir() && at != "/"; at = filepath.Dir(at) {
		if err := os.Chmod(at, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chown(dir, user, user); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "/proc/self/fd/3", "run", "--", "sh", "-c", "echo ran")
	program, err := os.Open(bin) // its folder may not be entered either
	if err != nil {
		t.Skip(err)
	}
	defer program.Close()
	cmd.ExtraFiles = []*os.File{program}
	cmd.Dir, cmd.Env = dir, []string{"HOME=" + home, "PATH=/usr/bin:/bin", "TMPDIR=" + dir}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: user, Gid: user}}
	out, err := cmd.CombinedOutput()
	if text := string(out); err != nil || !strings.Contains(text, "\nran\n") || strings.Contains(text, "warning") {
		t.Errorf("%v\n%s", err, text)
	}
}
