package engagement

import (
	"context"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/util/workqueue"
	testclock "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/index"
)

type fakeIndexer struct{ *fake.ClientBuilder }

func (i fakeIndexer) IndexField(_ context.Context, o client.Object, field string, values client.IndexerFunc) error {
	i.WithIndex(o, field, values)
	return nil
}

func TestWhatIsAskedForBeforeAControllerHasStartedIsNotLost(t *testing.T) {
	started := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[reconcile.Request]())
	defer started.ShutDown()
	var q queue
	q.add(designers, 0)
	if err := q.follow(t.Context(), started); err != nil {
		t.Fatal(err)
	}
	if started.Len() != 1 {
		t.Errorf("an engagement asked for a plan before the planner had started, and waits for it, but %d requests are in the queue", started.Len())
	}
}

func TestAnEngagementThatCannotBeReadKeepsNobodyFromAPlan(t *testing.T) {
	w := aPoolOf(t, aWorker("ada", "designers")).together(anEngagement("a"), anEngagement("b")).expectOffers("a=ada b=nobody")
	w.add(aWorker("bob", "designers"))
	scheme := clientgoscheme.Scheme
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	builder := fake.NewClientBuilder().WithScheme(scheme)
	if err := index.Setup(t.Context(), fakeIndexer{builder}); err != nil {
		t.Fatal(err)
	}
	broken := w.eng("a").DeepCopy()
	broken.Name, broken.UID, broken.Spec.StatementOfWork.Budget.Amount = "broken", "uid-of-broken", "of an older schema"
	for _, eng := range []*v1alpha1.Engagement{w.eng("b"), broken} {
		builder.WithObjects(eng.DeepCopy())
	}
	for _, wk := range w.workers {
		builder.WithObjects(wk.DeepCopy())
	}
	for _, pool := range w.pools {
		builder.WithObjects(pool.DeepCopy())
	}
	asked := map[types.NamespacedName]bool{client.ObjectKeyFromObject(broken): true, client.ObjectKeyFromObject(w.eng("b")): true}
	r := &planner{&Reconciler{Client: builder.Build(), Clock: testclock.NewFakePassiveClock(w.now.Add(time.Second))}}
	if _, err := decide(&scope{Now: w.now, Engagement: broken}); err == nil {
		t.Fatal("the broken engagement can be read, so this test says nothing")
	}
	if _, err := r.plan(t.Context(), client.ObjectKeyFromObject(w.pools["marketing/designers"]), asked); err != nil {
		t.Errorf("the pool's other engagements get no plan, since one cannot be read: %v", err)
	}
}
