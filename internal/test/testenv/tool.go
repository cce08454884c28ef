package testenv

import (
	"os"
	"path/filepath"
	"testing"
)

// tool returns the path of a program that make test-env builds, and fails the test when it is not there. The name is a link
// to the version that the Makefile names.
func tool(t testing.TB, name string) string {
	t.Helper()
	needs(t, name)
	path := filepath.Join(cache(t), "tools", name)
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("no %s: %v\nrun make test-env", name, err)
	}
	return path
}
