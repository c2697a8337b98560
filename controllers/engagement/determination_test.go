package engagement

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

const contractor = v1alpha1.IndependentContractor

func determines(author string) *attestationBuilder {
	return anAttestation("determination/classification").By(author).Determines(contractor)
}

// determines the classification that is proposed now.
func (w *world) determines(author string) *attestationBuilder {
	w.t.Helper()
	return determines(author).Terms(w.status().Proposed.Classification)
}

// determine has somebody determine the classification that is proposed now.
func (w *world) determine(author string) *world {
	w.t.Helper()
	return w.say(w.determines(author))
}

func facts(value string) func(*v1alpha1.EngagementSpec) {
	return func(s *v1alpha1.EngagementSpec) { s.Classification.Facts = map[string]string{"freeFromControl": value} }
}

// toDetermine asks for a determination that counts for a month, and that whoever works is free from control.
func toDetermine() *policyBuilder {
	return aPolicy("abc", "").Determination("P1M").Rule(v1alpha1.EnforceDeny, "engagement.spec.classification.?facts.?freeFromControl.orValue('') == 'true'")
}

func TestADetermination(t *testing.T) {
	held := func(t *testing.T, changes ...func(*engagementBuilder)) *world {
		t.Helper()
		eng := anEngagement("designer").With(facts("true"))
		for _, change := range changes {
			change(eng)
		}
		return aMarketingTeam(t).add(toDetermine(), eng).approve().expectPhase(v1alpha1.PhasePending).expectStalled(v1alpha1.ReasonComplianceViolation)
	}
	t.Run("by somebody independent lets it pass", func(t *testing.T) {
		w := held(t)
		statement := w.determines("lee")
		w.say(statement).expectIgnored(statement, "").expectPhase(v1alpha1.PhaseRecruiting).expectCompliant(metav1.ConditionTrue, v1alpha1.ReasonHolds)
		d := w.compliance().Determination
		if d == nil || d.WorkerType != contractor || !d.ExpiresAt.Time.Equal(on("2026-12-20 08:00")) {
			t.Errorf("the determination counts for a month, but status.compliance has %+v", d)
		}
	})
	t.Run("that does not say what was read does not count", func(t *testing.T) {
		w, statement := held(t), determines("lee")
		w.say(statement).expectIgnored(statement, "OtherTerms").expectPhase(v1alpha1.PhasePending)
		if m := w.atts[statement.Name].Status.Message; !strings.Contains(m, "terms: "+w.status().Proposed.Classification) {
			t.Errorf("whoever stated it is told the digest to use, but reads %q", m)
		}
	})
	t.Run("of what was edited since it was read does not count", func(t *testing.T) {
		w := held(t)
		statement := w.determines("lee")
		w.edit("designer", facts("yes")).say(statement).expectIgnored(statement, "OtherTerms").expectPhase(v1alpha1.PhasePending)
	})
	t.Run("of another classification does not count", func(t *testing.T) {
		statement := determines("lee").Terms("sha256:00")
		held(t).say(statement).expectIgnored(statement, "OtherTerms").expectPhase(v1alpha1.PhasePending)
	})
	t.Run("by the requester does not count", func(t *testing.T) {
		w := held(t)
		statement := w.determines("mia")
		w.say(statement).expectIgnored(statement, "SelfDealing").expectPhase(v1alpha1.PhasePending)
	})
	t.Run("by the pinned worker does not count", func(t *testing.T) {
		w := held(t, func(b *engagementBuilder) { b.Pinned("ada") })
		statement, behalf := w.determines("ada"), w.determines("hr-sync").OnBehalfOf("ada")
		w.say(statement, behalf).expectIgnored(statement, "SelfDealing").expectIgnored(behalf, "SelfDealing").expectPhase(v1alpha1.PhasePending)
	})
	t.Run("by a candidate rules them out", func(t *testing.T) {
		held(t).determine("ada").expectOffered("leo")
	})
	t.Run("by whoever becomes a requester no longer counts", func(t *testing.T) {
		w := held(t).determine("lee").expectPhase(v1alpha1.PhaseRecruiting)
		w.edit("designer", func(s *v1alpha1.EngagementSpec) { s.Requester.Username = "lee" }).settle().expectStalled(v1alpha1.ReasonComplianceViolation)
	})
	t.Run("of another worker type is a violation", func(t *testing.T) {
		w := held(t)
		w.say(w.determines("lee").Determines(v1alpha1.AgencyWorker)).expectPhase(v1alpha1.PhasePending).expectTold(v1alpha1.ConditionCompliant, "AgencyWorker")
	})
	t.Run("does not stand for a changed classification", func(t *testing.T) {
		w := held(t).determine("lee").expectPhase(v1alpha1.PhaseRecruiting).edit("designer", facts("yes")).settle()
		w.expectStalled(v1alpha1.ReasonComplianceViolation).expectTold(v1alpha1.ConditionCompliant, "has changed since it was determined")
		w.edit("designer", facts("true")).settle().expectStalled("") // what was determined stands again
	})
	t.Run("does not stand for an engagement that is made again", func(t *testing.T) {
		w := held(t).determine("lee").expectPhase(v1alpha1.PhaseRecruiting).after(time.Hour).remove("designer").settle()
		if w.engagements["designer"] != nil {
			t.Fatal("nobody is engaged, so it goes at once")
		}
		again := anEngagement("designer").With(facts("true"))
		again.UID = "uid-of-the-second"
		w.after(time.Hour).add(again).approve().expectStalled(v1alpha1.ReasonComplianceViolation).expectTold(v1alpha1.ConditionCompliant, "nobody has determined it")
	})
	t.Run("holds to the second at which it expires", func(t *testing.T) {
		w := held(t).determine("lee")
		w.say(w.answer(v1alpha1.VerdictAccepted)).start()
		w.until("2026-12-20 07:59:59").expectStalled("").expectCompliant(metav1.ConditionTrue, v1alpha1.ReasonHolds).expectNext("2026-12-20 08:00")
		w.until("2026-12-20 08:00").expectStalled(v1alpha1.ReasonComplianceViolation).expectWaits("compliance/legal: Legal", "compliance/policies: Manager").expectPhase(v1alpha1.PhaseAssigned)
		own := w.determines("ada")
		w.say(own).expectIgnored(own, "SelfDealing").expectStalled(v1alpha1.ReasonComplianceViolation)
		w.after(time.Hour).determine("lee").expectStalled("").expectWaits()
	})
	t.Run("of the accepted classification stands while another is proposed", func(t *testing.T) {
		w := held(t).determine("lee")
		w.say(w.answer(v1alpha1.VerdictAccepted)).edit("designer", facts("yes")).settle()
		w.expectCompliant(metav1.ConditionTrue, v1alpha1.ReasonHolds).expectAmendment(v1alpha1.AmendmentInvalid)
		again := determines("lou").Terms(w.pass0().latest(claimDetermination).Terms)
		w.after(time.Hour).say(again).expectIgnored(again, "").expectCompliant(metav1.ConditionTrue, v1alpha1.ReasonHolds)
		if d := w.compliance().Determination; d == nil || !d.At.Time.Equal(w.now) {
			t.Errorf("the accepted classification was determined again, but what counts is %+v", d)
		}
	})
}

