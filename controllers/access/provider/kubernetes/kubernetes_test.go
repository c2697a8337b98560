package kubernetes

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/hack/cluster/clustertest"
)

// patience bounds waits for the control plane.
const patience = 30 * time.Second

func request(target provider.Target) provider.Request { return provider.Request{Target: target} }

func TestOneTargetIsResolvedForEachNamespaceOrForTheCluster(t *testing.T) {
	p := open(t, operator)
	for _, test := range []struct {
		reason string
		wanted *v1alpha1.KubernetesEntitlement
		want   []string
	}{
		{"each namespace is granted and revoked on its own", &v1alpha1.KubernetesEntitlement{ClusterRole: "view", Namespaces: []string{"a", "b"}},
			[]string{"Kubernetes:namespaces/a/clusterroles/view", "Kubernetes:namespaces/b/clusterroles/view"}},
		{"the whole cluster is one", &v1alpha1.KubernetesEntitlement{ClusterRole: "view", ClusterWide: true}, []string{"Kubernetes:clusterroles/view"}},
		{"the name of a ClusterRole may have colons", &v1alpha1.KubernetesEntitlement{ClusterRole: "team:a:view", ClusterWide: true}, []string{"Kubernetes:clusterroles/team:a:view"}},
		{"an entitlement of another type is none here", nil, nil},
		{"a slash would read as another target", &v1alpha1.KubernetesEntitlement{ClusterRole: "a/clusterroles/cluster-admin", ClusterWide: true}, nil},
		{"a ClusterRole has a name", &v1alpha1.KubernetesEntitlement{ClusterWide: true}, nil},
		{"a slash in a namespace would read as another target", &v1alpha1.KubernetesEntitlement{ClusterRole: "view", Namespaces: []string{"a/clusterroles/b"}}, nil},
		{"one namespace that cannot exist spoils all", &v1alpha1.KubernetesEntitlement{ClusterRole: "view", Namespaces: []string{"a", ""}}, nil},
	} {
		t.Run(test.reason, func(t *testing.T) {
			g := NewWithT(t)
			targets, err := p.Resolve(v1alpha1.Entitlement{Name: "tools", Kubernetes: test.wanted}, "ada")
			var names []string
			for _, target := range targets {
				names = append(names, target.Name)
				s, err := scopeOf(target)
				g.Expect(err).NotTo(HaveOccurred())
				g.Expect("Kubernetes:"+s.String()).To(Equal(target.Name), "the name is what revocation is done by")
			}
			g.Expect(names).To(Equal(test.want))
			g.Expect(provider.IsRefused(err)).To(Equal(test.want == nil), "%v", err)
		})
	}
}

func TestAClusterRoleThatTheInstallerDidNotListIsNotBound(t *testing.T) {
	g := NewWithT(t)
	p := open(t, operator)
	target := inNamespace(t, p, unlisted, clustertest.Namespace(t, shared))
	err := p.Grant(t.Context(), request(target))
	g.Expect(provider.IsRefused(err)).To(BeTrue(), "%v", err)
	g.Expect(err).To(MatchError(ContainSubstring("add it to the resourceNames of ClusterRole longshore-bind")))
	g.Expect(err).To(MatchError(ContainSubstring(unlisted)))
	g.Expect(p.Verify(t.Context(), target)).To(HaveField("Absent()", true))
}

func TestAClusterRoleThatDoesNotExistIsNotBound(t *testing.T) {
	g := NewWithT(t)
	p := open(t, operator)
	target := inNamespace(t, p, "longshore-test-missing", clustertest.Namespace(t, shared))
	err := p.Grant(t.Context(), request(target))
	g.Expect(err).To(MatchError(ContainSubstring("ClusterRole longshore-test-missing does not exist")))
	g.Expect(provider.IsRefused(err)).To(BeFalse(), "somebody may create it at any time")
}

