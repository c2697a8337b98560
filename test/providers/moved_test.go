package providers_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/controllers/access/provider/kubernetes/kubernetestest"
	"github.com/longshore-dev/longshore/controllers/access/provider/ldap/ldaptest"
	"github.com/longshore-dev/longshore/controllers/access/provider/postgres/postgrestest"
)

// A target system in which nothing was ever given answers that there is nothing, which proves nothing.
func TestAccessIsNotProvenGoneByAnotherServerThanTheOneInWhichItWasGiven(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		reason string
		start  func(*testing.T) targetSystem
	}{
		"LDAP":       {"the endpoint leads to another directory with the same suffix", func(t *testing.T) targetSystem { t.Helper(); return ldaptest.Start(t) }},
		"PostgreSQL": {"the endpoint leads to another server with the same databases and roles", func(t *testing.T) targetSystem { t.Helper(); return postgrestest.Start(t) }},
		"Kubernetes": {"the credentials are a kubeconfig of another cluster", func(t *testing.T) targetSystem { t.Helper(); return kubernetestest.Start(t) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			there, elsewhere := test.start(t), test.start(t)
			s := behindProxy(there)
			s.connection = there.Connection
			w := newWorld(t, s, patience)
			t.Log(test.reason)
			grant := w.until(w.engage(), v1alpha1.GrantVerified)
			w.expectGives(grant, true, "once it is granted")

			w.lead(elsewhere.Connection())
			w.later(resync)
			w.expectOnlyToFail(grant, v1alpha1.GrantVerified, "what is held is not read back elsewhere, and not given there")
			w.withdraw(grant)
			w.expectOnlyToFail(grant, v1alpha1.GrantRevoking, "that there is nothing elsewhere proves nothing")
			w.Expect(w.read(grant).Status.Owed).To(BeEquivalentTo(len(grant.Status.Entitlements)), "the revocations stay owed")
			w.expectGives(grant, true, "while Longshore looks elsewhere")
			w.Expect(elsewhere.Left(t)).To(BeEmpty(), "what was given where the AccessProvider was led")

			w.lead(there.Connection())
			gone := w.until(grant, v1alpha1.GrantRevoked)
			w.expectGives(grant, false, "once it is revoked")
			for _, row := range gone.Status.Entitlements {
				w.Expect(row.RevokedAt).NotTo(BeNil(), "when it was read back as gone")
				w.Expect(row.Evidence).NotTo(BeEmpty(), "what was read back")
			}
			w.Expect(there.Left(t)).To(BeEmpty(), "what is left where it was given")
		})
	}
}

// lead leads the AccessProvider somewhere else.
func (w *world) lead(to provider.Connection) {
	w.Helper()
	w.rotate(to.Credentials)
	meta := metav1.ObjectMeta{Namespace: w.name, Name: w.name}
	if len(to.CABundle) > 0 {
		change(w, &corev1.ConfigMap{ObjectMeta: meta}, func(c *corev1.ConfigMap) { c.Data[v1alpha1.CABundleKey] = string(to.CABundle) })
	}
	behind := &v1alpha1.AccessProvider{ObjectMeta: metav1.ObjectMeta{Name: w.name}}
	change(w, behind, func(p *v1alpha1.AccessProvider) { p.Spec.Endpoint = to.Behind.Spec.Endpoint })
}

// expectOnlyToFail goes on for hours, and expects every row of a grant to keep its state, with a failure that says what is wrong.
func (w *world) expectOnlyToFail(g *v1alpha1.AccessGrant, state v1alpha1.GrantState, why string) {
	w.Helper()
	failed := map[string]int32{}
	for end := w.clock.Now().Add(3 * time.Hour); w.clock.Now().Before(end); {
		read, again := w.pass(g)
		w.Expect(read.Status.Entitlements).To(HaveLen(len(g.Status.Entitlements)))
		for _, row := range read.Status.Entitlements {
			w.Expect(row.State).To(Equal(state), "%s: %s", why, describe(read))
			w.Expect(row.RevokedAt).To(BeNil(), "%s: %s", why, describe(read))
			if row.Attempts > failed[row.Key] {
				failed[row.Key] = row.Attempts
				w.Expect(row.LastError).To(And(ContainSubstring("granted"), ContainSubstring("back"), ContainSubstring("gone for good, declare it in spec.decommissioned")), "what to do is told")
			}
		}
		w.later(again)
	}
	for _, row := range g.Status.Entitlements {
		w.Expect(failed[row.Key]).To(BeNumerically(">", 1), "%s was tried again and again: %s", row.Target, describe(w.read(g)))
	}
}
