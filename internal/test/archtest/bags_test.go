package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"
	"testing"
)

// A struct with more fields than manyFields is passed only to functions that read at least one in readOneIn of them; others
// take the values themselves.
const (
	manyFields = 8
	readOneIn  = 3
)

// mayTakeMore are functions that may take a large struct and read little of it, with the reason.
var mayTakeMore = map[string]string{
	"mlflow/store.Describe": "says what Open would open, of the same options",
}

func TestFunctionsReadWhatTheyTake(t *testing.T) {
	t.Parallel()
	p := loaded(t)
	reads := p.readFields()
	unused := maps.Clone(mayTakeMore)
	for param := range reads {
		name, fields := functionName(param.function), largeStruct(param.variable(), manyFields)
		if fields == nil || param.index == receiver || len(reads[param])*readOneIn >= fields.NumFields() {
			continue
		}
		if _, ok := mayTakeMore[name]; ok {
			delete(unused, name)
			continue
		}
		t.Errorf("%s: %s reads %d of the %d fields of its parameter %s: pass the values instead",
			p.position(param.function.Pos()), name, len(reads[param]), fields.NumFields(), param.variable().Name())
	}
	for name := range unused {
		t.Errorf("%s need not be in mayTakeMore", name)
	}
}

func TestFunctionsWithManyParameters(t *testing.T) {
	t.Parallel()
	p, count := loaded(t), 0
	for function := range p.functions() {
		if function.Signature().Params().Len() > 4 {
			count++
		}
	}
	t.Logf("%d functions take more than four parameters", count)
}

// receiver is the index of a method's receiver among its parameters.
const receiver = -1

// parameter is one parameter of a function of ours.
type parameter struct {
	function *types.Func
	index    int
}

func (p parameter) variable() *types.Var {
	if p.index == receiver {
		return p.function.Signature().Recv()
	}
	return p.function.Signature().Params().At(p.index)
}

// readFields says which fields of its structs each function uses, itself or by what it calls. A value that goes where we do
// not follow, as into another value or another module, counts as read whole.
func (p *program) readFields() map[parameter]map[*types.Var]bool {
	reads, passed := map[parameter]map[*types.Var]bool{}, map[parameter][]parameter{}
	for function, declaration := range p.functions() {
		params := map[types.Object]parameter{}
		for i := receiver; i < function.Signature().Params().Len(); i++ {
			if param := (parameter{function, i}); param.variable() != nil && largeStruct(param.variable(), 0) != nil {
				params[param.variable()], reads[param] = param, map[*types.Var]bool{}
			}
		}
		ast.PreorderStack(declaration, nil, func(node ast.Node, above []ast.Node) bool {
			if name, ok := node.(*ast.Ident); ok {
				if param, ok := params[p.info.Uses[name]]; ok {
					fields, to := p.use(name, above, largeStruct(param.variable(), 0))
					for _, field := range fields {
						reads[param][field] = true
					}
					passed[param] = append(passed[param], to...)
				}
			}
			return true
		})
	}
	for changed := true; changed; {
		changed = false
		for from, targets := range passed {
			for _, to := range targets {
				before := len(reads[from])
				maps.Copy(reads[from], reads[to])
				changed = changed || len(reads[from]) > before
			}
		}
	}
	return reads
}

// use is what one mention of a struct reads: fields, or what a parameter reads that it is passed on to.
func (p *program) use(name ast.Expr, above []ast.Node, fields *types.Struct) ([]*types.Var, []parameter) {
	expression := name
	for _, node := range slices.Backward(above) {
		switch parent := node.(type) {
		case *ast.ParenExpr:
			expression = parent
			continue
		case *ast.StarExpr:
			expression = parent
			continue
		case *ast.UnaryExpr:
			if parent.Op == token.AND {
				expression = parent
				continue
			}
		case *ast.SelectorExpr:
			selection := p.info.Selections[parent]
			if method, ok := selection.Obj().(*types.Func); ok && len(selection.Index()) == 1 {
				return nil, []parameter{{method.Origin(), receiver}}
			}
			return []*types.Var{fields.Field(selection.Index()[0])}, nil
		case *ast.CallExpr:
			if to, ok := p.passedTo(parent, expression); ok {
				return nil, []parameter{to}
			}
		case *ast.BinaryExpr:
			if p.info.Types[parent.X].IsNil() || p.info.Types[parent.Y].IsNil() {
				return nil, nil
			}
		}
		break
	}
	all := make([]*types.Var, 0, fields.NumFields())
	for field := range fields.Fields() {
		all = append(all, field)
	}
	return all, nil
}

// passedTo is the parameter of ours that an argument becomes.
func (p *program) passedTo(call *ast.CallExpr, argument ast.Expr) (parameter, bool) {
	var called types.Object
	switch f := ast.Unparen(call.Fun).(type) {
	case *ast.Ident:
		called = p.info.Uses[f]
	case *ast.SelectorExpr:
		called = p.info.Uses[f.Sel]
	}
	function, ok := called.(*types.Func)
	if !ok || function.Pkg() == nil || !ours(function.Pkg()) || types.IsInterface(receiverType(function)) {
		return parameter{}, false
	}
	function = function.Origin()
	for i, value := range call.Args {
		if value == argument && i < function.Signature().Params().Len() {
			param := parameter{function, i}
			return param, largeStruct(param.variable(), 0) != nil // else it became an interface
		}
	}
	return parameter{}, false
}

// functions are all functions and methods of ours.
func (p *program) functions() map[*types.Func]*ast.FuncDecl {
	all := map[*types.Func]*ast.FuncDecl{}
	for _, pkg := range p.packages {
		pkg.inspect(func(node ast.Node, _ []ast.Node) {
			if declaration, ok := node.(*ast.FuncDecl); ok {
				if function, ok := p.info.Defs[declaration.Name].(*types.Func); ok {
					all[function] = declaration
				}
			}
		})
	}
	return all
}

// largeStruct is the struct of ours behind a variable, or its pointer, if it has more than some number of fields.
func largeStruct(v *types.Var, more int) *types.Struct {
	of := v.Type()
	if pointer, ok := types.Unalias(of).(*types.Pointer); ok {
		of = pointer.Elem()
	}
	named, ok := types.Unalias(of).(*types.Named)
	if !ok || named.Obj().Pkg() == nil || !ours(named.Obj().Pkg()) {
		return nil
	}
	if fields, ok := named.Underlying().(*types.Struct); ok && fields.NumFields() > more {
		return fields
	}
	return nil
}

func ours(pkg *types.Package) bool { return (&goPackage{ImportPath: pkg.Path()}).ours() }

// receiverType is the type that a method belongs to; of a function it is a basic type.
func receiverType(function *types.Func) types.Type {
	if recv := function.Signature().Recv(); recv != nil {
		return recv.Type()
	}
	return types.Typ[types.Invalid]
}

// functionName is as in "report.Render" or "report.Report.Verdict", with the package's folder in front of it.
func functionName(function *types.Func) string {
	name := function.Name()
	if of, ok := types.Unalias(receiverType(function)).(*types.Pointer); ok {
		name = typeName(of.Elem()) + "." + name
	} else if function.Signature().Recv() != nil {
		name = typeName(receiverType(function)) + "." + name
	}
	return fmt.Sprintf("%s.%s", strings.TrimPrefix(function.Pkg().Path(), module+"/"), name)
}

func typeName(of types.Type) string {
	if named, ok := types.Unalias(of).(*types.Named); ok {
		return named.Obj().Name()
	}
	return of.String()
}
