package reach

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/hack/bench/inmemory"
)

var start = metav1.NewTime(time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC))

// engagement of an independent contractor in Germany, in the pool designers of its own namespace, that waits for approvals.
func engagement(name string, changes ...func(*v1alpha1.Engagement)) *v1alpha1.Engagement {
	e := &v1alpha1.Engagement{ObjectMeta: metav1.ObjectMeta{Namespace: "marketing", Name: name}}
	e.Spec.PoolRef.Name = "designers"
	e.Spec.Classification = v1alpha1.Classification{WorkerType: v1alpha1.IndependentContractor, Jurisdiction: "DE"}
	e.Status.Phase = v1alpha1.PhasePending
	for _, change := range changes {
		change(e)
	}
	return e
}

type change = func(*v1alpha1.Engagement)

func in(jurisdiction string) change {
	return func(e *v1alpha1.Engagement) { e.Spec.Classification.Jurisdiction = jurisdiction }
}

func namespace(name string) change { return func(e *v1alpha1.Engagement) { e.Namespace = name } }

func pool(name string) change { return func(e *v1alpha1.Engagement) { e.Spec.PoolRef.Name = name } }

func as(t v1alpha1.WorkerType) change {
	return func(e *v1alpha1.Engagement) { e.Spec.Classification.WorkerType = t }
}

func phase(p v1alpha1.Phase) change { return func(e *v1alpha1.Engagement) { e.Status.Phase = p } }

func pinned(worker string) change {
	return func(e *v1alpha1.Engagement) { e.Spec.WorkerRef = &v1alpha1.LocalReference{Name: worker} }
}

func offered(worker string) change {
	return func(e *v1alpha1.Engagement) {
		e.Status.Phase = v1alpha1.PhaseRecruiting
		e.Status.Recruitment = &v1alpha1.RecruitmentStatus{Offer: &v1alpha1.Offer{Worker: worker}}
	}
}

// engaged is the person of that name, whose Worker has it too, by the terms as they are proposed.
func engaged(person string) change {
	return func(e *v1alpha1.Engagement) {
		e.Status.Phase = v1alpha1.PhaseAssigned
		e.Status.Worker = &v1alpha1.EngagedWorker{Namespace: "marketing", Name: person, PersonKey: person}
		e.Status.Terms = &v1alpha1.AcceptedTerms{Classification: e.Spec.Classification, StatementOfWork: v1alpha1.StatementOfWork{Start: start, End: start}}
	}
}

func worker(name, jurisdiction string, screening v1alpha1.ScreeningState) *v1alpha1.Worker {
	w := &v1alpha1.Worker{ObjectMeta: metav1.ObjectMeta{Namespace: "marketing", Name: name}}
	w.Spec.PersonKey, w.Spec.Jurisdiction = name, jurisdiction
	w.Status.Pools = []v1alpha1.PoolMembership{{Name: "designers", Screening: screening}}
	return w
}

func names(keys []types.NamespacedName) []string {
	var all []string
	for _, key := range keys {
		all = append(all, key.Namespace+"/"+key.Name)
	}
	slices.Sort(all)
	return all
}

