package metrics

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	module = "github.com/longshore-dev/longshore/"
	root   = "../.."
)

// emission is a place in the code that gives a reason: to an event, to a condition, or to a statement that does not count.
type emission struct {
	at string
	// reason as written, with * for what only running the program tells; only * where nothing of it is written there.
	reason string
	// from is the expression that gives the reason.
	from string
	// kind is the type of an event, Normal or Warning; empty where it is not written there.
	kind string
}

// sink is how a function is told a reason: by which argument, and by which the type of an event.
type sink struct {
	reason, kind int
	// fixed is the type where the function itself gives it.
	fixed string
}

const none = -1

// emitted finds the reasons in everything below controllers/ but its tests. Functions that hand a reason of their caller's on are
// followed, however many there are on the way.
type emitted struct {
	files map[string][]*ast.File
	fset  *token.FileSet
	// constants by folder and name.
	constants map[string]string
	// events, standings and conditions are the functions that hand a reason on, by folder and name.
	events, standings, conditions map[string]sink
}

func readCode(t *testing.T) *emitted {
	t.Helper()
	c := &emitted{files: map[string][]*ast.File{}, fset: token.NewFileSet(), constants: map[string]string{}, events: map[string]sink{}, standings: map[string]sink{}, conditions: map[string]sink{}}
	for _, below := range []string{"controllers", "api/v1alpha1"} {
		err := filepath.WalkDir(filepath.Join(root, below), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(c.fset, path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			dir, err := filepath.Rel(root, filepath.Dir(path))
			c.files[filepath.ToSlash(dir)] = append(c.files[filepath.ToSlash(dir)], file)
			return err
		})
		if err != nil {
			t.Fatalf("reading the code below %s: %v", below, err)
		}
	}
	c.readConstants()
	return c
}

func (c *emitted) readConstants() {
	for dir, files := range c.files {
		for _, file := range files {
			for _, decl := range file.Decls {
				group, is := decl.(*ast.GenDecl)
				if !is || group.Tok != token.CONST {
					continue
				}
				for _, spec := range group.Specs {
					value, is := spec.(*ast.ValueSpec)
					if !is || len(value.Values) != len(value.Names) {
						continue
					}
					for i, name := range value.Names {
						if text, is := literal(value.Values[i]); is {
							c.constants[dir+"."+name.Name] = text
						}
					}
				}
			}
		}
	}
}

func literal(e ast.Expr) (string, bool) {
	lit, is := e.(*ast.BasicLit)
	if !is || lit.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(lit.Value)
	return text, err == nil
}

// function is one function of the code.
type function struct {
	*emitted
	dir     string
	imports map[string]string
	decl    *ast.FuncDecl
	params  []string
}

func (c *emitted) each(visit func(*function)) {
	for dir, files := range c.files {
		for _, file := range files {
			imports := map[string]string{}
			for _, imported := range file.Imports {
				path, _ := literal(imported.Path)
				name := path[strings.LastIndex(path, "/")+1:]
				if imported.Name != nil {
					name = imported.Name.Name
				}
				imports[name] = path
			}
			for _, decl := range file.Decls {
				f, is := decl.(*ast.FuncDecl)
				if !is || f.Body == nil {
					continue
				}
				visit(&function{emitted: c, dir: dir, imports: imports, decl: f, params: names(f.Type.Params)})
			}
		}
	}
}

func names(fields *ast.FieldList) []string {
	var all []string
	for _, field := range fields.List {
		for _, name := range field.Names {
			all = append(all, name.Name)
		}
		if len(field.Names) == 0 {
			all = append(all, "_")
		}
	}
	return all
}

// eventReasons are the reasons of all events.
func (c *emitted) eventReasons() []emission {
	return c.settle(func(f *function, note func(reason, kind ast.Expr, fixed string)) {
		ast.Inspect(f.decl.Body, func(n ast.Node) bool {
			call, is := n.(*ast.CallExpr)
			if !is {
				return true
			}
			name := called(call)
			if name == "Eventf" && len(call.Args) > 4 {
				note(call.Args[3], call.Args[2], "")
			}
			if s, is := c.events[f.dir+"."+name]; is && len(call.Args) > max(s.reason, s.kind) {
				var kind ast.Expr
				if s.kind != none {
					kind = call.Args[s.kind]
				}
				note(call.Args[s.reason], kind, s.fixed)
			}
			return true
		})
	}, c.events)
}

// standingReasons are the reasons for which statements do not count.
func (c *emitted) standingReasons() []emission { return c.fields("Standing", c.standings) }

// conditionReasons are the reasons of all conditions.
func (c *emitted) conditionReasons() []emission { return c.fields("Condition", c.conditions) }

// fields are what the field Reason of a type is given.
func (c *emitted) fields(of string, handing map[string]sink) []emission {
	return c.settle(func(f *function, note func(reason, kind ast.Expr, fixed string)) {
		ast.Inspect(f.decl.Body, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if s, is := handing[f.dir+"."+called(n)]; is && len(n.Args) > s.reason {
					note(n.Args[s.reason], nil, "")
				}
			case *ast.CompositeLit:
				if n.Type == nil || !strings.HasSuffix(types.ExprString(n.Type), of) {
					return true
				}
				for _, element := range n.Elts {
					if field, is := element.(*ast.KeyValueExpr); is && types.ExprString(field.Key) == "Reason" {
						note(field.Value, nil, "")
					}
				}
			}
			return true
		})
	}, handing)
}

