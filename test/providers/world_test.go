package providers_test

import (
	"cmp"
	"fmt"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/hack/cluster/clustertest"
	"github.com/longshore-dev/longshore/test/suite"
)

// world is a namespace with an operator of its own, whose clock stands still until a test moves it, and with one target system.
type world struct {
	*testing.T
	Gomega
	system *system
	// name is of the namespace, and of the AccessProvider, its Secret and ConfigMap, and the profile, all of this world alone.
	name      string
	api       *api
	clock     *clocktesting.FakePassiveClock
	events    *suite.Notebook
	wire      *wire
	grants    *access.GrantReconciler
	providers *access.ProviderReconciler
	// entitlement is what the profile gives.
	entitlement v1alpha1.Entitlement
	people      int
}

// newWorld connects to a system as the connection says, with a timeout for each call.
func newWorld(t *testing.T, s *system, timeout time.Duration) *world {
	t.Helper()
	name := clustertest.Namespace(t, shared)
	w := &world{
		T: t, Gomega: NewWithT(t), system: s, name: name, api: &api{admin, name},
		clock: clocktesting.NewFakePassiveClock(time.Now().Truncate(time.Second)), events: &suite.Notebook{},
		wire: &wire{before: map[string]provider.Operation{}},
	}
	connection := s.connection()
	registry := provider.Registry{connection.Behind.Spec.Type: w.wire.over(s.kind(w))}
	targets := access.NewTargets(registry, w.clock, access.Keyring{Reader: admin, Namespace: name})
	w.grants = &access.GrantReconciler{Client: w.api, Reader: admin, Clock: w.clock, Recorder: w.events, Targets: targets}
	w.providers = &access.ProviderReconciler{Client: w.api, Clock: w.clock, Recorder: w.events, Targets: targets}

	w.store(connection.Credentials, connection.CABundle)
	behind := &v1alpha1.AccessProvider{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: connection.Behind.Spec}
	if behind.Spec.CredentialsRef != nil {
		behind.Spec.CredentialsRef.Name = name
	}
	if behind.Spec.CABundleRef != nil {
		behind.Spec.CABundleRef.Name = name
	}
	behind.Spec.Timeout = &metav1.Duration{Duration: timeout}
	w.create(behind)
	w.entitlement = s.entitlement(t)
	w.entitlement.ProviderRef.Name = name
	w.create(&v1alpha1.AccessProfile{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       v1alpha1.AccessProfileSpec{Entitlements: []v1alpha1.Entitlement{w.entitlement}},
	})
	t.Cleanup(w.remove)
	return w
}

// store keeps what the AccessProvider refers to.
func (w *world) store(credentials map[string][]byte, bundle []byte) {
	w.Helper()
	meta := metav1.ObjectMeta{Namespace: w.name, Name: w.name}
	if len(credentials) > 0 {
		w.create(&corev1.Secret{ObjectMeta: meta, Data: credentials})
	}
	if len(bundle) > 0 {
		w.create(&corev1.ConfigMap{ObjectMeta: meta, Data: map[string]string{v1alpha1.CABundleKey: string(bundle)}})
	}
}

// rotate puts other credentials into the Secret.
func (w *world) rotate(credentials map[string][]byte) {
	w.Helper()
	change(w, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: w.name, Name: w.name}}, func(s *corev1.Secret) { s.Data = credentials })
}

// remove deletes what is in no namespace, so that other worlds' lists stay short.
func (w *world) remove() {
	for _, o := range []client.Object{
		&v1alpha1.AccessProfile{ObjectMeta: metav1.ObjectMeta{Name: w.name}}, &v1alpha1.AccessProvider{ObjectMeta: metav1.ObjectMeta{Name: w.name}},
	} {
		if err := admin.Delete(ctxAfter(w.T), o); err != nil {
			w.Errorf("removing %T: %v", o, err)
		}
	}
}

func (w *world) create(o client.Object) {
	w.Helper()
	w.Expect(admin.Create(w.Context(), o)).To(Succeed())
}

// change changes an object as whoever owns it does.
func change[T client.Object](w *world, o T, how func(T)) T {
	w.Helper()
	w.Expect(admin.Get(w.Context(), client.ObjectKeyFromObject(o), o)).To(Succeed())
	how(o)
	w.Expect(admin.Update(w.Context(), o)).To(Succeed())
	return o
}

// engage is an engagement with a worker of a new subject, and the grant that the engagement's reconciler makes for it.
func (w *world) engage(edits ...func(*v1alpha1.AccessGrant)) *v1alpha1.AccessGrant {
	w.Helper()
	w.people++
	meta := metav1.ObjectMeta{Namespace: w.name, Name: fmt.Sprintf("worker-%d", w.people)}
	worker := &v1alpha1.Worker{ObjectMeta: meta}
	worker.Spec.PersonKey = fmt.Sprintf("person-key-%d", w.people)
	worker.Spec.Identities = []v1alpha1.Identity{{Provider: w.name, Subject: w.system.subject(w.T)}}
	w.create(worker)
	engagement := engagementFor(meta, w.clock.Now())
	w.create(engagement)
	grant := grantFor(engagement, worker, w.name, w.clock.Now())
	for _, edit := range edits {
		edit(grant)
	}
	w.create(grant)
	return grant
}

func engagementFor(meta metav1.ObjectMeta, now time.Time) *v1alpha1.Engagement {
	e := &v1alpha1.Engagement{ObjectMeta: meta}
	e.Spec.Title, e.Spec.PoolRef.Name = meta.Name, "pool"
	e.Spec.StatementOfWork.Start, e.Spec.StatementOfWork.End = metav1.NewTime(now), metav1.NewTime(now.Add(100*time.Hour))
	e.Spec.StatementOfWork.Budget = v1alpha1.Money{Currency: "USD", Amount: "5000"}
	e.Spec.Classification = v1alpha1.Classification{WorkerType: v1alpha1.IndependentContractor, Jurisdiction: "US-CA"}
	return e
}

