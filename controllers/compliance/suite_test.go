package compliance

import (
	"context"
	"os"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	testclock "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/hack/cluster"
	"github.com/longshore-dev/longshore/test/suite"
)

var (
	plane suite.Plane
	now   = time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC)
)

func TestMain(m *testing.M) { os.Exit(plane.Main(m, cluster.Options{})) }

// desk is where the reconciler looks at policies, with a clock that stands still. Policies are in no namespace: each test deletes its own.
type desk struct {
	Gomega
	*suite.Stage
	clock *testclock.FakePassiveClock
}

func open(t *testing.T) *desk {
	t.Helper()
	d := &desk{Gomega: NewWithT(t), clock: testclock.NewFakePassiveClock(now)}
	d.Stage = plane.Open(t, func(ctx context.Context, mgr ctrl.Manager) error {
		return (&Reconciler{Client: mgr.GetClient(), Clock: d.clock}).SetupWithManager(ctx, mgr)
	})
	return d
}

// create stores a policy that is in force, as a change leaves it.
func (d *desk) create(name string, change func(*v1alpha1.CompliancePolicySpec)) *v1alpha1.CompliancePolicy {
	d.Helper()
	cp := &v1alpha1.CompliancePolicy{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: inForce()}
	change(&cp.Spec)
	d.Expect(d.API.Create(d.Context(), cp)).To(Succeed())
	d.Cleanup(func() {
		// The test's context has ended by now.
		if err := client.IgnoreNotFound(d.API.Delete(context.Background(), cp)); err != nil {
			d.Errorf("deleting policy %s: %v", name, err)
		}
	})
	return cp
}

// judged waits until the status speaks of the spec as it is, in words that are expected, and returns its Ready and, if it is there, its Stalled.
func (d *desk) judged(cp *v1alpha1.CompliancePolicy, say string) (ready, stalled *metav1.Condition) {
	d.Helper()
	d.Eventually(func(g Gomega) {
		g.Expect(d.API.Get(d.Context(), client.ObjectKeyFromObject(cp), cp)).To(Succeed())
		g.Expect(cp.Status.ObservedGeneration).To(Equal(cp.Generation), "the status should speak of the spec as it is")
		ready = meta.FindStatusCondition(cp.Status.Conditions, v1alpha1.ConditionReady)
		g.Expect(ready).NotTo(BeNil())
		g.Expect(ready.Message).To(ContainSubstring(say))
	}).WithTimeout(30 * time.Second).Should(Succeed())
	return ready, meta.FindStatusCondition(cp.Status.Conditions, v1alpha1.ConditionStalled)
}

// inForce is a policy that has been in force for a year.
func inForce() v1alpha1.CompliancePolicySpec {
	return v1alpha1.CompliancePolicySpec{
		EffectiveFrom: metav1.NewTime(now.AddDate(-1, 0, 0)),
		Source:        v1alpha1.PolicySource{Title: "Handbook", Citation: "4.2"},
		Rules:         []v1alpha1.PolicyRule{rule("titled", "engagement.spec.title != ''")},
	}
}

func rule(name, expression string) v1alpha1.PolicyRule {
	return v1alpha1.PolicyRule{Name: name, Expression: expression, Enforcement: v1alpha1.EnforceDeny}
}