// pass0 is a pass that has decided nothing yet.
func (w *world) pass0() *pass { return newPass(w.scope(w.eng(w.subject))) }

func TestRulesTurnToTheSecond(t *testing.T) {
	turning := func(e v1alpha1.Enforcement) *policyBuilder {
		return aPolicy("season", "").Rule(e, "now < timestamp('2026-12-20T00:00:00Z')")
	}
	t.Run("from holding to denying", func(t *testing.T) {
		w := atWork(t).add(turning(v1alpha1.EnforceDeny)).settle().expectNext("2026-12-20")
		if at := w.compliance().NextDeadline; at == nil || !at.Time.Equal(on("2026-12-20")) {
			t.Errorf("the next deadline is %s, expected 20 December", at)
		}
		w.until("2026-12-19 23:59:59").expectCompliant(metav1.ConditionTrue, v1alpha1.ReasonHolds)
		w.until("2026-12-20").expectCompliant(metav1.ConditionFalse, v1alpha1.ReasonComplianceViolation)
	})
	t.Run("from denying to holding", func(t *testing.T) {
		w := aMarketingTeam(t).add(aPolicy("season", "").Rule(v1alpha1.EnforceDeny, "now >= timestamp('2026-11-25T12:00:00Z')"), anEngagement("designer")).approve()
		w.expectNext("2026-11-25 12:00").until("2026-11-25 11:59:59").expectPhase(v1alpha1.PhasePending).until("2026-11-25 12:00").expectPhase(v1alpha1.PhaseRecruiting)
	})
	t.Run("of a candidate", func(t *testing.T) {
		w := aMarketingTeam(t).add(aPolicy("season", "").Rule(v1alpha1.EnforceDeny, "worker.spec.jurisdiction != 'GB' || now >= timestamp('2026-11-25T12:00:00Z')"), anEngagement("designer")).approve()
		w.expectStalled(v1alpha1.ReasonNoCandidates).expectNext("2026-11-25 12:00").until("2026-11-25 12:00").expectOffered("ada")
	})
	t.Run("warning ahead", func(t *testing.T) {
		warned := turning(v1alpha1.EnforceDeny)
		warned.Spec.Rules[0].WarnBefore = "P3D"
		w := atWork(t).add(warned).settle().expectNext("2026-12-17").until("2026-12-16 23:59:59")
		if n := len(w.compliance().Warnings); n != 0 {
			t.Errorf("it is more than three days ahead, but there are %d warnings", n)
		}
		w.until("2026-12-17")
		if c := w.compliance().Warnings; len(c) != 1 || !c[0].At.Time.Equal(on("2026-12-20")) {
			t.Errorf("it turns in three days, but the warnings are %+v", c)
		}
	})
	t.Run("between seconds", func(t *testing.T) {
		w := atWork(t).add(aPolicy("season", "").Rule(v1alpha1.EnforceDeny, "now < timestamp('2026-12-20T00:00:00.5Z')")).settle().expectNext("2026-12-20 00:00:01")
		w.until("2026-12-20 00:00:01").expectCompliant(metav1.ConditionFalse, v1alpha1.ReasonComplianceViolation)
	})
}