// grantFor is what the engagement's reconciler makes.
func grantFor(e *v1alpha1.Engagement, worker *v1alpha1.Worker, profile string, now time.Time) *v1alpha1.AccessGrant {
	g := &v1alpha1.AccessGrant{ObjectMeta: metav1.ObjectMeta{
		Namespace: e.Namespace, Name: e.Name, Finalizers: []string{v1alpha1.GrantFinalizer}, Labels: map[string]string{v1alpha1.EngagementLabel: e.Name},
	}}
	g.Spec = v1alpha1.AccessGrantSpec{
		EngagementRef: v1alpha1.EngagementReference{Name: e.Name, UID: e.UID},
		WorkerRef:     v1alpha1.WorkerReference{Namespace: worker.Namespace, Name: worker.Name, PersonKey: worker.Spec.PersonKey},
		Profile:       profile, NotBefore: metav1.NewTime(now), ExpiresAt: e.Spec.StatementOfWork.End,
	}
	return g
}

// attest is what a custodian says, as the engagement's reconciler passes it on.
func (w *world) attest(g *v1alpha1.AccessGrant, verdict v1alpha1.Verdict) {
	w.Helper()
	w.later(time.Minute)
	w.system.tell(w.subjectOf(g), w.entitlement.Manual.Item, verdict)
	change(w, g.DeepCopy(), func(g *v1alpha1.AccessGrant) {
		g.Spec.Custody = append(g.Spec.Custody, v1alpha1.CustodyRecord{Entitlement: w.entitlement.Name, Verdict: verdict, By: "carl", At: metav1.NewTime(w.clock.Now())})
	})
}

func (w *world) subjectOf(g *v1alpha1.AccessGrant) string {
	w.Helper()
	worker := &v1alpha1.Worker{}
	w.Expect(admin.Get(w.Context(), keyOf(g.Spec.WorkerRef.Name, w.name), worker)).To(Succeed())
	return worker.Spec.Identities[0].Subject
}

func (w *world) withdraw(g *v1alpha1.AccessGrant) {
	w.Helper()
	change(w, g.DeepCopy(), func(g *v1alpha1.AccessGrant) { g.Spec.Withdraw = v1alpha1.WithdrawalEnded })
}

// pass runs both reconcilers once, reads the grant, and says when they want to be run again.
func (w *world) pass(g *v1alpha1.AccessGrant) (*v1alpha1.AccessGrant, time.Duration) {
	w.Helper()
	probed, err := w.providers.Reconcile(w.Context(), ctrl.Request{NamespacedName: client.ObjectKey{Name: w.name}})
	w.Expect(err).NotTo(HaveOccurred())
	passed, err := w.grants.Reconcile(w.Context(), ctrl.Request{NamespacedName: client.ObjectKeyFromObject(g)})
	w.Expect(err).NotTo(HaveOccurred())
	again := passed.RequeueAfter
	if again == 0 || probed.RequeueAfter > 0 && probed.RequeueAfter < again {
		again = probed.RequeueAfter
	}
	return w.read(g), cmp.Or(again, time.Minute)
}

func (w *world) read(g *v1alpha1.AccessGrant) *v1alpha1.AccessGrant {
	w.Helper()
	read := &v1alpha1.AccessGrant{}
	w.Expect(admin.Get(w.Context(), client.ObjectKeyFromObject(g), read)).To(Succeed())
	return read
}

func (w *world) later(d time.Duration) { w.clock.SetTime(w.clock.Now().Add(d)) }

// until goes on for as long as it takes until every row of a grant is in a state, without a failure that stands.
func (w *world) until(g *v1alpha1.AccessGrant, state v1alpha1.GrantState) *v1alpha1.AccessGrant {
	w.Helper()
	for range 100 {
		read, again := w.pass(g)
		if read.Status.State == state && settled(read, state) {
			return read
		}
		w.later(again)
	}
	w.Fatalf("the grant does not come to %s: %s", state, describe(w.read(g)))
	return nil
}

func settled(g *v1alpha1.AccessGrant, state v1alpha1.GrantState) bool {
	for _, row := range g.Status.Entitlements {
		if row.State != state || row.Attempts != 0 {
			return false
		}
	}
	return len(g.Status.Entitlements) > 0
}

// describe says how a grant stands.
func describe(g *v1alpha1.AccessGrant) string {
	var words []string
	for _, row := range g.Status.Entitlements {
		words = append(words, fmt.Sprintf("%s %s, %d attempts, %s", row.Target, row.State, row.Attempts, row.LastError))
	}
	for _, c := range g.Status.Conditions {
		words = append(words, fmt.Sprintf("%s=%s %s: %s", c.Type, c.Status, c.Reason, c.Message))
	}
	return strings.Join(words, "; ")
}

// gives says whether the target system gives, by what it tells others than Longshore, all that a grant is for.
func (w *world) expectGives(g *v1alpha1.AccessGrant, want bool, when string) {
	w.Helper()
	for _, row := range g.Status.Entitlements {
		target := provider.Target{Key: row.Key, Name: row.Target, Subject: row.Subject, Handle: row.Handle}
		// Some target systems need a moment until a change has its effect.
		w.Eventually(func() bool { return w.system.gives(w.T, target) }, patience).Should(Equal(want), "%s: whether the target system gives %s", when, row.Target)
	}
}

// keyOf is of an object without a namespace, or in the one that is given.
func keyOf(name string, namespace ...string) client.ObjectKey {
	return client.ObjectKey{Namespace: strings.Join(namespace, ""), Name: name}
}
