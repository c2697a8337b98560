package lifecycle

import (
	"context"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

// What contradicts itself is refused by the API server, with the field and what to do.
func TestAContradictionIsRefusedWithTheFieldThatIsWrong(t *testing.T) {
	s := newStage(t)
	for _, c := range []struct {
		name, reason string
		edit         func(spec map[string]any)
		want         string
	}{
		{"end before start", "work cannot end before it begins", set("statementOfWork", "end", "2020-01-01T00:00:00Z"), "end must be after start"},
		{"negative money", "amounts are never negative", set("statementOfWork", "budget", map[string]any{"currency": "USD", "amount": "-5"}), "spec.statementOfWork.budget.amount"},
		{"a fourth decimal", "money is counted in thousandths", set("statementOfWork", "budget", map[string]any{"currency": "USD", "amount": "5.0001"}), "spec.statementOfWork.budget.amount"},
		{"unequal currencies", "currencies are never converted", set("statementOfWork", "rate", map[string]any{"currency": "EUR", "amount": "10", "per": "Hour"}), "rate.currency must be budget.currency"},
		{"overlapping names", "deliverables are keyed by name", set("statementOfWork", "deliverables", []any{
			map[string]any{"name": "a", "due": "2026-12-01T00:00:00Z"}, map[string]any{"name": "a", "due": "2026-12-01T00:00:00Z"},
		}), "Duplicate value"},
		{"a date that is none", "a status that cannot be read would blind the operator", set("statementOfWork", "end", "2026-13-45t99:00:00z"), "spec.statementOfWork.end"},
		{"a lower-case date", "the operator's own parser refuses it, so the schema must", set("statementOfWork", "end", "2026-12-01t08:00:00z"), "spec.statementOfWork.end"},
		{"a duration that is none", "it would blind the operator", set("statementOfWork", "acceptWithin", "5 days"), "spec.statementOfWork.acceptWithin"},
		{"a duration without end", "it would overflow", set("statementOfWork", "acceptWithin", "99999999999h"), "spec.statementOfWork.acceptWithin"},
		{"a year that does not end in time", "in UTC it is the year 10000, which no parser reads again", set("statementOfWork", "end", "9999-12-31T23:59:59-14:00"), "must be in the years 2000 to 2199"},
		{"a year before anyone was engaged", "the zero time is written as none", set("statementOfWork", "start", "0001-01-01T00:00:00Z"), "must be in the years 2000 to 2199"},
		{"a year that is out of range in UTC alone", "it is kept in UTC, and must be in range there too", set("recruitment", "fillBy", "2000-01-01T00:00:00+14:00"), "must be in the years 2000 to 2199"},
		{"a hurried month", "no month is the thirteenth", set("termination", "effective", "2026-13-01T00:00:00Z"), "spec.termination.effective"},
		{"an end within the second of the start", "status keeps whole seconds, where they are the same", func(spec map[string]any) {
			set("statementOfWork", "start", "2026-12-01T08:00:00.1Z")(spec)
			set("statementOfWork", "end", "2026-12-01T08:00:00.9Z")(spec)
			set("statementOfWork", "deliverables", []any{})(spec)
		}, "end must be after start"},
		{"a deliverable due in the year 10000", "it is copied into status", set("statementOfWork", "deliverables", []any{map[string]any{"name": "late", "due": "9999-12-31T23:59:59-14:00"}}), "must be in the years 2000 to 2199"},
		{"a grace of a lifetime", "nobody waits so long", set("statementOfWork", "startGrace", "99999h"), "must be at most 87600h"},
		{"a cadence of nothing", "periods would not end", set("evaluation", "cadence", "0s"), "must be at least 1s"},
		{"a cadence below a second", "status keeps whole seconds", set("evaluation", "cadence", "999ms"), "must be at least 1s"},
		{"an offer that lapses at once", "nobody could answer it", set("recruitment", "offerTimeout", "0s"), "must be at least 1s"},
		{"a long fact", "facts are copied into status", set("classification", "facts", map[string]any{"note": strings.Repeat("f", 257)}), "a fact's name has at most 128 characters, and its value 256"},
		{"a fact with a long name", "facts are copied into status", set("classification", "facts", map[string]any{strings.Repeat("f", 129): "true"}), "a fact's name has at most 128 characters"},
		{"a long description", "terms are copied into status", set("statementOfWork", "deliverables", []any{map[string]any{"name": "a", "due": "2026-12-01T00:00:00Z", "description": strings.Repeat("d", 513)}}), "spec.statementOfWork.deliverables[0].description"},
		{"a profile twice", "access is keyed by name", func(spec map[string]any) {
			spec["access"] = []any{map[string]any{"name": s.profile}, map[string]any{"name": s.profile}}
		}, "Duplicate value"},
		{"no approver", "an engagement needs at least one", func(spec map[string]any) { spec["approvals"] = map[string]any{"required": int64(-1)} }, "spec.approvals.required"},
		{"a renewal without its worker", "a renewal keeps the person", func(spec map[string]any) { spec["continues"] = map[string]any{"name": "other"} }, "set workerRef"},
		{"a deliverable due after the end", "it could never be on time", set("statementOfWork", "deliverables", []any{map[string]any{"name": "late", "due": "2099-01-01T00:00:00Z"}}), "due by the end"},
	} {
		t.Run(c.name, func(t *testing.T) {
			spec, err := runtime.DefaultUnstructuredConverter.ToUnstructured(s.engagement("bad"))
			if err != nil {
				t.Fatal(err)
			}
			u := &unstructured.Unstructured{Object: spec}
			u.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("Engagement"))
			delete(u.Object, "status")
			inner, _, err := unstructured.NestedMap(u.Object, "spec")
			if err != nil {
				t.Fatal(err)
			}
			c.edit(inner)
			u.Object["spec"] = inner
			err = s.as(mia).Create(t.Context(), u)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: expected a refusal that says %q, got: %v", c.reason, c.want, err)
			}
		})
	}
}

