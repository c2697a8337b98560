package policy

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"

	"github.com/longshore-dev/longshore/controllers/domain/expression"
	"github.com/longshore-dev/longshore/controllers/domain/terms"
)

// ruleMemory is how many compiled expressions are kept: more than those of a hundred policies of the largest size, twice over.
const ruleMemory = 8192

// A program is a compiled expression of a rule, and what it reads.
type program struct {
	run    cel.Program
	schema *schema
	// readsWorker and readsTenure say that it can only be evaluated for somebody.
	readsWorker, readsTenure bool
	// readsFacts of the classification, which count only as determined.
	readsFacts bool
	// readsClock says why a policy must not ask this; nil if it may.
	readsClock error
}

func (p *program) aboutPerson() bool { return p.readsWorker || p.readsTenure }

// compileRule compiles the expression of a rule, which yields true or false.
func compileRule(written string) (*program, error) {
	return programs.get(programKey{written, types.BoolKind})
}

// compileMessage compiles a messageExpression, which yields a string.
func compileMessage(written string) (*program, error) {
	return programs.get(programKey{written, types.StringKind})
}

// programs is a memory of a pure function, so that sharing it changes no answer.
var programs = programMemory{entries: map[programKey]programEntry{}}

type programKey struct {
	written string
	yields  types.Kind
}

type programEntry struct {
	program *program
	err     error
}

type programMemory struct {
	mu      sync.RWMutex
	entries map[programKey]programEntry
}

func (m *programMemory) get(key programKey) (*program, error) {
	m.mu.RLock()
	entry, known := m.entries[key]
	m.mu.RUnlock()
	if known {
		return entry.program, entry.err
	}
	entry.program, entry.err = compile(key)
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.entries) >= ruleMemory {
		clear(m.entries)
	}
	m.entries[key] = entry
	return entry.program, entry.err
}

func compile(key programKey) (*program, error) {
	rules, err := environment()
	if err != nil {
		return nil, err
	}
	checked, issues := rules.Compile(key.written)
	if err := issues.Err(); err != nil {
		message := expression.OneLine(err.Error())
		if strings.Contains(message, "recursion") {
			return nil, fmt.Errorf("it nests deeper than %d: make several rules of it", expression.MaxDepth)
		}
		return nil, errors.New(strings.TrimPrefix(message, "<input>:"))
	}
	if t := checked.OutputType(); t.Kind() != key.yields {
		return nil, fmt.Errorf("it yields %s and must yield %s", t, map[types.Kind]string{types.BoolKind: "true or false", types.StringKind: "a string"}[key.yields])
	}
	if err := expression.RefuseMultiplying(checked.NativeRep()); err != nil {
		return nil, err
	}
	if err := refuseWhole(checked.NativeRep()); err != nil {
		return nil, err
	}
	if err := readLiterals(checked.NativeRep()); err != nil {
		return nil, err
	}
	run, err := rules.Program(checked, cel.CostLimit(ruleCostLimit), cel.CostTrackerOptions(costs()...))
	if err != nil {
		return nil, fmt.Errorf("planning it: %s", expression.OneLine(err.Error()))
	}
	read := freeVariables(checked.NativeRep().Expr())
	return &program{run: run, schema: rules.schema, readsWorker: read[varWorker], readsTenure: read[varTenure], readsFacts: readsFacts(checked.NativeRep()),
		readsClock: refuseClock(checked.NativeRep(), key.yields == types.StringKind)}, nil
}

