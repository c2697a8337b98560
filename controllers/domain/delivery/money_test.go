package delivery

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

func status(name string, state v1alpha1.DeliverableState, amount string) v1alpha1.DeliverableStatus {
	return v1alpha1.DeliverableStatus{Name: name, State: state, AcceptedAmount: amount}
}

func TestSpendAddsUpWhatIsPromisedAndWhatIsOwed(t *testing.T) {
	const (
		accepted = v1alpha1.DeliverableAccepted
		lapsed   = v1alpha1.DeliverableLapsed
		open     = v1alpha1.DeliverableOpen
	)
	fixed := func(s *v1alpha1.StatementOfWork) {
		s.Rate = &v1alpha1.Rate{Currency: "USD", Amount: "4000", Per: v1alpha1.PerFixed}
	}
	unpriced := func(s *v1alpha1.StatementOfWork) { s.Deliverables[0].Amount, s.Deliverables[1].Amount = "", "" }
	none := func(s *v1alpha1.StatementOfWork) { s.Deliverables = nil }
	each := func(s *v1alpha1.StatementOfWork) {
		s.Rate = &v1alpha1.Rate{Currency: "USD", Amount: "70.5", Per: v1alpha1.PerDeliverable}
	}
	hourly := func(s *v1alpha1.StatementOfWork) {
		s.Rate = &v1alpha1.Rate{Currency: "USD", Amount: "50", Per: v1alpha1.PerHour}
	}
	icons := []v1alpha1.Deliverable{{Name: "icons", Amount: "2500"}}
	type changes = []func(*v1alpha1.StatementOfWork)
	for _, c := range []struct {
		reason                         string
		sow                            changes
		inherited                      []v1alpha1.Deliverable
		statuses                       []v1alpha1.DeliverableStatus
		committed, accepted, remaining string
		over                           bool
	}{
		{"before anything was evaluated, all is promised", nil, nil, nil, "3000", "0", "2000", false},
		{"one accepted, one open", nil, nil, []v1alpha1.DeliverableStatus{status("logo", accepted, "2000"), status("assets", open, "")}, "1000", "2000", "2000", false},
		{"a part acceptance frees the rest", nil, nil, []v1alpha1.DeliverableStatus{status("logo", v1alpha1.DeliverablePartlyAccepted, "800.5")}, "1000", "800.5", "3199.5", false},
		{"what lapsed or is handed over is free again", nil, nil, []v1alpha1.DeliverableStatus{status("logo", lapsed, ""), status("assets", v1alpha1.DeliverableHandedOver, "")}, "0", "0", "5000", false},
		{"what is disputed is still promised", nil, nil, []v1alpha1.DeliverableStatus{status("logo", v1alpha1.DeliverableDisputed, ""), status("assets", v1alpha1.DeliverableRevise, "")}, "3000", "0", "2000", false},
		{"what was accepted stays owed when its definition is gone", changes{none}, nil, []v1alpha1.DeliverableStatus{status("logo", accepted, "2000")}, "0", "2000", "3000", false},
		{"deliverables with amounts are the instalments of a Fixed rate", changes{fixed}, nil, nil, "3000", "0", "2000", false},
		{"a Fixed rate without deliverables is promised", changes{fixed, none}, nil, nil, "4000", "0", "1000", false},
		{"a Fixed rate with deliverables without amounts, too", changes{fixed, unpriced}, nil, []v1alpha1.DeliverableStatus{status("logo", accepted, ""), status("assets", open, "")}, "4000", "0", "1000", false},
		{"and is owed when all are accepted", changes{fixed, unpriced}, nil, []v1alpha1.DeliverableStatus{status("logo", accepted, ""), status("assets", accepted, "")}, "0", "4000", "1000", false},
		{"and is free when all have lapsed", changes{fixed, unpriced}, nil, []v1alpha1.DeliverableStatus{status("logo", lapsed, ""), status("assets", lapsed, "")}, "0", "0", "5000", false},
		{"and stays promised when only some were accepted", changes{fixed, unpriced}, nil, []v1alpha1.DeliverableStatus{status("logo", accepted, ""), status("assets", lapsed, "")}, "4000", "0", "1000", false},
		{"a rate per deliverable prices those without an amount", changes{each, unpriced}, nil, []v1alpha1.DeliverableStatus{status("logo", accepted, "70.5")}, "70.5", "70.5", "4859", false},
		{"hours are not known", changes{hourly, none}, nil, nil, "0", "0", "5000", false},
		{"what is taken over counts against the budget", nil, []v1alpha1.Deliverable{{Name: "icons", Amount: "2000"}}, nil, "5000", "0", "0", false},
		{"and may exceed it", nil, icons, nil, "5500", "0", "-500", true},
	} {
		t.Run(c.reason, func(t *testing.T) {
			got, err := Spend(statement(c.sow...), c.inherited, c.statuses)
			want := &v1alpha1.Spend{Currency: "USD", Committed: c.committed, Accepted: c.accepted, Remaining: c.remaining}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("spend (-want +got):\n%s", diff)
			}
			var over *OverBudgetError
			if errors.As(err, &over) != c.over || (err != nil) != c.over {
				t.Errorf("beyond the budget: want %v, got %v", c.over, err)
			}
			if c.over && !strings.Contains(err.Error(), "5500 USD together, 500 more than statementOfWork.budget of 5000: raise") {
				t.Errorf("the error says by how much and what to do: %v", err)
			}
		})
	}
}

