package checklist

import (
	"context"
	"os"
	"testing"
	"time"

	. "github.com/onsi/gomega"
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

// shelf is a namespace of the test's own, over whose checklists the reconciler goes.
type shelf struct{ *suite.Stage }

func open(t *testing.T) shelf {
	t.Helper()
	return shelf{plane.Open(t, func(ctx context.Context, mgr ctrl.Manager) error {
		return (&Reconciler{Client: mgr.GetClient(), Clock: testclock.NewFakePassiveClock(now)}).SetupWithManager(ctx, mgr)
	})}
}

// create stores a checklist with the steps.
func (s shelf) create(name string, steps ...v1alpha1.ChecklistStep) *v1alpha1.Checklist {
	s.Helper()
	cl := &v1alpha1.Checklist{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.ChecklistSpec{Steps: steps}}
	s.Create(cl)
	return cl
}

// judged waits until the status speaks of the spec as it is, and returns its Ready.
func (s shelf) judged(cl *v1alpha1.Checklist) *metav1.Condition {
	s.Helper()
	NewWithT(s.T).Eventually(func(g Gomega) {
		g.Expect(s.API.Get(s.Context(), client.ObjectKeyFromObject(cl), cl)).To(Succeed())
		g.Expect(cl.Status.ObservedGeneration).To(Equal(cl.Generation), "the status should speak of the spec as it is")
		g.Expect(cl.Status.Conditions).NotTo(BeEmpty())
	}).WithTimeout(30 * time.Second).Should(Succeed())
	return &cl.Status.Conditions[0]
}

func step(name string, dependsOn ...string) v1alpha1.ChecklistStep {
	return v1alpha1.ChecklistStep{Name: name, Type: v1alpha1.StepAttestation, DependsOn: dependsOn}
}
