package engagement

import (
	"fmt"
	"slices"
	"testing"
	"time"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

// withdrawals are all the ways in which access is to go, each with the moment at which it must.
var withdrawals = map[string]func(w *world) time.Time{
	"the end date": func(w *world) time.Time { return w.status().Terms.StatementOfWork.End.Time },
	"a shorter end": func(w *world) time.Time {
		w.edit("designer", func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.End = *metaTime(on("2026-12-20 08:00")) })
		return on("2026-12-20 08:00")
	},
	"a termination": func(w *world) time.Time {
		w.edit("designer", terminated(v1alpha1.Termination{Reason: v1alpha1.TerminationOther}))
		return w.now
	},
	"a termination with notice": func(w *world) time.Time {
		w.edit("designer", terminated(v1alpha1.Termination{Reason: v1alpha1.TerminationOther, Effective: metaTime(on("2026-12-18"))}))
		return on("2026-12-18")
	},
	"a termination for cause": func(w *world) time.Time {
		w.edit("designer", terminated(v1alpha1.Termination{Reason: v1alpha1.TerminationMisconduct, Effective: metaTime(on("2026-12-18"))}))
		return w.now
	},
	"a resignation": func(w *world) time.Time {
		w.state(said(v1alpha1.VerdictResigned, "ada").Effective("2026-12-15 12:00"))
		return on("2026-12-15 12:00")
	},
	"ended by attestation": func(w *world) time.Time {
		w.state(said(v1alpha1.VerdictEndNow, "max"))
		return w.now
	},
	"a suspension": func(w *world) time.Time {
		w.edit("designer", suspended(true))
		return w.now
	},
	"a withdrawal": func(w *world) time.Time {
		w.state(anAttestation("access/withdraw").By("sam").Done())
		return w.now
	},
	"deletion": func(w *world) time.Time {
		w.remove("designer")
		return w.now
	},
	"the worker's object going": func(w *world) time.Time {
		delete(w.workers, "marketing/ada")
		return w.now
	},
}

// obstacles are what people leave undone, take away, or break.
var obstacles = map[string]func(w *world){
	"nothing": func(*world) {},
	"every step and evaluation undone": func(w *world) {
		w.edit("designer", func(s *v1alpha1.EngagementSpec) { s.Evaluation.Cadence = lasting(48 * time.Hour) })
	},
	"an amendment without an answer": func(w *world) { w.edit("designer", budget("9000")) },
	"an amendment that contradicts itself": func(w *world) {
		w.edit("designer", func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.Rate.Currency = "EUR" })
	},
	"work submitted and undecided":      func(w *world) { w.state(submitted("logo")) },
	"the requester may grant no longer": func(w *world) { w.mayNotGrant["chat"], w.mayNotGrant["drive"] = true, true },
	"the admission policies are gone":   func(w *world) { w.admissionMissing = []string{"longshore-grant"} },
	"a policy holds it":                 func(w *world) { w.add(aPolicy("uk-law", "GB").Unreadable()) },
	"everything it names is gone": func(w *world) {
		clear(w.profiles)
		clear(w.pools)
		clear(w.checklists)
		clear(w.scorecards)
	},
	"its file is flooded": func(w *world) { w.flood(maxRecords) },
}

// flood states so much feedback that the record is full.
func (w *world) flood(n int) {
	w.t.Helper()
	for i := range n {
		w.state(anAttestation("feedback/pay").By("ada").Says(v1alpha1.VerdictRaised).Named(fmt.Sprintf("flood-%04d", i)))
	}
}

func TestNothingThatPeopleLeaveUndoneDelaysARevocation(t *testing.T) {
	for _, obstacle := range sortedKeys(obstacles) {
		for _, withdrawal := range sortedKeys(withdrawals) {
			t.Run(withdrawal+" despite "+obstacle, func(t *testing.T) {
				w := atWork(t, func(s *v1alpha1.EngagementSpec) {
					s.StatementOfWork.Deliverables = []v1alpha1.Deliverable{{Name: "logo", Due: *metaTime(on("2026-12-14"))}}
				})
				obstacles[obstacle](w)
				w.settle()
				at := withdrawals[withdrawal](w)
				w.pass("designer") // one pass decides
				if at.Equal(w.now) {
					for _, profile := range []string{"chat", "drive"} {
						if g := w.grant(profile); g != nil && g.Spec.Withdraw == "" && g.Spec.ExpiresAt.After(w.now) {
							t.Fatalf("access to %s is decided upon in the first pass, but stays", profile)
						}
					}
				}
				if w.brokenTargets = true; w.now.Before(at) {
					w.untilTime(at.Add(-time.Second))
					w.expectAccess("chat", v1alpha1.GrantVerified)
				}
				w.brokenTargets = false
				w.untilTime(at)
				for _, profile := range []string{"chat", "drive"} {
					if w.engagements["designer"] != nil {
						w.expectAccess(profile, v1alpha1.GrantRevoked)
					}
				}
				if len(w.grants) > 0 && w.engagements["designer"] == nil {
					t.Error("the engagement is gone and grants are left")
				}
			})
		}
	}
}

func TestTheRecordIsBoundedAndEndsStillGetThrough(t *testing.T) {
	w := atWork(t)
	w.flood(maxRecords)
	w.settle()
	if n := len(w.status().Attestations); n > maxRecords-recordsKeptForEnds {
		t.Errorf("the last %d places are kept for ends, but %d are taken", recordsKeptForEnds, n)
	}
	refused := done("offboarding/laptop", "max")
	w.say(refused).expectIgnored(refused, v1alpha1.ReasonTooManyAttestations)
	end := said(v1alpha1.VerdictEndNow, "max")
	w.say(end).expectIgnored(end, "").expectPhase(v1alpha1.PhaseEvaluating)
}

func TestStatementsThatDoNotCountAreKeptUpToABound(t *testing.T) {
	w := atWork(t)
	var ignoredOnes []*attestationBuilder
	for i := range maxIgnoredRecords + 10 {
		b := done("onboarding/nothing", "max").Named(fmt.Sprintf("nothing-%04d", i))
		ignoredOnes = append(ignoredOnes, b)
	}
	w.say(ignoredOnes...)
	for _, b := range ignoredOnes {
		w.expectIgnored(b, "UnknownStep")
	}
	kept := slices.DeleteFunc(slices.Clone(w.status().Attestations), func(r v1alpha1.AttestationRecord) bool { return r.Ignored == "" })
	if len(kept) != maxIgnoredRecords {
		t.Errorf("%d statements that do not count are kept for the file, but %d are", maxIgnoredRecords, len(kept))
	}
}

func TestEvaluationsAreBounded(t *testing.T) {
	open := aScorecard("creative")
	w := aMarketingTeam(t).add(open, anEngagement("designer").Evaluated("creative", 14*day, day)).hire().start()
	for i := range maxEvaluations + 2 {
		w.evaluate(anEvaluation(v1alpha1.EvaluationPeriodic, fmt.Sprintf("reviewer-%03d", i), "3").Period(1))
	}
	w.settle()
	if n := len(w.status().Evaluations); n != maxEvaluations {
		t.Errorf("%d evaluations are kept, expected %d", n, maxEvaluations)
	}
}