// TestAPolicyReachesWhatItCoversAndNothingElse has two engagements in every world besides those of the case, so that the index that is taken matters: one that is closed, and
// one in France that no case covers.
func TestAPolicyReachesWhatItCoversAndNothingElse(t *testing.T) {
	selects := func(change func(*v1alpha1.PolicySelector)) *v1alpha1.CompliancePolicySpec {
		s := &v1alpha1.PolicySelector{}
		change(s)
		return &v1alpha1.CompliancePolicySpec{AppliesTo: s}
	}
	germany := selects(func(s *v1alpha1.PolicySelector) { s.Jurisdictions = []string{"DE"} })
	california := selects(func(s *v1alpha1.PolicySelector) { s.Jurisdictions = []string{"US-CA"} })
	all := &v1alpha1.CompliancePolicySpec{}
	over := germany.DeepCopy()
	over.EffectiveFrom, over.EffectiveTo = start, &start
	for _, tc := range []struct {
		reason  string
		specs   []*v1alpha1.CompliancePolicySpec
		objects []client.Object
		want    []string
	}{
		{"where the work is done", []*v1alpha1.CompliancePolicySpec{germany}, []client.Object{engagement("a"), engagement("b", in("DE-BY")), engagement("c", in("AT"))}, []string{"marketing/a", "marketing/b"}},
		{"a subdivision alone", []*v1alpha1.CompliancePolicySpec{california}, []client.Object{engagement("a", in("US-CA")), engagement("b", in("US")), engagement("c", in("US-NY"))}, []string{"marketing/a"}},
		{"before and after the edit", []*v1alpha1.CompliancePolicySpec{germany, california}, []client.Object{engagement("a", in("US-CA")), engagement("b"), engagement("c", in("US-NY"))}, []string{"marketing/a", "marketing/b"}},
		{"an edit of dates", []*v1alpha1.CompliancePolicySpec{germany, over}, []client.Object{engagement("a")}, []string{"marketing/a"}},
		{"what was accepted and what is proposed instead", []*v1alpha1.CompliancePolicySpec{germany}, []client.Object{engagement("was", engaged("ann"), in("AT")), engagement("will-be", in("AT"), engaged("ben"), in("DE")), engagement("never", in("AT"), engaged("cy"))}, []string{"marketing/was", "marketing/will-be"}},
		{"whoever is engaged", []*v1alpha1.CompliancePolicySpec{california}, []client.Object{worker("ada", "US-CA", v1alpha1.ScreeningPassed), worker("bo", "US-NY", v1alpha1.ScreeningPassed), engagement("a", engaged("ada")), engagement("b", engaged("bo"))}, []string{"marketing/a"}},
		{"whoever is pinned, also before anybody is looked for", []*v1alpha1.CompliancePolicySpec{california}, []client.Object{worker("ada", "US-CA", v1alpha1.ScreeningInProgress), engagement("a", pinned("ada")), engagement("b", pinned("bo"))}, []string{"marketing/a"}},
		{"whoever has an offer, and then nobody else", []*v1alpha1.CompliancePolicySpec{california}, []client.Object{worker("ada", "US-CA", v1alpha1.ScreeningPassed), worker("bo", "US-NY", v1alpha1.ScreeningPassed), engagement("a", offered("ada")), engagement("b", offered("bo"))}, []string{"marketing/a"}},
		{"those who look for somebody in a pool with such a member", []*v1alpha1.CompliancePolicySpec{california}, []client.Object{
			worker("ada", "US-CA", v1alpha1.ScreeningPassed), engagement("a", phase(v1alpha1.PhaseRecruiting)), engagement("elsewhere", phase(v1alpha1.PhaseRecruiting), pool("writers")), engagement("not-yet"), engagement("pinned", phase(v1alpha1.PhaseRecruiting), pinned("bo")),
		}, []string{"marketing/a"}},
		{"nobody asks about a member who is not screened", []*v1alpha1.CompliancePolicySpec{california}, []client.Object{worker("ada", "US-CA", v1alpha1.ScreeningInProgress), engagement("a", phase(v1alpha1.PhaseRecruiting))}, nil},
		{"another Worker of a person whose own is gone", []*v1alpha1.CompliancePolicySpec{california}, []client.Object{
			func() *v1alpha1.Worker {
				w := worker("ada-again", "US-CA", v1alpha1.ScreeningPassed)
				w.Spec.PersonKey = "ada"
				return w
			}(), worker("ben", "US-NY", v1alpha1.ScreeningPassed), func() *v1alpha1.Worker {
				w := worker("ben-again", "US-CA", v1alpha1.ScreeningPassed)
				w.Spec.PersonKey = "ben"
				return w
			}(), engagement("a", engaged("ada")), engagement("b", engaged("ben")),
		}, []string{"marketing/a"}},
		{"pools by name, in every namespace", []*v1alpha1.CompliancePolicySpec{selects(func(s *v1alpha1.PolicySelector) { s.Pools = []string{"writers"} })}, []client.Object{engagement("a", pool("writers")), engagement("b", pool("writers"), namespace("sales")), engagement("c")}, []string{"marketing/a", "sales/b"}},
		{"pools and where the worker is", []*v1alpha1.CompliancePolicySpec{selects(func(s *v1alpha1.PolicySelector) { s.Pools, s.Jurisdictions = []string{"designers"}, []string{"US-CA"} })}, []client.Object{
			worker("ada", "US-CA", v1alpha1.ScreeningPassed), engagement("a", engaged("ada")), engagement("b", pool("writers"), engaged("ada")), engagement("c"),
		}, []string{"marketing/a"}},
		{"namespaces by their labels", []*v1alpha1.CompliancePolicySpec{selects(func(s *v1alpha1.PolicySelector) {
			s.NamespaceSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"unit": "sales"}}
		})}, []client.Object{engagement("a"), engagement("b", namespace("sales"))}, []string{"sales/b"}},
		{"namespaces and where the worker is", []*v1alpha1.CompliancePolicySpec{selects(func(s *v1alpha1.PolicySelector) {
			s.NamespaceSelector, s.Jurisdictions = &metav1.LabelSelector{MatchLabels: map[string]string{"unit": "sales"}}, []string{"US-CA"}
		})}, []client.Object{worker("ada", "US-CA", v1alpha1.ScreeningPassed), engagement("a", engaged("ada")), engagement("b", namespace("sales"), engaged("ada")), engagement("c", namespace("sales"))}, []string{"sales/b"}},
		{"a selector of namespaces that cannot be read selects all", []*v1alpha1.CompliancePolicySpec{selects(func(s *v1alpha1.PolicySelector) {
			s.Jurisdictions, s.NamespaceSelector = []string{"DE"}, &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "unit", Operator: "Resembles"}}}
		})}, []client.Object{engagement("a")}, []string{"marketing/a"}},
		{"worker types", []*v1alpha1.CompliancePolicySpec{selects(func(s *v1alpha1.PolicySelector) { s.WorkerTypes = []v1alpha1.WorkerType{v1alpha1.AgencyWorker} })}, []client.Object{engagement("a", as(v1alpha1.AgencyWorker)), engagement("b")}, []string{"marketing/a"}},
		{"all", []*v1alpha1.CompliancePolicySpec{all}, []client.Object{engagement("a"), engagement("b", namespace("sales"))}, []string{"marketing/a", "marketing/other", "sales/b"}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			objects := append(slices.Clone(tc.objects), engagement("closed", phase(v1alpha1.PhaseClosed)), engagement("other", in("FR"), pool("others")),
				&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "marketing"}}, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "sales", Labels: map[string]string{"unit": "sales"}}})
			reader, err := inmemory.Start(t.Context(), objects)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Policy(t.Context(), reader, tc.specs...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, names(got)); diff != "" {
				t.Errorf("the policy should reach what it covers (-expected +got):\n%s", diff)
			}
		})
	}
}

