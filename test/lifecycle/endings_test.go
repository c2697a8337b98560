package lifecycle

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

// Every way in which work ends takes access away at once, with every step of every person left undone.
func TestNoPersonsStepDelaysARevocation(t *testing.T) {
	for _, c := range []struct {
		name, reason string
		spec         func(*v1alpha1.EngagementSpec)
		end          func(s *stage)
		stays        v1alpha1.Phase // where the engagement then waits for people
	}{
		{
			name: "an end date", reason: "the planned end needs nobody to say so",
			spec: func(spec *v1alpha1.EngagementSpec) {
				spec.StatementOfWork.End = metav1.NewTime(time.Now().Add(20 * time.Second))
				spec.StatementOfWork.Deliverables = nil
			},
			end: func(*stage) {}, stays: v1alpha1.PhaseEvaluating,
		},
		{
			name: "a termination", reason: "the requester ends it in the spec, with immediate effect",
			end: func(s *stage) {
				s.edit(mia, "work", func(spec *v1alpha1.EngagementSpec) {
					spec.Termination = &v1alpha1.Termination{Reason: v1alpha1.TerminationProjectCancelled}
				})
			}, stays: v1alpha1.PhaseEvaluating,
		},
		{
			name: "a resignation", reason: "the worker says so, and no notice is agreed",
			end: func(s *stage) { s.attest(ada, "work", "end/engagement", v1alpha1.VerdictResigned) }, stays: v1alpha1.PhaseEvaluating,
		},
		{
			name: "a suspension", reason: "suspending pauses the work and takes access, without ending it",
			end: func(s *stage) {
				s.edit(mia, "work", func(spec *v1alpha1.EngagementSpec) { spec.Suspend = true })
			}, stays: v1alpha1.PhaseAssigned,
		},
		{
			name: "a withdrawal", reason: "access/withdraw takes access whatever Git says",
			end: func(s *stage) { s.attest(mia, "work", "access/withdraw", v1alpha1.VerdictDone) }, stays: v1alpha1.PhaseAssigned,
		},
		{
			name: "a deletion", reason: "deleting waits for revocation and the seal alone",
			end: func(s *stage) {
				if err := s.as(mia).Delete(s.Context(), s.get("work")); err != nil {
					s.Fatalf("the requester holds the verb end, so may delete an engagement that holds access: %v", err)
				}
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStage(t)
			s.request("work", func(spec *v1alpha1.EngagementSpec) {
				if c.spec != nil {
					c.spec(spec)
				}
			})
			eng := s.begin("work", ada)
			s.gainsAccess(ada)
			c.end(s)
			s.losesAccess(ada)
			if c.stays == "" {
				s.gone(eng)
				if d := s.dossier(eng); d.Spec.Record.Outcome != v1alpha1.OutcomeTerminated {
					t.Errorf("%s: expected the sealed outcome Terminated, got %s", c.reason, d.Spec.Record.Outcome)
				}
				return
			}
			eng = s.eventually("work", "revoked, and waiting for people in "+string(c.stays), func(eng *v1alpha1.Engagement) bool {
				return eng.Status.Phase == c.stays && eng.Status.Access.Owed == 0 && conditionIs(eng, v1alpha1.ConditionAccessRevoked, metav1.ConditionTrue) && len(eng.Status.WaitingFor) > 0
			})
			for _, w := range eng.Status.WaitingFor {
				if w.Who == "" || w.Since.IsZero() || w.Message == "" {
					t.Errorf("every wait names for whom, since when and what to do; got %+v", w)
				}
			}
		})
	}
}

func TestALiftedSuspensionGivesAccessBack(t *testing.T) {
	s := newStage(t)
	s.request("work")
	s.begin("work", ada)
	s.gainsAccess(ada)
	s.edit(mia, "work", func(spec *v1alpha1.EngagementSpec) { spec.Suspend = true })
	s.losesAccess(ada)
	s.waitsFor("work", "spec/suspend")
	s.edit(mia, "work", func(spec *v1alpha1.EngagementSpec) { spec.Suspend = false })
	s.gainsAccess(ada)
}

