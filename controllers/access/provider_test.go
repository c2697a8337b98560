package access

import (
	"context"
	"errors"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
)

func providerReady(p *v1alpha1.AccessProvider) *metav1.Condition {
	return meta.FindStatusCondition(p.Status.Conditions, v1alpha1.ConditionReady)
}

func TestAProviderIsReadyWhenItsTargetSystemAnswers(t *testing.T) {
	w := newWorld(t, marked)
	p := w.reconcileProvider()
	w.Expect(providerReady(p)).To(HaveField("Status", metav1.ConditionTrue))
	w.Expect(p.Status.ObservedGeneration).To(Equal(p.Generation))
	w.Expect(p.Finalizers).To(ConsistOf(v1alpha1.ProviderFinalizer))

	w.memory.SetFault(failing(provider.OperationProbe, provider.Retryable("no route to host")))
	w.memory.Calls()
	w.Expect(providerReady(w.reconcileProvider())).To(HaveField("Status", metav1.ConditionTrue), "it is not asked each time")
	w.Expect(w.memory.Calls()).To(BeEmpty())

	w.later(reprobe)
	w.Expect(providerReady(w.reconcileProvider())).To(And(
		HaveField("Status", metav1.ConditionFalse), HaveField("Reason", v1alpha1.ReasonProviderFailed), HaveField("Message", HaveSuffix("no route to host"))))

	w.memory.SetFault(nil)
	result, err := w.providers.Reconcile(t.Context(), request(w.target))
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(result.RequeueAfter).To(Equal(reprobeFailed), "what waits for it should not wait much longer than the outage")
	w.later(reprobeFailed)
	w.Expect(providerReady(w.reconcileProvider())).To(HaveField("Status", metav1.ConditionTrue))
}

func TestAChangedProviderIsAskedAtOnceWithItsNewLimits(t *testing.T) {
	w := newWorld(t, marked)
	p := &v1alpha1.AccessProvider{ObjectMeta: metav1.ObjectMeta{Name: w.target}}
	before, err := w.targets.connect(w.Context(), w.reconcileProvider())
	w.Expect(err).NotTo(HaveOccurred())
	again, err := w.targets.connect(w.Context(), w.reconcileProvider())
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(again).To(BeIdenticalTo(before), "limits are shared by all who use a target system")

	update(w, p, func(p *v1alpha1.AccessProvider) { p.Spec.Timeout = &metav1.Duration{Duration: time.Second} })
	w.memory.Calls()
	p = w.reconcileProvider()
	w.Expect(w.memory.Calls()).To(HaveLen(1))
	w.Expect(p.Status.ObservedGeneration).To(Equal(p.Generation))
	after, err := w.targets.connect(w.Context(), p)
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(after).NotTo(BeIdenticalTo(before))
}

func TestTheLimitsDefaultAsDocumented(t *testing.T) {
	g := NewWithT(t)
	g.Expect(limits(&v1alpha1.AccessProviderSpec{})).To(Equal(provider.Limits{Timeout: 10 * time.Second, MaxConcurrent: 4}))
}

func TestAProviderOfAnUnknownTypeSaysSo(t *testing.T) {
	w := newWorld(t, marked)
	w.operate(provider.Registry{})
	w.later(reprobe)
	w.Expect(providerReady(w.reconcileProvider())).To(HaveField("Message", ContainSubstring("which this version of Longshore does not know")))
	w.operate(provider.Registry{v1alpha1.ProviderKubernetes: {Open: func(provider.Connection) (provider.Provider, error) {
		return nil, errors.New("the endpoint is no URL")
	}}})
	w.later(reprobe)
	w.Expect(providerReady(w.reconcileProvider())).To(HaveField("Message", ContainSubstring("the endpoint is no URL")))
}

