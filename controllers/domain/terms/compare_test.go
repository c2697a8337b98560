package terms

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

func TestAnAmendmentSaysWhatChangesAndWhatItNeeds(t *testing.T) {
	sow := func(change func(*v1alpha1.StatementOfWork)) func(*v1alpha1.EngagementSpec) {
		return func(s *v1alpha1.EngagementSpec) { change(&s.StatementOfWork) }
	}
	for _, c := range []struct {
		reason                   string
		change                   func(*v1alpha1.EngagementSpec)
		dearer, longer, moreThan bool
		words                    string
	}{
		{"a larger budget is dearer", sow(func(s *v1alpha1.StatementOfWork) { s.Budget.Amount = "6000" }), true, false, false, "the budget is 6000 instead of 5000 USD"},
		{"a smaller budget is not", sow(func(s *v1alpha1.StatementOfWork) { s.Budget.Amount = "4000" }), false, false, false, "the budget is 4000"},
		{"a higher rate is dearer", sow(func(s *v1alpha1.StatementOfWork) { s.Rate.Amount = "5000.001" }), true, false, false, "the rate is 5000.001 USD per Fixed instead of 5000"},
		{"a lower rate is not", sow(func(s *v1alpha1.StatementOfWork) { s.Rate.Amount = "4000" }), false, false, false, "the rate is 4000"},
		{"another unit cannot be compared and counts as dearer", sow(func(s *v1alpha1.StatementOfWork) { s.Rate = rate("10", "USD", v1alpha1.PerHour) }), true, false, false, "10 USD per Hour instead of 5000 USD per Fixed"},
		{"a rate no longer named stays", sow(func(s *v1alpha1.StatementOfWork) { s.Rate = nil }), false, false, false, "the rate stays 5000 USD per Fixed"},
		{"a deliverable pays more", sow(func(s *v1alpha1.StatementOfWork) { s.Deliverables[0].Amount = "2500" }), true, false, false, "deliverable logo-set pays 2500 instead of 2000"},
		{"a deliverable pays less", sow(func(s *v1alpha1.StatementOfWork) { s.Deliverables[0].Amount = "" }), false, false, false, "pays nothing of its own instead of 2000"},
		{"a deliverable that costs something is added", sow(func(s *v1alpha1.StatementOfWork) {
			s.Deliverables = append(s.Deliverables, v1alpha1.Deliverable{Name: "video", Due: s.End, Amount: "500"})
		}), true, false, false, "deliverable video is added, due 2027-01-01T08:00:00Z, for 500"},
		{"a deliverable that costs nothing of its own is added", sow(func(s *v1alpha1.StatementOfWork) {
			s.Deliverables = append(s.Deliverables, v1alpha1.Deliverable{Name: "video", Due: s.End})
		}), false, false, false, "deliverable video is added"},
		{"an open deliverable is dropped", sow(func(s *v1alpha1.StatementOfWork) { s.Deliverables = s.Deliverables[1:] }), false, false, false, "deliverable logo-set is dropped"},
		{"a due date moves", sow(func(s *v1alpha1.StatementOfWork) { s.Deliverables[0].Due = s.End }), false, false, false, "the due date of deliverable logo-set moves from 2026-12-14T17:00:00Z to 2027-01-01T08:00:00Z"},
		{"acceptance criteria change", sow(func(s *v1alpha1.StatementOfWork) { s.Deliverables[0].AcceptanceCriteria = nil }), false, false, false, "deliverable logo-set is described otherwise"},
		{"a later end is longer", sow(func(s *v1alpha1.StatementOfWork) { s.End = meta(t, "2027-02-01T08:00:00Z") }), false, true, false, "the end moves from 2027-01-01T08:00:00Z to 2027-02-01T08:00:00Z"},
		{"an earlier end is not", sow(func(s *v1alpha1.StatementOfWork) { s.End = meta(t, "2026-12-30T08:00:00Z") }), false, false, false, "the end moves"},
		{"an earlier start is longer", sow(func(s *v1alpha1.StatementOfWork) { s.Start = meta(t, "2026-11-28T08:00:00Z") }), false, true, false, "the start moves"},
		{"a later start is not", sow(func(s *v1alpha1.StatementOfWork) { s.Start = meta(t, "2026-12-02T08:00:00Z") }), false, false, false, "the start moves"},
		{"a longer grace is longer", func(s *v1alpha1.EngagementSpec) {
			s.Offboarding = &v1alpha1.Offboarding{AccessGrace: lasting(time.Hour)}
		}, false, true, false, "access outlives the work by 1h0m0s instead of 0s"},
		{"a longer time to accept is not", sow(func(s *v1alpha1.StatementOfWork) { s.AcceptWithin = lasting(200 * time.Hour) }), false, false, false, "work can be accepted after the end for 200h0m0s"},
		{"a profile is added", func(s *v1alpha1.EngagementSpec) { s.Access = append(s.Access, v1alpha1.AccessRequest{Name: "admin"}) }, false, false, true, "access admin is added"},
		{"a profile is dropped", func(s *v1alpha1.EngagementSpec) { s.Access = s.Access[1:] }, false, false, false, "access design-tools is dropped"},
		{"a swap is more access", func(s *v1alpha1.EngagementSpec) { s.Access[0].Name = "admin" }, false, false, true, "access admin is added; access design-tools is dropped"},
		{"the legal terms change", sow(func(s *v1alpha1.StatementOfWork) { s.Terms.IPAssignment = false }), false, false, false, "the legal terms change"},
		{"the classification changes", func(s *v1alpha1.EngagementSpec) { s.Classification.WorkerType = v1alpha1.AgencyWorker }, false, false, false, "AgencyWorker in US-CA instead of IndependentContractor"},
		{"the summary changes", sow(func(s *v1alpha1.StatementOfWork) { s.Summary = "Everything" }), false, false, false, "the summary is reworded"},
	} {
		t.Run(c.reason, func(t *testing.T) {
			agreed := accepted(t, designer(t), rate("5000", "USD", v1alpha1.PerFixed))
			got := Compare(agreed, designer(t, c.change), nil)
			if !got.Changed || got.Dearer != c.dearer || got.Longer != c.longer || got.MoreAccess != c.moreThan {
				t.Errorf("want dearer %v, longer %v, more access %v: %+v", c.dearer, c.longer, c.moreThan, got)
			}
			if len(got.Refused) > 0 {
				t.Errorf("nothing speaks against it: %q", got.Refused)
			}
			if !strings.Contains(got.Words, c.words) {
				t.Errorf("the words must say %q: %q", c.words, got.Words)
			}
		})
	}
}