func TestAPersonsEngagementReachesTheOthersByWhichTenureIsCounted(t *testing.T) {
	limit := &v1alpha1.CompliancePolicy{ObjectMeta: metav1.ObjectMeta{Name: "cap"}, Spec: v1alpha1.CompliancePolicySpec{Tenure: &v1alpha1.Tenure{Max: "P18M"}}}
	rule := &v1alpha1.CompliancePolicy{ObjectMeta: metav1.ObjectMeta{Name: "rule"}, Spec: v1alpha1.CompliancePolicySpec{Rules: []v1alpha1.PolicyRule{{Name: "few", Expression: "size(tenure.engagements) < 9"}}}}
	message := &v1alpha1.CompliancePolicy{ObjectMeta: metav1.ObjectMeta{Name: "message"}, Spec: v1alpha1.CompliancePolicySpec{Rules: []v1alpha1.PolicyRule{{Name: "titled", Expression: "engagement.spec.title != ''", MessageExpression: "'since ' + string(tenure.since)"}}}}
	unrelated := &v1alpha1.CompliancePolicy{ObjectMeta: metav1.ObjectMeta{Name: "unrelated"}, Spec: v1alpha1.CompliancePolicySpec{Rules: []v1alpha1.PolicyRule{{Name: "titled", Expression: "engagement.spec.title != ''"}}}}
	world := []client.Object{
		worker("ada", "DE", v1alpha1.ScreeningPassed), worker("bo", "DE", v1alpha1.ScreeningInProgress),
		engagement("same-person", engaged("ada")), engagement("other-person", engaged("bo")), engagement("closed", engaged("ada"), phase(v1alpha1.PhaseClosed)),
		engagement("pinned", pinned("ada")), engagement("offered", offered("ada")), engagement("offered-to-another", offered("bo")),
		engagement("looking", phase(v1alpha1.PhaseRecruiting)), engagement("looking-elsewhere", phase(v1alpha1.PhaseRecruiting), pool("writers")), engagement("not-yet"),
	}
	concerned := []string{"marketing/looking", "marketing/offered", "marketing/pinned", "marketing/same-person"}
	before := engagement("self", engaged("ada"))
	edited := func(change change) *v1alpha1.Engagement {
		e := before.DeepCopy()
		change(e)
		return e
	}
	later := metav1.NewTime(start.AddDate(0, 1, 0))
	for _, tc := range []struct {
		reason      string
		policy      *v1alpha1.CompliancePolicy
		was, is     *v1alpha1.Engagement
		wakesOthers bool
	}{
		{"accepted", limit, engagement("self", offered("ada")), before, true},
		{"accepted, and a rule counts it", rule, engagement("self", offered("ada")), before, true},
		{"accepted, and a rule's message counts it", message, engagement("self", offered("ada")), before, true},
		{"accepted, and nothing counts it", unrelated, engagement("self", offered("ada")), before, false},
		{"ended", limit, before, edited(func(e *v1alpha1.Engagement) { e.Status.EndedAt = &start }), true},
		{"a later end", limit, before, edited(func(e *v1alpha1.Engagement) { e.Status.Terms.StatementOfWork.End = later }), true},
		{"a later start", limit, before, edited(func(e *v1alpha1.Engagement) { e.Status.Terms.StatementOfWork.Start = later }), true},
		{"another budget", limit, before, edited(func(e *v1alpha1.Engagement) { e.Status.Terms.StatementOfWork.Budget.Amount = "9" }), true},
		{"another type of worker", limit, before, edited(func(e *v1alpha1.Engagement) { e.Status.Terms.Classification.WorkerType = v1alpha1.AgencyWorker }), true},
		{"another pool", limit, before, edited(pool("writers")), true},
		{"removed", limit, before, nil, true},
		{"removed before anybody accepted", limit, engagement("self", offered("ada")), nil, false},
		{"offered", limit, engagement("self"), engagement("self", offered("ada")), false},
		{"an end that is proposed only", limit, before, edited(func(e *v1alpha1.Engagement) { e.Spec.StatementOfWork.End = later }), false},
		{"another phase", limit, before, edited(phase(v1alpha1.PhaseEvaluating)), false},
		{"another score", limit, before, edited(func(e *v1alpha1.Engagement) { e.Status.Score = "82.5" }), false},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			objects := append(slices.Clone(world), tc.policy)
			if tc.is != nil {
				objects = append(objects, tc.is)
			}
			reader, err := inmemory.Start(t.Context(), objects)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Tenure(t.Context(), reader, tc.was, tc.is)
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			if tc.wakesOthers {
				want = concerned
			}
			if diff := cmp.Diff(want, names(got)); diff != "" {
				t.Errorf("it should reach those by whose tenure it is counted, and not itself (-expected +got):\n%s", diff)
			}
		})
	}
}
