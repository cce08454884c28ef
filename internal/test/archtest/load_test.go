package archtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

const (
	module = "github.com/Iyalvan/mlops-track"
	root   = "../../.."
)

// onlyTests are packages that only tests import. The rules on how data is passed on do not bind them.
var onlyTests = []string{"e2e", "internal/test/"}

// goPackage is a package of this module as `go list` and the type checker see it, without its test files.
type goPackage struct {
	Dir            string
	ImportPath     string
	Export         string // file with the compiled declarations
	Standard       bool
	Imports        []string
	GoFiles        []string
	IgnoredGoFiles []string // those of other systems, and their tests

	syntax []*ast.File
	types  *types.Package
}

// folder is the package's path in the module, "." for the root.
func (p *goPackage) folder() string {
	if p.ImportPath == module {
		return "."
	}
	return strings.TrimPrefix(p.ImportPath, module+"/")
}

func (p *goPackage) ours() bool {
	return p.ImportPath == module || strings.HasPrefix(p.ImportPath, module+"/")
}

func (p *goPackage) onlyTests() bool {
	return slices.ContainsFunc(onlyTests, func(folder string) bool { return strings.HasPrefix(p.folder()+"/", folder) })
}

// program is all product code with its types.
type program struct {
	packages []*goPackage // dependencies first
	files    *token.FileSet
	info     types.Info
}

// load reads the program once for all tests.
var load = sync.OnceValues(func() (*program, error) {
	if err := touchAll(); err != nil {
		return nil, err
	}
	listed, err := goList("-deps", "-export", "./...")
	if err != nil {
		return nil, err
	}
	p := &program{files: token.NewFileSet(), info: types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{},
		Selections: map[*ast.SelectorExpr]*types.Selection{},
	}}
	exports, checked := map[string]string{}, map[string]*types.Package{}
	compiled := importer.ForCompiler(p.files, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	// Our packages are checked from source, so that a function or field is one object wherever it is used.
	config := types.Config{Importer: importerFunc(func(path string) (*types.Package, error) {
		if pkg := checked[path]; pkg != nil {
			return pkg, nil
		}
		return compiled.Import(path)
	})}
	for _, pkg := range listed {
		exports[pkg.ImportPath] = pkg.Export
		if !pkg.ours() || pkg.onlyTests() {
			continue
		}
		for _, name := range pkg.GoFiles {
			file, err := parser.ParseFile(p.files, filepath.Join(pkg.Dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				return nil, err
			}
			pkg.syntax = append(pkg.syntax, file)
		}
		if pkg.types, err = config.Check(pkg.ImportPath, p.files, pkg.syntax, &p.info); err != nil {
			return nil, err
		}
		checked[pkg.ImportPath] = pkg.types
		p.packages = append(p.packages, pkg)
	}
	return p, nil
})

type importerFunc func(path string) (*types.Package, error)

func (f importerFunc) Import(path string) (*types.Package, error) { return f(path) }

func loaded(t *testing.T) *program {
	t.Helper()
	p, err := load()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// inspect visits all nodes of a package's files, each with the nodes above it, the nearest last.
func (p *goPackage) inspect(visit func(node ast.Node, above []ast.Node)) {
	for _, file := range p.syntax {
		ast.PreorderStack(file, nil, func(node ast.Node, above []ast.Node) bool {
			visit(node, above)
			return true
		})
	}
}

// position is where something stands, from the root of the module.
func (p *program) position(pos token.Pos) string {
	at := p.files.Position(pos)
	if base, err := filepath.Abs(root); err == nil {
		if name, err := filepath.Rel(base, at.Filename); err == nil {
			at.Filename = filepath.ToSlash(name)
		}
	}
	at.Column = 0
	return at.String()
}

// touchAll opens every folder, so that the test cache notices a new file: it sees what this process opens, not what
// `go list` does.
func touchAll() error {
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && strings.HasPrefix(entry.Name(), ".") && path != root {
			return filepath.SkipDir
		}
		return err
	})
}

func goList(args ...string) ([]*goPackage, error) {
	var stderr bytes.Buffer
	fields := "-json=Dir,ImportPath,Export,Standard,Imports,GoFiles,IgnoredGoFiles"
	list := exec.Command("go", append([]string{"list", fields}, args...)...)
	list.Dir, list.Stderr = root, &stderr
	out, err := list.Output()
	if err != nil {
		return nil, errors.New("go list: " + err.Error() + "\n" + stderr.String())
	}
	var all []*goPackage
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		pkg := new(goPackage)
		switch err := decoder.Decode(pkg); {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, err
		}
		all = append(all, pkg)
	}
}
