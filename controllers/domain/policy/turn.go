package policy

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/cel-go/common/types"

	"github.com/longshore-dev/longshore/controllers/domain/expression"
)

// maxBreakpoints is at how many moments an answer is tried for one look ahead. A rule that reads the hours of a long time uses them up; then it is looked at again.
const maxBreakpoints = 256

// soonestAgain is how long after a search that was given up it is made anew at the earliest.
const soonestAgain = time.Hour

// horizon is how far anybody looks ahead.
var horizon = time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC)

// An answer is what a rule says at a moment.
type answer struct {
	holds bool
	// err says why it could not be evaluated; empty if it could.
	err string
}

// evaluate a rule at a moment. The second result is the earliest later moment at which the answer can be another one, zero if there is none; the third is what it cost.
//
// Why nothing can turn before: evaluation is a deterministic walk. Which step comes next depends only on the outcomes of those before, and time enters an outcome
// only where a moving value is looked at: compared, converted to a number or a string, taken apart by the calendar, or found out of range. Each such look notes when
// its outcome will turn. Up to the earliest of these every look that was made has the same outcome, so the same walk is taken, the same looks are made, and
// the same answer comes out. What was not evaluated, behind &&, ||, ?: or the end of a comprehension, is not evaluated then either: it can turn as it likes.
func (p *program) evaluate(v *variables, now time.Time) (answer, time.Time, uint64) {
	at, w := v.at(now)
	value, cost, err := p.eval(at)
	var next time.Time
	if w.next > 0 && w.next < horizon.Unix()-now.Unix() {
		next = time.Unix(now.Unix()+w.next, 0).UTC()
	}
	if err != nil {
		return answer{err: err.Error()}, next, cost
	}
	return answer{holds: value == types.True}, next, cost
}

func (p *program) eval(v *variables) (value any, cost uint64, err error) {
	value, details, err := p.run.Eval(v)
	cost = ruleCostLimit
	if c := details.ActualCost(); c != nil {
		cost = *c
	}
	if err != nil {
		return nil, cost, errors.New(expression.OneLine(err.Error()))
	}
	return value, cost, nil
}

// A turn is the moment at which time alone gives a rule another answer.
type turn struct {
	// at is zero where that never comes.
	at time.Time
	// to is the other answer. It is the same as now's where the look ahead was given up at that moment.
	to answer
	// givenUp says that nobody knows whether the answer is another one then.
	givenUp bool
}

// turns evaluates the rule now, and goes from one moment at which the answer can be another to the next until it is.
func (p *program) turns(v *variables, now time.Time) (answer, turn) {
	first, next, _ := p.evaluate(v, now)
	var spent uint64
	for range maxBreakpoints {
		if next.IsZero() {
			return first, turn{}
		}
		at := next
		var then answer
		var cost uint64
		then, next, cost = p.evaluate(v, at)
		if spent += cost + 1; then != first || spent > ruleCostLimit {
			return first, turn{at, then, then == first}
		}
		if next.IsZero() {
			return first, turn{}
		}
	}
	return first, turn{next, first, true}
}

// message evaluates a messageExpression. Its own turns are nobody's business: the words are as of the last look.
func (p *program) message(v *variables, now time.Time) (string, error) {
	at, _ := v.at(now)
	value, _, err := p.eval(at)
	if err != nil {
		return "", err
	}
	if s, ok := value.(types.String); ok {
		return string(s), nil
	}
	return "", fmt.Errorf("it yields %v", value)
}
