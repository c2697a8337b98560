// Package perf measures the operator beside a plain client that does the same writes, in the same run on the same control plane.
package perf

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/assignment"
	"github.com/longshore-dev/longshore/controllers/index"
	"github.com/longshore-dev/longshore/hack/cluster"
	"github.com/longshore-dev/longshore/hack/cluster/clustertest"
)

const (
	// clients create the burst side by side.
	clients = 8
	// statusWriters write the statuses side by side: as many as the operator has.
	statusWriters = 16
	// limit is how much longer than a plain client's writes a placed burst may take.
	limit = 1.2
)

var (
	people = flag.Int("people", 60, "how many people are at work")
	work   = flag.Int("assignments", 600, "how many assignments arrive at once")
	pairs  = flag.Int("pairs", 1, "how many bursts are measured, each beside a plain client's writes")
	timed  = flag.Bool("timed", false, "hold the median against the limit; of a short burst it says little")
)

var shared *cluster.Cluster

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(clustertest.Main(m, cluster.Options{}, func(ctx context.Context, c *cluster.Cluster) error {
		shared = c
		return c.InstallCRDs(ctx, "../../config/crd/bases")
	}))
}

// TestABurstIsPlacedAboutAsFastAsAPlainClientWrites runs the two reconcilers of assignments alone, in a manager with every index: engagements and workers
// are written as their own reconcilers leave them, so that what is measured is the placement and not the onboarding of hundreds.
func TestABurstIsPlacedAboutAsFastAsAPlainClientWrites(t *testing.T) {
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	api, err := client.New(shared.RESTConfig(), client.Options{Scheme: scheme})
	if err != nil {
		t.Fatalf("building a client: %v", err)
	}
	plain := clustertest.Namespace(t, shared)
	var floors []string
	watched := map[string]cache.Config{}
	for range *pairs {
		floor := clustertest.Namespace(t, shared)
		openFloor(t, api, floor, *people)
		floors = append(floors, floor)
		watched[floor] = cache.Config{}
	}
	watch := startOperator(t, scheme, watched)

	var operators, plains, ratios []float64
	for pair, floor := range floors {
		burst, took := placeBurst(t, api, watch, floor)
		checkFloor(t, burst)
		beside := writePlainly(t, api, plain, pair, burst)
		operators, plains, ratios = append(operators, took.Seconds()), append(plains, beside.Seconds()), append(ratios, took.Seconds()/beside.Seconds())
		report("burst %d: %d assignments on %d people placed in %.2f s; the same writes by a plain client: %.2f s; ratio %.2f", pair+1, *work, *people, took.Seconds(), beside.Seconds(), ratios[pair])
	}
	proven, failed, decided := placements(t)
	report("median: placed in %.2f s, plain client %.2f s, ratio %.2f; %d batches proven optimal, %d failed; reading and deciding took %.2f s in all", median(operators), median(plains), median(ratios), proven, failed, decided)
	if failed > 0 || proven == 0 {
		t.Errorf("expected the certificate of every batch to hold, got %d that held and %d that did not", proven, failed)
	}
	if ratio := median(ratios); *timed && ratio > limit {
		t.Errorf("expected a burst to be placed within %.1f of the time of a plain client's writes, got %.2f", limit, ratio)
	}
}

// startOperator runs the reconcilers over the floors, without limits on their requests, and follows their watch.
func startOperator(t *testing.T, scheme *runtime.Scheme, floors map[string]cache.Config) *placed {
	t.Helper()
	mgr, err := ctrl.NewManager(shared.RESTConfig(), ctrl.Options{Scheme: scheme, Metrics: metricsserver.Options{BindAddress: "0"}, Cache: cache.Options{DefaultNamespaces: floors}})
	if err != nil {
		t.Fatalf("making the manager: %v", err)
	}
	recorder := &events.FakeRecorder{}
	if err := index.Setup(t.Context(), mgr.GetFieldIndexer()); err != nil {
		t.Fatal(err)
	}
	for _, r := range []interface {
		SetupWithManager(context.Context, ctrl.Manager) error
	}{
		&assignment.Reconciler{Client: mgr.GetClient(), Reader: mgr.GetAPIReader(), Clock: clock.RealClock{}, Recorder: recorder},
		&assignment.Placer{Client: mgr.GetClient(), Clock: clock.RealClock{}, Recorder: recorder},
	} {
		if err := r.SetupWithManager(t.Context(), mgr); err != nil {
			t.Fatalf("setting up %T: %v", r, err)
		}
	}
	watch := &placed{left: map[string]int{}, done: map[string]chan struct{}{}}
	informer, err := mgr.GetCache().GetInformer(t.Context(), &v1alpha1.Assignment{})
	if err != nil {
		t.Fatalf("following the assignments: %v", err)
	}
	if _, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{UpdateFunc: watch.update}); err != nil {
		t.Fatalf("following the assignments: %v", err)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- mgr.Start(t.Context()) }()
	t.Cleanup(func() {
		if err := <-stopped; err != nil {
			t.Errorf("running the manager: %v", err)
		}
	})
	if !mgr.GetCache().WaitForCacheSync(t.Context()) {
		t.Fatal("the caches did not sync")
	}
	return watch
}

