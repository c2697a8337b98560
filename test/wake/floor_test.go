// Package wake shows, on a real API server and through the real queue, which engagements are looked at because of a piece of news, and that no others are.
package wake

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	testclock "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/engagement"
	"github.com/longshore-dev/longshore/hack/cluster"
	"github.com/longshore-dev/longshore/test/suite"
)

const (
	// patience is how long anything is waited for.
	patience = time.Minute
	// sentinel is the engagement whose turn comes after everybody else's, and the policy that covers it alone.
	sentinel = "sentinel"
)

var (
	plane         suite.Plane
	now           = time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC)
	jurisdictions = []string{"DE", "DE-BY", "FR", "US-NY", "US", "GB"}
	pools         = []string{"designers", "writers"}
)

func TestMain(m *testing.M) { os.Exit(plane.Main(m, cluster.Options{})) }

// floor is three namespaces of engagements over which the operator's reconciler works.
type floor struct {
	Gomega
	*suite.Stage
	namespaces []string
	looked     *looked
}

// looked is a client that notes which engagements are read one by one: every pass begins so.
type looked struct {
	client.Client
	mu   sync.Mutex
	keys map[client.ObjectKey]bool
}

func (l *looked) Get(ctx context.Context, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
	if _, is := o.(*v1alpha1.Engagement); is {
		l.mu.Lock()
		l.keys[key] = true
		l.mu.Unlock()
	}
	return l.Client.Get(ctx, key, o, opts...)
}

func (l *looked) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.keys = map[client.ObjectKey]bool{}
}

func (l *looked) awaitSentinel() {
	l.mu.Lock()
	defer l.mu.Unlock()
	maps.DeleteFunc(l.keys, func(key client.ObjectKey, _ bool) bool { return key.Name == sentinel })
}

// names are the engagements that were looked at, without the sentinel; seen says whether that was.
func (l *looked) names() (names []string, seen bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key := range l.keys {
		if key.Name == sentinel {
			seen = true
			continue
		}
		names = append(names, key.Name)
	}
	slices.Sort(names)
	return names, seen
}

// open makes a floor of about 300 engagements that wait for approvals, and a few at other stages.
func open(t *testing.T) *floor {
	t.Helper()
	others := []string{plane.Namespace(t), plane.Namespace(t)}
	f := &floor{Gomega: NewWithT(t), looked: &looked{keys: map[client.ObjectKey]bool{}}}
	f.Stage = plane.Open(t, func(ctx context.Context, mgr ctrl.Manager) error {
		f.looked.Client = mgr.GetClient()
		r := &engagement.Reconciler{Client: f.looked, Reader: mgr.GetAPIReader(), Clock: testclock.NewFakePassiveClock(now), Recorder: &suite.Notebook{}}
		return r.SetupWithManager(ctx, mgr)
	}, others...)
	f.namespaces = append([]string{f.Namespace}, others...)
	for _, namespace := range f.namespaces {
		for _, pool := range pools {
			f.Create(&v1alpha1.TalentPool{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: pool}})
		}
	}
	f.worker("ada", "US-CA")
	f.worker("ben", "PL")
	for i := range 288 {
		f.ask(fmt.Sprintf("e-%03d", i), func(e *v1alpha1.Engagement) {
			e.Namespace, e.Spec.Classification.Jurisdiction, e.Spec.PoolRef.Name = f.namespaces[i%3], jurisdictions[i%len(jurisdictions)], pools[i/6%2]
			if i/12%2 == 1 {
				e.Spec.Classification.WorkerType = v1alpha1.AgencyWorker
			}
		})
	}
	f.ask(sentinel, func(e *v1alpha1.Engagement) { e.Spec.Classification.Jurisdiction = "AQ" })
	f.policy(sentinel, func(s *v1alpha1.CompliancePolicySpec) {
		s.AppliesTo = &v1alpha1.PolicySelector{Jurisdictions: []string{"AQ"}}
	})
	f.ask("pinned", func(e *v1alpha1.Engagement) { e.Spec.WorkerRef = &v1alpha1.LocalReference{Name: "ada"} })
	f.ask("not-yet", func(*v1alpha1.Engagement) {})
	// First seen after its end, it is closed at once.
	f.ask("closed", func(e *v1alpha1.Engagement) {
		e.Spec.Classification.Jurisdiction, e.Spec.PoolRef.Name, e.Namespace = "DE", "writers", f.namespaces[1]
		e.Spec.StatementOfWork.End = metav1.NewTime(now.AddDate(0, 0, -1))
	})
	for name, change := range map[string]func(*v1alpha1.Engagement){
		"looking":           func(e *v1alpha1.Engagement) { e.Status.Phase = v1alpha1.PhaseRecruiting },
		"engaged":           engage("ada"),
		"engaged-elsewhere": engage("ben"),
	} {
		f.ask(name, func(*v1alpha1.Engagement) {})
		f.leaveAs(name, change)
	}
	f.Eventually(func(g Gomega) {
		e := &v1alpha1.Engagement{}
		g.Expect(f.API.Get(f.Context(), client.ObjectKey{Namespace: f.namespaces[1], Name: "closed"}, e)).To(Succeed())
		g.Expect(e.Status.Phase).To(Equal(v1alpha1.PhaseClosed))
	}).WithTimeout(patience).Should(Succeed())
	return f
}