// set sets one field of one part of a spec.
func set(part, field string, value any) func(map[string]any) {
	return func(spec map[string]any) {
		m, is := spec[part].(map[string]any)
		if !is {
			m = map[string]any{}
			spec[part] = m
		}
		m[field] = value
	}
}

// What only the whole can show is kept and held: the condition names the object, the field and what to do, and once it is mended the engagement goes on.
func TestWhatIsMissingOrContradictoryStallsUntilItIsMended(t *testing.T) {
	for _, c := range []struct {
		name, reason string
		edit         func(s *stage, spec *v1alpha1.EngagementSpec)
		stalled      string
		says         string
		mend         func(s *stage)
	}{
		{
			name: "a pool that does not exist", reason: "apply order never matters",
			edit: func(_ *stage, spec *v1alpha1.EngagementSpec) { spec.PoolRef.Name = "later" }, stalled: v1alpha1.ReasonReferenceNotFound, says: "TalentPool later",
			mend: func(s *stage) {
				s.mustCreate(admin, &v1alpha1.TalentPool{ObjectMeta: s.meta("later")})
			},
		},
		{
			name: "a checklist that does not exist", reason: "apply order never matters",
			edit: func(_ *stage, spec *v1alpha1.EngagementSpec) { spec.Onboarding.ChecklistRef.Name = "later" }, stalled: v1alpha1.ReasonReferenceNotFound, says: "Checklist later",
			mend: func(s *stage) {
				s.mustCreate(admin, &v1alpha1.Checklist{ObjectMeta: s.meta("later"), Spec: v1alpha1.ChecklistSpec{Steps: []v1alpha1.ChecklistStep{{Name: "hello", Type: v1alpha1.StepMeeting}}}})
			},
		},
		{
			name: "a checklist with a cycle", reason: "it could never be done",
			edit: func(s *stage, spec *v1alpha1.EngagementSpec) {
				s.mustCreate(admin, &v1alpha1.Checklist{ObjectMeta: s.meta("round"), Spec: v1alpha1.ChecklistSpec{Steps: []v1alpha1.ChecklistStep{
					{Name: "a", Type: v1alpha1.StepMeeting, DependsOn: []string{"b"}}, {Name: "b", Type: v1alpha1.StepMeeting, DependsOn: []string{"a"}},
				}}})
				spec.Onboarding.ChecklistRef.Name = "round"
			}, stalled: v1alpha1.ReasonChecklistInvalid, says: "a → b → a",
			mend: func(s *stage) {
				cl := &v1alpha1.Checklist{}
				if err := admin.Get(s.Context(), client.ObjectKey{Namespace: s.ns, Name: "round"}, cl); err != nil {
					s.Fatal(err)
				}
				cl.Spec.Steps[0].DependsOn = nil
				if err := admin.Update(s.Context(), cl); err != nil {
					s.Fatal(err)
				}
			},
		},
		{
			name: "a scorecard that does not exist", reason: "apply order never matters",
			edit: func(_ *stage, spec *v1alpha1.EngagementSpec) { spec.Evaluation.ScorecardRef.Name = "later" }, stalled: v1alpha1.ReasonReferenceNotFound, says: "Scorecard later",
			mend: func(s *stage) {
				s.mustCreate(admin, &v1alpha1.Scorecard{ObjectMeta: s.meta("later"), Spec: v1alpha1.ScorecardSpec{Criteria: []v1alpha1.Criterion{{Name: "q", Weight: 1, Min: 1, Max: 5}}}})
			},
		},
		{
			name: "deliverables beyond the budget", reason: "nobody is recruited for what cannot be paid",
			edit: func(_ *stage, spec *v1alpha1.EngagementSpec) { spec.StatementOfWork.Deliverables[0].Amount = "6000" }, stalled: v1alpha1.ReasonTermsInvalid, says: "6000",
			mend: func(s *stage) {
				s.edit(mia, "work", func(spec *v1alpha1.EngagementSpec) { spec.StatementOfWork.Deliverables[0].Amount = "600" })
			},
		},
		{
			name: "a compliance policy that cannot be evaluated", reason: "what is selected is held as Unknown, never passed",
			edit: func(s *stage, _ *v1alpha1.EngagementSpec) {
				s.mustCreate(admin, s.ruling(v1alpha1.EnforceDeny, "engagement.spec.misspelt == 1"))
			}, stalled: v1alpha1.ReasonComplianceUnknown, says: "cannot be evaluated: rules[house]",
			mend: func(s *stage) {
				if err := admin.Delete(s.Context(), s.policy()); err != nil {
					s.Fatal(err)
				}
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStage(t)
			s.request("work", func(spec *v1alpha1.EngagementSpec) { c.edit(s, spec) })
			s.eventually("work", c.reason+": Stalled="+c.stalled+" saying "+c.says, func(eng *v1alpha1.Engagement) bool {
				for _, cond := range eng.Status.Conditions {
					if cond.Type == v1alpha1.ConditionStalled {
						return cond.Status == metav1.ConditionTrue && cond.Reason == c.stalled && strings.Contains(cond.Message, c.says)
					}
				}
				return false
			})
			c.mend(s)
			s.eventually("work", "going on once it is mended", func(eng *v1alpha1.Engagement) bool {
				return conditionIs(eng, v1alpha1.ConditionStalled, metav1.ConditionFalse)
			})
			s.approve("work")
			s.inPhase("work", v1alpha1.PhaseRecruiting)
		})
	}
}

