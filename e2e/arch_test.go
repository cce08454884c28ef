package e2e_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/Iyalvan/mlops-track"

// mayImport is the import graph, by folder: what each package may import of ours. Imports go one way, from the process
// edge to the job to the packages that do I/O, and those do not know each other. ARCHITECTURE.md says why.
var mayImport = map[string][]string{
	".":                        {"internal/cli"},
	"internal/cli":             {"awsauth", "ciinfo", "doctor", "internal/console", "internal/environ", "internal/process", "internal/redact", "internal/workspace", "mlflow/offline", "mlflow", "mlflow/artifact", "mlflow/rest", "mlflow/store", "python", "publish/report", "track"},
	"track":                    {"awsauth", "ciinfo", "step/results", "publish/comment", "internal/console", "internal/environ", "publish/outputs", "internal/process", "internal/redact", "mlflow/offline", "mlflow", "mlflow/artifact", "mlflow/store", "publish/report"},
	"ciinfo":                   {},
	"publish/comment":          {"internal/hint", "internal/retry"},
	"awsauth":                  {"internal/hint", "internal/retry"},
	"doctor":                   {"awsauth", "internal/hint", "mlflow", "mlflow/rest"},
	"step/results":             {"internal/retry", "mlflow"},
	"mlflow/offline":           {"mlflow", "mlflow/artifact", "mlflow/store"},
	"publish/report":           {},
	"python":                   {},
	"mlflow":                   {"internal/hint"},
	"mlflow/rest":              {"internal/hint", "internal/retry", "mlflow"},
	"mlflow/sqlite":            {"internal/hint", "mlflow", "mlflow/internal/filelock"},
	"mlflow/filestore":         {"internal/hint", "internal/retry", "mlflow", "mlflow/internal/filelock"},
	"mlflow/artifact":          {"internal/hint", "mlflow", "mlflow/rest"},
	"mlflow/server":            {"internal/environ", "internal/hint", "mlflow"},
	"mlflow/store":             {"internal/hint", "mlflow", "mlflow/artifact", "mlflow/filestore", "mlflow/rest", "mlflow/server", "mlflow/sqlite"},
	"mlflow/internal/filelock": {},
	"internal/console":         {"internal/redact"},
	"internal/environ":         {},
	"internal/hint":            {},
	"publish/outputs":          {},
	"internal/process":         {},
	"internal/redact":          {},
	"internal/retry":           {},
	"internal/workspace":       {},
}

// onlyTests are packages that only tests import.
var onlyTests = []string{"e2e", "internal/test/testenv", "internal/test/storetest", "internal/test/mlflowtest", "internal/test/awstest", "internal/test/hosttest"}

// A file that is longer answers more than one question.
const maxLines = 450

type goPackage struct {
	Dir            string
	ImportPath     string
	Imports        []string
	GoFiles        []string
	IgnoredGoFiles []string // those of other systems, and their tests
}

// folder is the package's path in the module, "." for the root.
func (p goPackage) folder() string {
	if p.ImportPath == module {
		return "."
	}
	return strings.TrimPrefix(p.ImportPath, module+"/")
}

func TestImportGraph(t *testing.T) {
	t.Parallel()
	for _, pkg := range goList(t) {
		if slices.Contains(onlyTests, pkg.folder()) {
			continue
		}
		allowed, known := mayImport[pkg.folder()]
		if !known {
			t.Errorf("package %s is not in the import graph: say in mayImport what it may import", pkg.folder())
			continue
		}
		for _, imported := range pkg.Imports {
			name, ours := strings.CutPrefix(imported, module+"/")
			if ours && !slices.Contains(allowed, name) {
				t.Errorf("package %s imports %s; it may import %v", pkg.folder(), name, allowed)
			}
		}
	}
}

func TestFileLength(t *testing.T) {
	t.Parallel()
	for _, pkg := range goList(t) {
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

func goList(t *testing.T) []goPackage {
	t.Helper()
	var stderr bytes.Buffer
	list := exec.Command("go", "list", "-json=Dir,ImportPath,Imports,GoFiles,IgnoredGoFiles", "./...")
	list.Stderr = &stderr
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.Bytes())
	}
	var all []goPackage
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var pkg goPackage
		switch err := decoder.Decode(&pkg); {
		case errors.Is(err, io.EOF):
			return all
		case err != nil:
			t.Fatalf("go list: %v", err)
		}
		all = append(all, pkg)
	}
}