func TestSpendRefusesMoneyThatCannotBeRead(t *testing.T) {
	for reason, change := range map[string]func(*v1alpha1.StatementOfWork){
		"budget": func(s *v1alpha1.StatementOfWork) { s.Budget.Amount = "-1" },
		"amount": func(s *v1alpha1.StatementOfWork) { s.Deliverables[0].Amount = "x" },
		"rate": func(s *v1alpha1.StatementOfWork) {
			s.Deliverables, s.Rate = nil, &v1alpha1.Rate{Currency: "USD", Amount: "x", Per: v1alpha1.PerFixed}
		},
	} {
		if got, err := Spend(statement(change), nil, nil); err == nil {
			t.Errorf("a %s that cannot be read gives an error, not %+v", reason, got)
		}
	}
	if got, err := Spend(statement(), nil, []v1alpha1.DeliverableStatus{status("logo", v1alpha1.DeliverableAccepted, "x")}); err == nil {
		t.Errorf("an accepted amount that cannot be read gives an error, not %+v", got)
	}
}

func TestKPIsCountOnlyWhatIsDecided(t *testing.T) {
	at := func(n float64) *metav1.Time { return ptr.To(metav1.NewTime(day(n))) }
	ds := []v1alpha1.DeliverableStatus{
		{Name: "logo", State: v1alpha1.DeliverableAccepted, OnTime: ptr.To(true), SubmittedAt: at(5), Rounds: 2, ClientRounds: 4},
		{Name: "assets", State: v1alpha1.DeliverablePartlyAccepted, OnTime: ptr.To(false), SubmittedAt: at(21), Rounds: 1},
		{Name: "icons", State: v1alpha1.DeliverableAccepted, SubmittedAt: at(22)},
		{Name: "missing", State: v1alpha1.DeliverableOpen, OnTime: ptr.To(false)},
		{Name: "not due", State: v1alpha1.DeliverableOpen},
	}
	if onTime, sample := OnTimeRate(ds, day(30)); onTime != 1 || sample != 3 {
		t.Errorf("one of three that are decided is on time, the excused and the one not due left out; not %d of %d", onTime, sample)
	}
	if onTime, sample := OnTimeRate(ds, day(6)); onTime != 1 || sample != 2 {
		t.Errorf("what is submitted later does not count yet: 1 of 2, not %d of %d", onTime, sample)
	}
	if rounds, sample := RevisionRounds(ds); rounds != 3 || sample != 3 {
		t.Errorf("three rounds for the worker's cause over three that were submitted, not %d over %d", rounds, sample)
	}
	inherited := v1alpha1.Deliverable{Name: "icons", Points: 3}
	if points, sample := PointsAccepted(statement(), ds, inherited); points != 11 || sample != 2 {
		t.Errorf("8 points and 3 inherited ones are accepted whole, not %d of %d", points, sample)
	}
	if points, sample := PointsAccepted(statement(), nil); points != 0 || sample != 0 {
		t.Errorf("nothing is accepted yet, not %d of %d", points, sample)
	}
}

func TestASuccessorTakesOverWhatIsNotDelivered(t *testing.T) {
	from := Predecessor{
		StatementOfWork: statement(func(s *v1alpha1.StatementOfWork) {
			s.Rate = &v1alpha1.Rate{Currency: "USD", Amount: "70.50", Per: v1alpha1.PerDeliverable}
			s.Deliverables[1].Amount = ""
		}),
		Inherited:    []v1alpha1.Deliverable{{Name: "icons", Amount: "300", Due: metav1.NewTime(day(9))}},
		Deliverables: []v1alpha1.DeliverableStatus{status("logo", v1alpha1.DeliverableAccepted, "2000")},
	}
	none := func(s *v1alpha1.StatementOfWork) { s.Deliverables = nil }
	euro := func(s *v1alpha1.StatementOfWork) { s.Budget.Currency = "EUR" }

	taken, problems := TakeOver(from, statement(none), []string{"assets", "icons", "assets"})
	if len(problems) > 0 || len(taken) != 2 || taken[0].Amount != "70.5" || taken[1].Amount != "300" {
		t.Errorf("assets and icons are taken over at the price they had: %+v, %q", taken, problems)
	}
	for _, c := range []struct {
		reason string
		sow    *v1alpha1.StatementOfWork
		name   string
		want   string
	}{
		{"it is delivered", statement(none), "logo", "has delivered"},
		{"it does not exist", statement(none), "video", "does not have"},
		{"it is in another currency", statement(none, euro), "icons", "never converted"},
	} {
		if taken, problems := TakeOver(from, c.sow, []string{c.name}); len(taken) > 0 || len(problems) != 1 || !strings.Contains(problems[0], c.want) {
			t.Errorf("%s: %s is not taken over and the problem says %q: %+v, %q", c.reason, c.name, c.want, taken, problems)
		}
	}
	if taken, problems := TakeOver(from, statement(euro), []string{"assets"}); len(taken) != 1 || len(problems) > 0 {
		t.Errorf("a deliverable that the successor prices itself can be taken over in any currency: %+v, %q", taken, problems)
	}
}