// placed tells when everything of a burst is placed, by the operator's own watch: asking again and again would cost more than the placement.
type placed struct {
	mu   sync.Mutex
	left map[string]int
	done map[string]chan struct{}
}

func (p *placed) expect(namespace string, n int) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left[namespace], p.done[namespace] = n, make(chan struct{})
	return p.done[namespace]
}

func (p *placed) update(before, after any) {
	was, isOld := before.(*v1alpha1.Assignment)
	is, isNew := after.(*v1alpha1.Assignment)
	if !isOld || !isNew || was.Status.State == v1alpha1.AssignmentAssigned || is.Status.State != v1alpha1.AssignmentAssigned {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.left[is.Namespace]--; p.left[is.Namespace] == 0 {
		close(p.done[is.Namespace])
	}
}

// placeBurst creates a burst and waits until all of it is placed.
func placeBurst(t *testing.T, api client.Client, watch *placed, namespace string) ([]v1alpha1.Assignment, time.Duration) {
	t.Helper()
	burst := aBurst(namespace, *work)
	done := watch.expect(namespace, len(burst))
	began := time.Now()
	if err := parallel(t.Context(), clients, len(burst), func(ctx context.Context, i int) error { return api.Create(ctx, burst[i]) }); err != nil {
		t.Fatalf("creating the burst: %v", err)
	}
	var took time.Duration
	select {
	case <-done:
		took = time.Since(began)
	case <-time.After(5 * time.Minute):
	}
	var all v1alpha1.AssignmentList
	if err := api.List(t.Context(), &all, client.InNamespace(namespace)); err != nil {
		t.Fatalf("reading the burst: %v", err)
	}
	for i := range all.Items {
		if a := &all.Items[i]; a.Status.State != v1alpha1.AssignmentAssigned {
			t.Fatalf("expected all of the burst to be placed; %s is %q: %s", a.Name, a.Status.State, a.Status.Why)
		}
	}
	if took == 0 || len(all.Items) != len(burst) {
		t.Fatalf("expected to see %d assignments placed, there are %d", len(burst), len(all.Items))
	}
	return all.Items, took
}

// checkFloor looks at what the API server has: nobody has two shifts at once, works more hours than they give, or has what they cannot do.
func checkFloor(t *testing.T, placed []v1alpha1.Assignment) {
	t.Helper()
	hours, windows := map[string]int32{}, map[string][]*v1alpha1.Window{}
	for i := range placed {
		a := &placed[i]
		worker := a.Status.Worker
		if a.Spec.Load != nil {
			hours[worker] += a.Spec.Load.Hours
			continue
		}
		w := a.Spec.Window
		hours[worker] += int32(w.End.Sub(w.Start.Time).Hours())
		for _, other := range windows[worker] {
			if w.Start.Before(&other.End) && other.Start.Before(&w.End) {
				t.Errorf("%s has two shifts that overlap, one of them %s", worker, a.Name)
			}
		}
		windows[worker] = append(windows[worker], w)
	}
	for worker, n := range hours {
		if n > hoursPerWeek {
			t.Errorf("%s has %d hours of work in a week, and gives %d", worker, n, hoursPerWeek)
		}
	}
}

// writePlainly creates the same objects and writes the same statuses in a namespace that nobody watches, in the same way and as many side by side.
func writePlainly(t *testing.T, api client.Client, namespace string, pair int, placed []v1alpha1.Assignment) time.Duration {
	t.Helper()
	var copies []*v1alpha1.Assignment
	for i := range placed {
		a := &v1alpha1.Assignment{Spec: *placed[i].Spec.DeepCopy()}
		a.Namespace, a.Name = namespace, fmt.Sprintf("%s-%d", placed[i].Name, pair)
		copies = append(copies, a)
	}
	began := time.Now()
	err := parallel(t.Context(), clients, len(copies), func(ctx context.Context, i int) error { return api.Create(ctx, copies[i]) })
	if err != nil {
		t.Fatalf("creating the copies: %v", err)
	}
	err = parallel(t.Context(), statusWriters, len(copies), func(ctx context.Context, i int) error {
		a := copies[i].DeepCopy()
		a.Status = placed[i].Status
		return api.Status().Patch(ctx, a, client.MergeFromWithOptions(copies[i], client.MergeFromWithOptimisticLock{}))
	})
	if err != nil {
		t.Fatalf("writing the statuses of the copies: %v", err)
	}
	return time.Since(began)
}

// placements reads the operator's own metrics.
func placements(t *testing.T) (proven, failed int, seconds float64) {
	t.Helper()
	families, err := metrics.Registry.Gather()
	if err != nil {
		t.Fatalf("gathering metrics: %v", err)
	}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			switch {
			case family.GetName() == "longshore_placement_seconds":
				seconds = m.GetHistogram().GetSampleSum()
			case family.GetName() != "longshore_placement_batches_total":
			case m.GetLabel()[0].GetValue() == "proven":
				proven = int(m.GetCounter().GetValue())
			default:
				failed = int(m.GetCounter().GetValue())
			}
		}
	}
	return proven, failed, seconds
}

func median(all []float64) float64 {
	sorted := slices.Sorted(slices.Values(all))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// report writes a line that make test-perf shows.
func report(format string, args ...any) {
	fmt.Fprintf(os.Stdout, "report: "+format+"\n", args...)
}
