package testenv

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"
)

// Build builds the program of the package in a folder, as it is released but for its version.
func Build(program, folder string) error {
	build := exec.Command("go", "build", "-trimpath", "-o", program, ".")
	build.Dir, build.Env = folder, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
}

// WaitForFile waits until a program has made a file, for a minute at most.
func WaitForFile(t testing.TB, file string) {
	t.Helper()
	for range 6000 {
		if _, err := os.Stat(file); err == nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%s never appeared", file)
}