// ask stores an engagement in Poland, in the stage's namespace and the pool designers, as a change leaves it.
func (f *floor) ask(name string, change func(*v1alpha1.Engagement)) {
	f.Helper()
	e := &v1alpha1.Engagement{ObjectMeta: metav1.ObjectMeta{Namespace: f.Namespace, Name: name}}
	e.Spec.Title, e.Spec.PoolRef.Name = "Work", "designers"
	e.Spec.StatementOfWork = v1alpha1.StatementOfWork{
		Summary: "Work", Start: metav1.NewTime(now.AddDate(0, -1, 0)), End: metav1.NewTime(now.AddDate(0, 2, 0)), Budget: v1alpha1.Money{Currency: "EUR", Amount: "9000"},
	}
	e.Spec.Classification = v1alpha1.Classification{WorkerType: v1alpha1.IndependentContractor, Jurisdiction: "PL"}
	change(e)
	f.Create(e)
}

// leaveAs writes a status as the operator would leave it at a later stage.
func (f *floor) leaveAs(name string, change func(*v1alpha1.Engagement)) {
	f.Helper()
	f.Eventually(func() error {
		e := &v1alpha1.Engagement{}
		if err := f.API.Get(f.Context(), client.ObjectKey{Namespace: f.Namespace, Name: name}, e); err != nil {
			return err
		}
		if e.Status.Proposed == nil {
			return fmt.Errorf("%s was not looked at yet", name)
		}
		change(e)
		return f.API.Status().Update(f.Context(), e)
	}).WithTimeout(patience).Should(Succeed())
}

func engage(worker string) func(*v1alpha1.Engagement) {
	return func(e *v1alpha1.Engagement) {
		e.Status.Phase = v1alpha1.PhaseAssigned
		e.Status.Worker = &v1alpha1.EngagedWorker{Name: worker, Namespace: e.Namespace, PersonKey: worker + "-" + e.Namespace}
		e.Status.Terms = &v1alpha1.AcceptedTerms{
			Worker: worker, StatementOfWork: e.Spec.StatementOfWork, Classification: e.Spec.Classification,
			Proposed: e.Status.Proposed.Hash, Hash: "sha256:0", AcceptedAt: e.Spec.StatementOfWork.Start,
		}
	}
}

// worker is a screened member of the pool designers.
func (f *floor) worker(name, jurisdiction string) {
	f.Helper()
	w := &v1alpha1.Worker{ObjectMeta: metav1.ObjectMeta{Namespace: f.Namespace, Name: name}, Spec: v1alpha1.WorkerSpec{PersonKey: name + "-" + f.Namespace, Jurisdiction: jurisdiction}}
	f.Create(w)
	w.Status.Pools = []v1alpha1.PoolMembership{{Name: "designers", Screening: v1alpha1.ScreeningPassed}}
	f.Expect(f.API.Status().Update(f.Context(), w)).To(Succeed())
}