func TestANamespaceThatIsNotThereIsNamedAndTriedAgain(t *testing.T) {
	g := NewWithT(t)
	p := open(t, operator)
	target := inNamespace(t, p, bindable, "nowhere")
	err := p.Grant(t.Context(), request(target))
	g.Expect(err).To(MatchError(ContainSubstring("namespace nowhere does not exist: create it")))
	g.Expect(provider.IsRefused(err)).To(BeFalse(), "somebody may create it at any time")
	g.Expect(p.Revoke(t.Context(), target, provider.RevokeOptions{})).To(Succeed())
}

func TestAccessIsProvenGoneWithItsNamespace(t *testing.T) {
	g := NewWithT(t)
	p := open(t, operator)
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "short-lived-"}}
	g.Expect(admin.Create(t.Context(), namespace)).To(Succeed())
	target := inNamespace(t, p, bindable, namespace.Name)
	g.Expect(p.Grant(t.Context(), request(target))).To(Succeed())

	g.Expect(admin.Delete(t.Context(), namespace)).To(Succeed())
	g.Eventually(func(g Gomega) {
		observed, err := p.Verify(t.Context(), target)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(observed.Absent()).To(BeTrue())
		g.Expect(observed.Evidence).To(ContainSubstring("namespace %s does not exist", namespace.Name))
	}, patience).Should(Succeed())
	g.Expect(p.Revoke(t.Context(), target, provider.RevokeOptions{})).To(Succeed())
}

func TestNothingIsGrantedInANamespaceThatIsBeingDeleted(t *testing.T) {
	g := NewWithT(t)
	p := open(t, operator)
	namespace := clustertest.Namespace(t, shared)
	kept := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "kept", Finalizers: []string{"longshore.test/kept"}}}
	g.Expect(admin.Create(t.Context(), kept)).To(Succeed())
	g.Expect(admin.Delete(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}})).To(Succeed())

	err := p.Grant(t.Context(), request(inNamespace(t, p, bindable, namespace)))
	g.Expect(err).To(MatchError(ContainSubstring("the namespace is being deleted")))
	g.Expect(provider.IsRefused(err)).To(BeFalse())

	g.Expect(admin.Get(t.Context(), client.ObjectKeyFromObject(kept), kept)).To(Succeed())
	kept.Finalizers = nil
	g.Expect(admin.Update(t.Context(), kept)).To(Succeed())
}

