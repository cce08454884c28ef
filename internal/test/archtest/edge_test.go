package archtest

import (
	"go/ast"
	"go/types"
	"maps"
	"slices"
	"strings"
	"testing"
)

// onlyAtTheEdge are functions of os and syscall that only the process edge uses: what else needs the environment gets what was parsed from it.
var onlyAtTheEdge = []string{"Getenv", "LookupEnv", "Environ", "ExpandEnv", "Setenv", "Unsetenv", "Clearenv", "Exit"}

// edge are the files and folders that are the process edge.
var edge = []string{"main.go:", "internal/guard/"}

// mayGetenv are the folders and files in which a function that looks variables up may be passed on, with the reason.
var mayGetenv = map[string]string{
	"internal/cli/":          "puts the parts together",
	"internal/ci/":           "reads what a CI system hands its jobs: files for outputs, tokens, addresses",
	"internal/workspace/":    "is called before any setting is parsed",
	"settings/":              "parses the environment",
	"ciinfo/":                "parses the environment",
	"awsauth/tokengithub.go": "the library asks for the variables of GitHub's protocol that way",
}

// mayCarryContext are struct fields that hold a context, with the reason.
var mayCarryContext = map[string]string{}

// mayEmbed are structs that embed a struct of ours, with the reason. Embedding an interface is not meant.
var mayEmbed = map[string]string{
	"mlflow/store.Opened": "all that is known of a store before it is opened is true of the open one",
	"ciinfo.githubEvent":  "an issue and a pull request share fields of one JSON object",

	// The command line puts parts together; none of these is the value of a stage.
	"internal/cli.app":         "the program is the process with what every command shares",
	"internal/cli.job":         "the main job is the program with what one job works with",
	"internal/cli.examination": "doctor is the program with what its checks share",
}

func TestOnlyMainTouchesTheProcess(t *testing.T) {
	t.Parallel()
	p := loaded(t)
	for name, used := range p.info.Uses {
		if used.Pkg() == nil || !slices.Contains([]string{"os", "syscall"}, used.Pkg().Path()) || !slices.Contains(onlyAtTheEdge, used.Name()) {
			continue
		}
		at := p.position(name.Pos())
		if !slices.ContainsFunc(edge, func(place string) bool { return strings.HasPrefix(at, place) }) {
			t.Errorf("%s: %s.%s is used outside the process edge", at, used.Pkg().Path(), used.Name())
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
		at := p.position(name.Pos())
		allowed := strings.HasPrefix(at, "main.go:")
		for place := range mayGetenv {
			if strings.HasPrefix(at, place) {
				allowed = true
				delete(unused, place)
			}
		}
		if !allowed {
			t.Errorf("%s: %s is passed below the edge: parse there what the package needs", at, name.Name)
		}
	}
	for place := range unused {
		t.Errorf("%s need not be in mayGetenv", place)
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
	for fields, of := range p.structs() {
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
	for fields, of := range p.structs() {
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

// structs are all struct types of ours by name, as in "track.Plan"; a struct without a name has that of the type around it.
func (p *program) structs() map[*types.Struct]string {
	all := map[*types.Struct]string{}
	for _, pkg := range p.packages {
		pkg.inspect(func(node ast.Node, above []ast.Node) {
			literal, ok := node.(*ast.StructType)
			if !ok {
				return
			}
			name := pkg.folder()
			for _, around := range above {
				if declared, ok := around.(*ast.TypeSpec); ok {
					name = pkg.folder() + "." + declared.Name.Name
				}
			}
			if of, ok := p.info.Types[literal].Type.(*types.Struct); ok {
				all[of] = name
			}
		})
	}
	return all
}
