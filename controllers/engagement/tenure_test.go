package engagement

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

// expectTenure expects the nearest limit on how long the person may be engaged, and since when that is counted.
func (w *world) expectTenure(since, limit string) *world {
	w.t.Helper()
	tenure := w.compliance().Tenure
	if tenure == nil || !tenure.Since.Time.Equal(on(since)) || !tenure.Limit.Time.Equal(on(limit)) {
		w.t.Fatalf("the tenure of %s should be counted since %s and reach its limit at %s, but is %+v", w.subject, since, limit, tenure)
	}
	return w
}

func (w *world) expectExpiry(profile, moment string) *world {
	w.t.Helper()
	if g := w.grant(profile); g == nil || !g.Spec.ExpiresAt.Time.Equal(on(moment)) {
		w.t.Fatalf("access of %s to %s should expire at %s, but: %+v", w.subject, profile, moment, g)
	}
	return w
}

func TestATenureLimitCapsAccessFromTheFirstMoment(t *testing.T) {
	// The work ends on 1 January 08:00, with two days' grace; the limit is the midnight within the grace.
	w := aMarketingTeam(t).add(aProfile("chat", v1alpha1.AvailableFromOnboarding).MaxGrace(48*time.Hour), aPolicy("cap", "").Tenure("P32D", "", ""),
		anEngagement("designer").Access("chat").Grace(48*time.Hour)).hire()
	w.expectTenure("2026-12-01", "2027-01-02").expectExpiry("chat", "2027-01-02").start().expectStalled("")
	w.until("2027-01-01 08:00").expectEnded("2027-01-01 08:00", v1alpha1.EndPlanned)
	w.until("2027-01-01 23:59:59").expectAccess("chat", v1alpha1.GrantVerified)
	w.until("2027-01-02").expectAccess("chat", v1alpha1.GrantRevoked)
}

func TestAnEngagementEndsAtItsTenureLimit(t *testing.T) {
	// Two months from 1 December; the policy comes when they are at work.
	long := func(t *testing.T, changes ...func(*v1alpha1.EngagementSpec)) *world {
		t.Helper()
		return atWork(t, append(changes, func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.End = *metaTime(on("2027-02-01 08:00")) })...)
	}
	t.Run("to the second, without grace", func(t *testing.T) {
		w := long(t, grace(48*time.Hour)).add(aPolicy("cap", "").Tenure("P1M", "", "")).settle().expectTenure("2026-12-01", "2027-01-01")
		w.expectExpiry("chat", "2027-01-01").expectStalled("").expectCompliant(metav1.ConditionTrue, v1alpha1.ReasonHolds)
		if got := w.status().Ends; got != "2027-01-01T00:00:00Z" {
			t.Errorf("whoever looks up when it ends sees the limit, which comes before the agreed end, but it is %s", got)
		}
		if warnings := w.compliance().Warnings; len(warnings) != 1 || !warnings[0].At.Time.Equal(on("2027-01-01")) {
			t.Errorf("the limit is less than 30 days away, but the warnings are %+v", warnings)
		}
		w.until("2026-12-31 23:59:59").expectPhase(v1alpha1.PhaseAssigned).expectWithdrawn("")
		w.until("2027-01-01").expectEnded("2027-01-01", v1alpha1.EndTenure).expectWithdrawn(v1alpha1.WithdrawalEnded)
		w.dropPolicy("cap").settle().expectWithdrawn(v1alpha1.WithdrawalEnded).closeUp().expectOutcome(v1alpha1.OutcomeExpired)
	})
	t.Run("wind-down opens ahead of it", func(t *testing.T) {
		w := long(t).add(aPolicy("cap", "").Tenure("P1M", "", "")).until("2026-12-27 08:00")
		w.expectStep("offboarding", "handover", v1alpha1.StepOpen) // 120 hours before the end
	})
	t.Run("now, where it had passed before anybody could know", func(t *testing.T) {
		long(t).add(aPolicy("cap", "").Tenure("P1W", "", "")).settle().expectEnded("2026-12-10 09:00", v1alpha1.EndTenure).expectWithdrawn(v1alpha1.WithdrawalEnded)
	})
	t.Run("then, where nobody looked when it passed", func(t *testing.T) {
		w := long(t).add(aPolicy("cap", "").Tenure("P1M", "", "")).settle()
		w.now = on("2027-01-03") // the operator was down
		w.settle().expectEnded("2027-01-01", v1alpha1.EndTenure)
	})
	t.Run("not where the planned end comes first", func(t *testing.T) {
		w := atWork(t).add(aPolicy("cap", "").Tenure("P32D", "", "")).until("2027-01-01 08:00").expectEnded("2027-01-01 08:00", v1alpha1.EndPlanned)
		w.closeUp().expectOutcome(v1alpha1.OutcomeCompleted)
	})
	t.Run("also while the Worker object is gone", func(t *testing.T) {
		w := long(t).add(aPolicy("cap", "").Tenure("P1M", "", "")).settle()
		delete(w.workers, "marketing/ada")
		w.settle().expectTenure("2026-12-01", "2027-01-01").until("2027-01-01").expectEnded("2027-01-01", v1alpha1.EndTenure)
	})
	t.Run("not by a policy that is gone, though the Worker object is gone too", func(t *testing.T) {
		w := long(t).add(aPolicy("cap", "").Tenure("P1M", "", "")).settle()
		delete(w.workers, "marketing/ada")
		w.settle().dropPolicy("cap").until("2027-01-01").expectPhase(v1alpha1.PhaseAssigned)
	})
	t.Run("a limit that moves later widens as anything does", func(t *testing.T) {
		w := long(t).add(aPolicy("cap", "").Tenure("P1M", "", "")).settle()
		w.mayNotGrant["chat"] = true
		w.add(aPolicy("cap", "").Tenure("P5W", "", "")).settle().expectExpiry("chat", "2027-01-01").expectStalled(v1alpha1.ReasonGrantNotPermitted)
		w.mayNotGrant["chat"] = false
		w.after(time.Minute).expectExpiry("chat", "2027-01-05").expectStalled("")
	})
	t.Run("a policy that cannot be read widens nothing", func(t *testing.T) {
		w := long(t).add(aPolicy("cap", "").Tenure("P1M", "", "")).settle()
		w.add(aPolicy("cap", "").Tenure("P1M", "", "").Unreadable()).settle().expectStalled(v1alpha1.ReasonComplianceUnknown).expectExpiry("chat", "2027-01-01")
	})
}