func TestAnotherLegalFormIsToldApartFromOtherFacts(t *testing.T) {
	for _, c := range []struct {
		reason string
		change func(*v1alpha1.Classification)
		form   bool
		words  string
	}{
		{"profiles are allowed by worker type", func(class *v1alpha1.Classification) { class.WorkerType = v1alpha1.FixedTermEmployee }, true, "the legal form changes: FixedTermEmployee in US-CA instead of IndependentContractor in US-CA"},
		{"another law holds", func(class *v1alpha1.Classification) { class.Jurisdiction = "US-NY" }, true, "the legal form changes: IndependentContractor in US-NY instead of IndependentContractor in US-CA"},
		{"facts open no profile, and are for whoever determines", func(class *v1alpha1.Classification) { class.Facts = nil }, false, "the facts of the classification change"},
	} {
		t.Run(c.reason, func(t *testing.T) {
			agreed := accepted(t, designer(t), rate("5000", "USD", v1alpha1.PerFixed))
			got := Compare(agreed, designer(t, func(s *v1alpha1.EngagementSpec) { c.change(&s.Classification) }), nil)
			if !got.Changed || got.OtherForm != c.form || got.MoreAccess || got.Words != c.words {
				t.Errorf("%s: want another form %v, in the words %q: %+v", c.reason, c.form, c.words, got)
			}
		})
	}
}

func TestTermsThatMeanTheSameAreNoAmendment(t *testing.T) {
	agreed := accepted(t, designer(t), rate("5000", "USD", v1alpha1.PerFixed))
	got := Compare(agreed, designer(t, func(s *v1alpha1.EngagementSpec) {
		s.StatementOfWork.Budget.Amount = "5000.0"
		s.StatementOfWork.Start = meta(t, "2026-12-01T09:00:00+01:00")
		s.StatementOfWork.Terms.NoticePeriod = "P1W"
		s.Access[0], s.Access[1] = s.Access[1], s.Access[0]
	}), nil)
	if got.Changed || got.Words != "" {
		t.Errorf("nothing changes, not %+v", got)
	}
	if got := Compare(nil, designer(t), nil); got.Changed {
		t.Errorf("before anyone accepted, nothing is amended: %+v", got)
	}
}

func TestARateTakenFromTheWorkerIsComparedWithTheOneAccepted(t *testing.T) {
	unrated := designer(t, func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.Rate = nil })
	agreed := accepted(t, unrated, rate("40", "USD", v1alpha1.PerHour))
	for _, c := range []struct {
		amount string
		dearer bool
	}{{"40", false}, {"39", false}, {"41", true}} {
		spec := designer(t, func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.Rate = rate(c.amount, "USD", v1alpha1.PerHour) })
		if got := Compare(agreed, spec, nil); !got.Changed || got.Dearer != c.dearer {
			t.Errorf("%s an hour after 40: dearer %v, not %+v", c.amount, c.dearer, got)
		}
		if got := AmendedRate(agreed, spec); got.Amount != c.amount {
			t.Errorf("the amended rate is %s, not %s", c.amount, got.Amount)
		}
	}
	if got := AmendedRate(agreed, unrated); got.Amount != "40" {
		t.Errorf("a rate that was settled when it was offered stays 40, not %s", got.Amount)
	}
}

