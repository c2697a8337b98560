package manual_test

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/go-logr/logr"
	. "github.com/onsi/gomega"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/controllers/access/provider/manual/manualtest"
)

// told are the items of which there was news, in order.
type told struct {
	mu   sync.Mutex
	keys []string
}

func (n *told) concerned(_ context.Context, key string) []reconcile.Request {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.keys = append(n.keys, key)
	return nil
}

func (n *told) all() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.keys)
}

func testNews(t *testing.T, system *manualtest.System) {
	g := NewWithT(t)
	ctrl.SetLogger(logr.Discard())
	laptop, badge := targetOf("Laptop"), targetOf("Badge")
	first, other := system.Grant(t, "news-of-laptop", laptop, "laptop"), system.Grant(t, "news-of-badge", badge, "badge")

	mgr, err := ctrl.NewManager(system.Config(), ctrl.Options{
		Scheme: system.Admin().Scheme(), Metrics: server.Options{BindAddress: "0"}, Controller: config.Controller{SkipNameValidation: new(true)},
	})
	g.Expect(err).NotTo(HaveOccurred())
	news := &told{}
	b := ctrl.NewControllerManagedBy(mgr).Named("custody")
	for _, source := range system.Type().Watch(mgr, news.concerned) {
		b = b.WatchesRawSource(source)
	}
	nobody := reconcile.Func(func(context.Context, reconcile.Request) (reconcile.Result, error) { return reconcile.Result{}, nil })
	g.Expect(b.Complete(nobody)).To(Succeed())
	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan error)
	go func() { stopped <- mgr.Start(ctx) }()
	defer func() {
		stop()
		g.Expect(<-stopped).To(Succeed())
	}()
	about := func(keys ...string) {
		t.Helper()
		g.Eventually(func() []string {
			// An update is news of what there was and of what there is; items of other tests are none of this one.
			return slices.Compact(slices.DeleteFunc(news.all(), func(key string) bool { return key != laptop.Key && key != badge.Key }))
		}).WithTimeout(eventually).Should(Equal(keys))
	}
	g.Eventually(news.all).WithTimeout(eventually).Should(ContainElements(laptop.Key, badge.Key), "what was there before is looked at")
	news.mu.Lock()
	news.keys = nil
	news.mu.Unlock()

	system.Attest(t, provider.OperationGrant, laptop)
	about(laptop.Key)
	other.Labels = map[string]string{"seen": "yes"}
	g.Expect(system.Admin().Update(t.Context(), other)).To(Succeed())
	g.Expect(system.Admin().Get(t.Context(), client.ObjectKeyFromObject(first), first)).To(Succeed())
	first.Status.State = v1alpha1.GrantGranted
	g.Expect(system.Admin().Status().Update(t.Context(), first)).To(Succeed())
	system.Attest(t, provider.OperationGrant, badge)
	about(laptop.Key, badge.Key) // and of nothing else that changed in between
	system.Attest(t, provider.OperationRevoke, laptop)
	about(laptop.Key, badge.Key, laptop.Key)

	g.Expect(system.Admin().Get(t.Context(), client.ObjectKeyFromObject(first), first)).To(Succeed())
	with(first, "badge", "Badge", v1alpha1.GrantPending)
	g.Expect(system.Admin().Status().Update(t.Context(), first)).To(Succeed())
	// What has a part in more than before looks at all of it: it may have been handed out already.
	about(laptop.Key, badge.Key, laptop.Key, badge.Key)
}
