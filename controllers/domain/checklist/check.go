package checklist

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/ext"
)

const (
	// checkCostLimit is what one evaluation may cost, in CEL's units: roughly one per step taken, a tenth per character read. A check that looks at every
	// field of the largest Worker and the largest Engagement stays far below it.
	checkCostLimit = 100_000
	// checkMemory is how many compiled expressions are kept: more than the checks of all checklists that are in use at a time.
	checkMemory = 1024
	// checkStringsVersion is the first version of CEL's string functions that is charged by the length of the strings.
	checkStringsVersion = 5
)

// Check is a compiled expression over worker and engagement that yields true or false.
type Check struct {
	program cel.Program
}

// CompileCheck compiles an expression in CEL over worker and engagement, both maps that hold a spec. Compiled expressions are remembered; it is safe for concurrent use.
//
// It knows the standard functions, those on strings, and the macros has, all, exists, exists_one and filter. What multiplies data is left out, because the
// cost of an expression does not bound it: map and literals that hold variables build values that share their parts, which a comparison then walks in
// exponential time ([1].map(a, [a, a]).map(a, [a, a])… costs a few hundred units and hours), replace and join build a string before its length is charged.
func CompileCheck(expression string) (*Check, error) {
	return compiled.get(expression)
}

// compiled is a memory of a pure function, so that sharing it changes no answer.
var compiled = checkCache{entries: map[string]compiledCheck{}}

type compiledCheck struct {
	check *Check
	err   error
}

type checkCache struct {
	mu      sync.Mutex
	entries map[string]compiledCheck
}

func (c *checkCache) get(expression string) (*Check, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	entry, known := c.entries[expression]
	if !known {
		entry.check, entry.err = compile(expression)
		if len(c.entries) >= checkMemory {
			clear(c.entries)
		}
		c.entries[expression] = entry
	}
	return entry.check, entry.err
}

var checkEnv = sync.OnceValues(func() (*cel.Env, error) {
	return cel.NewEnv(
		cel.ClearMacros(),
		cel.Macros(cel.HasMacro, cel.AllMacro, cel.ExistsMacro, cel.ExistsOneMacro, cel.FilterMacro),
		cel.Variable("worker", cel.MapType(cel.StringType, cel.DynType)),
		cel.Variable("engagement", cel.MapType(cel.StringType, cel.DynType)),
		cel.DefaultUTCTimeZone(true),
		cel.CrossTypeNumericComparisons(true),
		ext.Strings(ext.StringsVersion(checkStringsVersion)),
	)
})

func compile(expression string) (*Check, error) {
	env, err := checkEnv()
	if err != nil {
		return nil, fmt.Errorf("setting up CEL for checks: %w", err)
	}
	checked, issues := env.Compile(expression)
	if err := issues.Err(); err != nil {
		return nil, errors.New(oneLine(err.Error()))
	}
	if t := checked.OutputType(); !t.IsExactType(cel.BoolType) && !t.IsExactType(cel.DynType) {
		return nil, fmt.Errorf("it yields %s and must yield true or false", t)
	}
	if err := refuseMultiplying(checked.NativeRep()); err != nil {
		return nil, err
	}
	program, err := env.Program(checked, cel.CostLimit(checkCostLimit))
	if err != nil {
		return nil, fmt.Errorf("planning it: %s", oneLine(err.Error()))
	}
	return &Check{program: program}, nil
}

// Holds evaluates the check. An error names what is missing or too costly; it is the same for the same values.
func (c *Check) Holds(engagement, worker map[string]any) (bool, error) {
	value, _, err := c.program.Eval(map[string]any{"engagement": orEmpty(engagement), "worker": orEmpty(worker)})
	if err != nil {
		return false, errors.New(oneLine(err.Error()))
	}
	holds, ok := value.(types.Bool)
	if !ok {
		return false, fmt.Errorf("it yields %s and must yield true or false", value.Type().TypeName())
	}
	return bool(holds), nil
}

func orEmpty(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}

// refuseMultiplying returns an error for what CompileCheck says is left out.
func refuseMultiplying(checked *ast.AST) error {
	root := ast.NavigateAST(checked)
	for _, call := range ast.MatchDescendants(root, ast.KindMatcher(ast.CallKind)) {
		if name := call.AsCall().FunctionName(); name == "replace" || name == "join" {
			return fmt.Errorf("%s is not available in a check: compare the parts instead", name)
		}
	}
	literals := ast.MatchDescendants(root, ast.KindMatcher(ast.ListKind))
	literals = append(literals, ast.MatchDescendants(root, ast.KindMatcher(ast.MapKind))...)
	for _, literal := range literals {
		if holdsVariable(literal) && !accumulates(literal) {
			return errors.New("a list or map that is written out may hold constants only: compare the values one by one")
		}
	}
	return nil
}

func holdsVariable(literal ast.NavigableExpr) bool {
	return len(ast.MatchDescendants(literal, ast.KindMatcher(ast.IdentKind))) > 0
}

// accumulates says whether the literal is the [x] that the filter macro adds to its result, and nothing that a person wrote: its other operand is a variable
// that no expression can name.
func accumulates(literal ast.NavigableExpr) bool {
	parent, ok := literal.Parent()
	if !ok || parent.Kind() != ast.CallKind || parent.AsCall().FunctionName() != operators.Add {
		return false
	}
	left := parent.AsCall().Args()[0]
	return left.Kind() == ast.IdentKind && strings.HasPrefix(left.AsIdent(), "@")
}

// oneLine keeps the first line of CEL's messages; the others draw the expression.
func oneLine(message string) string {
	first, _, _ := strings.Cut(message, "\n")
	return strings.TrimPrefix(first, "ERROR: ")
}