func TestTheFileIsKeptAsLongAsPoliciesDemand(t *testing.T) {
	keep := func(name, jurisdiction, period string) *policyBuilder {
		return aPolicy(name, jurisdiction).With(func(s *v1alpha1.CompliancePolicySpec) { s.Retention = period })
	}
	sealed := func(w *world) v1alpha1.DossierRecord {
		w.t.Helper()
		return w.dossiers[w.status().Dossier.Name].Spec.Record
	}
	t.Run("from the end of the work, by the longest", func(t *testing.T) {
		w := atWork(t).add(keep("tax", "GB", "P6Y"), keep("labour", "GB", "P2Y"), keep("elsewhere", "DE", "P30Y")).until("2027-01-01 08:00").closeUp().expectOutcome(v1alpha1.OutcomeCompleted)
		if r := sealed(w); r.RetainUntil == nil || !r.RetainUntil.Time.Equal(on("2033-01-01 08:00")) || r.RetainedBy != "tax (a law)" {
			t.Errorf("the file is kept for six years from the end by the policy tax, but until %s by %q", r.RetainUntil, r.RetainedBy)
		}
	})
	t.Run("by where the worker works too", func(t *testing.T) {
		w := aMarketingTeam(t).add(aWorker("ada", "designers").With(func(wk *v1alpha1.Worker) { wk.Spec.Jurisdiction = "DE" }), keep("elsewhere", "DE", "P10Y"), anEngagement("designer")).hire()
		w.say(said(v1alpha1.VerdictEndNow, "max")).expectPhase(v1alpha1.PhaseClosed)
		if r := sealed(w); r.RetainUntil == nil || !r.RetainUntil.Time.Equal(on("2036-11-20 08:00")) {
			t.Errorf("ada works in DE, where it is kept for ten years, but it is kept until %s", r.RetainUntil)
		}
	})
	t.Run("by where the worker worked last, also when the Worker object is gone", func(t *testing.T) {
		w := aMarketingTeam(t).add(keep("elsewhere", "DE", "P10Y"), anEngagement("designer")).hire()
		w.add(aWorker("ada", "designers").With(func(wk *v1alpha1.Worker) { wk.Spec.Jurisdiction = "DE" })).settle() // ada moved
		delete(w.workers, "marketing/ada")
		w.settle().expectCompliant(metav1.ConditionUnknown, v1alpha1.ReasonComplianceUnknown)
		w.say(said(v1alpha1.VerdictEndNow, "max")).expectPhase(v1alpha1.PhaseClosed)
		if r := sealed(w); r.RetainUntil == nil || !r.RetainUntil.Time.Equal(on("2036-11-20 08:00")) {
			t.Errorf("ada worked in DE, where it is kept for ten years, but it is kept until %s", r.RetainUntil)
		}
	})
	t.Run("not at all where none does", func(t *testing.T) {
		w := aMarketingTeam(t).add(aPolicy("caps", ""), anEngagement("designer")).hire().say(said(v1alpha1.VerdictEndNow, "max"))
		if r := sealed(w); r.RetainUntil != nil || r.RetainedBy != "" {
			t.Errorf("no policy demands that it be kept, but it is until %s by %q", r.RetainUntil, r.RetainedBy)
		}
	})
}
