package access

import (
	"context"
	"slices"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/controllers/access/provider/kubernetes"
	"github.com/longshore-dev/longshore/controllers/index"
)

const (
	// patience bounds waits for the operator.
	patience = 30 * time.Second
	// listed is a ClusterRole that the installer lets the operator bind, unlisted one that not.
	listed, unlisted = "longshore-test-listed", "longshore-test-unlisted"
)

// operated is a namespace of a cluster in which the operator runs, with its own account and the rights that its markers ask for.
type operated struct {
	*world
}

// newOperated starts the operator for the time of a test.
func newOperated(t *testing.T) *operated {
	t.Helper()
	w := &world{T: t, Gomega: NewWithT(t), namespace: "operated", clock: nil, target: "operated"}
	w.create(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: w.namespace}})
	w.create(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "longshore-system"}})
	account, err := shared.ServiceAccount(t.Context(), "longshore-system", "longshore-controller-manager")
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(shared.Apply(t.Context(), "test", "../../config/rbac/role.yaml", "../../config/rbac/role_binding.yaml", "../../config/rbac/bindable_clusterroles.yaml")).To(Succeed())
	update(w, &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "longshore-bind"}}, func(r *rbacv1.ClusterRole) {
		r.Rules[0].ResourceNames = []string{listed}
	})
	for _, name := range []string{listed, unlisted} {
		w.create(&rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: name}})
	}

	mgr, err := ctrl.NewManager(account, ctrl.Options{
		Scheme: scheme, Metrics: server.Options{BindAddress: "0"}, Controller: config.Controller{SkipNameValidation: new(true)},
	})
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(index.Setup(t.Context(), mgr.GetFieldIndexer())).To(Succeed())
	targets := NewTargets(provider.Registry{v1alpha1.ProviderKubernetes: kubernetes.Type(mgr.GetAPIReader(), mgr.GetClient())}, clock.RealClock{}, Keyring{})
	grants := &GrantReconciler{Client: mgr.GetClient(), Reader: mgr.GetAPIReader(), Clock: clock.RealClock{}, Recorder: mgr.GetEventRecorder("longshore"), Targets: targets}
	w.Expect(grants.SetupWithManager(t.Context(), mgr)).To(Succeed())
	providers := &ProviderReconciler{Client: mgr.GetClient(), Clock: clock.RealClock{}, Recorder: mgr.GetEventRecorder("longshore"), Targets: targets}
	w.Expect(providers.SetupWithManager(t.Context(), mgr)).To(Succeed())
	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan error)
	go func() { stopped <- mgr.Start(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-stopped; err != nil {
			t.Errorf("running the operator: %v", err)
		}
	})
	return &operated{world: w}
}

// profileOf is a profile with one entitlement on the cluster itself.
func (o *operated) profileOf(name string, gives v1alpha1.KubernetesEntitlement) {
	o.Helper()
	p := &v1alpha1.AccessProfile{ObjectMeta: metav1.ObjectMeta{Name: name}}
	p.Spec.Entitlements = []v1alpha1.Entitlement{{Name: "cluster", ProviderRef: v1alpha1.ClusterReference{Name: o.target}, Kubernetes: &gives}}
	o.create(p)
}

