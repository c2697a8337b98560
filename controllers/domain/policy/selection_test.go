package policy

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

var (
	from = time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)
	to   = time.Date(2027, 7, 1, 0, 0, 0, 0, time.UTC)
)

func TestAPolicySelectsWhatItAppliesTo(t *testing.T) {
	selector := func(key, value string) *metav1.LabelSelector {
		return &metav1.LabelSelector{MatchLabels: map[string]string{key: value}}
	}
	californian := Selection{
		Jurisdiction: "US-CA", WorkerType: v1alpha1.IndependentContractor, NamespaceLabels: map[string]string{"team": "marketing"},
		Pool: "designers", Now: from.Add(time.Hour),
	}
	at := func(now time.Time) Selection { s := californian; s.Now = now; return s }
	in := func(work, worker string) Selection {
		s := californian
		s.Jurisdiction, s.WorkerJurisdiction = work, worker
		return s
	}

	for _, tc := range []struct {
		name    string
		reason  string
		applies *v1alpha1.PolicySelector
		forever bool
		in      Selection
		want    bool
	}{
		{name: "no selector", reason: "what is absent selects all", in: californian, want: true},
		{name: "an empty selector", reason: "what is absent selects all", applies: &v1alpha1.PolicySelector{}, in: californian, want: true},

		{name: "before it is effective", reason: "a rule does not look back", in: at(from.Add(-time.Second)), want: false},
		{name: "the moment it becomes effective", reason: "from is inclusive", in: at(from), want: true},
		{name: "the last second", reason: "to is exclusive", in: at(to.Add(-time.Second)), want: true},
		{name: "the moment it ceases", reason: "to is exclusive", in: at(to), want: false},
		{name: "without an end", reason: "a policy without effectiveTo never ceases", forever: true, in: at(to.AddDate(50, 0, 0)), want: true},

		{name: "a country and a subdivision", reason: "a country selects its subdivisions", applies: &v1alpha1.PolicySelector{Jurisdictions: []string{"US"}}, in: in("US-CA", ""), want: true},
		{name: "a subdivision and its country", reason: "a subdivision says nothing of the whole country", applies: &v1alpha1.PolicySelector{Jurisdictions: []string{"US-CA"}}, in: in("US", ""), want: false},
		{name: "two subdivisions", reason: "California is not Colorado", applies: &v1alpha1.PolicySelector{Jurisdictions: []string{"US-CA"}}, in: in("US-CO", ""), want: false},
		{name: "a longer code with the same beginning", reason: "US-C is not a country of US-CA", applies: &v1alpha1.PolicySelector{Jurisdictions: []string{"US-C"}}, in: in("US-CA", ""), want: false},
		{name: "the worker's place", reason: "the policies of both jurisdictions apply", applies: &v1alpha1.PolicySelector{Jurisdictions: []string{"DE"}}, in: in("US-CA", "DE"), want: true},
		{name: "neither place", reason: "it is about somewhere else", applies: &v1alpha1.PolicySelector{Jurisdictions: []string{"FR", "ES"}}, in: in("US-CA", "DE"), want: false},
		{name: "one of several places", reason: "one is enough", applies: &v1alpha1.PolicySelector{Jurisdictions: []string{"FR", "US"}}, in: in("US-CA", "DE"), want: true},

		{name: "the worker type", reason: "it is about contractors", applies: &v1alpha1.PolicySelector{WorkerTypes: []v1alpha1.WorkerType{v1alpha1.IndependentContractor}}, in: californian, want: true},
		{name: "another worker type", reason: "it is about agency workers", applies: &v1alpha1.PolicySelector{WorkerTypes: []v1alpha1.WorkerType{v1alpha1.AgencyWorker}}, in: californian, want: false},
		{name: "the pool", reason: "it names the pool", applies: &v1alpha1.PolicySelector{Pools: []string{"designers"}}, in: californian, want: true},
		{name: "another pool", reason: "it names another pool", applies: &v1alpha1.PolicySelector{Pools: []string{"agents"}}, in: californian, want: false},
		{name: "the namespace", reason: "its labels match", applies: &v1alpha1.PolicySelector{NamespaceSelector: selector("team", "marketing")}, in: californian, want: true},
		{name: "another namespace", reason: "its labels do not match", applies: &v1alpha1.PolicySelector{NamespaceSelector: selector("team", "support")}, in: californian, want: false},
		{name: "an unreadable namespace selector", reason: "what cannot be evaluated holds", applies: &v1alpha1.PolicySelector{NamespaceSelector: &metav1.LabelSelector{
			MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "team", Operator: "Near", Values: []string{"marketing"}}},
		}}, in: californian, want: true},
		{name: "all but one", reason: "every part of a selector must match", applies: &v1alpha1.PolicySelector{
			Jurisdictions: []string{"US"}, WorkerTypes: []v1alpha1.WorkerType{v1alpha1.IndependentContractor}, Pools: []string{"agents"},
		}, in: californian, want: false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			spec := &v1alpha1.CompliancePolicySpec{AppliesTo: tc.applies, EffectiveFrom: metav1.NewTime(from)}
			if !tc.forever {
				spec.EffectiveTo = &metav1.Time{Time: to}
			}
			if got := selects(spec, tc.in); got != tc.want {
				t.Errorf("the policy selects: %v, expected %v, because %s", got, tc.want, tc.reason)
			}
		})
	}
}

func TestTheNextChangeIsWhenAPolicyBeginsOrCeases(t *testing.T) {
	bounded := &v1alpha1.CompliancePolicySpec{EffectiveFrom: metav1.NewTime(from), EffectiveTo: &metav1.Time{Time: to}}
	unbounded := &v1alpha1.CompliancePolicySpec{EffectiveFrom: metav1.NewTime(from)}
	for _, tc := range []struct {
		name   string
		reason string
		policy *v1alpha1.CompliancePolicySpec
		now    time.Time
		want   *time.Time
	}{
		{"before it begins", "it will begin", bounded, from.Add(-time.Hour), &from},
		{"at its beginning", "it has begun and will cease", bounded, from, &to},
		{"while it applies", "it will cease", bounded, from.Add(time.Hour), &to},
		{"at its end", "nothing more comes", bounded, to, nil},
		{"after its end", "nothing more comes", bounded, to.Add(time.Hour), nil},
		{"without an end, before", "it will begin", unbounded, from.Add(-time.Hour), &from},
		{"without an end, after", "it never ceases", unbounded, from, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := NextChange(tc.policy, tc.now)
			if (got == nil) != (tc.want == nil) || (got != nil && !got.Equal(*tc.want)) {
				t.Errorf("the next change is %v, expected %v, because %s", got, tc.want, tc.reason)
			}
		})
	}
}

func TestAPolicyCoversWhatItAppliesToAtAnyTime(t *testing.T) {
	spec := &v1alpha1.CompliancePolicySpec{
		AppliesTo: &v1alpha1.PolicySelector{Jurisdictions: []string{"US"}}, EffectiveFrom: metav1.NewTime(from), EffectiveTo: &metav1.Time{Time: to},
	}
	for _, now := range []time.Time{from.Add(-time.Hour), from, to, to.AddDate(9, 0, 0)} {
		in := Selection{Jurisdiction: "US-CA", Now: now}
		if !Covers(spec, in) {
			t.Errorf("at %s the policy does not cover what it applies to; an edit of it would go unnoticed", now)
		}
		if in.Jurisdiction = "DE"; Covers(spec, in) {
			t.Errorf("at %s the policy covers what it never applies to", now)
		}
	}
}
