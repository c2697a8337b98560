package access

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/controllers/access/provider/providertest"
)

func TestAHandleThatWasReadBackIsKeptAndUsed(t *testing.T) {
	w := newWorld(t, marked)
	g := w.settle(w.simple("chat"))
	handle := only(w, g).Handle
	w.Expect(handle).NotTo(BeEmpty())

	w.memory.RenameByHand(w.access("chat", "ada"))
	g = w.settle(g)
	w.Expect(only(w, g)).To(And(HaveField("Handle", handle), HaveField("State", v1alpha1.GrantVerified)), "a new name changes nothing")
	w.Expect(w.memory.Given()).To(Equal(1), "it is not given a second time under the old name")

	w.memory.Calls()
	w.restart()
	g = w.withdraw(g, v1alpha1.WithdrawalEnded)
	w.Expect(only(w, g)).To(And(HaveField("Handle", handle), HaveField("State", v1alpha1.GrantRevoked)), "evidence keeps the handle")
	w.Expect(w.memory.Given()).To(BeZero(), "what was renamed is taken away all the same")
	for _, call := range w.memory.Calls() {
		w.Expect(call.Target.Handle).To(Equal(handle), string(call.Operation))
	}
}

func TestAFailureLosesNoHandle(t *testing.T) {
	w := newWorld(t, marked)
	g := w.settle(w.simple("chat"))
	handle := only(w, g).Handle
	w.memory.RemoveByHand(w.access("chat", "ada"))
	w.memory.SetFault(failing(provider.OperationGrant, provider.Retryable("no route to host")))
	w.Expect(only(w, w.settle(g)).Handle).To(Equal(handle))
	w.memory.SetFault(failing(provider.OperationRevoke, provider.Retryable("no route to host")))
	w.Expect(only(w, w.withdraw(g, v1alpha1.WithdrawalEnded)).Handle).To(Equal(handle))
}

// TestAnAccountOfTheSameNameIsAnother has what was given on deleted and made again under the same name, for somebody else.
func TestAnAccountOfTheSameNameIsAnother(t *testing.T) {
	w := newWorld(t, provider.Capabilities{})
	g := w.settle(w.simple("chat"))
	update(w, g.DeepCopy(), func(g *v1alpha1.AccessGrant) { g.Spec.Withdraw = v1alpha1.WithdrawalEnded })
	w.memory.DeleteByHand(w.access("chat", "ada"))
	w.memory.SetOtherwise(w.access("chat", "ada"), true)
	g = w.settle(g)
	w.Expect(states(g)).To(Equal(map[string]string{"chat": "Revoked"}))
	w.expectGives("chat", "ada", true)
}

func TestWhatIsGivenAgainAfterItsRevocationIsReadAnew(t *testing.T) {
	w := newWorld(t, marked)
	g := w.settle(w.simple("chat"))
	before := only(w, g).Handle
	g = w.withdraw(g, v1alpha1.WithdrawalSuspended)
	w.memory.Calls()
	g = w.withdraw(g, "")
	after := only(w, g).Handle
	w.Expect(after).NotTo(Or(BeEmpty(), Equal(before)))
	for _, call := range w.memory.Calls() {
		w.Expect(call.Target.Handle).NotTo(Equal(before), "what it was recognised by before its revocation may be another's now")
	}
}

// TestWhatStartsOverIsRecordedBeforeItIsCalledFor has what was given on deleted, so that only its name is left to give by.
func TestWhatStartsOverIsRecordedBeforeItIsCalledFor(t *testing.T) {
	for _, test := range []struct {
		reason string
		before func(*world, *v1alpha1.AccessGrant)
		event  string
	}{
		{"it was read back before", func(*world, *v1alpha1.AccessGrant) {}, "Warning DriftRepaired"},
		{"its restoration failed before", func(w *world, g *v1alpha1.AccessGrant) {
			w.memory.RemoveByHand(w.access("chat", "ada"))
			w.memory.SetFault(failing(provider.OperationGrant, provider.Retryable("no route to host")))
			w.settle(g)
			w.later(firstRetry)
			w.events.Read()
		}, "Normal Granted"},
	} {
		t.Run(test.reason, func(t *testing.T) {
			w := newWorld(t, marked)
			g := w.settle(w.simple("chat"))
			before := only(w, g)
			w.events.Read()
			test.before(w, g)
			w.memory.DeleteByHand(w.access("chat", "ada"))
			var stored []row
			w.memory.SetFault(func(call providertest.Call) (error, error) {
				if call.Operation == provider.OperationGrant {
					stored = append(stored, only(w, w.read(g)))
				}
				return nil, nil
			})
			g = w.settle(g)
			w.Expect(stored).To(ConsistOf(And(HaveField("Handle", ""), HaveField("State", v1alpha1.GrantPending), HaveField("VerifiedAt", Not(BeNil())))),
				"cut off here, what bears the name is owed")
			w.Expect(only(w, g)).To(And(HaveField("State", v1alpha1.GrantVerified), HaveField("Handle", Not(Or(BeEmpty(), Equal(before.Handle))))))
			w.Expect(w.events.reasons()).To(Equal([]string{test.event}))
		})
	}
}
