package access

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
)

func decide(decision v1alpha1.Verdict) func(*v1alpha1.AccessGrantSpec) {
	return func(spec *v1alpha1.AccessGrantSpec) {
		spec.Preexisting = []v1alpha1.PreexistingDecision{{Entitlement: "chat", Decision: decision, By: "olga"}}
	}
}

// targetKinds are target systems that tell what Longshore gave from what others gave, and ones that do not.
var targetKinds = map[string]provider.Capabilities{"marked": marked, "not marked": {}}

func TestAccessFromBeforeIsReportedAndLeftAlone(t *testing.T) {
	for kind, can := range targetKinds {
		t.Run(kind, func(t *testing.T) {
			w := newWorld(t, can)
			g := w.simple("chat", "drive")
			w.memory.SetOtherwise(w.access("chat", "ada"), true)
			g = w.settle(g)

			w.Expect(states(g)).To(Equal(map[string]string{"chat": "Preexisting", "drive": "Verified"}))
			w.Expect(g.Status.State).To(Equal(v1alpha1.GrantPreexisting))
			row := findRow(g.Status.Entitlements, w.access("chat", "ada").Key)
			w.Expect(row.Preexisted).To(BeTrue())
			w.Expect(row.GrantedAt).To(BeNil(), "Longshore gave nothing")
			w.Expect(row.Evidence).NotTo(BeEmpty())
			w.Expect(ready(g)).To(Equal("True Holds: all 2 accesses are there, each read back from its target system; 1 of them the worker had before"))
			w.Expect(w.events.reasons()).To(Equal([]string{"Normal Granted", "Warning PreexistingFound"}))

			g = w.withdraw(g, v1alpha1.WithdrawalEnded)
			w.expectGives("chat", "ada", true)
			w.expectGives("drive", "ada", false)
			w.Expect(states(g)).To(Equal(map[string]string{"chat": "Preexisting", "drive": "Revoked"}))
			w.Expect(g.Status.State).To(Equal(v1alpha1.GrantPreexisting))
			w.Expect(ready(g)).To(And(HavePrefix("False AccessPreexisting: the worker had chat before"), ContainSubstring("attest access/preexisting.chat Keep or Remove")))

			w.later(resync)
			w.Expect(w.settle(g).Status).To(Equal(g.Status), "it waits for a person")
		})
	}
}

func TestAPersonDecidesOnAccessFromBefore(t *testing.T) {
	for kind, can := range targetKinds {
		for _, test := range []struct {
			reason   string
			decision v1alpha1.Verdict
			state    v1alpha1.GrantState
			has      bool
			evidence string
		}{
			{"to keep it", v1alpha1.VerdictKeep, v1alpha1.GrantPreexisting, true, "kept by decision of olga"},
			{"to remove it", v1alpha1.VerdictRemove, v1alpha1.GrantRevoked, false, "held false"},
		} {
			t.Run(test.reason+", "+kind, func(t *testing.T) {
				w := newWorld(t, can)
				g := w.simple("chat")
				w.memory.SetOtherwise(w.access("chat", "ada"), true)
				w.settle(g)

				g = w.change(g, decide(test.decision))
				w.Expect(states(g)).To(Equal(map[string]string{"chat": "Preexisting"}), "a decision takes effect when access ends")
				w.expectGives("chat", "ada", true)

				g = w.withdraw(g, v1alpha1.WithdrawalEnded)
				w.expectGives("chat", "ada", test.has)
				row := only(w, g)
				w.Expect(row.State).To(Equal(test.state))
				w.Expect(row.Evidence).To(ContainSubstring(test.evidence))
				w.Expect(row.Preexisted).To(BeTrue())
				w.Expect(g.Status.State).To(Equal(test.state))
				w.Expect(ready(g)).To(HavePrefix("True Closed"))
				result, err := w.pass(g)
				w.Expect(err).NotTo(HaveOccurred())
				w.Expect(result.RequeueAfter).To(BeZero(), "it is settled")
			})
		}
	}
}

func TestRemovalOfAccessFromBeforeIsOwedUntilItIsProven(t *testing.T) {
	w := newWorld(t, marked)
	g := w.simple("chat")
	w.memory.SetOtherwise(w.access("chat", "ada"), true)
	w.settle(g)
	w.memory.SetFault(failing(provider.OperationRevoke, provider.Refused("take the subject out by hand")))
	w.change(g, decide(v1alpha1.VerdictRemove))
	g = w.withdraw(g, v1alpha1.WithdrawalEnded)
	w.Expect(states(g)).To(Equal(map[string]string{"chat": "Revoking"}))
	w.Expect(g.Status.Owed).To(Equal(int32(1)))

	w.memory.SetOtherwise(w.access("chat", "ada"), false)
	w.memory.SetFault(nil)
	w.later(refusedRetry)
	g = w.settle(g)
	w.Expect(states(g)).To(Equal(map[string]string{"chat": "Revoked"}))
}

