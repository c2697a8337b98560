package policy

import (
	"fmt"
	"maps"
	"slices"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/overloads"
	"github.com/google/cel-go/common/types"
)

// ticking are the functions that make another value of a moving moment or duration every few seconds. What is read through them turns so often that nobody could be
// told when, and every look would be followed by the next.
var ticking = []string{overloads.TypeConvertInt, overloads.TypeConvertString, "getSeconds", "getMinutes", "getMilliseconds"}

const compareInstead = "compare timestamps instead, as in now < engagement.spec.statementOfWork.end or now - worker.spec.documents[0].expiresAt > duration('720h')"

// A clock finds what in an expression moves with now.
type clock struct {
	checked *ast.AST
	// message says that now may take part in comparisons only: text that follows a calendar would be written anew with every change.
	message bool
	// refused is the first reading of a moving value that is not allowed.
	refused error
}

// refuseClock returns an error for an expression that reads the clock instead of comparing with it.
func refuseClock(checked *ast.AST, message bool) error {
	c := &clock{checked: checked, message: message}
	moves := c.moves(checked.Expr(), map[string]bool{varNow: true})
	if c.refused == nil && message && moves {
		return fmt.Errorf("it writes what moves with now: %s", compareInstead)
	}
	return c.refused
}

// moves says whether the value of an expression moves with now, given which variables do. The outcome of a comparison turns; it does not move.
func (c *clock) moves(e ast.Expr, moving map[string]bool) bool {
	switch e.Kind() {
	case ast.IdentKind:
		name := e.AsIdent()
		return moving[name] || name == "."+varNow
	case ast.SelectKind:
		return c.moves(e.AsSelect().Operand(), moving) && !e.AsSelect().IsTestOnly()
	case ast.CallKind:
		return c.call(e, moving)
	case ast.ListKind:
		return c.any(e.AsList().Elements(), moving)
	case ast.MapKind:
		var all []ast.Expr
		for _, entry := range e.AsMap().Entries() {
			all = append(all, entry.AsMapEntry().Key(), entry.AsMapEntry().Value())
		}
		return c.any(all, moving)
	case ast.ComprehensionKind:
		return c.comprehension(e.AsComprehension(), moving)
	default:
		return false
	}
}

func (c *clock) call(e ast.Expr, moving map[string]bool) bool {
	call := e.AsCall()
	args := call.Args()
	if call.FunctionName() == "_?_:_" {
		c.moves(args[0], moving) // chooses, and is not part of what is chosen
		return c.any(args[1:], moving)
	}
	if call.IsMemberFunction() {
		args = append([]ast.Expr{call.Target()}, args...)
	}
	moves := c.any(args, moving)
	name := call.FunctionName()
	if _, calendar := calendarFields[name]; moves && c.refused == nil && (slices.Contains(ticking, name) || c.message && calendar) {
		c.refused = fmt.Errorf("%s() of what moves with now is another value again and again: %s", name, compareInstead)
	}
	return moves && c.checked.GetType(e.ID()).Kind() != types.BoolKind
}

// any looks at all, since each may hold what is refused.
func (c *clock) any(list []ast.Expr, moving map[string]bool) bool {
	found := false
	for _, e := range list {
		if c.moves(e, moving) {
			found = true
		}
	}
	return found
}

// comprehension is walked once, so that nesting does not multiply: macros read what they accumulate only to add to it, and nobody else can name it.
func (c *clock) comprehension(e ast.ComprehensionExpr, moving map[string]bool) bool {
	result, step := maps.Clone(moving), maps.Clone(moving)
	element := c.moves(e.IterRange(), moving)
	accumulated := c.moves(e.AccuInit(), moving)
	step[e.AccuVar()], step[e.IterVar()] = accumulated, element
	if e.HasIterVar2() {
		step[e.IterVar2()] = element
	}
	c.moves(e.LoopCondition(), step)
	result[e.AccuVar()] = c.moves(e.LoopStep(), step) || accumulated
	return c.moves(e.Result(), result)
}
