package wake

import (
	"slices"
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// TestWhatRulesReadOfAPoolWakesWhoeverIsEngagedFromIt edits a pool in every way in which a rule could tell, before and after there is such a rule.
func TestWhatRulesReadOfAPoolWakesWhoeverIsEngagedFromIt(t *testing.T) {
	f := open(t)
	seeking := f.seeking()
	everybody := append(slices.Clone(seeking), "engaged", "engaged-elsewhere")
	label := func(to string) func() {
		return func() {
			f.editPool(func(p *v1alpha1.TalentPool) { p.Labels = map[string]string{"customer": to} })
		}
	}

	f.wakes(seeking, label("acme")) // no rule reads it yet
	f.policy("platform", func(s *v1alpha1.CompliancePolicySpec) {
		s.AppliesTo = &v1alpha1.PolicySelector{Jurisdictions: []string{"ZZ"}}
		s.Rules = []v1alpha1.PolicyRule{{Name: "no-demotion", Expression: "!has(pool.spec.demotion)", Enforcement: v1alpha1.EnforceDeny}}
	})
	f.wakes(everybody, label("other"))
	f.wakes(everybody, func() {
		f.editPool(func(p *v1alpha1.TalentPool) { p.Annotations = map[string]string{"rating": "automatic"} })
	})
	f.wakes(everybody, func() {
		f.editPool(func(p *v1alpha1.TalentPool) { p.Spec.Limits = &v1alpha1.PoolLimits{MaxConcurrentPerWorker: 7} })
	})
	f.wakes(nil, func() {
		p := f.pool()
		p.Status.Members = 7
		f.Expect(f.API.Status().Update(t.Context(), p)).To(Succeed())
	})
	f.wakes(everybody, func() { f.Expect(f.API.Delete(t.Context(), f.pool())).To(Succeed()) })
	f.wakes(everybody, func() {
		f.Create(&v1alpha1.TalentPool{ObjectMeta: metav1.ObjectMeta{Namespace: f.Namespace, Name: "designers"}})
	})
}

// TestLabelsAndAnnotationsThatRulesReadWakeWhomTheyConcern is about what rules read besides pools.
func TestLabelsAndAnnotationsThatRulesReadWakeWhomTheyConcern(t *testing.T) {
	f := open(t)
	marked := map[string]string{"unit": "sales"}
	patch := func(o client.Object, change func()) func() {
		return func() {
			f.Expect(f.API.Get(t.Context(), client.ObjectKey{Namespace: f.Namespace, Name: o.GetName()}, o)).To(Succeed())
			before, is := o.DeepCopyObject().(client.Object)
			f.Expect(is).To(BeTrue())
			change()
			f.Expect(f.API.Patch(t.Context(), o, client.MergeFrom(before))).To(Succeed())
		}
	}
	eng := &v1alpha1.Engagement{ObjectMeta: metav1.ObjectMeta{Name: "engaged"}}
	f.wakes([]string{"engaged"}, patch(eng, func() { eng.Labels = marked }))
	f.wakes([]string{"engaged"}, patch(eng, func() { eng.Annotations = marked }))
	// A member of a pool may be whom somebody looks for there.
	w := &v1alpha1.Worker{ObjectMeta: metav1.ObjectMeta{Name: "ben"}}
	f.wakes(append(f.seeking(), "engaged-elsewhere"), patch(w, func() { w.Labels = marked }))
	f.wakes(append(f.seeking(), "engaged-elsewhere"), patch(w, func() { w.Annotations = marked }))
	f.wakes(f.those(func(i int) bool { return i%3 == 1 }), func() { f.label(f.namespaces[1], marked) })
}

// seeking are those of the pool designers, in the stage's namespace, in which nobody has accepted.
func (f *floor) seeking() []string {
	return append(f.those(func(i int) bool { return i%3 == 0 && i/6%2 == 0 }), "looking", "not-yet", "pinned")
}

// pool is the pool designers in the stage's namespace.
func (f *floor) pool() *v1alpha1.TalentPool {
	f.Helper()
	p := &v1alpha1.TalentPool{}
	f.Expect(f.API.Get(f.Context(), client.ObjectKey{Namespace: f.Namespace, Name: "designers"}, p)).To(Succeed())
	return p
}

func (f *floor) editPool(change func(*v1alpha1.TalentPool)) {
	f.Helper()
	p := f.pool()
	change(p)
	f.Expect(f.API.Update(f.Context(), p)).To(Succeed())
}