func TestAChangeByHandIsDriftAndIsUndone(t *testing.T) {
	p := open(t, operator)
	namespace := clustertest.Namespace(t, shared)
	for _, test := range []struct {
		reason string
		change func(*testing.T, provider.Target)
		drift  string
		held   bool
	}{
		{"another subject was added", func(t *testing.T, target provider.Target) {
			change(t, ours(t, target), func(b binding) {
				*b.subjects = append(*b.subjects, rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: "everybody"})
			})
		}, "has other subjects too", true},
		{"the subject was taken out", func(t *testing.T, target provider.Target) {
			change(t, ours(t, target), func(b binding) { *b.subjects = nil })
		}, "lacks its subject", false},
		{"the subject was replaced", func(t *testing.T, target provider.Target) {
			change(t, ours(t, target), func(b binding) { (*b.subjects)[0].Name = "somebody-else" })
		}, "lacks its subject", false},
		{"a service account of the same name is somebody else", func(t *testing.T, target provider.Target) {
			change(t, ours(t, target), func(b binding) {
				*b.subjects = []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: "default", Name: "robot"}}
			})
		}, "lacks its subject", false},
		{"the labels were taken off", func(t *testing.T, target provider.Target) {
			change(t, ours(t, target), func(b binding) { b.SetLabels(nil) })
		}, "lost its labels", true},
		{"it was made again with another role", func(t *testing.T, target provider.Target) {
			mustDelete(t, ours(t, target))
			s, err := scopeOf(target)
			if err != nil {
				t.Fatal(err)
			}
			b := desired(s, target)
			b.role.Name = "cluster-admin"
			if err := admin.Create(t.Context(), b.Object); err != nil {
				t.Fatal(err)
			}
		}, "binds ClusterRole cluster-admin", false},
	} {
		t.Run(test.reason, func(t *testing.T) {
			for name, undo := range map[string]func(*WithT, provider.Target){
				"by granting": func(g *WithT, target provider.Target) {
					g.Expect(p.Grant(t.Context(), request(target))).To(Succeed())
					g.Expect(p.Verify(t.Context(), target)).To(HaveField("Exact()", true))
					s, err := scopeOf(target)
					g.Expect(err).NotTo(HaveOccurred())
					b := read(t, ours(t, target))
					g.Expect(b.drift(s, target)).To(BeEmpty())
				},
				"by revoking": func(g *WithT, target provider.Target) {
					g.Expect(p.Revoke(t.Context(), target, provider.RevokeOptions{})).To(Succeed())
					g.Expect(p.Verify(t.Context(), target)).To(HaveField("Absent()", true))
				},
			} {
				t.Run(name, func(t *testing.T) {
					g := NewWithT(t)
					target := inNamespace(t, p, bindable, namespace)
					g.Expect(p.Grant(t.Context(), request(target))).To(Succeed())
					test.change(t, target)

					observed, err := p.Verify(t.Context(), target)
					g.Expect(err).NotTo(HaveOccurred())
					g.Expect(observed.Drift).To(ContainSubstring(test.drift))
					g.Expect(observed.Held).To(Equal(test.held))
					g.Expect(observed.Drift+observed.Evidence).NotTo(ContainSubstring(target.Subject), "what is reported names nobody")
					undo(g, target)
				})
			}
		})
	}
}

func TestLabelsThatOthersAddedStay(t *testing.T) {
	g := NewWithT(t)
	p := open(t, operator)
	target := inNamespace(t, p, bindable, clustertest.Namespace(t, shared))
	g.Expect(p.Grant(t.Context(), request(target))).To(Succeed())
	change(t, ours(t, target), func(b binding) {
		labels := b.GetLabels()
		labels["team"] = "a"
		b.SetLabels(labels)
		*b.subjects = nil
	})
	g.Expect(p.Grant(t.Context(), request(target))).To(Succeed())
	g.Expect(read(t, ours(t, target)).GetLabels()).To(HaveKeyWithValue("team", "a"))
}

func TestAFinalizerKeepsTheObjectAndNotTheAccess(t *testing.T) {
	g := NewWithT(t)
	p := open(t, operator)
	target := inNamespace(t, p, bindable, clustertest.Namespace(t, shared))
	g.Expect(p.Grant(t.Context(), request(target))).To(Succeed())
	change(t, ours(t, target), func(b binding) { b.SetFinalizers([]string{"longshore.test/mine"}) })

	err := p.Revoke(t.Context(), target, provider.RevokeOptions{})
	g.Expect(err).To(MatchError(ContainSubstring("longshore.test/mine")), "who set it must be told what to take off")
	g.Expect(*read(t, ours(t, target)).subjects).To(BeEmpty())
	observed, err := p.Verify(t.Context(), target)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(observed.Held).To(BeFalse())
	g.Expect(observed.Absent()).To(BeFalse(), "it is not proven gone before the object is gone")
	g.Expect(p.Grant(t.Context(), request(target))).NotTo(Succeed(), "nothing can be granted by what is being deleted")

	change(t, ours(t, target), func(b binding) { b.SetFinalizers(nil) })
	g.Expect(p.Revoke(t.Context(), target, provider.RevokeOptions{})).To(Succeed())
	g.Expect(p.Verify(t.Context(), target)).To(HaveField("Absent()", true))
}