// policy stores a policy that nothing violates, as a change leaves it; it is deleted with the test.
func (f *floor) policy(name string, change func(*v1alpha1.CompliancePolicySpec)) {
	f.Helper()
	p := &v1alpha1.CompliancePolicy{ObjectMeta: metav1.ObjectMeta{Name: name}}
	p.Spec.EffectiveFrom, p.Spec.Source.Title = metav1.NewTime(now.AddDate(-1, 0, 0)), "Handbook"
	change(&p.Spec)
	f.Expect(f.API.Create(f.Context(), p)).To(Succeed())
	f.Cleanup(func() {
		// The test's context has ended by now.
		if err := client.IgnoreNotFound(f.API.Delete(context.Background(), p)); err != nil {
			f.Errorf("deleting policy %s: %v", name, err)
		}
	})
}

// edit changes a policy.
func (f *floor) edit(name string, change func(*v1alpha1.CompliancePolicy)) {
	f.Helper()
	p := &v1alpha1.CompliancePolicy{}
	f.Expect(f.API.Get(f.Context(), client.ObjectKey{Name: name}, p)).To(Succeed())
	change(p)
	f.Expect(f.API.Update(f.Context(), p)).To(Succeed())
}

// ring edits the sentinel's policy, and waits until the sentinel was looked at: what an edit wakes waits behind everything else, and behind what was woken before.
func (f *floor) ring() {
	f.Helper()
	f.turn(func() { f.edit(sentinel, func(p *v1alpha1.CompliancePolicy) { p.Spec.Description += "." }) })
}

// touch edits the sentinel itself, and waits until it was looked at: what was written of engagements before is known by then.
func (f *floor) touch() {
	f.Helper()
	f.turn(func() {
		e := &v1alpha1.Engagement{}
		f.Expect(f.API.Get(f.Context(), client.ObjectKey{Namespace: f.Namespace, Name: sentinel}, e)).To(Succeed())
		before := e.DeepCopy()
		e.Labels = map[string]string{"touched-at": e.ResourceVersion}
		f.Expect(f.API.Patch(f.Context(), e, client.MergeFrom(before))).To(Succeed())
	})
}

// turn waits until the sentinel is looked at because of what is done, and until nobody is being looked at.
func (f *floor) turn(do func()) {
	f.Helper()
	f.looked.awaitSentinel()
	do()
	f.Eventually(func() bool { _, seen := f.looked.names(); return seen }).WithTimeout(patience).Should(BeTrue(), "its turn should come")
	f.idle()
}

// idle waits until no pass is under way.
func (f *floor) idle() {
	f.Helper()
	f.Eventually(func() (float64, error) {
		families, err := metrics.Registry.Gather()
		for _, family := range families {
			for _, m := range family.GetMetric() {
				if family.GetName() == "controller_runtime_active_workers" && m.GetLabel()[0].GetValue() == "engagement" {
					return m.GetGauge().GetValue(), err
				}
			}
		}
		return -1, err
	}).WithTimeout(patience).Should(BeZero())
}

// settle waits until nothing is looked at but the sentinel.
func (f *floor) settle() {
	f.Helper()
	f.Eventually(func() []string {
		f.idle()
		f.looked.forget()
		f.touch()
		f.ring()
		names, _ := f.looked.names()
		return names
	}).WithTimeout(patience).Should(BeEmpty(), "nothing happens, so nothing should be looked at")
}

// wakes says that exactly these are looked at because of what is done.
func (f *floor) wakes(expected []string, do func()) {
	f.Helper()
	f.settle()
	f.looked.forget()
	do()
	f.ring()
	f.Eventually(func() []string { names, _ := f.looked.names(); return names }).WithTimeout(patience).Should(ContainElements(expected), "who is concerned should be looked at")
	f.idle()
	names, _ := f.looked.names()
	f.Expect(names).To(ConsistOf(expected), "nobody else should be looked at")
}

// those are the 288 of which something holds.
func (f *floor) those(hold func(i int) bool) []string {
	var names []string
	for i := range 288 {
		if hold(i) {
			names = append(names, fmt.Sprintf("e-%03d", i))
		}
	}
	return names
}

// label puts labels on a namespace.
func (f *floor) label(namespace string, labels map[string]string) {
	f.Helper()
	ns := &corev1.Namespace{}
	f.Expect(f.API.Get(f.Context(), client.ObjectKey{Name: namespace}, ns)).To(Succeed())
	maps.Copy(ns.Labels, labels)
	f.Expect(f.API.Update(f.Context(), ns)).To(Succeed())
}
