package access

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

func TestRevocationsGoAheadOfEverythingElse(t *testing.T) {
	g := NewWithT(t)
	now := time.Now()
	r := &GrantReconciler{Clock: clocktesting.NewFakePassiveClock(now)}
	held := []row{{Key: "k", State: v1alpha1.GrantVerified}}
	grant := func(name string, change func(*v1alpha1.AccessGrant)) *v1alpha1.AccessGrant {
		grant := &v1alpha1.AccessGrant{ObjectMeta: metav1.ObjectMeta{Name: name}}
		grant.Spec.ExpiresAt = metav1.NewTime(now.Add(time.Hour))
		grant.Status.Entitlements = held
		change(grant)
		return grant
	}
	past := metav1.NewTime(now.Add(-time.Second))
	urgentOnes := []*v1alpha1.AccessGrant{
		grant("withdrawn", func(g *v1alpha1.AccessGrant) { g.Spec.Withdraw = v1alpha1.WithdrawalEnded }),
		grant("deleted", func(g *v1alpha1.AccessGrant) { g.DeletionTimestamp = &past }),
		grant("expired", func(g *v1alpha1.AccessGrant) { g.Spec.ExpiresAt = past }),
		grant("expired-by-its-longest-duration", func(g *v1alpha1.AccessGrant) { g.Status.ExpiresAt = &past }),
		grant("owed", func(g *v1alpha1.AccessGrant) { g.Status.Owed = 1 }),
	}
	ordinary := []*v1alpha1.AccessGrant{
		grant("live", func(*v1alpha1.AccessGrant) {}),
		grant("new", func(g *v1alpha1.AccessGrant) { g.Status.Entitlements = nil }),
		grant("proven", func(g *v1alpha1.AccessGrant) {
			g.Spec.Withdraw = v1alpha1.WithdrawalEnded
			g.Status.Entitlements = []row{{Key: "k", State: v1alpha1.GrantRevoked}}
		}),
	}

	queue := priorityqueue.New[reconcile.Request](t.Name())
	t.Cleanup(queue.ShutDown)
	handler := r.byUrgency()
	for i, o := range append(ordinary, urgentOnes...) {
		switch i % 3 {
		case 0:
			handler.Create(t.Context(), event.CreateEvent{Object: o, IsInInitialList: true}, queue)
		case 1:
			handler.Update(t.Context(), event.UpdateEvent{ObjectOld: o, ObjectNew: o}, queue)
		default:
			handler.Delete(t.Context(), event.DeleteEvent{Object: o}, queue)
		}
	}
	g.Eventually(queue.Len).Should(Equal(len(ordinary) + len(urgentOnes)))

	var first []string
	for range urgentOnes {
		request, priority, _ := queue.GetWithPriority()
		g.Expect(priority).To(Equal(revokePriority))
		first = append(first, request.Name)
	}
	var want []string
	for _, o := range urgentOnes {
		want = append(want, o.Name)
	}
	g.Expect(first).To(ConsistOf(want))
	for range ordinary {
		_, priority, _ := queue.GetWithPriority()
		g.Expect(priority).To(BeNumerically("<=", 0))
	}
}

func TestAProviderIsSeenToOnlyWhenItsCountsChange(t *testing.T) {
	grant := func(rows ...row) client.Object {
		g := &v1alpha1.AccessGrant{}
		g.Status.Entitlements = rows
		return g
	}
	for _, test := range []struct {
		reason        string
		before, after client.Object
		want          int
	}{
		{"a new row", grant(), grant(row{Provider: "a", State: v1alpha1.GrantPending}), 1},
		{"another state", grant(row{Provider: "a", State: v1alpha1.GrantPending}), grant(row{Provider: "a", State: v1alpha1.GrantVerified}), 1},
		{"rows of two providers", nil, grant(row{Provider: "a"}, row{Provider: "b"}), 2},
		{"the grant is gone", grant(row{Provider: "a", State: v1alpha1.GrantVerified}), nil, 1},
		{"only an attempt", grant(row{Provider: "a", State: v1alpha1.GrantRevoking}), grant(row{Provider: "a", State: v1alpha1.GrantRevoking, Attempts: 2}), 0},
	} {
		t.Run(test.reason, func(t *testing.T) {
			g := NewWithT(t)
			noted := &noted{}
			enqueueChanged(noted, test.before, test.after)
			g.Expect(noted.later).To(HaveLen(test.want))
		})
	}
}

// noted is a queue that notes what is added, at once and for later.
type noted struct {
	priorityqueue.PriorityQueue[reconcile.Request]
	later []reconcile.Request
	now   []reconcile.Request
}

func (n *noted) AddAfter(request reconcile.Request, _ time.Duration) {
	n.later = append(n.later, request)
}

func (n *noted) Add(request reconcile.Request) { n.now = append(n.now, request) }