func TestSomeChangesAreRefused(t *testing.T) {
	done := []v1alpha1.DeliverableStatus{{Name: "logo-set", State: v1alpha1.DeliverableAccepted}, {Name: "assets", State: v1alpha1.DeliverableSubmitted}}
	partly := []v1alpha1.DeliverableStatus{{Name: "logo-set", State: v1alpha1.DeliverablePartlyAccepted}}
	inherited := []v1alpha1.DeliverableStatus{{Name: "taken-over", State: v1alpha1.DeliverableAccepted}}
	perDeliverable := func(s *v1alpha1.EngagementSpec) {
		s.StatementOfWork.Rate = rate("100", "USD", v1alpha1.PerDeliverable)
		s.StatementOfWork.Deliverables[0].Amount = ""
	}
	for _, c := range []struct {
		reason       string
		base, change func(*v1alpha1.EngagementSpec)
		deliverables []v1alpha1.DeliverableStatus
		want         string // none: nothing is refused
	}{
		{"another currency", nil, func(s *v1alpha1.EngagementSpec) {
			s.StatementOfWork.Budget.Currency, s.StatementOfWork.Rate.Currency = "EUR", "EUR"
		}, nil, "statementOfWork.budget is in EUR but was accepted in USD"},
		{"an accepted deliverable is removed", nil, func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.Deliverables = s.StatementOfWork.Deliverables[1:] }, done, "put it back"},
		{"an accepted deliverable is altered", nil, func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.Deliverables[0].Amount = "1999" }, done, "can only stay as it was (due 2026-12-14T17:00:00Z, amount 2000)"},
		{"a part accepted one as well", nil, func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.Deliverables[0].Points = 1 }, partly, "can only stay as it was"},
		{"an open one may be altered", nil, func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.Deliverables[1].Amount = "1999" }, done, ""},
		{"an accepted one may be written otherwise", nil, func(s *v1alpha1.EngagementSpec) {
			s.StatementOfWork.Deliverables[0].Amount, s.StatementOfWork.Budget.Amount = "2000.00", "6000"
		}, done, ""},
		{"an accepted inherited one is defined anew", nil, func(s *v1alpha1.EngagementSpec) {
			s.StatementOfWork.Deliverables = append(s.StatementOfWork.Deliverables, v1alpha1.Deliverable{Name: "taken-over", Due: s.StatementOfWork.End})
		}, inherited, "was taken over and is accepted"},
		{"the rate under an accepted deliverable changes", perDeliverable, func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.Rate.Amount = "200" }, done, "amount 100"},
		{"unless its price is written down", perDeliverable, func(s *v1alpha1.EngagementSpec) {
			s.StatementOfWork.Rate.Amount, s.StatementOfWork.Deliverables[0].Amount = "200", "100"
		}, done, ""},
		{"terms that cannot be read", nil, func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.Budget.Amount = "lots" }, nil, "cannot be read"},
	} {
		t.Run(c.reason, func(t *testing.T) {
			base := c.base
			if base == nil {
				base = func(*v1alpha1.EngagementSpec) {}
			}
			before := designer(t, base)
			got := Compare(accepted(t, before, before.StatementOfWork.Rate), designer(t, base, c.change), c.deliverables)
			if !got.Changed {
				t.Error("the terms change")
			}
			refused := strings.Join(got.Refused, "\n")
			if c.want == "" && refused != "" || !strings.Contains(refused, c.want) {
				t.Errorf("want %q to be refused, got %q", c.want, refused)
			}
		})
	}
}

func TestTheWordsOfALargeChangeFitIntoAStatus(t *testing.T) {
	agreed := accepted(t, designer(t), nil)
	got := Compare(agreed, designer(t, func(s *v1alpha1.EngagementSpec) {
		for i := range 60 {
			s.StatementOfWork.Deliverables = append(s.StatementOfWork.Deliverables, v1alpha1.Deliverable{Name: fmt.Sprintf("deliverable-number-%d", i), Due: s.StatementOfWork.End})
		}
	}), nil)
	if len(got.Words) > maxWords+100 || !strings.Contains(got.Words, "more") {
		t.Errorf("the words must be cut and say how many are left: %d characters, %q", len(got.Words), got.Words)
	}
}