func TestAProviderCountsWhatItHoldsAndOwes(t *testing.T) {
	w := newWorld(t, marked)
	g := w.settle(w.simple("a", "b", "c"))
	w.Expect(w.reconcileProvider().Status).To(And(HaveField("Granted", int32(3)), HaveField("Owed", int32(0))))
	w.memory.SetFault(failing(provider.OperationRevoke, provider.Retryable("no route to host")))
	g = w.withdraw(g, v1alpha1.WithdrawalEnded)
	w.Expect(w.reconcileProvider().Status).To(And(HaveField("Granted", int32(0)), HaveField("Owed", int32(3))))
	w.memory.SetFault(nil)
	w.later(time.Minute)
	w.settle(g)
	w.Expect(w.reconcileProvider().Status).To(And(HaveField("Granted", int32(0)), HaveField("Owed", int32(0))))
}

func TestAProviderStaysWhileItHoldsOrOwes(t *testing.T) {
	w := newWorld(t, marked)
	g := w.settle(w.simple("chat"))
	w.Expect(admin.Delete(t.Context(), &v1alpha1.AccessProvider{ObjectMeta: metav1.ObjectMeta{Name: w.target}})).To(Succeed())
	p := w.reconcileProvider()
	w.Expect(p.Finalizers).To(ConsistOf(v1alpha1.ProviderFinalizer))
	w.Expect(providerReady(p)).To(And(HaveField("Reason", v1alpha1.ReasonDeleted), HaveField("Message", ContainSubstring("1 accesses are granted, 0 revocations are owed"))))
	w.Expect(states(w.settle(g))).To(Equal(map[string]string{"chat": "Verified"}), "what is held stays until it ends")
	update(w, &v1alpha1.AccessProfile{ObjectMeta: metav1.ObjectMeta{Name: w.target}}, func(p *v1alpha1.AccessProfile) {
		p.Spec.Entitlements = append(p.Spec.Entitlements, w.entitlement("drive"))
	})
	w.Expect(ready(w.settle(g))).To(ContainSubstring("is being deleted"))
	w.expectGives("drive", "ada", false)

	w.memory.SetFault(failing(provider.OperationRevoke, provider.Retryable("no route to host")))
	w.withdraw(g, v1alpha1.WithdrawalEnded)
	w.Expect(w.reconcileProvider().Name).NotTo(BeEmpty(), "it owes a revocation")

	w.memory.SetFault(nil)
	w.later(time.Minute)
	w.settle(g)
	w.Expect(w.reconcileProvider().Name).To(BeEmpty())
	w.reconcileProvider()
}

func TestAProviderStaysForAccessFromBeforeUntilItIsDecided(t *testing.T) {
	w := newWorld(t, marked)
	g := w.simple("chat")
	w.memory.SetOtherwise(w.access("chat", "ada"), true)
	w.settle(g)
	w.withdraw(g, v1alpha1.WithdrawalEnded)
	w.Expect(admin.Delete(t.Context(), &v1alpha1.AccessProvider{ObjectMeta: metav1.ObjectMeta{Name: w.target}})).To(Succeed())
	w.Expect(w.reconcileProvider().Name).NotTo(BeEmpty(), "a person may decide to remove it")
	w.change(g, decide(v1alpha1.VerdictKeep))
	w.Expect(w.reconcileProvider().Name).To(BeEmpty())
}

// TestAProviderStaysForWhatIsBeingGiven has the AccessProvider's reconciler decide while a grant is between intent and call.
func TestAProviderStaysForWhatIsBeingGiven(t *testing.T) {
	w := newWorld(t, marked)
	g := w.simple("chat")
	w.targets.ledger.note(client.ObjectKeyFromObject(g), "key", w.target)
	w.Expect(admin.Delete(t.Context(), &v1alpha1.AccessProvider{ObjectMeta: metav1.ObjectMeta{Name: w.target}})).To(Succeed())
	w.Expect(w.reconcileProvider().Name).NotTo(BeEmpty(), "no index shows it yet")
	w.settle(g)
	w.expectGives("chat", "ada", false)
	w.Expect(w.reconcileProvider().Name).To(BeEmpty())
}

