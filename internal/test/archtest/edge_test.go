package archtest

import (
	"go/ast"
	"go/types"
	"maps"
	"slices"
	"strings"
	"testing"
)

// onlyAtTheEdge are functions of os that only main.go uses: what else needs the environment gets what was parsed from it.
var onlyAtTheEdge = []string{"Getenv", "LookupEnv", "Environ", "ExpandEnv", "Exit"}

// mayGetenv are the packages that may be given a function to look variables up with, with the reason.
var mayGetenv = map[string]string{
	"internal/cli":       "puts the parts together",
	"internal/ci":        "reads what the CI system hands its jobs: files for outputs, tokens, addresses",
	"internal/workspace": "is called before any setting is parsed",
	"settings":           "parses the environment",
	"ciinfo":             "parses the environment",
}

// mayCarryContext are struct fields that hold a context, with the reason.
var mayCarryContext = map[string]string{}

// mayEmbed are structs that embed a struct of ours, with the reason. Embedding an interface is not meant.
var mayEmbed = map[string]string{}

func TestOnlyMainTouchesTheProcess(t *testing.T) {
	t.Parallel()
	p := loaded(t)
	for name, used := range p.info.Uses {
		if used.Pkg() == nil || used.Pkg().Path() != "os" || !slices.Contains(onlyAtTheEdge, used.Name()) {
			continue
		}
		if at := p.position(name.Pos()); !strings.HasPrefix(at, "main.go:") {
			t.Errorf("%s: os.%s is used outside main.go", at, used.Name())
		}
	}
}

func TestNoGetenvBelowTheEdge(t *testing.T) {
	t.Parallel()
	p := loaded(t)
	unused := maps.Clone(mayGetenv)
	for name, defined := range p.info.Defs {
		variable, ok := defined.(*types.Var)
		if !ok || !strings.EqualFold(name.Name, "getenv") && !isLookup(variable) {
			continue
		}
		folder := strings.TrimPrefix(variable.Pkg().Path(), module+"/")
		if _, ok := mayGetenv[folder]; ok {
			delete(unused, folder)
		} else if folder != module {
			t.Errorf("%s: %s is passed below the edge: parse there what the package needs", p.position(name.Pos()), name.Name)
		}
	}
	for folder := range unused {
		t.Errorf("package %s need not be in mayGetenv", folder)
	}
}

// isLookup says whether a variable is a function that looks variables up under another name.
func isLookup(v *types.Var) bool {
	signature, ok := v.Type().Underlying().(*types.Signature)
	return ok && strings.Contains(strings.ToLower(v.Name()), "env") && signature.Params().Len() == 1 &&
		types.Identical(signature.Params().At(0).Type(), types.Typ[types.String])
}

func TestNoContextInStructs(t *testing.T) {
	t.Parallel()
	p := loaded(t)
	unused := maps.Clone(mayCarryContext)
	for of, fields := range p.structs() {
		for field := range fields.Fields() {
			if field.Type().String() != "context.Context" {
				continue
			}
			if _, ok := mayCarryContext[of+"."+field.Name()]; ok {
				delete(unused, of+"."+field.Name())
				continue
			}
			t.Errorf("%s: %s.%s is a context: hand it to the functions that need it", p.position(field.Pos()), of, field.Name())
		}
	}
	for name := range unused {
		t.Errorf("%s need not be in mayCarryContext", name)
	}
}

func TestNoStageEmbedsAnother(t *testing.T) {
	t.Parallel()
	p := loaded(t)
	unused := maps.Clone(mayEmbed)
	for of, fields := range p.structs() {
		for field := range fields.Fields() {
			if !field.Embedded() || largeStruct(field, 0) == nil {
				continue
			}
			if _, ok := mayEmbed[of]; ok {
				delete(unused, of)
				continue
			}
			t.Errorf("%s: %s embeds %s: name the field", p.position(field.Pos()), of, field.Name())
		}
	}
	for name := range unused {
		t.Errorf("%s need not be in mayEmbed", name)
	}
}

// structs are all struct types of ours by name, as in "track.Plan", those without a name by their place.
func (p *program) structs() map[string]*types.Struct {
	all, names := map[string]*types.Struct{}, map[ast.Expr]string{}
	for _, pkg := range p.packages {
		pkg.inspect(func(node ast.Node, _ []ast.Node) {
			switch node := node.(type) {
			case *ast.TypeSpec:
				names[node.Type] = pkg.folder() + "." + node.Name.Name
			case *ast.StructType:
				name := names[node]
				if name == "" {
					name = p.position(node.Pos())
				}
				if of, ok := p.info.Types[node].Type.(*types.Struct); ok {
					all[name] = of
				}
			}
		})
	}
	return all
}
