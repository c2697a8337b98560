package cluster

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const patience = time.Minute

func TestAnObjectGoesWhenItsOwnerGoes(t *testing.T) {
	g := NewWithT(t)
	api := newClient(t, shared.RESTConfig())
	g.Expect(shared.InstallCRDs(t.Context(), "testdata/crds")).To(Succeed())
	// The kind is younger than the garbage collector, which must find out about it by itself.
	owner := widget("owner")
	g.Expect(api.Create(t.Context(), owner)).To(Succeed())
	owned := widget("owned")
	owned.SetOwnerReferences([]metav1.OwnerReference{*metav1.NewControllerRef(owner, owner.GroupVersionKind())})
	g.Expect(api.Create(t.Context(), owned)).To(Succeed())

	g.Expect(api.Delete(t.Context(), owner)).To(Succeed())

	g.Eventually(func() bool {
		return apierrors.IsNotFound(api.Get(t.Context(), client.ObjectKeyFromObject(owned), owned))
	}, patience).Should(BeTrue(), "the garbage collector should delete the owned widget")
}

func widget(name string) *unstructured.Unstructured {
	w := &unstructured.Unstructured{}
	w.SetAPIVersion("example.longshore.dev/v1")
	w.SetKind("Widget")
	w.SetNamespace("default")
	w.SetName(name)
	return w
}

func TestANamespaceGoesWithAllThatIsInIt(t *testing.T) {
	g := NewWithT(t)
	api := newClient(t, shared.RESTConfig())
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "doomed-"}}
	g.Expect(api.Create(t.Context(), namespace)).To(Succeed())
	g.Expect(api.Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: namespace.Name, Name: "content"}})).To(Succeed())

	g.Expect(api.Delete(t.Context(), namespace)).To(Succeed())

	g.Eventually(func() bool {
		return apierrors.IsNotFound(api.Get(t.Context(), client.ObjectKeyFromObject(namespace), namespace))
	}, patience).Should(BeTrue(), "the namespace controller should empty and finish the namespace")
}

func TestANamespaceHasADefaultServiceAccount(t *testing.T) {
	g := NewWithT(t)
	api := newClient(t, shared.RESTConfig())
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "new-"}}
	g.Expect(api.Create(t.Context(), namespace)).To(Succeed())

	g.Eventually(func() error {
		return api.Get(t.Context(), client.ObjectKey{Namespace: namespace.Name, Name: "default"}, &corev1.ServiceAccount{})
	}, patience).Should(Succeed())
}

func TestASecretOfAServiceAccountIsGivenAToken(t *testing.T) {
	g := NewWithT(t)
	api := newClient(t, shared.RESTConfig())
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "default", GenerateName: "holder-"}}
	g.Expect(api.Create(t.Context(), account)).To(Succeed())
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "default", GenerateName: "token-", Annotations: map[string]string{corev1.ServiceAccountNameKey: account.Name},
		},
		Type: corev1.SecretTypeServiceAccountToken,
	}
	g.Expect(api.Create(t.Context(), secret)).To(Succeed())

	g.Eventually(func(g Gomega) {
		g.Expect(api.Get(t.Context(), client.ObjectKeyFromObject(secret), secret)).To(Succeed())
		g.Expect(secret.Data).To(And(HaveKey("token"), HaveKey("ca.crt")))
	}, patience).Should(Succeed())
}

func TestAnAdmissionPolicyIsTypeChecked(t *testing.T) {
	g := NewWithT(t)
	g.Expect(shared.Apply(t.Context(), "test", "testdata/mistyped-policy.yaml")).To(Succeed())
	policy := &unstructured.Unstructured{}
	policy.SetAPIVersion("admissionregistration.k8s.io/v1")
	policy.SetKind("ValidatingAdmissionPolicy")

	g.Eventually(func(g Gomega) {
		g.Expect(newClient(t, shared.RESTConfig()).Get(t.Context(), client.ObjectKey{Name: "mistyped"}, policy)).To(Succeed())
		warnings, _, err := unstructured.NestedSlice(policy.Object, "status", "typeChecking", "expressionWarnings")
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(warnings).NotTo(BeEmpty(), "an expression that compares a string with a number should be warned of")
	}, patience).Should(Succeed())
}

func TestTheControllersActAsAccountsOfTheirOwn(t *testing.T) {
	g := NewWithT(t)
	api := newClient(t, shared.RESTConfig())
	mark, err := shared.AuditMark(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "watched-"}}
	g.Expect(api.Create(t.Context(), namespace)).To(Succeed())
	orphan := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{
		Namespace: "default", GenerateName: "orphan-",
		OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: "nobody", UID: "none"}},
	}}
	g.Expect(api.Create(t.Context(), orphan)).To(Succeed())
	g.Expect(api.Delete(t.Context(), namespace)).To(Succeed())

	g.Eventually(func(g Gomega) {
		events, err := shared.AuditSince(t.Context(), mark)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(CountBy(events, func(e AuditEvent) string { return e.User + " " + e.Verb + " " + e.Resource + " " + e.Name })).To(And(
			HaveKey("system:serviceaccount:kube-system:generic-garbage-collector delete configmaps "+orphan.Name),
			HaveKey("system:serviceaccount:kube-system:namespace-controller update namespaces "+namespace.Name),
		), "policies tell the controllers apart by these names")
	}, patience).Should(Succeed())
}