func TestTenureGoesOnAcrossEngagements(t *testing.T) {
	// ada was engaged for 32 days, the last of them 1 September, in another namespace and pool, by a supplier.
	before := func(t *testing.T, start string, policy *policyBuilder) *world {
		t.Helper()
		past := anEngagement("past").In("sales").FromPool("writers", "talent")
		past.UID, past.Finalizers = "uid-of-past", []string{v1alpha1.EngagementFinalizer}
		past.Status.Phase, past.Status.Outcome, past.Status.EndedAt = v1alpha1.PhaseClosed, v1alpha1.OutcomeCompleted, metaTime(on("2026-09-01 08:00"))
		past.Status.Worker = &v1alpha1.EngagedWorker{Name: "ada-at-work-ltd", Namespace: "talent", PersonKey: "person-of-ada"}
		past.Status.Terms = &v1alpha1.AcceptedTerms{Classification: v1alpha1.Classification{WorkerType: v1alpha1.AgencyWorker, Jurisdiction: "DE"}}
		past.Status.Terms.StatementOfWork.Start, past.Status.Terms.StatementOfWork.End = *metaTime(on("2026-08-01 08:00")), *metaTime(on("2026-12-01 08:00"))
		past.Status.Terms.StatementOfWork.Budget = v1alpha1.Money{Currency: "USD", Amount: "700.50"}
		past.Status.Dossier, past.Status.Access = &v1alpha1.DossierReference{Name: "0000000001"}, &v1alpha1.AccessStatus{}
		other := aWorker("ada-at-work-ltd", "writers").In("talent").Person("person-of-ada").With(func(wk *v1alpha1.Worker) { wk.Spec.Supplier, wk.Spec.Username = "work-ltd", "" })
		return aMarketingTeam(t).add(past, other, policy, anEngagement("designer").Pinned("ada").From(start, "2026-12-20 08:00")).hire()
	}
	tests := []struct {
		name, because, start string
		policy               *policyBuilder
		since, limit         string
	}{
		{"another supplier", "the person counts, not who pays them", "2026-12-01 08:00", aPolicy("cap", "").Tenure("P3M", "", ""), "2026-10-30", "2027-01-30"},
		{"across the pool", "the other pool is not counted", "2026-12-01 08:00", aPolicy("cap", "").Tenure("P3M", "", "Pool"), "2026-12-01", "2027-03-01"},
		{"across the namespace", "the other namespace is not counted", "2026-12-01 08:00", aPolicy("cap", "").Tenure("P3M", "", "Namespace"), "2026-12-01", "2027-03-01"},
		{"a gap of exactly resetGap", "only a longer one starts the count anew", "2026-12-02 08:00", aPolicy("cap", "").Tenure("P3M", "P3M", ""), "2026-10-31", "2027-01-31"},
		{"a gap of hours more", "whole days are counted", "2026-12-02 20:00", aPolicy("cap", "").Tenure("P3M", "P3M", ""), "2026-10-31", "2027-01-31"},
		{"a gap of a day more", "it is longer", "2026-12-03 08:00", aPolicy("cap", "").Tenure("P3M", "P3M", ""), "2026-12-03", "2027-03-03"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) { before(t, tc.start, tc.policy).expectTenure(tc.since, tc.limit) })
	}
	t.Run("rules read what the person did before", func(t *testing.T) {
		all := "tenure.engagements.exists(e, e.supplier == 'work-ltd' && e.workerType == 'AgencyWorker' && e.jurisdiction == 'DE' && e.namespace == 'sales' && e.pool == 'talent/writers' && e.budget.amount == '700.50')"
		before(t, "2026-12-01 08:00", aPolicy("rule", "").Rule(v1alpha1.EnforceDeny, all+" && tenure.engagements.size() == 1")).expectStalled("").
			expectCompliant(metav1.ConditionTrue, v1alpha1.ReasonHolds)
	})
	t.Run("also while candidates are looked at", func(t *testing.T) {
		w := before(t, "2026-12-01 08:00", aPolicy("cap", "").Tenure("P2M", "", ""))
		w.add(anEngagement("next").From("2026-12-20 08:00", "2027-02-19 08:00")).approve().expectOffered("leo") // ada has served 52 days
	})
}

