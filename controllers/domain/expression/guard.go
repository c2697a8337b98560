// Package expression refuses what CEL's cost limit does not bound.
package expression

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
)

// MaxDepth is how deep an expression may nest. Checking types takes time that grows with the fourth power of their depth: [1].map(a, [a]).map(a, [a])… two
// hundred times, which CEL's own limit allows, takes half a minute before anything is refused; at this depth it takes some 100 ms.
const MaxDepth = 64

// costly are functions that build a string before its length is charged, or of a length that their arguments do not show.
var costly = []string{"replace", "join", "format"}

// RefuseMultiplying returns an error for an expression that could multiply data, because its cost does not bound that: lists and maps that hold variables build
// values that share their parts, which a comparison then walks in exponential time ([1].map(a, [a, a]).map(a, [a, a])… costs a few hundred units and hours);
// replace, join and format build a string before anyone counts. What the filter macro keeps, and what the map macro makes of it where that is a single value, is
// no larger than what it was made of.
func RefuseMultiplying(checked *ast.AST) error {
	root := ast.NavigateAST(checked)
	for _, call := range ast.MatchDescendants(root, ast.KindMatcher(ast.CallKind)) {
		if name := call.AsCall().FunctionName(); slices.Contains(costly, name) {
			return fmt.Errorf("%s is not available: compare the parts, or add strings with +", name)
		}
	}
	if len(ast.MatchDescendants(root, ast.KindMatcher(ast.StructKind))) > 0 {
		return errors.New("objects cannot be written out: compare the values one by one")
	}
	literals := ast.MatchDescendants(root, ast.KindMatcher(ast.ListKind))
	literals = append(literals, ast.MatchDescendants(root, ast.KindMatcher(ast.MapKind))...)
	for _, literal := range literals {
		if !holdsVariable(literal) {
			continue
		}
		comprehension, element := accumulates(literal)
		switch {
		case comprehension == nil:
			return errors.New("a list or map that is written out may hold constants only: compare the values one by one")
		case !isVariable(element, comprehension.AsComprehension().IterVar()) && !Scalar(element.Type()):
			return fmt.Errorf("map may make single values only, not %s: compare inside of all or exists", element.Type())
		}
	}
	return nil
}

// Scalar says whether values of the type are single values, which no list, map or object can hide in.
func Scalar(t *types.Type) bool {
	switch t.Kind() {
	case types.BoolKind, types.IntKind, types.UintKind, types.DoubleKind, types.StringKind, types.BytesKind, types.TimestampKind, types.DurationKind, types.NullTypeKind:
		return true
	default:
		return false
	}
}

// OneLine keeps the first line of CEL's messages; the others draw the expression.
func OneLine(message string) string {
	first, _, _ := strings.Cut(message, "\n")
	return strings.TrimPrefix(first, "ERROR: ")
}

func holdsVariable(literal ast.NavigableExpr) bool {
	return len(ast.MatchDescendants(literal, ast.KindMatcher(ast.IdentKind))) > 0
}

func isVariable(e ast.NavigableExpr, name string) bool {
	return e.Kind() == ast.IdentKind && e.AsIdent() == name
}

// accumulates returns the comprehension and the element where the literal is the [x] that the macros filter and map add to their result, and nothing that a
// person wrote: its other operand is a variable that no expression can name.
func accumulates(literal ast.NavigableExpr) (comprehension, element ast.NavigableExpr) {
	parent, ok := literal.Parent()
	if !ok || literal.Kind() != ast.ListKind || parent.Kind() != ast.CallKind || parent.AsCall().FunctionName() != operators.Add {
		return nil, nil
	}
	left := parent.AsCall().Args()[0]
	elements := literal.Children()
	if left.Kind() != ast.IdentKind || !strings.HasPrefix(left.AsIdent(), "@") || len(elements) != 1 {
		return nil, nil
	}
	for above, ok := parent.Parent(); ok; above, ok = above.Parent() {
		if above.Kind() == ast.ComprehensionKind {
			return above, elements[0]
		}
	}
	return nil, nil
}