// TestNothingIsGivenInAProviderThatIsGoing has the grant decide by a cache that does not show the deletion.
func TestNothingIsGivenInAProviderThatIsGoing(t *testing.T) {
	w := newWorld(t, marked)
	g := w.simple("chat")
	f, err := w.grants.gather(t.Context(), w.read(g))
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(admin.Delete(t.Context(), &v1alpha1.AccessProvider{ObjectMeta: metav1.ObjectMeta{Name: w.target}})).To(Succeed())
	w.Expect(w.grants.newPass(f).run(t.Context())).To(Succeed())
	w.expectGives("chat", "ada", false)
	w.Expect(ready(w.read(g))).To(ContainSubstring("is being deleted or made again"))
}

func TestWhatATargetSystemThatIsGoneForGoodHeldIsAbandoned(t *testing.T) {
	for _, test := range []struct {
		reason string
		before func(*world, *v1alpha1.AccessGrant)
		state  string
	}{
		{"while access is held", func(*world, *v1alpha1.AccessGrant) {}, "Abandoned"},
		{"while a revocation is owed", func(w *world, g *v1alpha1.AccessGrant) {
			w.memory.SetFault(failing(provider.OperationRevoke, provider.Retryable("no route to host")))
			w.withdraw(g, v1alpha1.WithdrawalEnded)
		}, "Abandoned"},
		{"what was proven before stays so", func(w *world, g *v1alpha1.AccessGrant) { w.withdraw(g, v1alpha1.WithdrawalEnded) }, "Revoked"},
	} {
		t.Run(test.reason, func(t *testing.T) {
			w := newWorld(t, marked)
			g := w.settle(w.simple("chat"))
			test.before(w, g)
			w.events.Read()
			update(w, &v1alpha1.AccessProvider{ObjectMeta: metav1.ObjectMeta{Name: w.target}}, func(p *v1alpha1.AccessProvider) {
				p.Spec.Decommissioned = &v1alpha1.Decommissioned{Reason: "sold", By: &v1alpha1.Author{Username: "olga"}}
			})
			w.memory.Calls()
			g = w.settle(g)
			row := only(w, g)
			w.Expect(string(row.State)).To(Equal(test.state))
			w.Expect(row.Attempts).To(BeZero())
			w.Expect(w.memory.Calls()).To(BeEmpty(), "nobody is there to call")
			if test.state == "Abandoned" {
				w.Expect(row.Evidence).To(Equal("AccessProvider " + w.target + " was declared gone for good by olga: sold"))
				w.Expect(row.RevokedAt).To(BeNil(), "it is not proven revoked")
				w.Expect(w.events.reasons()).To(Equal([]string{"Warning Abandoned"}))
			}
			p := w.reconcileProvider()
			w.Expect(providerReady(p)).To(HaveField("Reason", v1alpha1.ReasonDecommissioned))

			g = w.withdraw(g, v1alpha1.WithdrawalEnded)
			w.Expect(states(g)).To(Equal(map[string]string{"chat": test.state}))
			w.Expect(ready(g)).To(HavePrefix("True Closed"))
			w.Expect(admin.Delete(t.Context(), p)).To(Succeed())
			w.Expect(w.reconcileProvider().Name).To(BeEmpty(), "it owes nothing any more")
		})
	}
}

func TestNothingIsGivenInATargetSystemThatIsGoneForGood(t *testing.T) {
	w := newWorld(t, marked)
	update(w, &v1alpha1.AccessProvider{ObjectMeta: metav1.ObjectMeta{Name: w.target}}, func(p *v1alpha1.AccessProvider) {
		p.Spec.Decommissioned = &v1alpha1.Decommissioned{Reason: "sold"}
	})
	g := w.settle(w.simple("chat"))
	w.Expect(g.Status.Entitlements).To(BeEmpty())
	w.Expect(ready(g)).To(And(HavePrefix("False Decommissioned"), ContainSubstring("was declared gone for good: name another in the profile")))
}