func TestARenewalContinuesTheTenure(t *testing.T) {
	// A month and then a month; the limit lies in the second.
	w := renewed(t).add(aPolicy("cap", "").Tenure("P45D", "P1D", "")).settle()
	w.expectTenure("2026-12-01", "2027-01-15").expectExpiry("chat", "2027-01-15")
	w.until("2027-01-14 23:59:59").expectPhase(v1alpha1.PhaseAssigned).until("2027-01-15").expectEnded("2027-01-15", v1alpha1.EndTenure)
}

func TestWhoeverAcceptsTwoOffersIsEngagedOnlyUpToTheTenureLimit(t *testing.T) {
	// Either may be had; both together are more than two months.
	w := aMarketingTeam(t).add(aPolicy("cap", "").Tenure("P2M", "", ""))
	w.add(anEngagement("first").Pinned("ada").From("2026-12-01 08:00", "2027-01-05 08:00")).approve().expectOffered("ada")
	w.add(anEngagement("second").Pinned("ada").From("2027-01-05 08:00", "2027-02-15 08:00")).approve().expectOffered("ada")
	second := w.answer(v1alpha1.VerdictAccepted)
	w.subject = "first"
	w.say(w.answer(v1alpha1.VerdictAccepted)).expectPhase(v1alpha1.PhaseOnboarding)
	w.subject = "second"
	w.say(second).expectPhase(v1alpha1.PhaseRecruiting).expectStalled(v1alpha1.ReasonNoCandidates).expectTold("recruitment/accepted", "reaches the tenure limit of policy cap on 2027-02-0", "before the end")
}

func TestATenureIsCountedAnewWhenTheOtherEngagementChanges(t *testing.T) {
	w := aMarketingTeam(t).add(aPolicy("cap", "").Tenure("P3M", "", ""), anEngagement("first").Pinned("ada").From("2026-12-01 08:00", "2026-12-15 08:00")).hire().start()
	w.add(anEngagement("second").Pinned("ada").From("2026-12-20 08:00", "2027-01-20 08:00")).hire().expectTenure("2026-12-05", "2027-03-05") // 15 days served
	w.subject = "first"
	w.until("2026-12-05 08:00").say(said(v1alpha1.VerdictEndNow, "max"))
	w.subject = "second"
	w.expectTenure("2026-12-15", "2027-03-15") // 5 days served
}

func TestTheHistoryOfAPersonIsInOneOrder(t *testing.T) {
	var a, b v1alpha1.Engagement
	a.UID, b.UID = "a", "b"
	for eng, start := range map[*v1alpha1.Engagement]string{&a: "2026-02-01", &b: "2026-01-01"} {
		eng.Status.Terms = &v1alpha1.AcceptedTerms{}
		eng.Status.Terms.StatementOfWork.Start = *metaTime(on(start))
	}
	for _, order := range [][]v1alpha1.Engagement{{a, b}, {b, a}} {
		if h := loadOf(order, nil).History; len(h) != 2 || h[0].UID != types.UID("b") {
			t.Errorf("whatever the cache's order, what began first comes first, but it is %+v", h)
		}
	}
}
