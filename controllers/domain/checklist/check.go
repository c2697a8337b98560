package checklist

import (
	"errors"
	"fmt"
	"sync"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/ext"

	"github.com/longshore-dev/longshore/controllers/domain/expression"
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
// cost of an expression does not bound it; see expression.RefuseMultiplying.
func CompileCheck(written string) (*Check, error) {
	return compiled.get(written)
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

func (c *checkCache) get(written string) (*Check, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	entry, known := c.entries[written]
	if !known {
		entry.check, entry.err = compile(written)
		if len(c.entries) >= checkMemory {
			clear(c.entries)
		}
		c.entries[written] = entry
	}
	return entry.check, entry.err
}

var checkEnv = sync.OnceValues(func() (*cel.Env, error) {
	return cel.NewEnv(
		cel.ClearMacros(),
		cel.Macros(cel.HasMacro, cel.AllMacro, cel.ExistsMacro, cel.ExistsOneMacro, cel.FilterMacro),
		cel.Variable("worker", cel.MapType(cel.StringType, cel.DynType)),
		cel.Variable("engagement", cel.MapType(cel.StringType, cel.DynType)),
		cel.ParserRecursionLimit(expression.MaxDepth),
		cel.DefaultUTCTimeZone(true),
		cel.CrossTypeNumericComparisons(true),
		ext.Strings(ext.StringsVersion(checkStringsVersion)),
	)
})

func compile(written string) (*Check, error) {
	env, err := checkEnv()
	if err != nil {
		return nil, fmt.Errorf("setting up CEL for checks: %w", err)
	}
	checked, issues := env.Compile(written)
	if err := issues.Err(); err != nil {
		return nil, errors.New(expression.OneLine(err.Error()))
	}
	if t := checked.OutputType(); !t.IsExactType(cel.BoolType) && !t.IsExactType(cel.DynType) {
		return nil, fmt.Errorf("it yields %s and must yield true or false", t)
	}
	if err := expression.RefuseMultiplying(checked.NativeRep()); err != nil {
		return nil, err
	}
	program, err := env.Program(checked, cel.CostLimit(checkCostLimit))
	if err != nil {
		return nil, fmt.Errorf("planning it: %s", expression.OneLine(err.Error()))
	}
	return &Check{program: program}, nil
}

// Holds evaluates the check. An error names what is missing or too costly; it is the same for the same values.
func (c *Check) Holds(engagement, worker map[string]any) (bool, error) {
	value, _, err := c.program.Eval(map[string]any{"engagement": orEmpty(engagement), "worker": orEmpty(worker)})
	if err != nil {
		return false, errors.New(expression.OneLine(err.Error()))
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
