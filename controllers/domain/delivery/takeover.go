package delivery

import (
	"fmt"
	"slices"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/terms"
)

// Predecessor is what a successor can take over from.
type Predecessor struct {
	// StatementOfWork in force there.
	StatementOfWork *v1alpha1.StatementOfWork
	// Inherited are what the predecessor had taken over itself.
	Inherited []v1alpha1.Deliverable
	// Deliverables as far as they came.
	Deliverables []v1alpha1.DeliverableStatus
}

// TakeOver gives the deliverables that a successor with the statement of work takes over by name, each with the price it had,
// and says of the others why not and what to do. A successor that defines a deliverable of that name itself sets its terms anew.
func TakeOver(from Predecessor, sow *v1alpha1.StatementOfWork, names []string) (taken []v1alpha1.Deliverable, problems []string) {
	offered := inWork(from.StatementOfWork, from.Inherited)
	for _, name := range names {
		if slices.ContainsFunc(taken, func(d v1alpha1.Deliverable) bool { return d.Name == name }) {
			continue
		}
		i := slices.IndexFunc(offered, func(d v1alpha1.Deliverable) bool { return d.Name == name })
		if i < 0 {
			problems = append(problems, fmt.Sprintf("replaces.deliverables names %s, which the predecessor does not have: remove it", name))
			continue
		}
		if slices.ContainsFunc(from.Deliverables, func(s v1alpha1.DeliverableStatus) bool { return s.Name == name && settled(s.State) }) {
			problems = append(problems, fmt.Sprintf("replaces.deliverables names %s, which the predecessor has delivered: remove it", name))
			continue
		}
		d := *offered[i].DeepCopy()
		price, priced, err := terms.Price(from.StatementOfWork, &d)
		own := slices.ContainsFunc(sow.Deliverables, func(d v1alpha1.Deliverable) bool { return d.Name == name })
		switch {
		case err != nil && !own:
			problems = append(problems, fmt.Sprintf("replaces.deliverables names %s, whose amount cannot be read (%v): define it in statementOfWork.deliverables", name, err))
			continue
		case priced && !own && from.StatementOfWork.Budget.Currency != sow.Budget.Currency:
			problems = append(problems, fmt.Sprintf("replaces.deliverables names %s, whose amount is in %s while statementOfWork.budget is in %s, and amounts are never converted: define it in statementOfWork.deliverables",
				name, from.StatementOfWork.Budget.Currency, sow.Budget.Currency))
			continue
		case priced:
			d.Amount = price.String()
		}
		taken = append(taken, d)
	}
	return taken, problems
}

func settled(state v1alpha1.DeliverableState) bool {
	return state == v1alpha1.DeliverableAccepted || state == v1alpha1.DeliverablePartlyAccepted
}
