package access

import (
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// byHand is what people hand out and take back.
var byHand = provider.Capabilities{Attested: true}

func TestWhatWaitsForAPersonIsNoFailure(t *testing.T) {
	w := newWorld(t, byHand)
	g := w.simple("laptop")
	intended := w.clock.Now()
	for range 3 {
		g = w.settle(g)
		row := only(w, g)
		w.Expect(row.State).To(Equal(v1alpha1.GrantPending))
		w.Expect(row.Attempts).To(BeZero())
		w.Expect(row.LastError).To(BeEmpty())
		w.Expect(row.NextTry).To(BeNil())
		w.Expect(ready(g)).To(Equal("False Waiting: entitlement laptop waits since " + intended.UTC().Format(time.RFC3339) + ": the custodian hands it out"))
		result, err := w.pass(g)
		w.Expect(err).NotTo(HaveOccurred())
		w.Expect(result.RequeueAfter).To(And(BeNumerically(">", resync/2), BeNumerically("<=", resync)), "it is looked at again at every resync")
		w.later(resync)
	}
	w.Expect(w.events.reasons()).To(BeEmpty())
}

func TestAWaitEndsEarlierFailures(t *testing.T) {
	w := newWorld(t, byHand)
	g := w.simple("laptop")
	w.memory.SetFault(failing(provider.OperationGrant, provider.Retryable("the grant cannot be read")))
	w.Expect(only(w, w.settle(g)).Attempts).To(Equal(int32(1)))
	w.memory.SetFault(nil)
	w.later(time.Minute)
	g = w.settle(g)
	w.Expect(only(w, g)).To(And(HaveField("Attempts", BeZero()), HaveField("LastError", ""), HaveField("NextTry", BeNil())))
	w.Expect(ready(g)).To(HavePrefix("False Waiting"))
}

func TestWhatIsAttestedIsNeverCalledReadBack(t *testing.T) {
	w := newWorld(t, byHand)
	g := w.settle(w.simple("laptop"))
	laptop := w.access("laptop", "ada")
	w.later(time.Hour)
	handedOut := w.clock.Now()
	w.memory.Attest(provider.OperationGrant, laptop)
	for range 2 {
		g = w.settle(g)
		w.later(resync)
	}
	row := only(w, g)
	w.Expect(row.State).To(Equal(v1alpha1.GrantGranted))
	w.Expect(row.Had()).To(BeTrue())
	w.Expect(row.GrantedAt).NotTo(BeNil())
	w.Expect(row.Since.Time).To(BeTemporally("==", handedOut))
	w.Expect(row.VerifiedAt).To(BeNil())
	w.Expect(row.Evidence).To(HavePrefix("attested: "))
	w.Expect(g.Status.State).To(Equal(v1alpha1.GrantGranted))
	w.Expect(ready(g)).To(Equal("True Holds: all 1 accesses are there, 0 read back from their target systems and 1 as custodians attested"))
	w.Expect(w.events.reasons()).To(Equal([]string{"Normal HandedOut"}))

	g = w.withdraw(g, v1alpha1.WithdrawalEnded)
	w.Expect(states(g)).To(Equal(map[string]string{"laptop": "Revoking"}))
	w.Expect(only(w, g)).To(And(HaveField("Attempts", BeZero()), HaveField("LastError", ""), HaveField("NextTry", BeNil())))
	w.Expect(g.Status.Owed).To(Equal(int32(1)), "a revocation that waits for a person is owed")
	w.Expect(ready(g)).To(And(HavePrefix("False Waiting: entitlement laptop waits since "), HaveSuffix(": the custodian takes it back")))
	w.Expect(w.reconcileProvider().Status.Owed).To(Equal(int32(1)))
	result, err := w.pass(g)
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(result.RequeueAfter).To(BeNumerically(">", resync/2))

	w.memory.Attest(provider.OperationRevoke, laptop)
	g = w.settle(g)
	row = only(w, g)
	w.Expect(row.State).To(Equal(v1alpha1.GrantAttested))
	w.Expect(row.VerifiedAt).To(BeNil())
	w.Expect(row.RevokedAt).To(BeNil())
	w.Expect(row.Evidence).To(HavePrefix("attested: "))
	w.Expect(g.Status.State).To(Equal(v1alpha1.GrantAttested))
	w.Expect(g.Status.Owed).To(BeZero())
	w.Expect(ready(g)).To(HavePrefix("True Closed"))
	w.Expect(w.events.reasons()).To(Equal([]string{"Normal Attested"}))

	g = w.withdraw(g, "")
	w.Expect(states(g)).To(Equal(map[string]string{"laptop": "Pending"}), "what was returned is handed out again by a person")
	w.memory.Attest(provider.OperationGrant, laptop)
	w.Expect(w.settle(g).Status.State).To(Equal(v1alpha1.GrantGranted))
}

func TestWhatPeopleTookBackEarlyIsNotCalledDrift(t *testing.T) {
	for reason, change := range map[string]func(*world){
		"it was returned":      func(w *world) { w.memory.Attest(provider.OperationRevoke, w.access("laptop", "ada")) },
		"another one is there": func(w *world) { w.memory.WidenByHand(w.access("laptop", "ada")) },
	} {
		t.Run(reason, func(t *testing.T) {
			w := newWorld(t, byHand)
			g := w.settle(w.simple("laptop"))
			w.memory.Attest(provider.OperationGrant, w.access("laptop", "ada"))
			g = w.settle(g)
			w.events.Read()
			change(w)
			g = w.settle(g)
			row := only(w, g)
			w.Expect(row.Had()).To(BeFalse())
			w.Expect(w.events.Read()).To(BeEmpty())
			for _, word := range []string{"drift", "restored", "by hand"} {
				w.Expect(strings.ToLower(ready(g))).NotTo(ContainSubstring(word))
			}
		})
	}
}

func TestWhatWasHandedOutEarlyIsNotFromBefore(t *testing.T) {
	w := newWorld(t, byHand)
	w.memory.Attest(provider.OperationGrant, w.access("laptop", "ada"))
	w.Expect(states(w.settle(w.simple("laptop")))).To(Equal(map[string]string{"laptop": "Granted"}), "it was attested of this engagement")
}

func TestItemsAreHandedToThePersonWhoHasNoAccount(t *testing.T) {
	worker := &v1alpha1.Worker{}
	worker.Spec.PersonKey = "p-1"
	worker.Spec.Identities = []v1alpha1.Identity{{Provider: "badges", Subject: "badge-7"}}
	for _, test := range []struct {
		reason, provider string
		kind             v1alpha1.ProviderType
		subject          string
		found            bool
	}{
		{"an identity is used", "badges", v1alpha1.ProviderManual, "badge-7", true},
		{"without one, it is the person", "laptops", v1alpha1.ProviderManual, "p-1", true},
		{"an account is not made up", "directory", v1alpha1.ProviderLDAP, "p-1", false},
	} {
		t.Run(test.reason, func(t *testing.T) {
			in := &v1alpha1.AccessProvider{Spec: v1alpha1.AccessProviderSpec{Type: test.kind}}
			in.Name = test.provider
			subject, found := identity(worker, in)
			g := NewWithT(t)
			g.Expect(found).To(Equal(test.found))
			if found {
				g.Expect(subject).To(Equal(test.subject))
			}
		})
	}
}