func TestOnlyTheSameRoleForTheSameUserInTheSameScopeIsFromBefore(t *testing.T) {
	p := open(t, operator)
	namespace, elsewhere := clustertest.Namespace(t, shared), clustertest.Namespace(t, shared)
	for _, test := range []struct {
		reason string
		given  func(provider.Target) client.Object
		found  bool
	}{
		{"the same role in the same namespace", func(target provider.Target) client.Object {
			return byHand(namespace, bindable, user(target))
		}, true},
		{"another role", func(target provider.Target) client.Object { return byHand(namespace, unlisted, user(target)) }, false},
		{"another namespace", func(target provider.Target) client.Object { return byHand(elsewhere, bindable, user(target)) }, false},
		{"another user", func(target provider.Target) client.Object {
			return byHand(namespace, bindable, rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: target.Subject + "m"})
		}, false},
		{"a group of the user's name", func(target provider.Target) client.Object {
			return byHand(namespace, bindable, rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: target.Subject})
		}, false},
		{"the whole cluster, which includes the namespace", func(target provider.Target) client.Object {
			b := byHand("", bindable, user(target))
			return &rbacv1.ClusterRoleBinding{ObjectMeta: b.ObjectMeta, RoleRef: b.RoleRef, Subjects: b.Subjects}
		}, true},
	} {
		t.Run(test.reason, func(t *testing.T) {
			g := NewWithT(t)
			target := inNamespace(t, p, bindable, namespace)
			g.Expect(admin.Create(t.Context(), test.given(target))).To(Succeed())
			observed, err := p.Verify(t.Context(), target)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(observed.Held).To(BeFalse())
			if test.found {
				g.Expect(observed.Otherwise).To(And(Not(BeEmpty()), Not(ContainSubstring(target.Subject))))
			} else {
				g.Expect(observed.Otherwise).To(BeEmpty())
			}
		})
	}
}

func byHand(namespace, clusterRole string, subject rbacv1.Subject) *rbacv1.RoleBinding {
	return &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, GenerateName: "by-hand-"},
		RoleRef:    roleRef(scope{clusterRole: clusterRole}),
		Subjects:   []rbacv1.Subject{subject},
	}
}

func TestAccessToTheWholeClusterIsNotTakenAwayForOneNamespace(t *testing.T) {
	g := NewWithT(t)
	p := open(t, operator)
	target := inNamespace(t, p, bindable, clustertest.Namespace(t, shared))
	b := byHand("", bindable, user(target))
	wide := &rbacv1.ClusterRoleBinding{ObjectMeta: b.ObjectMeta, RoleRef: b.RoleRef, Subjects: b.Subjects}
	g.Expect(admin.Create(t.Context(), wide)).To(Succeed())

	err := p.Revoke(t.Context(), target, provider.RevokeOptions{Preexisting: true})
	g.Expect(provider.IsRefused(err)).To(BeTrue(), "%v", err)
	g.Expect(err).To(MatchError(ContainSubstring("ClusterRoleBinding %s gives ClusterRole %s in every namespace", wide.Name, bindable)))
	g.Expect(*read(t, ofCluster(wide)).subjects).To(HaveLen(1))
}

func TestWhatTheOperatorMayNotDoIsNamedByTheProbe(t *testing.T) {
	g := NewWithT(t)
	g.Expect(open(t, operator).Probe(t.Context())).To(Succeed())

	config, err := shared.ServiceAccount(t.Context(), "default", "powerless")
	g.Expect(err).NotTo(HaveOccurred())
	powerless, err := connect(config)
	g.Expect(err).NotTo(HaveOccurred())
	p := open(t, powerless)
	err = p.Probe(t.Context())
	g.Expect(provider.IsRefused(err)).To(BeTrue(), "%v", err)
	g.Expect(err).To(MatchError(ContainSubstring("create rolebindings")))
	g.Expect(err).To(MatchError(ContainSubstring("delete clusterrolebindings")))

	target := inNamespace(t, p, bindable, "default")
	_, err = p.Verify(t.Context(), target)
	g.Expect(provider.IsRefused(err)).To(BeTrue(), "%v", err)
	g.Expect(strings.Contains(err.Error(), target.Subject)).To(BeFalse(), "an error names no subject: %v", err)
}