// What is said by the wrong person, about nothing, or of other terms is kept, marked with the reason, and changes nothing.
func TestWhatDoesNotCountIsKeptAndSaysWhy(t *testing.T) {
	s := newStage(t)
	s.bind(mia, "longshore-approver")
	s.bind(ada, "longshore-requester")
	s.request("work")
	s.ignored(s.attest(ben, "misspelt", "onboarding/nda", v1alpha1.VerdictDone), "UnknownEngagement")
	eng := s.waitsFor("work", "approval/engagement")
	hash := eng.Status.Proposed.Hash
	other := "sha256:" + strings.Repeat("0", 64)

	s.ignored(s.attest(mia, "work", "approval/engagement", v1alpha1.VerdictApproved, terms(hash)), "SelfDealing")
	s.ignored(s.attest(ana, "work", "approval/engagement", v1alpha1.VerdictApproved, terms(other)), "OtherTerms")
	s.ignored(s.attest(ana, "work", "approval/stage.Legal", v1alpha1.VerdictApproved, terms(hash)), "UnknownClaim")
	s.ignored(s.attest(ben, "work", "onboarding/nda", v1alpha1.VerdictDone), "NotNow")
	s.ignored(s.attest(ben, "work", "onboarding/nothing", v1alpha1.VerdictDone), "UnknownStep")
	s.approve("work")
	s.waitsFor("work", "selection/candidate")
	s.ignored(s.attest(ada, "work", "selection/ada", v1alpha1.VerdictChosen), "SelfDealing")
	s.attest(mia, "work", "selection/ada", v1alpha1.VerdictChosen)
	eng = s.waitsFor("work", "offer/ada")
	s.ignored(s.attest(mia, "work", "offer/ada", v1alpha1.VerdictAccepted, terms(eng.Status.Recruitment.Offer.Hash)), "NotTheWorker")
	s.ignored(s.attest(ada, "work", "offer/ada", v1alpha1.VerdictAccepted, terms(other)), "OtherTerms")
	s.accept("work", ada)
	s.inPhase("work", v1alpha1.PhaseOnboarding)
	s.ignored(s.attest(mia, "work", "deliverable/logo", v1alpha1.VerdictAccepted), "NothingSubmitted")
	s.ignored(s.attest(mia, "work", "deliverable/none", v1alpha1.VerdictAccepted), "UnknownDeliverable")
	s.ignored(s.attest(mia, "work", "end/engagement", v1alpha1.VerdictResigned), "NotTheWorker")
	s.ignored(s.attest(mia, "work", "feedback/long", v1alpha1.VerdictRaised, func(a *v1alpha1.AttestationSpec) {
		a.Claim, a.Verdict, a.Amount, a.Note = "deliverable/logo", v1alpha1.VerdictPartlyAccepted, "9999", strings.Repeat("n", 4096)
	}), "NothingSubmitted")
}