func TestAccessFromBeforeThatGoesByItself(t *testing.T) {
	for kind, can := range targetKinds {
		t.Run("is Longshore's to give while it is wanted, "+kind, func(t *testing.T) {
			w := newWorld(t, can)
			g := w.simple("chat")
			w.memory.SetOtherwise(w.access("chat", "ada"), true)
			w.settle(g)
			w.memory.SetOtherwise(w.access("chat", "ada"), false)
			g = w.settle(g)
			row := only(w, g)
			w.Expect(row.State).To(Equal(v1alpha1.GrantVerified))
			w.Expect(row.Preexisted).To(BeFalse())
			w.Expect(row.GrantedAt).NotTo(BeNil())
			w.Expect(states(w.withdraw(g, v1alpha1.WithdrawalEnded))).To(Equal(map[string]string{"chat": "Revoked"}))
			w.expectGives("chat", "ada", false)
		})
		t.Run("is proven gone once it is not, "+kind, func(t *testing.T) {
			w := newWorld(t, can)
			g := w.simple("chat")
			w.memory.SetOtherwise(w.access("chat", "ada"), true)
			w.settle(g)
			g = w.withdraw(g, v1alpha1.WithdrawalEnded)
			w.later(resync)
			w.memory.SetOtherwise(w.access("chat", "ada"), false)
			g = w.settle(g)
			row := only(w, g)
			w.Expect(row.State).To(Equal(v1alpha1.GrantRevoked))
			w.Expect(row.Evidence).To(HavePrefix("gone without Longshore: "))
			w.Expect(ready(g)).To(HavePrefix("True Closed"))
		})
	}
}

func TestAccessThatOthersGaveLaterIsToldAndLeft(t *testing.T) {
	w := newWorld(t, marked)
	g := w.settle(w.simple("chat"))
	w.memory.SetOtherwise(w.access("chat", "ada"), true)
	w.later(time.Hour)
	g = w.withdraw(g, v1alpha1.WithdrawalEnded)
	row := only(w, g)
	w.Expect(row.State).To(Equal(v1alpha1.GrantRevoked), "Longshore's own is gone")
	w.Expect(row.Evidence).To(HaveSuffix("; somebody else gave it"))
	w.expectGives("chat", "ada", true)
}

func TestTwoGrantsWithTheSameAccessFromBefore(t *testing.T) {
	w := newWorld(t, marked)
	w.profile("chat")
	ada := w.worker("ada")
	w.memory.SetOtherwise(w.access("chat", "ada"), true)
	a, b := w.settle(w.grant(w.engagement("first"), ada)), w.settle(w.grant(w.engagement("second"), ada))
	w.Expect(states(b)).To(Equal(map[string]string{"chat": "Preexisting"}))

	w.change(a, decide(v1alpha1.VerdictRemove))
	a = w.withdraw(a, v1alpha1.WithdrawalEnded)
	w.Expect(states(a)).To(Equal(map[string]string{"chat": "StillHeld"}), "another grant rests on it")
	w.expectGives("chat", "ada", true)

	w.change(b, decide(v1alpha1.VerdictRemove))
	b = w.withdraw(b, v1alpha1.WithdrawalEnded)
	w.Expect(states(b)).To(Equal(map[string]string{"chat": "Revoked"}))
	w.expectGives("chat", "ada", false)
}

func TestAccessFromBeforeThatAnotherGrantGaveSinceIsNotCalledGone(t *testing.T) {
	for kind, can := range targetKinds {
		t.Run(kind, func(t *testing.T) {
			w := newWorld(t, can)
			w.profile("chat")
			ada := w.worker("ada")
			w.memory.SetOtherwise(w.access("chat", "ada"), true)
			a := w.settle(w.grant(w.engagement("first"), ada))
			w.memory.SetOtherwise(w.access("chat", "ada"), false)
			b := w.settle(w.grant(w.engagement("second"), ada))
			w.Expect(states(b)).To(Equal(map[string]string{"chat": "Verified"}))

			a = w.withdraw(a, v1alpha1.WithdrawalEnded)
			w.Expect(states(a)).To(Equal(map[string]string{"chat": "StillHeld"}), "the person has it, by the other grant")
			w.expectGives("chat", "ada", true)
			b = w.withdraw(b, v1alpha1.WithdrawalEnded)
			w.Expect(states(b)).To(Equal(map[string]string{"chat": "Revoked"}))
			w.expectGives("chat", "ada", false)
		})
	}
}

func TestAccessFromBeforeOfWhichSomethingIsLeftIsNotCalledGone(t *testing.T) {
	w := newWorld(t, provider.Capabilities{})
	g := w.simple("chat")
	w.memory.SetOtherwise(w.access("chat", "ada"), true)
	w.settle(g)
	w.memory.SetOtherwise(w.access("chat", "ada"), false)
	narrowed := w.memory.WidenByHand(w.access("chat", "ada"))
	w.Expect(narrowed()).To(BeFalse())
	g = w.withdraw(g, v1alpha1.WithdrawalEnded)
	w.Expect(states(g)).To(Equal(map[string]string{"chat": "Preexisting"}), "what is left of it is nobody's to take away without a decision")
	w.Expect(ready(g)).To(HavePrefix("False AccessPreexisting"))
}
