package delivery

import (
	"fmt"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/terms"
)

// OverBudgetError says that what is committed and accepted is more than the budget, which happens where deliverables taken
// over cost more than the budget leaves, and where an amendment lowered it.
type OverBudgetError struct {
	// Currency of the amounts.
	Currency string
	// Owed is committed and accepted together.
	Owed terms.Amount
	// Budget that it exceeds.
	Budget terms.Amount
}

// Error says by how much, and what to do.
func (e *OverBudgetError) Error() string {
	return fmt.Sprintf("committed and accepted amounts are %s %s together, %s more than statementOfWork.budget of %s: raise the budget or drop a deliverable that is not accepted",
		e.Owed, e.Currency, e.Owed-e.Budget, e.Budget)
}

// Spend adds up an engagement's money. Committed is what its deliverables cost until they are accepted, lapsed or handed over;
// accepted is what is owed for accepted work, and stays owed whatever becomes of the deliverable's definition; remaining is the
// rest of the budget. A rate by time or unit commits nothing here, for nobody has stated any hours.
//
// A Fixed rate is committed where no deliverable has an amount: it becomes accepted when all deliverables are, and is no longer
// committed when all of them lapsed or were handed over. Where only some were accepted, how much of it is owed is for people to
// settle, and it stays committed.
//
// Beyond the budget the spend is returned with a negative remainder, together with an OverBudgetError.
func Spend(sow *v1alpha1.StatementOfWork, inherited []v1alpha1.Deliverable, deliverables []v1alpha1.DeliverableStatus) (*v1alpha1.Spend, error) {
	budget, err := terms.ParseAmount(sow.Budget.Amount)
	if err != nil {
		return nil, fmt.Errorf("reading statementOfWork.budget: %w", err)
	}
	states := make(map[string]v1alpha1.DeliverableStatus, len(deliverables))
	for _, status := range deliverables {
		states[status.Name] = status
	}
	var t tally
	for _, d := range inWork(sow, inherited) {
		if err := t.deliverable(sow, &d, states[d.Name]); err != nil {
			return nil, err
		}
		delete(states, d.Name)
	}
	for _, status := range states {
		if err := t.accept(status); err != nil {
			return nil, err
		}
	}
	if err := t.fixed(sow.Rate); err != nil {
		return nil, err
	}
	spend := &v1alpha1.Spend{
		Currency:  sow.Budget.Currency,
		Committed: t.committed.String(),
		Accepted:  t.accepted.String(),
		Remaining: (budget - t.committed - t.accepted).String(),
	}
	if owed := t.committed + t.accepted; owed > budget {
		return spend, &OverBudgetError{Currency: sow.Budget.Currency, Owed: owed, Budget: budget}
	}
	return spend, nil
}

// tally is what the deliverables cost, and how many there are of each fate.
type tally struct {
	committed, accepted terms.Amount
	priced              bool
	all, whole, gone    int
}

func (t *tally) deliverable(sow *v1alpha1.StatementOfWork, d *v1alpha1.Deliverable, status v1alpha1.DeliverableStatus) error {
	price, priced, err := terms.Price(sow, d)
	if err != nil {
		return err
	}
	t.all++
	t.priced = t.priced || priced
	switch status.State {
	case v1alpha1.DeliverableAccepted:
		t.whole++
		return t.accept(status)
	case v1alpha1.DeliverablePartlyAccepted:
		return t.accept(status)
	case v1alpha1.DeliverableLapsed, v1alpha1.DeliverableHandedOver:
		t.gone++
	default:
		t.committed += price
	}
	return nil
}

func (t *tally) accept(status v1alpha1.DeliverableStatus) error {
	if status.AcceptedAmount == "" {
		return nil
	}
	amount, err := terms.ParseAmount(status.AcceptedAmount)
	if err != nil {
		return fmt.Errorf("reading what was accepted of deliverable %s: %w", status.Name, err)
	}
	t.accepted += amount
	return nil
}

func (t *tally) fixed(rate *v1alpha1.Rate) error {
	if rate == nil || rate.Per != v1alpha1.PerFixed || t.priced {
		return nil
	}
	amount, err := terms.ParseAmount(rate.Amount)
	if err != nil {
		return fmt.Errorf("reading statementOfWork.rate: %w", err)
	}
	switch {
	case t.all > 0 && t.whole == t.all:
		t.accepted += amount
	case t.all > 0 && t.gone == t.all: // Nothing of it is owed.
	default:
		t.committed += amount
	}
	return nil
}