// A statement about an engagement dies with it: it is no statement about the next one of that name.
func TestAStatementIsNotReplayedOntoARecreatedEngagement(t *testing.T) {
	s := newStage(t)
	first := s.request("work")
	s.approve("work")
	s.inPhase("work", v1alpha1.PhaseRecruiting)
	if err := s.as(mia).Delete(s.Context(), first); err != nil {
		t.Fatal(err)
	}
	s.gone(first)
	second := first.DeepCopy()
	second.ObjectMeta = s.meta("work")
	second.Status = v1alpha1.EngagementStatus{}
	s.mustCreate(s.as(mia), second)
	eng := s.waitsFor("work", "approval/engagement")
	if eng.Status.Phase != v1alpha1.PhasePending {
		t.Errorf("expected the approval of the engagement before to count for nothing, though the terms are the same; the phase is %s", eng.Status.Phase)
	}
	atts := &v1alpha1.AttestationList{}
	if err := admin.List(s.Context(), atts, client.InNamespace(s.ns)); err != nil {
		t.Fatal(err)
	}
	for _, a := range atts.Items {
		if len(a.OwnerReferences) == 0 || a.OwnerReferences[0].UID != first.UID {
			t.Errorf("expected only statements bound to the first engagement, found %s", a.Name)
		}
	}
}

// A schema that is tightened later must not keep objects from being wound up: rules stand on spec or below, and finalizers still come off.
func TestAnObjectThatATightenedSchemaWouldRefuseCanBeDeleted(t *testing.T) {
	s := newStage(t)
	s.request("tightened")
	eng := s.inPhase("tightened", v1alpha1.PhasePending)

	crd := &apiextensionsv1.CustomResourceDefinition{}
	key := client.ObjectKey{Name: "engagements.gig.longshore.dev"}
	definitions := runtime.NewScheme()
	if err := apiextensionsv1.AddToScheme(definitions); err != nil {
		t.Fatal(err)
	}
	crds, err := client.New(shared.RESTConfig(), client.Options{Scheme: definitions})
	if err != nil {
		t.Fatal(err)
	}
	if err := crds.Get(s.Context(), key, crd); err != nil {
		t.Fatal(err)
	}
	before := crd.DeepCopy()
	spec := crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"]
	spec.XValidations = append(spec.XValidations, apiextensionsv1.ValidationRule{Rule: "!self.title.startsWith('tightened')", Message: "titles begin with a capital"})
	crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"] = spec
	if err := crds.Patch(s.Context(), crd, client.MergeFrom(before)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		after := crd.DeepCopy()
		spec.XValidations = spec.XValidations[:len(spec.XValidations)-1]
		crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"] = spec
		if err := crds.Patch(context.Background(), crd, client.MergeFrom(after)); err != nil {
			t.Errorf("restoring the schema: %v", err)
		}
	})
	if err := s.as(mia).Delete(s.Context(), eng); err != nil {
		t.Fatal(err)
	}
	s.gone(eng)
	s.dossier(eng)
}