// readLiterals returns an error for a period or an amount that is written out and is none; CEL looks after its own literals.
func readLiterals(checked *ast.AST) error {
	for _, call := range ast.MatchDescendants(ast.NavigateAST(checked), ast.KindMatcher(ast.CallKind)) {
		args := call.AsCall().Args()
		if len(args) != 1 || args[0].Kind() != ast.LiteralKind {
			continue
		}
		written, ok := args[0].AsLiteral().(types.String)
		var err error
		switch name := call.AsCall().FunctionName(); {
		case ok && (name == "plus" || name == "minus"):
			err = readPeriod(string(written))
		case ok && name == "milli":
			_, err = terms.ParseAmount(string(written))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// refuseWhole returns an error for an expression that compares whole objects: CEL charges for the number of their fields, not for what is in them.
func refuseWhole(checked *ast.AST) error {
	for _, call := range ast.MatchDescendants(ast.NavigateAST(checked), ast.KindMatcher(ast.CallKind)) {
		args := call.AsCall().Args()
		switch call.AsCall().FunctionName() {
		case operators.Equals, operators.NotEquals:
			if left, right := checked.GetType(args[0].ID()), checked.GetType(args[1].ID()); !flat(left) && !flat(right) {
				return fmt.Errorf("%s cannot be compared as a whole: compare its fields, or ask with has() or hasValue() whether it is there", left)
			}
		case operators.In:
			if t := checked.GetType(args[0].ID()); !flat(t) {
				return fmt.Errorf("%s cannot be looked for as a whole: compare its fields", t)
			}
		}
	}
	return nil
}

// flat says whether values of the type hold single values at most one level deep. What has no type of its own is written out, and small.
func flat(t *types.Type) bool {
	switch t.Kind() {
	case types.StructKind:
		return false
	case types.ListKind, types.MapKind:
		for _, p := range t.Parameters() {
			if !expression.Scalar(p) && p.Kind() != types.DynKind && p.Kind() != types.TypeParamKind {
				return false
			}
		}
	case types.OpaqueKind:
		for _, p := range t.Parameters() {
			if !flat(p) {
				return false
			}
		}
	default:
	}
	return true
}

// readsFacts says whether the expression selects the facts of a classification: plainly, with has(), or with ?.
func readsFacts(checked *ast.AST) bool {
	const facts = "facts"
	return len(ast.MatchDescendants(ast.NavigateAST(checked), func(e ast.NavigableExpr) bool {
		switch {
		case e.Kind() == ast.SelectKind && e.AsSelect().FieldName() == facts:
			return isClassification(checked.GetType(e.AsSelect().Operand().ID()))
		case e.Kind() == ast.CallKind && e.AsCall().FunctionName() == operators.OptSelect:
			args := e.AsCall().Args()
			return args[1].Kind() == ast.LiteralKind && args[1].AsLiteral() == types.String(facts) && isClassification(checked.GetType(args[0].ID()))
		}
		return false
	})) > 0
}

func isClassification(t *types.Type) bool {
	if t.TypeName() == types.OptionalType.TypeName() && len(t.Parameters()) == 1 {
		t = t.Parameters()[0]
	}
	return t.Kind() == types.StructKind && t.TypeName() == "Classification"
}

// freeVariables are the variables that an expression reads, without those that a macro binds.
func freeVariables(e ast.Expr) map[string]bool {
	free := map[string]bool{}
	var walk func(e ast.Expr, bound map[string]bool)
	all := func(list []ast.Expr, bound map[string]bool) {
		for _, e := range list {
			walk(e, bound)
		}
	}
	walk = func(e ast.Expr, bound map[string]bool) {
		switch e.Kind() {
		case ast.IdentKind:
			// A leading dot names the variable of the rule even where a macro hides it.
			if name := e.AsIdent(); !bound[name] {
				free[trimDot(name)] = true
			}
		case ast.SelectKind:
			walk(e.AsSelect().Operand(), bound)
		case ast.CallKind:
			if c := e.AsCall(); c.IsMemberFunction() {
				walk(c.Target(), bound)
			}
			all(e.AsCall().Args(), bound)
		case ast.ListKind:
			all(e.AsList().Elements(), bound)
		case ast.MapKind:
			for _, entry := range e.AsMap().Entries() {
				walk(entry.AsMapEntry().Key(), bound)
				walk(entry.AsMapEntry().Value(), bound)
			}
		case ast.ComprehensionKind:
			c := e.AsComprehension()
			walk(c.IterRange(), bound)
			walk(c.AccuInit(), bound)
			result := with(bound, c.AccuVar())
			walk(c.Result(), result)
			step := with(result, c.IterVar(), c.IterVar2())
			walk(c.LoopCondition(), step)
			walk(c.LoopStep(), step)
		default:
		}
	}
	walk(e, nil)
	return free
}

func trimDot(name string) string {
	if name != "" && name[0] == '.' {
		return name[1:]
	}
	return name
}

func with(bound map[string]bool, names ...string) map[string]bool {
	more := map[string]bool{}
	for name := range bound {
		more[name] = true
	}
	for _, name := range names {
		more[name] = true
	}
	return more
}
