package access

import (
	"context"
	"errors"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/controllers/access/provider/providertest"
)

// circuitOpen is what the metric says of an AccessProvider: nil where it says nothing.
func (w *world) circuitOpen(providerName string) *float64 {
	w.Helper()
	families, err := metrics.Registry.Gather()
	w.Expect(err).NotTo(HaveOccurred())
	for _, family := range families {
		if family.GetName() != "longshore_provider_circuit_open" {
			continue
		}
		for _, metric := range family.GetMetric() {
			if metric.GetLabel()[0].GetValue() == providerName {
				return new(metric.GetGauge().GetValue())
			}
		}
	}
	return nil
}

// TestASilenceThatIsOverIsNotToldAfterIt has what opened the circuit tell of it only after another call has closed it.
func TestASilenceThatIsOverIsNotToldAfterIt(t *testing.T) {
	s := newStreet(t, marked)
	s.silence()
	s.Expect(s.circuitOpen(s.far)).To(HaveValue(Equal(1.0)))
	circuit := s.targets.open[s.far].circuit
	s.setReach(func(context.Context) error { return nil })
	s.probeFar()
	s.targets.turned(s.far, circuit)
	s.Expect(s.circuitOpen(s.far)).To(HaveValue(BeZero()), "it says how the circuit is, and not how it was")
}

func TestATargetSystemThatIsGoneForGoodIsSilentNoMore(t *testing.T) {
	s := newStreet(t, marked)
	s.silence()
	p := update(s.world, &v1alpha1.AccessProvider{ObjectMeta: metav1.ObjectMeta{Name: s.far}}, func(p *v1alpha1.AccessProvider) {
		p.Spec.Decommissioned = &v1alpha1.Decommissioned{Reason: "sold"}
	})
	s.probeFar()
	s.Expect(s.circuitOpen(p.Name)).To(BeNil(), "nobody waits for it to answer")
}

// TestASilentTargetSystemIsTriedAlsoWhileItsProviderIsBeingDeleted has an outage end while a revocation is owed.
func TestASilentTargetSystemIsTriedAlsoWhileItsProviderIsBeingDeleted(t *testing.T) {
	s := newStreet(t, marked)
	s.both()
	g := s.settle(s.grant(s.engagement("campaign"), s.neighbour("ada")))
	s.silence()
	g = s.withdraw(g, v1alpha1.WithdrawalEnded)
	s.Expect(admin.Delete(t.Context(), &v1alpha1.AccessProvider{ObjectMeta: metav1.ObjectMeta{Name: s.far}})).To(Succeed())
	s.Expect(providerReady(s.probeFar())).To(And(HaveField("Reason", v1alpha1.ReasonDeleted), HaveField("Message", ContainSubstring("1 revocations are owed"))))

	s.setReach(func(context.Context) error { return nil })
	s.later(time.Minute)
	result, err := s.providers.Reconcile(t.Context(), request(s.far))
	s.Expect(err).NotTo(HaveOccurred())
	s.Expect(result.RequeueAfter).To(And(BeNumerically(">", 0), BeNumerically("<=", time.Minute)))
	_, _, silent := s.targets.silence(s.far)
	s.Expect(silent).To(BeFalse(), "one tries at least every minute")
	s.Expect(states(s.settle(g))).To(Equal(map[string]string{"chat": "Revoked", "archive": "Revoked"}))
}

// TestADemandIsNotForgottenForLackOfATurn has too many calls under way when what failed is to be tried before its time.
func TestADemandIsNotForgottenForLackOfATurn(t *testing.T) {
	w := newWorld(t, marked)
	g := w.settle(w.simple("chat"))
	w.memory.SetFault(failing(provider.OperationRevoke, provider.Refused("add ClusterRole chat to longshore-bind")))
	g = w.withdraw(g, v1alpha1.WithdrawalEnded)
	w.memory.SetFault(failing(provider.OperationRevoke, &provider.Error{Busy: true, RetryAfter: time.Second, Err: errors.New("too many calls are under way")}))
	w.targets.ledger.hurry(client.ObjectKeyFromObject(g))
	result, err := w.pass(g)
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(result.RequeueAfter).To(BeNumerically("<=", time.Second))

	w.memory.SetFault(nil)
	w.later(result.RequeueAfter)
	w.Expect(states(w.settle(g))).To(Equal(map[string]string{"chat": "Revoked"}))
}

// TestWhatWasHeldBackAndThenDoneInOnePassIsDone has the far target system keep a pass from ending while the near one first does not answer, then has
// no turn for the second access, and then does all.
func TestWhatWasHeldBackAndThenDoneInOnePassIsDone(t *testing.T) {
	s := newStreet(t, marked)
	archive, chat, drive := s.entitlement("archive"), s.entitlement("chat"), s.entitlement("drive")
	archive.ProviderRef.Name = s.far
	s.create(&v1alpha1.AccessProfile{ObjectMeta: metav1.ObjectMeta{Name: s.target}, Spec: v1alpha1.AccessProfileSpec{Entitlements: []v1alpha1.Entitlement{archive, chat, drive}}})
	g := s.settle(s.grant(s.engagement("campaign"), s.neighbour("ada")))
	letGo := s.hang()
	defer letGo()
	revokes := 0
	s.memory.SetFault(func(call providertest.Call) (error, error) {
		if call.Operation != provider.OperationRevoke {
			return nil, nil
		}
		switch revokes++; revokes {
		case 1:
			return &provider.Error{Open: true, Err: errors.New("AccessProvider near has not answered; " + heldBackWords)}, nil
		case 2:
			return &provider.Error{Busy: true, Err: errors.New("too many calls are under way")}, nil
		}
		return nil, nil
	})
	update(s.world, g.DeepCopy(), func(g *v1alpha1.AccessGrant) { g.Spec.Withdraw = v1alpha1.WithdrawalEnded })
	wait := s.inBackground(g)
	s.Eventually(func() map[string]string { return states(s.read(g)) }, patience).Should(Equal(map[string]string{"archive": "Revoking", "chat": "Revoked", "drive": "Revoked"}))
	letGo()
	wait()
	for _, row := range s.read(g).Status.Entitlements {
		s.Expect(row.LastError).To(BeEmpty(), "%s is proven gone", row.Name)
	}
}