// settle looks again and again until no further function is known that hands reasons on.
func (c *emitted) settle(look func(*function, func(reason, kind ast.Expr, fixed string)), handing map[string]sink) []emission {
	for {
		known := len(handing)
		var found []emission
		c.each(func(f *function) {
			look(f, func(reason, kind ast.Expr, fixed string) {
				if i := f.param(reason); i != none {
					s := sink{reason: i, kind: none, fixed: fixed}
					if kind != nil {
						if s.kind = f.param(kind); s.kind == none {
							s.fixed = f.one(kind)
						}
					}
					handing[f.dir+"."+f.decl.Name.Name] = s
					return
				}
				if rows := f.table(reason, kind); rows != nil {
					found = append(found, rows...)
					return
				}
				if kind != nil {
					fixed = f.one(kind)
				}
				for _, value := range f.values(reason) {
					found = append(found, emission{at: strings.TrimPrefix(c.fset.Position(reason.Pos()).String(), root+"/"), reason: value, from: types.ExprString(reason), kind: fixed})
				}
			})
		})
		if len(handing) == known {
			return found
		}
	}
}

func called(call *ast.CallExpr) string {
	switch fun := call.Fun.(type) {
	case *ast.Ident:
		return fun.Name
	case *ast.SelectorExpr:
		return fun.Sel.Name
	}
	return ""
}

// param is the place of a parameter, where an expression is nothing but one.
func (f *function) param(e ast.Expr) int {
	name, is := e.(*ast.Ident)
	if !is {
		return none
	}
	return slices.Index(f.params, name.Name)
}

// one is an expression's value, if it is written in one way.
func (f *function) one(e ast.Expr) string {
	if all := f.values(e); len(all) == 1 && all[0] != "*" {
		return all[0]
	}
	return ""
}

// values are what an expression can be, as far as it is written down.
func (f *function) values(e ast.Expr) []string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if text, is := literal(e); is {
			return []string{text}
		}
	case *ast.BinaryExpr:
		var all []string
		for _, left := range f.values(e.X) {
			for _, right := range f.values(e.Y) {
				all = append(all, left+right)
			}
		}
		return all
	case *ast.CallExpr:
		if len(e.Args) == 1 { // a conversion
			return f.values(e.Args[0])
		}
	case *ast.Ident:
		return f.variable(e.Name)
	case *ast.SelectorExpr:
		pkg, is := e.X.(*ast.Ident)
		if !is {
			break
		}
		if e.Sel.Name == "EventTypeNormal" || e.Sel.Name == "EventTypeWarning" {
			return []string{strings.TrimPrefix(e.Sel.Name, "EventType")}
		}
		if text, known := f.constants[strings.TrimPrefix(f.imports[pkg.Name], module)+"."+e.Sel.Name]; known {
			return []string{text}
		}
	}
	return []string{"*"}
}

// variable is what a constant is, or what a variable is set to anywhere in the function.
func (f *function) variable(name string) []string {
	if text, known := f.constants[f.dir+"."+name]; known {
		return []string{text}
	}
	var all []string
	ast.Inspect(f.decl.Body, func(n ast.Node) bool {
		assign, is := n.(*ast.AssignStmt)
		if !is || len(assign.Lhs) != len(assign.Rhs) {
			return true
		}
		for i, left := range assign.Lhs {
			if types.ExprString(left) == name && types.ExprString(assign.Rhs[i]) != name {
				all = append(all, f.values(assign.Rhs[i])...)
			}
		}
		return true
	})
	if len(all) == 0 {
		return []string{"*"}
	}
	return all
}

// table follows a reason and a type that are two fields of one variable, to the values of its type that the package writes down.
func (f *function) table(reason, kind ast.Expr) []emission {
	r, is := reason.(*ast.SelectorExpr)
	k, both := kind.(*ast.SelectorExpr)
	if !is || !both || types.ExprString(r.X) != types.ExprString(k.X) {
		return nil
	}
	structs := map[string][]string{}
	f.inPackage(func(n ast.Node) {
		if spec, is := n.(*ast.TypeSpec); is {
			if fields, is := spec.Type.(*ast.StructType); is {
				structs[spec.Name.Name] = names(fields.Fields)
			}
		}
	})
	var rows []emission
	f.inPackage(func(n ast.Node) {
		lit, is := n.(*ast.CompositeLit)
		if !is || lit.Type == nil {
			return
		}
		fields := structs[types.ExprString(lit.Type)]
		r, k := field(lit, fields, r.Sel.Name), field(lit, fields, k.Sel.Name)
		if r == nil || k == nil {
			return
		}
		for _, value := range f.values(r) {
			rows = append(rows, emission{at: strings.TrimPrefix(f.fset.Position(r.Pos()).String(), root+"/"), reason: value, from: types.ExprString(r), kind: f.one(k)})
		}
	})
	return rows
}

func (f *function) inPackage(visit func(ast.Node)) {
	for _, file := range f.files[f.dir] {
		ast.Inspect(file, func(n ast.Node) bool {
			visit(n)
			return true
		})
	}
}

// field is what a literal gives a field, or nil.
func field(lit *ast.CompositeLit, fields []string, name string) ast.Expr {
	for i, element := range lit.Elts {
		if pair, keyed := element.(*ast.KeyValueExpr); keyed {
			if types.ExprString(pair.Key) == name {
				return pair.Value
			}
		} else if i < len(fields) && fields[i] == name {
			return element
		}
	}
	return nil
}

func (e emission) String() string { return fmt.Sprintf("%s gives %s", e.at, e.from) }
