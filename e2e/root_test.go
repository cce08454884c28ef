package e2e_test

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A reader takes in the root at a glance, or leaves.
const maxRootEntries = 34

func TestRoot(t *testing.T) {
	t.Parallel()
	root := map[string]bool{}
	for _, file := range repositoryFiles(t) {
		entry, _, _ := strings.Cut(file, "/")
		root[entry] = true
		if file == entry && strings.HasSuffix(file, "_test.go") {
			t.Errorf("%s lies in the root; tests of the whole program go to e2e/", file)
		}
	}
	if len(root) > maxRootEntries {
		t.Errorf("the root has %d entries, more than %d", len(root), maxRootEntries)
	}
}

// The container for development names the version of Go a second time.
func TestRootDevcontainer(t *testing.T) {
	t.Parallel()
	mod, container := readText(t, "go.mod"), readText(t, ".devcontainer/devcontainer.json")
	want := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(mod)
	got := regexp.MustCompile(`features/go:1": \{ "version": "([^"]+)" \}`).FindStringSubmatch(container)
	if want == nil || got == nil || want[1] != got[1] {
		t.Errorf("go.mod wants Go %q, the devcontainer brings %q", want, got)
	}
}

// repositoryFiles are the files that git tracks, and those that it would.
func repositoryFiles(t *testing.T) []string {
	t.Helper()
	if _, err := os.Stat(".git"); err != nil {
		t.Skip("this is a copy without git, which may hold anything")
	}
	out, err := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	files := strings.Split(strings.TrimRight(string(out), "\x00"), "\x00")
	return slices.DeleteFunc(files, func(file string) bool { // tracked, but deleted
		_, err := os.Lstat(file)
		return err != nil
	})
}

func readText(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