// TestATargetIsEnoughToRevokeBy takes away everything but the status by force, as an administrator can.
func TestATargetIsEnoughToRevokeBy(t *testing.T) {
	w := newWorld(t, marked)
	g := w.settle(w.simple("chat"))
	w.Expect(admin.Delete(t.Context(), &v1alpha1.AccessProfile{ObjectMeta: metav1.ObjectMeta{Name: w.target}})).To(Succeed())
	w.Expect(admin.Delete(t.Context(), &v1alpha1.Worker{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "ada"}})).To(Succeed())
	p := update(w, &v1alpha1.AccessProvider{ObjectMeta: metav1.ObjectMeta{Name: w.target}}, func(p *v1alpha1.AccessProvider) { p.Finalizers = nil })
	w.Expect(admin.Delete(t.Context(), p)).To(Succeed())
	w.restart()

	g = w.withdraw(g, v1alpha1.WithdrawalEnded)
	w.Expect(states(g)).To(Equal(map[string]string{"chat": "Revoked"}))
	w.expectGives("chat", "ada", false)
}

func TestAGrantWhoseEngagementIsGoneIsRevokedAndReleased(t *testing.T) {
	w := newWorld(t, marked)
	g := w.settle(w.simple("chat"))
	w.memory.SetFault(failing(provider.OperationRevoke, provider.Retryable("no route to host")))
	w.Expect(admin.Delete(t.Context(), &v1alpha1.Engagement{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "campaign"}})).To(Succeed())
	w.engagement("campaign")
	g = w.settle(g)
	w.Expect(g.Status.Owed).To(Equal(int32(1)), "an engagement of the same name is another one")
	w.Expect(admin.Delete(t.Context(), g)).To(Succeed())
	g = w.settle(g)
	w.Expect(controllerutil.ContainsFinalizer(g, v1alpha1.GrantFinalizer)).To(BeTrue(), "it stays while a revocation is owed")

	w.memory.SetFault(nil)
	w.later(time.Minute)
	g = w.settle(g)
	w.Expect(g.Name).To(BeEmpty())
	w.expectGives("chat", "ada", false)
	w.Expect(w.targets.ledger.uses(w.target)).To(BeFalse())
}

func TestADeletedGrantWaitsForItsEngagement(t *testing.T) {
	w := newWorld(t, marked)
	g := w.settle(w.simple("chat"))
	w.Expect(admin.Delete(t.Context(), g)).To(Succeed())
	g = w.settle(g)
	w.expectGives("chat", "ada", false)
	w.Expect(states(g)).To(Equal(map[string]string{"chat": "Revoked"}))
	w.Expect(controllerutil.ContainsFinalizer(g, v1alpha1.GrantFinalizer)).To(BeTrue(), "its engagement seals it first")
	w.Expect(ready(g)).To(HavePrefix("True Deleted"))
}

// TestThatAnEngagementIsGoneIsNotBelievedOfACache has the cache miss an engagement that is there.
func TestThatAnEngagementIsGoneIsNotBelievedOfACache(t *testing.T) {
	w := newWorld(t, marked)
	g := w.settle(w.simple("chat"))
	w.grants.Client = &blind{w.api}
	w.settle(g)
	w.expectGives("chat", "ada", true)
}

// blind sees no engagements.
type blind struct{ client.Client }

func (b *blind) Get(ctx context.Context, key client.ObjectKey, o client.Object, options ...client.GetOption) error {
	if _, is := o.(*v1alpha1.Engagement); is {
		return apierrors.NewNotFound(v1alpha1.GroupVersion.WithResource("engagements").GroupResource(), key.Name)
	}
	return b.Client.Get(ctx, key, o, options...)
}
