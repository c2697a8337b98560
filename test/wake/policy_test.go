package wake

import (
	"slices"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

func TestAnEditOfAPolicyWakesWhatItCoversBeforeOrAfterAndNothingElse(t *testing.T) {
	f := open(t)
	in := func(codes ...string) []string {
		return f.those(func(i int) bool { return slices.Contains(codes, jurisdictions[i%len(jurisdictions)]) })
	}
	holds := v1alpha1.PolicyRule{Name: "titled", Expression: "engagement.spec.title != ''", Enforcement: v1alpha1.EnforceDeny}
	germany := in("DE", "DE-BY")

	f.wakes(germany, func() {
		f.policy("law", func(s *v1alpha1.CompliancePolicySpec) {
			s.AppliesTo, s.Rules = &v1alpha1.PolicySelector{Jurisdictions: []string{"DE"}}, []v1alpha1.PolicyRule{holds}
		})
	})
	f.wakes(germany, func() {
		f.edit("law", func(p *v1alpha1.CompliancePolicy) { p.Spec.Rules[0].Expression = "engagement.spec.title == 'Work'" })
	})
	f.wakes(germany, func() {
		f.edit("law", func(p *v1alpha1.CompliancePolicy) { p.Spec.EffectiveTo = &metav1.Time{Time: now.AddDate(1, 0, 0)} })
	})
	f.wakes(in("DE", "DE-BY", "FR"), func() {
		f.edit("law", func(p *v1alpha1.CompliancePolicy) { p.Spec.AppliesTo.Jurisdictions = []string{"FR"} })
	})
	f.wakes(nil, func() {
		f.edit("law", func(p *v1alpha1.CompliancePolicy) { p.Labels = map[string]string{"touched": "yes"} })
	})
	f.wakes(nil, func() {
		p := &v1alpha1.CompliancePolicy{}
		f.Expect(f.API.Get(t.Context(), client.ObjectKey{Name: "law"}, p)).To(Succeed())
		p.Status.ObservedGeneration = p.Generation
		meta.SetStatusCondition(&p.Status.Conditions, metav1.Condition{Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonHolds, LastTransitionTime: metav1.NewTime(now)})
		f.Expect(f.API.Status().Update(t.Context(), p)).To(Succeed())
	})
	writers := f.those(func(i int) bool { return i/6%2 == 1 })
	f.wakes(append(slices.DeleteFunc(in("FR"), func(name string) bool { return slices.Contains(writers, name) }), writers...), func() {
		f.edit("law", func(p *v1alpha1.CompliancePolicy) {
			p.Spec.AppliesTo = &v1alpha1.PolicySelector{Pools: []string{"writers"}}
		})
	})
	f.wakes(writers, func() {
		f.Expect(f.API.Delete(t.Context(), &v1alpha1.CompliancePolicy{ObjectMeta: metav1.ObjectMeta{Name: "law"}})).To(Succeed())
	})

	agencyOfOne := f.those(func(i int) bool { return i%3 == 1 && i/12%2 == 1 })
	unit := map[string]string{"unit": f.namespaces[1]}
	f.label(f.namespaces[1], unit) // wakes all of that namespace
	f.wakes(agencyOfOne, func() {
		f.policy("unit", func(s *v1alpha1.CompliancePolicySpec) {
			s.AppliesTo = &v1alpha1.PolicySelector{WorkerTypes: []v1alpha1.WorkerType{v1alpha1.AgencyWorker}, NamespaceSelector: &metav1.LabelSelector{MatchLabels: unit}}
		})
	})
	f.wakes([]string{"engaged", "looking", "pinned"}, func() {
		f.policy("workers", func(s *v1alpha1.CompliancePolicySpec) {
			s.AppliesTo = &v1alpha1.PolicySelector{Jurisdictions: []string{"US-CA"}}
		})
	})
}

func TestTenureThatChangesElsewhereWakesThoseByWhomItIsCounted(t *testing.T) {
	f := open(t)
	later := func(e *v1alpha1.Engagement) {
		e.Status.Terms.StatementOfWork.End = metav1.NewTime(e.Status.Terms.StatementOfWork.End.Add(-time.Hour))
	}
	f.wakes([]string{"engaged"}, func() { f.leaveAs("engaged", later) }) // no policy counts tenure yet
	f.policy("nowhere", func(s *v1alpha1.CompliancePolicySpec) {
		s.AppliesTo, s.Tenure = &v1alpha1.PolicySelector{Jurisdictions: []string{"ZZ"}}, &v1alpha1.Tenure{Max: "P18M"}
	})
	f.wakes([]string{"engaged", "looking", "pinned"}, func() { f.leaveAs("engaged", later) })
	f.wakes([]string{"engaged"}, func() { f.leaveAs("engaged", func(e *v1alpha1.Engagement) { e.Status.Score = "82.5" }) })
}
