package archtest

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// mayImport is the import graph, by folder: what each package may import of ours. Imports go one way, from the process
// edge to the job to the packages that do I/O, and those do not know each other. ARCHITECTURE.md says why.
var mayImport = map[string][]string{
	".":                        {"internal/cli", "internal/guard"},
	"internal/cli":             {anything},
	"internal/ci":              {"awsauth", "ciinfo", "internal/console", "internal/environ", "internal/hint", "publish", "publish/comment", "publish/outputs", "settings"},
	"publish":                  {"ciinfo", "internal/console", "internal/hint", "internal/notice", "internal/redact", "mlflow", "mlflow/store", "publish/comment", "publish/outputs", "publish/report", "settings", "step", "track"},
	"publish/comment":          {"internal/hint", "internal/origin", "internal/retry"},
	"publish/outputs":          {},
	"publish/report":           {"internal/visible"},
	"track":                    {"ciinfo", "internal/notice", "internal/visible", "mlflow", "mlflow/artifact", "settings", "step", "step/results"},
	"step":                     {"internal/process", "internal/regularfile", "mlflow", "mlflow/artifact", "settings", "step/results"},
	"step/results":             {"internal/regularfile", "internal/retry", "mlflow"},
	"settings":                 {"internal/redact", "mlflow"},
	"ciinfo":                   {},
	"awsauth":                  {"internal/hint", "internal/origin", "internal/retry"},
	"doctor":                   {"awsauth", "internal/hint", "mlflow", "mlflow/rest"},
	"python":                   {"internal/private"},
	"mlflow":                   {"internal/hint"},
	"mlflow/rest":              {"internal/hint", "internal/origin", "internal/retry", "mlflow"},
	"mlflow/sqlite":            {"internal/hint", "mlflow", "mlflow/internal/filelock", "mlflow/internal/moved"},
	"mlflow/filestore":         {"internal/hint", "internal/retry", "mlflow", "mlflow/internal/filelock", "mlflow/internal/moved"},
	"mlflow/artifact":          {"internal/hint", "internal/regularfile", "mlflow", "mlflow/rest"},
	"mlflow/server":            {"internal/environ", "internal/hint", "internal/process", "mlflow"},
	"mlflow/store":             {"internal/hint", "mlflow", "mlflow/artifact", "mlflow/filestore", "mlflow/rest", "mlflow/server", "mlflow/sqlite"},
	"mlflow/offline":           {"internal/hint", "internal/regularfile", "mlflow", "mlflow/artifact", "mlflow/internal/filelock", "mlflow/store"},
	"mlflow/internal/filelock": {},
	"mlflow/internal/moved":    {"mlflow"},
	"internal/tracker":         {},
	"internal/console":         {"internal/notice", "internal/redact"},
	"internal/environ":         {},
	"internal/guard":           {},
	"internal/hint":            {},
	"internal/notice":          {"internal/hint"},
	"internal/private":         {},
	"internal/process":         {},
	"internal/redact":          {"internal/visible"},
	"internal/regularfile":     {},
	"internal/visible":         {},
	"internal/workspace":       {},
	"internal/retry":           {},
	"internal/origin":          {},
}

// anything is what the package that puts the parts together may import.
const anything = "*"

// mostImports bounds what a package may import of ours, where a bound matters.
var mostImports = map[string]int{"track": 8}

// pure are packages that do no I/O. What they need of files and the environment is handed in.
var pure = []string{"ciinfo", "settings", "mlflow", "publish/report", "internal/hint", "internal/notice"}

// doIO are the packages by which a program reaches files, network, environment and other processes.
var doIO = []string{"os", "os/exec", "os/user", "io/fs", "io/ioutil", "net", "net/http", "syscall", "database/sql", "log", "log/slog"}

// A file that is longer answers more than one question.
const maxLines = 450

func TestImportGraph(t *testing.T) {
	t.Parallel()
	for _, pkg := range loaded(t).packages {
		allowed, known := mayImport[pkg.folder()]
		if !known {
			t.Errorf("package %s is not in the import graph: say in mayImport what it may import", pkg.folder())
			continue
		}
		imported := pkg.importsOfOurs()
		for _, name := range imported {
			if !slices.Contains(allowed, name) && !slices.Contains(allowed, anything) {
				t.Errorf("package %s imports %s; it may import %v", pkg.folder(), name, allowed)
			}
		}
		for _, name := range allowed {
			if name != anything && !slices.Contains(imported, name) {
				t.Errorf("package %s no longer imports %s: take it out of mayImport", pkg.folder(), name)
			}
		}
		if most, ok := mostImports[pkg.folder()]; ok && len(imported) > most {
			t.Errorf("package %s imports %d packages of ours, more than %d: %v", pkg.folder(), len(imported), most, imported)
		}
	}
}

func TestPurePackagesDoNoIO(t *testing.T) {
	t.Parallel()
	for _, pkg := range loaded(t).packages {
		for _, imported := range pkg.Imports {
			if slices.Contains(pure, pkg.folder()) && slices.Contains(doIO, imported) {
				t.Errorf("package %s imports %s, but does no I/O", pkg.folder(), imported)
			}
		}
	}
}

func TestFileLength(t *testing.T) {
	t.Parallel()
	listed, err := goList("./...")
	if err != nil {
		t.Fatal(err)
	}
	for _, pkg := range listed {
		for _, file := range append(pkg.GoFiles, pkg.IgnoredGoFiles...) {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := os.ReadFile(filepath.Join(pkg.Dir, file))
			if err != nil {
				t.Fatal(err)
			}
			if lines := bytes.Count(text, []byte("\n")); lines > maxLines {
				t.Errorf("%s/%s has %d lines, more than %d", pkg.folder(), file, lines, maxLines)
			}
		}
	}
}

func (p *goPackage) importsOfOurs() []string {
	var names []string
	for _, imported := range p.Imports {
		if name, ok := strings.CutPrefix(imported, module+"/"); ok {
			names = append(names, name)
		}
	}
	return names
}