// engage is a grant of a profile for a new worker, until some time from now.
func (o *operated) engage(name, profile string, length time.Duration) *v1alpha1.AccessGrant {
	o.Helper()
	worker := &v1alpha1.Worker{ObjectMeta: metav1.ObjectMeta{Namespace: o.namespace, Name: name}}
	worker.Spec.PersonKey = name
	worker.Spec.Identities = []v1alpha1.Identity{{Provider: o.target, Subject: name + "@example.com"}}
	o.create(worker)
	e := &v1alpha1.Engagement{ObjectMeta: metav1.ObjectMeta{Namespace: o.namespace, Name: name}}
	now := time.Now().Truncate(time.Second)
	e.Spec.Title, e.Spec.PoolRef.Name = name, "pool"
	e.Spec.StatementOfWork.Start, e.Spec.StatementOfWork.End = metav1.NewTime(now), metav1.NewTime(now.Add(time.Hour))
	e.Spec.StatementOfWork.Budget = v1alpha1.Money{Currency: "USD", Amount: "1"}
	e.Spec.Classification = v1alpha1.Classification{WorkerType: v1alpha1.IndependentContractor, Jurisdiction: "US-CA"}
	o.create(e)
	g := &v1alpha1.AccessGrant{ObjectMeta: metav1.ObjectMeta{Namespace: o.namespace, Name: name, Finalizers: []string{v1alpha1.GrantFinalizer}}}
	g.Spec = v1alpha1.AccessGrantSpec{
		EngagementRef: v1alpha1.EngagementReference{Name: e.Name, UID: e.UID},
		WorkerRef:     v1alpha1.WorkerReference{Namespace: o.namespace, Name: name, PersonKey: name},
		Profile:       profile, NotBefore: metav1.NewTime(now), ExpiresAt: metav1.NewTime(now.Add(length)),
	}
	o.create(g)
	return g
}

// bindings are those that Longshore made for a worker.
func (o *operated) bindings(worker string) []rbacv1.RoleBinding {
	o.Helper()
	list := &rbacv1.RoleBindingList{}
	o.Expect(admin.List(o.Context(), list, client.InNamespace(o.namespace))).To(Succeed())
	return slices.DeleteFunc(list.Items, func(b rbacv1.RoleBinding) bool {
		return !slices.ContainsFunc(b.Subjects, func(s rbacv1.Subject) bool { return s.Name == worker+"@example.com" })
	})
}

func (o *operated) eventually(g *v1alpha1.AccessGrant, want v1alpha1.GrantState) *v1alpha1.AccessGrant {
	o.Helper()
	var read *v1alpha1.AccessGrant
	o.Eventually(func() v1alpha1.GrantState {
		read = o.read(g)
		return read.Status.State
	}, patience).Should(Equal(want), func() string { return ready(read) })
	return read
}