func TestAPersonsDecisionIsRefusedWithWhatToDo(t *testing.T) {
	g := NewWithT(t)
	p := open(t, operator)
	namespace := clustertest.Namespace(t, shared)
	g.Expect(admin.Create(t.Context(), thingsRole("longshore-test-strong"))).To(Succeed())
	target := inNamespace(t, p, "longshore-test-strong", namespace)
	g.Expect(admin.Create(t.Context(), byHand(namespace, "longshore-test-strong", user(target)))).To(Succeed())

	err := p.Revoke(t.Context(), target, provider.RevokeOptions{Preexisting: true})
	g.Expect(provider.IsRefused(err)).To(BeTrue(), "%v", err)
	g.Expect(err).To(MatchError(ContainSubstring("add it to the resourceNames of ClusterRole longshore-bind, or take the subject out by hand")))
}

func TestEverythingThatBearsTheMarkIsListedHoweverMuchItIs(t *testing.T) {
	g := NewWithT(t)
	p := open(t, operator)
	lister, is := p.(provider.Lister)
	g.Expect(is).To(BeTrue())
	namespace := clustertest.Namespace(t, shared)
	made := make([]binding, pageSize+1)
	var want []any
	for i := range made {
		target := inNamespace(t, p, bindable, namespace)
		made[i] = desired(scope{namespace: namespace, clusterRole: bindable}, target)
		want = append(want, target.Key)
	}
	var group sync.WaitGroup
	for some := range slices.Chunk(made, 64) {
		group.Go(func() {
			for _, b := range some {
				if err := admin.Create(t.Context(), b.Object); err != nil {
					t.Errorf("creating %s: %v", b, err)
				}
			}
		})
	}
	group.Wait()
	// Somebody who copied the labels made something that Longshore would not know by its name.
	copied := byHand(namespace, bindable, rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: "copier"})
	copied.Labels = marks(provider.Target{Key: "copied"})
	g.Expect(admin.Create(t.Context(), copied)).To(Succeed())

	keys, err := lister.List(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(keys).To(ContainElements(want...))
	g.Expect(keys).NotTo(ContainElement("copied"))
	g.Expect(slices.IsSorted(keys)).To(BeTrue(), "the same each time")
}

func TestAnAccessProviderIsNotTurnedToAnotherCluster(t *testing.T) {
	g := NewWithT(t)
	g.Expect(shared.InstallCRDs(t.Context(), "../../../../config/crd/bases/gig.longshore.dev_accessproviders.yaml")).To(Succeed())
	g.Expect(v1alpha1.AddToScheme(scheme.Scheme)).To(Succeed())
	secret := &v1alpha1.LocalReference{Name: "cluster-there"}
	for _, test := range []struct {
		reason      string
		before, now *v1alpha1.LocalReference
		want        string
	}{
		{"the own cluster stays the own", nil, nil, ""},
		{"a kubeconfig may move to another Secret", secret, &v1alpha1.LocalReference{Name: "cluster-there-2"}, ""},
		{"what was granted here is not there", nil, secret, "create another AccessProvider"},
		{"what was granted there is not here", secret, nil, "create another AccessProvider"},
	} {
		t.Run(test.reason, func(t *testing.T) {
			g := NewWithT(t)
			p := here()
			p.Name, p.GenerateName, p.Spec.CredentialsRef = "", "cluster-", test.before
			g.Expect(admin.Create(t.Context(), p)).To(Succeed())
			p.Spec.CredentialsRef, p.Spec.MaxConcurrent = test.now, 2
			err := admin.Update(t.Context(), p)
			if test.want == "" {
				g.Expect(err).NotTo(HaveOccurred())
				return
			}
			g.Expect(err).To(MatchError(ContainSubstring(test.want)))
		})
	}
}