func TestAWithdrawalByAttestationOutlivesItsObject(t *testing.T) {
	s := newStage(t)
	s.request("work")
	s.begin("work", ada)
	att := s.attest(mia, "work", "access/withdraw", v1alpha1.VerdictDone)
	s.losesAccess(ada)
	if err := s.as(mia).Delete(s.Context(), att); err == nil {
		t.Error("expected nobody but the operator and the garbage collector to delete an attestation")
	}
	s.nextSecond()
	s.attest(mia, "work", "access/withdraw", v1alpha1.VerdictLifted)
	s.gainsAccess(ada)
}

func TestATerminationForCauseTakesTheGraceAway(t *testing.T) {
	s := newStage(t)
	profile := &v1alpha1.AccessProfile{}
	if err := admin.Get(s.Context(), client.ObjectKey{Name: s.profile}, profile); err != nil {
		t.Fatal(err)
	}
	profile.Spec.MaxGrace = &metav1.Duration{Duration: time.Hour}
	if err := admin.Update(s.Context(), profile); err != nil {
		t.Fatal(err)
	}
	s.request("work", func(spec *v1alpha1.EngagementSpec) {
		spec.Offboarding.AccessGrace = &metav1.Duration{Duration: time.Hour}
	})
	s.begin("work", ada)
	s.edit(mia, "work", func(spec *v1alpha1.EngagementSpec) {
		spec.Termination = &v1alpha1.Termination{Reason: v1alpha1.TerminationProjectCancelled}
	})
	s.inPhase("work", v1alpha1.PhaseEvaluating)
	if !s.hasAccess(ada) {
		t.Error("expected an ordinary termination to leave the agreed grace of an hour")
	}

	s.request("other", func(spec *v1alpha1.EngagementSpec) {
		spec.Offboarding.AccessGrace = &metav1.Duration{Duration: time.Hour}
	})
	s.begin("other", bob)
	s.edit(mia, "other", func(spec *v1alpha1.EngagementSpec) {
		spec.Termination = &v1alpha1.Termination{Reason: v1alpha1.TerminationSecurityIncident}
	})
	s.losesAccess(bob)
	eng := s.eventually("other", "ineligible for rehire, for cause", func(eng *v1alpha1.Engagement) bool { return eng.Status.EndedAt != nil })
	if err := s.tryEdit(mia, "other", func(spec *v1alpha1.EngagementSpec) { spec.Termination = nil }); err == nil {
		t.Errorf("expected a termination that has taken effect at %s to be frozen", eng.Status.EndedAt)
	}
}

// The namespace controller and the garbage collector need no verb, and nothing hangs while the targets answer.
func TestTheNamespaceOfARunningEngagementCanBeDeleted(t *testing.T) {
	s := newStage(t)
	s.request("work")
	eng := s.begin("work", ada)
	s.gainsAccess(ada)
	if err := admin.Delete(s.Context(), s.namespace()); err != nil {
		t.Fatal(err)
	}
	s.gone(eng)
	s.gone(s.namespace())
	if s.hasAccess(ada) {
		t.Error("expected no access to be left")
	}
	d := s.dossier(eng)
	for _, a := range d.Spec.Record.Access {
		if a.State != v1alpha1.GrantRevoked || a.RevokedAt == nil {
			t.Errorf("expected the sealed evidence to say that %s was read back as revoked, got %s", a.Entitlement, a.State)
		}
	}
	if len(d.Spec.Record.Access) == 0 {
		t.Error("expected the sealed file to hold the evidence of every entitlement")
	}
}

func TestDeletingAnEngagementThatHoldsAccessNeedsTheVerbEnd(t *testing.T) {
	s := newStage(t)
	s.bind("pruner", "longshore-gitops-test")
	s.request("work")
	s.begin("work", ada)
	if err := s.as("pruner").Delete(s.Context(), s.get("work")); err == nil {
		t.Fatal("expected a prune without the verb end to be refused")
	}
	if !s.hasAccess(ada) {
		t.Error("expected the refused prune to change nothing")
	}
}