func TestTheOperatorInItsOwnCluster(t *testing.T) {
	o := newOperated(t)
	here := v1alpha1.KubernetesEntitlement{ClusterRole: listed, Namespaces: []string{o.namespace}}
	o.profileOf("early", here)
	early := o.engage("early", "early", time.Hour)
	o.Eventually(func() string { return ready(o.read(early)) }, patience).Should(ContainSubstring("AccessProvider operated, which grants entitlement cluster, does not exist"))
	o.create(&v1alpha1.AccessProvider{ObjectMeta: metav1.ObjectMeta{Name: o.target}, Spec: v1alpha1.AccessProviderSpec{Type: v1alpha1.ProviderKubernetes}})
	o.eventually(early, v1alpha1.GrantVerified)
	o.Expect(o.bindings("early")).To(HaveLen(1))

	run := func(name string, test func(*operated)) {
		t.Run(name, func(t *testing.T) {
			test(&operated{world: &world{T: t, Gomega: NewWithT(t), namespace: o.namespace, target: o.target}})
		})
	}
	run("a withdrawal is proven within moments", func(o *operated) {
		update(o.world, early, func(g *v1alpha1.AccessGrant) { g.Spec.Withdraw = v1alpha1.WithdrawalEnded })
		o.eventually(early, v1alpha1.GrantRevoked)
		o.Expect(o.bindings("early")).To(BeEmpty())
		o.Eventually(func() []string {
			list := &eventsv1.EventList{}
			o.Expect(admin.List(o.Context(), list, client.InNamespace(o.namespace))).To(Succeed())
			var reasons []string
			for _, e := range list.Items {
				if e.Regarding.Kind == "AccessGrant" && e.Regarding.Name == "early" {
					reasons = append(reasons, e.Reason)
				}
			}
			return reasons
		}, patience).Should(ContainElements("Granted", "Revoked"))
	})
	run("what is changed by hand is put right at once", func(o *operated) {
		g := o.engage("drift", "early", time.Hour)
		o.eventually(g, v1alpha1.GrantVerified)
		for reason, change := range map[string]func(*rbacv1.RoleBinding){
			"deleted": func(b *rbacv1.RoleBinding) { o.Expect(admin.Delete(o.Context(), b)).To(Succeed()) },
			"widened": func(b *rbacv1.RoleBinding) {
				update(o.world, b, func(b *rbacv1.RoleBinding) {
					b.Subjects = append(b.Subjects, rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: "everybody"})
				})
			},
			"taken out of sight": func(b *rbacv1.RoleBinding) {
				update(o.world, b, func(b *rbacv1.RoleBinding) { b.Labels = nil })
			},
		} {
			before := o.bindings("drift")[0]
			change(before.DeepCopy())
			o.Eventually(func(g Gomega) {
				now := o.bindings("drift")
				g.Expect(now).To(HaveLen(1))
				g.Expect(now[0].ResourceVersion).NotTo(Equal(before.ResourceVersion))
				g.Expect(now[0].Subjects).To(Equal(before.Subjects))
				g.Expect(now[0].Labels).To(Equal(before.Labels))
			}, patience).Should(Succeed(), reason)
		}
	})
	run("access ends by itself at its time", func(o *operated) {
		g := o.eventually(o.engage("short", "early", 6*time.Second), v1alpha1.GrantRevoked)
		o.Expect(g.Status.FirstGrantedAt).NotTo(BeNil())
		o.Expect(ready(g)).To(HavePrefix("True AccessExpired"))
		o.Expect(o.bindings("short")).To(BeEmpty())
	})
	run("a grant that is deleted is revoked, and stays for its engagement to seal", func(o *operated) {
		g := o.engage("deleted", "early", time.Hour)
		o.eventually(g, v1alpha1.GrantVerified)
		o.Expect(admin.Delete(o.Context(), g)).To(Succeed())
		o.eventually(g, v1alpha1.GrantRevoked)
		o.Expect(admin.Delete(o.Context(), &v1alpha1.Engagement{ObjectMeta: metav1.ObjectMeta{Namespace: o.namespace, Name: "deleted"}})).To(Succeed())
		o.Eventually(func() string { return o.read(g).Name }, patience).Should(BeEmpty(), "without an engagement nobody seals it")
	})
	run("what is missing is named, and given when it is there", func(o *operated) {
		o.profileOf("elsewhere", v1alpha1.KubernetesEntitlement{ClusterRole: listed, Namespaces: []string{"elsewhere"}})
		g := o.engage("missing", "elsewhere", time.Hour)
		o.Eventually(func() string { return ready(o.read(g)) }, patience).Should(ContainSubstring("namespace elsewhere does not exist: create it"))
		o.create(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "elsewhere"}})
		o.eventually(g, v1alpha1.GrantVerified)
	})
	run("a role that the installer did not list is named", func(o *operated) {
		o.profileOf("unlisted", v1alpha1.KubernetesEntitlement{ClusterRole: unlisted, ClusterWide: true})
		g := o.engage("unlisted", "unlisted", time.Hour)
		o.Eventually(func() string { return ready(o.read(g)) }, patience).Should(ContainSubstring("add it to the resourceNames of ClusterRole longshore-bind"))
	})
	run("the provider counts what it holds", func(o *operated) {
		o.Eventually(func(g Gomega) {
			p := &v1alpha1.AccessProvider{}
			g.Expect(admin.Get(o.Context(), client.ObjectKey{Name: o.target}, p)).To(Succeed())
			g.Expect(p.Status.Granted).To(Equal(int32(2)))
			g.Expect(p.Status.Owed).To(BeZero())
		}, patience).Should(Succeed())
	})
	run("an identity that is added is enough", func(o *operated) {
		worker := &v1alpha1.Worker{ObjectMeta: metav1.ObjectMeta{Namespace: o.namespace, Name: "late"}}
		g := o.engage("late", "early", time.Hour)
		update(o.world, worker, func(w *v1alpha1.Worker) { w.Spec.Identities[0].Subject = "later@example.com" })
		o.Eventually(func() int { return len(o.bindings("later")) }, patience).Should(Equal(1))
		o.Eventually(func() int { return len(o.bindings("late")) }, patience).Should(BeZero())
		o.eventually(g, v1alpha1.GrantVerified)
	})
}
