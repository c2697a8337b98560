package index

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// registered is an indexer that keeps what is registered with it.
type registered struct {
	values map[string]client.IndexerFunc
	kinds  map[string]reflect.Type
	twice  []string
	err    error
}

func (r *registered) IndexField(_ context.Context, o client.Object, field string, values client.IndexerFunc) error {
	if _, is := r.values[field]; is {
		r.twice = append(r.twice, field)
	}
	r.values[field], r.kinds[field] = values, reflect.TypeOf(o)
	return r.err
}

func setup(t *testing.T) *registered {
	t.Helper()
	r := &registered{values: map[string]client.IndexerFunc{}, kinds: map[string]reflect.Type{}}
	if err := Setup(t.Context(), r); err != nil {
		t.Fatalf("registering the indexes: %v", err)
	}
	return r
}

func TestEveryIndexFindsWhatItIsNamedFor(t *testing.T) {
	engagement := func(change func(*v1alpha1.Engagement)) *v1alpha1.Engagement {
		e := &v1alpha1.Engagement{ObjectMeta: metav1.ObjectMeta{Namespace: "marketing", Name: "campaign"}}
		e.Spec.PoolRef.Name = "designers"
		change(e)
		return e
	}
	grant := &v1alpha1.AccessGrant{
		Spec: v1alpha1.AccessGrantSpec{
			EngagementRef: v1alpha1.EngagementReference{Name: "campaign"}, Profile: "design-tools",
			WorkerRef: v1alpha1.WorkerReference{Namespace: "talent", Name: "ada", PersonKey: "p-1"},
		},
		Status: v1alpha1.AccessGrantStatus{Entitlements: []v1alpha1.EntitlementStatus{
			{Key: "k2", Provider: "cluster"}, {Key: "k1", Provider: "cluster"}, {Key: "k3", Provider: "drive"},
		}},
	}
	local := func(name string) *v1alpha1.LocalReference { return &v1alpha1.LocalReference{Name: name} }
	procedure := func(scorecards ...string) *v1alpha1.ProcedureStatus {
		p := &v1alpha1.ProcedureStatus{Definition: []v1alpha1.ChecklistStep{{Name: "plain"}}}
		for _, s := range scorecards {
			p.Definition = append(p.Definition, v1alpha1.ChecklistStep{Name: s, Scorecard: &v1alpha1.StepScorecard{Name: s}})
		}
		return p
	}

	for _, tc := range []struct {
		index  string
		reason string
		object client.Object
		want   []string
	}{
		{EngagementByPool, "a pool without a namespace is the engagement's own", engagement(func(*v1alpha1.Engagement) {}), []string{"marketing/designers"}},
		{EngagementByPool, "a pool may live elsewhere", engagement(func(e *v1alpha1.Engagement) { e.Spec.PoolRef.Namespace = "talent" }), []string{"talent/designers"}},

		{EngagementByWorker, "nobody is concerned yet", engagement(func(*v1alpha1.Engagement) {}), nil},
		{EngagementByWorker, "the pinned, the offered and the accepted are all concerned", engagement(func(e *v1alpha1.Engagement) {
			e.Spec.PoolRef.Namespace, e.Spec.WorkerRef = "talent", local("ada")
			e.Status.Recruitment = &v1alpha1.RecruitmentStatus{Offer: &v1alpha1.Offer{Worker: "bob"}}
			e.Status.Worker = &v1alpha1.EngagedWorker{Name: "cleo", Namespace: "former"}
		}), []string{"former/cleo", "talent/ada", "talent/bob"}},
		{EngagementByWorker, "one worker counts once", engagement(func(e *v1alpha1.Engagement) {
			e.Spec.WorkerRef, e.Status.Worker = local("ada"), &v1alpha1.EngagedWorker{Name: "ada"}
			e.Status.Recruitment = &v1alpha1.RecruitmentStatus{Offer: &v1alpha1.Offer{Worker: "ada"}}
		}), []string{"marketing/ada"}},
		{EngagementByWorker, "a search without an offer concerns nobody", engagement(func(e *v1alpha1.Engagement) {
			e.Status.Recruitment = &v1alpha1.RecruitmentStatus{}
		}), nil},

		{EngagementByPerson, "nobody accepted", engagement(func(*v1alpha1.Engagement) {}), nil},
		{EngagementByPerson, "the person who accepted", engagement(func(e *v1alpha1.Engagement) {
			e.Status.Worker = &v1alpha1.EngagedWorker{Name: "ada", PersonKey: "p-1"}
		}), []string{"p-1"}},
		{EngagementByPerson, "a worker without a key is no person", engagement(func(e *v1alpha1.Engagement) {
			e.Status.Worker = &v1alpha1.EngagedWorker{Name: "ada"}
		}), nil},

		{EngagementByChecklist, "no procedure", engagement(func(e *v1alpha1.Engagement) {
			e.Spec.Onboarding, e.Spec.Offboarding = &v1alpha1.Onboarding{}, &v1alpha1.Offboarding{}
		}), nil},
		{EngagementByChecklist, "both procedures", engagement(func(e *v1alpha1.Engagement) {
			e.Spec.Onboarding = &v1alpha1.Onboarding{ChecklistRef: local("welcome")}
			e.Spec.Offboarding = &v1alpha1.Offboarding{ChecklistRef: local("farewell")}
		}), []string{"farewell", "welcome"}},

		{EngagementByScorecard, "no evaluation", engagement(func(*v1alpha1.Engagement) {}), nil},
		{EngagementByScorecard, "the rubric and those of the steps", engagement(func(e *v1alpha1.Engagement) {
			e.Spec.Evaluation = &v1alpha1.EvaluationPlan{ScorecardRef: *local("creative")}
			e.Status.Onboarding, e.Status.Offboarding = procedure("trial", "creative"), procedure("exit")
		}), []string{"creative", "exit", "trial"}},

		{EngagementByProfile, "what is asked for and what was accepted", engagement(func(e *v1alpha1.Engagement) {
			e.Spec.Access = []v1alpha1.AccessRequest{{Name: "drive"}, {Name: "chat"}}
			e.Status.Terms = &v1alpha1.AcceptedTerms{Access: []v1alpha1.AccessRequest{{Name: "chat"}, {Name: "tracker"}}}
		}), []string{"chat", "drive", "tracker"}},

		{EngagementByJurisdiction, "a subdivision is part of its country", engagement(func(e *v1alpha1.Engagement) { e.Spec.Classification.Jurisdiction = "US-CA" }), []string{"US", "US-CA"}},
		{EngagementByJurisdiction, "a country is itself", engagement(func(e *v1alpha1.Engagement) { e.Spec.Classification.Jurisdiction = "DE" }), []string{"DE"}},
		{EngagementByJurisdiction, "what was accepted counts until what is proposed is", engagement(func(e *v1alpha1.Engagement) {
			e.Spec.Classification.Jurisdiction = "DE"
			e.Status.Terms = &v1alpha1.AcceptedTerms{Classification: v1alpha1.Classification{Jurisdiction: "US-NY"}}
		}), []string{"DE", "US", "US-NY"}},
		{EngagementByJurisdiction, "where the engaged worker works counts even when their object is gone", engagement(func(e *v1alpha1.Engagement) {
			e.Spec.Classification.Jurisdiction = "DE"
			e.Status.Worker = &v1alpha1.EngagedWorker{Name: "ada", Jurisdiction: "PT"}
		}), []string{"DE", "PT"}},
		{EngagementByJurisdiction, "a closed one is judged no more", engagement(func(e *v1alpha1.Engagement) {
			e.Spec.Classification.Jurisdiction, e.Status.Phase = "DE", v1alpha1.PhaseClosed
		}), nil},
		{EngagementByPoolName, "the name alone, wherever the pool lives", engagement(func(e *v1alpha1.Engagement) { e.Spec.PoolRef.Namespace = "talent" }), []string{"designers"}},
		{EngagementByPoolName, "a closed one is judged no more", engagement(func(e *v1alpha1.Engagement) { e.Status.Phase = v1alpha1.PhaseClosed }), nil},

		{EngagementByPredecessor, "no predecessor", engagement(func(*v1alpha1.Engagement) {}), nil},
		{EngagementByPredecessor, "the replaced", engagement(func(e *v1alpha1.Engagement) { e.Spec.Replaces = &v1alpha1.Replaces{Name: "former"} }), []string{"former"}},
		{EngagementByPredecessor, "the continued", engagement(func(e *v1alpha1.Engagement) { e.Spec.Continues = local("former") }), []string{"former"}},

		{AttestationBySubject, "kind and name", &v1alpha1.Attestation{Spec: v1alpha1.AttestationSpec{
			SubjectRef: v1alpha1.SubjectReference{Kind: "Worker", Name: "ada"},
		}}, []string{SubjectKey("Worker", "ada")}},
		{EvaluationByEngagement, "the engagement", &v1alpha1.Evaluation{Spec: v1alpha1.EvaluationSpec{EngagementRef: local("campaign")}}, []string{"campaign"}},
		{EvaluationByEngagement, "a screening judges no engagement", &v1alpha1.Evaluation{Spec: v1alpha1.EvaluationSpec{WorkerRef: local("ada")}}, nil},
		{EvaluationByWorker, "the worker who is screened", &v1alpha1.Evaluation{Spec: v1alpha1.EvaluationSpec{WorkerRef: local("ada")}}, []string{"ada"}},
		{EvaluationByAssignment, "the assignment", &v1alpha1.Evaluation{Spec: v1alpha1.EvaluationSpec{AssignmentRef: local("late")}}, []string{"late"}},
		{EvaluationByAssignment, "an engagement's review judges no assignment", &v1alpha1.Evaluation{Spec: v1alpha1.EvaluationSpec{EngagementRef: local("campaign")}}, nil},
		{EvaluationByWorker, "an engagement's review screens nobody", &v1alpha1.Evaluation{Spec: v1alpha1.EvaluationSpec{EngagementRef: local("campaign")}}, nil},

		{AssignmentByPool, "the pool of the same namespace", &v1alpha1.Assignment{ObjectMeta: metav1.ObjectMeta{Namespace: "care"}, Spec: v1alpha1.AssignmentSpec{PoolRef: v1alpha1.PoolReference{Name: "agents"}}}, []string{"care/agents"}},
		{AssignmentByPool, "the pool of another namespace", &v1alpha1.Assignment{ObjectMeta: metav1.ObjectMeta{Namespace: "care"}, Spec: v1alpha1.AssignmentSpec{PoolRef: v1alpha1.PoolReference{Name: "agents", Namespace: "talent"}}}, []string{"talent/agents"}},
		{AssignmentByEngagement, "who has it and whose it is to be", &v1alpha1.Assignment{Spec: v1alpha1.AssignmentSpec{EngagementRef: local("bo")}, Status: v1alpha1.AssignmentStatus{Engagement: "al"}}, []string{"al", "bo"}},
		{AssignmentByEngagement, "nobody's yet", &v1alpha1.Assignment{}, nil},

		{GrantByEngagement, "the engagement", grant, []string{"campaign"}},
		{GrantByEntitlement, "every entitlement", grant, []string{"k1", "k2", "k3"}},
		{GrantByEntitlement, "nothing is resolved yet", &v1alpha1.AccessGrant{}, nil},
		{GrantByProvider, "every provider once", grant, []string{"cluster", "drive"}},
		{GrantByProfile, "the profile", grant, []string{"design-tools"}},
		{GrantByWorker, "the worker with the pool's namespace", grant, []string{Key("talent", "ada")}},

		{WorkerByPerson, "the person", &v1alpha1.Worker{Spec: v1alpha1.WorkerSpec{PersonKey: "p-1"}}, []string{"p-1"}},
		{WorkerByUsername, "the account", &v1alpha1.Worker{Spec: v1alpha1.WorkerSpec{PersonKey: "p-1", Username: "ada@example.com"}}, []string{"ada@example.com"}},
		{WorkerByUsername, "those without an account share none", &v1alpha1.Worker{Spec: v1alpha1.WorkerSpec{PersonKey: "p-1"}}, nil},
		{WorkerByAccount, "the username, and what access is given to", &v1alpha1.Worker{Spec: v1alpha1.WorkerSpec{
			Username: "zoe@example.com", Identities: []v1alpha1.Identity{{Provider: "cluster", Subject: "zoe-at-work"}, {Provider: "chat", Subject: "zoe@example.com"}},
		}}, []string{"zoe-at-work", "zoe@example.com"}},
		{WorkerByAccount, "those without an account share none", &v1alpha1.Worker{}, nil},
		{WorkerByJurisdiction, "a subdivision is part of its country", &v1alpha1.Worker{Spec: v1alpha1.WorkerSpec{Jurisdiction: "US-CA"}}, []string{"US", "US-CA"}},
		{WorkerByJurisdiction, "nobody knows where they work", &v1alpha1.Worker{}, nil},
		{PoolByChecklist, "the screening", &v1alpha1.TalentPool{Spec: v1alpha1.TalentPoolSpec{Screening: &v1alpha1.Screening{ChecklistRef: *local("funnel")}}}, []string{"funnel"}},
		{PoolByChecklist, "no screening", &v1alpha1.TalentPool{}, nil},

		{DossierByErasure, "nobody asked", &v1alpha1.Dossier{}, nil},
		{DossierByErasure, "nothing is said of it", &v1alpha1.Dossier{Status: &v1alpha1.DossierStatus{}}, nil},
		{DossierByErasure, "what stands against it", &v1alpha1.Dossier{Status: &v1alpha1.DossierStatus{Conditions: []metav1.Condition{
			{Type: v1alpha1.ConditionErased, Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonRetentionConflict},
		}}}, []string{v1alpha1.ReasonRetentionConflict}},
	} {
		t.Run(tc.index+": "+tc.reason, func(t *testing.T) {
			r := setup(t)
			if r.kinds[tc.index] != reflect.TypeOf(tc.object) {
				t.Fatalf("the index %s is of %v, expected it to be of %T", tc.index, r.kinds[tc.index], tc.object)
			}
			got := r.values[tc.index](tc.object)
			if diff := cmp.Diff(tc.want, got); len(tc.want)+len(got) > 0 && diff != "" {
				t.Errorf("the index %s holds the wrong values (-expected +got), because %s:\n%s", tc.index, tc.reason, diff)
			}
		})
	}
}

func TestEveryIndexIsRegisteredOnce(t *testing.T) {
	r := setup(t)
	if len(r.twice) > 0 {
		t.Errorf("registered twice, which a manager refuses: %v", r.twice)
	}
	if len(r.values) != len(indexes) {
		t.Errorf("%d indexes are registered, expected all %d", len(r.values), len(indexes))
	}
}

func TestAnObjectOfAnotherKindHasNoValues(t *testing.T) {
	for name, values := range setup(t).values {
		if got := values(&v1alpha1.Dossier{}); len(got) > 0 {
			t.Errorf("the index %s holds %v for an object of another kind, expected nothing", name, got)
		}
	}
}

func TestAnIndexThatCannotBeRegisteredIsNamed(t *testing.T) {
	r := &registered{values: map[string]client.IndexerFunc{}, kinds: map[string]reflect.Type{}, err: errors.New("the cache has started")}
	err := Setup(t.Context(), r)
	if err == nil || !errors.Is(err, r.err) {
		t.Fatalf("registering gave %v, expected the cache's own error", err)
	}
	if want := "indexing " + EngagementByPool + ": the cache has started"; err.Error() != want {
		t.Errorf("the error says %q, expected %q", err, want)
	}
}
