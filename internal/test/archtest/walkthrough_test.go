package archtest

import (
	"go/types"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const walkThrough = "## What happens when you type"

// inBackquotes finds a name such as `track.NewPlan` or `track.Finisher.Finish`.
var inBackquotes = regexp.MustCompile("`([a-z]+(?:/[a-z]+)*)((?:\\.[A-Za-z]+){1,2})(?:\\(\\))?`")

// files are no functions, though they are written like one.
var files = []string{".go", ".md", ".py", ".yml", ".yaml", ".toml", ".json", ".txt", ".db"}

func TestWalkThroughNamesWhatExists(t *testing.T) {
	t.Parallel()
	p := loaded(t)
	page, err := os.ReadFile(filepath.Join(root, "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(page), walkThrough)
	if !found {
		t.Fatalf("ARCHITECTURE.md has no section %q", walkThrough)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	named := 0
	for _, match := range inBackquotes.FindAllStringSubmatch(section, -1) {
		pkg, name := match[1], strings.Split(strings.TrimPrefix(match[2], "."), ".")
		if slices.Contains(files, match[2]) {
			continue
		}
		named++
		if !p.exists(pkg, name) {
			t.Errorf("ARCHITECTURE.md names %s%s, which does not exist", pkg, match[2])
		}
	}
	if named < 10 {
		t.Errorf("the walk-through names %d functions: does it still tell where things are?", named)
	}
}

// exists looks for a package's function, type or method. The package is named as a Go file does that imports it, or by
// its folder.
func (p *program) exists(pkg string, name []string) bool {
	for _, of := range p.packages {
		if of.folder() != pkg && path.Base(of.folder()) != pkg {
			continue
		}
		object := of.types.Scope().Lookup(name[0])
		if object == nil {
			continue
		}
		if len(name) == 1 {
			return true
		}
		member, _, _ := types.LookupFieldOrMethod(object.Type(), true, of.types, name[1])
		if member != nil {
			return true
		}
	}
	return false
}
