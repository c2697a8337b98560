package talentpool

import (
	"context"
	"os"
	"slices"
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
	start = time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC)
)

func TestMain(m *testing.M) { os.Exit(plane.Main(m, cluster.Options{})) }

// office is a namespace of the test's own over which the reconciler works, with a clock that stands still.
type office struct {
	Gomega
	*suite.Stage
	clock *testclock.FakePassiveClock
	// own is the reconciler that works here.
	own *Reconciler
}

func open(t *testing.T) *office {
	t.Helper()
	o := &office{Gomega: NewWithT(t), clock: testclock.NewFakePassiveClock(start)}
	o.Stage = plane.Open(t, func(ctx context.Context, mgr ctrl.Manager) error {
		o.own = &Reconciler{Client: mgr.GetClient(), Clock: o.clock}
		return o.own.SetupWithManager(ctx, mgr)
	})
	return o
}

func (o *office) pool(name string, change func(*v1alpha1.TalentPoolSpec)) *v1alpha1.TalentPool {
	o.Helper()
	pool := &v1alpha1.TalentPool{ObjectMeta: metav1.ObjectMeta{Name: name}}
	pool.Spec.WorkerSelector.MatchLabels = map[string]string{"craft": name}
	change(&pool.Spec)
	o.Create(pool)
	return pool
}

// worker belongs to the pool of that craft; what the worker's own reconciler would say is put into the status.
func (o *office) worker(name, craft string, state v1alpha1.ScreeningState, engagements ...string) *v1alpha1.Worker {
	o.Helper()
	w := &v1alpha1.Worker{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"craft": craft}}, Spec: v1alpha1.WorkerSpec{PersonKey: name}}
	o.Create(w)
	w.Status.Pools = []v1alpha1.PoolMembership{{Name: craft, Screening: state}}
	w.Status.Engagements = engagements
	o.Expect(o.API.Status().Update(o.Context(), w)).To(Succeed())
	return w
}

// awaits waits until the pool's status is as expected.
func (o *office) awaits(pool *v1alpha1.TalentPool, expected func(Gomega, *v1alpha1.TalentPoolStatus)) {
	o.Helper()
	o.Eventually(func(g Gomega) {
		g.Expect(o.API.Get(o.Context(), client.ObjectKeyFromObject(pool), pool)).To(Succeed())
		g.Expect(pool.Status.ObservedGeneration).To(Equal(pool.Generation), "the status should speak of the spec as it is")
		expected(g, &pool.Status)
	}).WithTimeout(30 * time.Second).Should(Succeed())
}

// writes are what the reconciler wrote to the pool since the mark.
func (o *office) writes(since cluster.AuditMark, pool *v1alpha1.TalentPool) []cluster.AuditEvent {
	o.Helper()
	return slices.DeleteFunc(o.Writes(since), func(e cluster.AuditEvent) bool { return e.Name != pool.Name })
}
