package access

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/controllers/access/provider/providertest"
)

func TestWhatSomebodyRemovedByHandComesBack(t *testing.T) {
	w := newWorld(t, marked)
	g := w.settle(w.simple("chat"))
	given := only(w, g).GrantedAt
	w.events.Read()
	w.later(resync)
	w.memory.RemoveByHand(w.access("chat", "ada"))
	g = w.settle(g)

	w.expectGives("chat", "ada", true)
	row := only(w, g)
	w.Expect(row.State).To(Equal(v1alpha1.GrantVerified))
	w.Expect(row.GrantedAt.Time).To(BeTemporally("==", given.Time))
	w.Expect(row.VerifiedAt.Time).To(BeTemporally("==", w.clock.Now()), "the present state began with the repair")
	w.Expect(w.events.reasons()).To(Equal([]string{"Warning DriftRepaired"}))
}

func TestWhatSomebodyWidenedByHandIsNarrowed(t *testing.T) {
	w := newWorld(t, marked)
	g := w.settle(w.simple("chat"))
	w.events.Read()
	narrowed := w.memory.WidenByHand(w.access("chat", "ada"))
	g = w.settle(g)

	w.Expect(narrowed()).To(BeTrue())
	w.Expect(states(g)).To(Equal(map[string]string{"chat": "Verified"}))
	w.Expect(w.events.reasons()).To(Equal([]string{"Warning DriftRepaired"}))
}

func TestDriftThatCannotBePutRightIsNotCalledVerified(t *testing.T) {
	for _, test := range []struct {
		reason string
		drift  func(*world)
		state  v1alpha1.GrantState
	}{
		{"removed", func(w *world) { w.memory.RemoveByHand(w.access("chat", "ada")) }, v1alpha1.GrantPending},
		{"widened", func(w *world) { w.memory.WidenByHand(w.access("chat", "ada")) }, v1alpha1.GrantGranted},
	} {
		t.Run(test.reason, func(t *testing.T) {
			w := newWorld(t, marked)
			g := w.settle(w.simple("chat"))
			test.drift(w)
			w.memory.SetFault(failing(provider.OperationGrant, provider.Retryable("no route to host")))
			g = w.settle(g)
			w.Expect(g.Status.State).To(Equal(test.state))
			w.Expect(ready(g)).To(And(HavePrefix("False ProviderFailed: entitlement chat on AccessProvider "), HaveSuffix("no route to host")))

			w.memory.SetFault(nil)
			w.later(time.Minute)
			g = w.settle(g)
			w.Expect(g.Status.State).To(Equal(v1alpha1.GrantVerified))

			test.drift(w)
			g = w.withdraw(g, v1alpha1.WithdrawalEnded)
			w.Expect(g.Status.State).To(Equal(v1alpha1.GrantRevoked))
			w.Expect(w.memory.Given()).To(BeZero())
		})
	}
}

func TestAtRestNothingIsWritten(t *testing.T) {
	w := newWorld(t, marked)
	g := w.simple("chat", "drive", "tracker")
	w.memory.SetOtherwise(w.access("drive", "ada"), true)
	w.settle(g)
	w.reconcileProvider()
	w.api.reset()
	for range 5 {
		w.later(resync + time.Second)
		w.settle(g)
		w.reconcileProvider()
	}
	w.restart()
	w.settle(g)
	w.reconcileProvider()
	_, writes := w.api.reset()
	w.Expect(writes).To(BeEmpty(), "while access is held")
	w.Expect(w.memory.Calls()).NotTo(BeEmpty(), "it is read back all the same")

	w.withdraw(g, v1alpha1.WithdrawalEnded)
	w.reconcileProvider()
	w.api.reset()
	for range 3 {
		w.later(resync + time.Second)
		w.settle(g)
		w.reconcileProvider()
	}
	_, writes = w.api.reset()
	w.Expect(writes).To(BeEmpty(), "once access is gone")
}

func TestWhatIsGoneForGoodIsNotLookedAtAgain(t *testing.T) {
	w := newWorld(t, marked)
	g := w.settle(w.simple("chat"))
	w.withdraw(g, v1alpha1.WithdrawalEnded)
	w.memory.Calls()
	result, err := w.pass(g)
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(result.RequeueAfter).To(BeZero())
	w.Expect(w.memory.Calls()).To(BeEmpty())
}

func TestARevocationIsOwedUntilItIsProven(t *testing.T) {
	w := newWorld(t, marked)
	g := w.settle(w.simple("chat"))
	w.events.Read()
	w.memory.SetFault(failing(provider.OperationRevoke, provider.Retryable("no route to host")))
	ended := w.clock.Now()
	g = w.withdraw(g, v1alpha1.WithdrawalEnded)

	row := only(w, g)
	w.Expect(row.State).To(Equal(v1alpha1.GrantRevoking))
	w.Expect(row.Attempts).To(Equal(int32(1)))
	w.Expect(row.LastError).To(Equal("no route to host"))
	w.Expect(row.NextTry.Time).To(BeTemporally("~", w.clock.Now().Add(firstRetry), time.Second))
	w.Expect(g.Status.State).To(Equal(v1alpha1.GrantRevoking))
	w.Expect(g.Status.Owed).To(Equal(int32(1)))
	w.Expect(g.Status.OwedSince.Time).To(BeTemporally("==", ended))
	w.Expect(ready(g)).To(And(HavePrefix("False ProviderFailed: entitlement chat on AccessProvider "), ContainSubstring("may be revoked by hand"), HaveSuffix("no route to host")))
	w.Expect(w.events.reasons()).To(Equal([]string{"Warning RevokeFailed"}))

	w.memory.Calls()
	g = w.settle(g)
	w.Expect(w.memory.Calls()).To(BeEmpty(), "it is not tried before its next time")
	longest := time.Duration(0)
	for range 14 {
		w.clock.SetTime(only(w, g).NextTry.Time)
		g = w.settle(g)
		longest = max(longest, only(w, g).NextTry.Sub(w.clock.Now()))
	}
	row = only(w, g)
	w.Expect(row.Attempts).To(Equal(int32(15)))
	w.Expect(longest).To(And(BeNumerically("<=", maxRetry), BeNumerically(">", maxRetry/2)), "it is tried for as long as it is owed")
	w.Expect(w.events.reasons()).To(BeEmpty(), "one event tells of it")
	w.Expect(g.Status.OwedSince.Time).To(BeTemporally("==", ended))

	w.memory.SetFault(nil)
	w.clock.SetTime(row.NextTry.Time)
	g = w.settle(g)
	row = only(w, g)
	w.Expect(row.State).To(Equal(v1alpha1.GrantRevoked))
	w.Expect(row.Attempts).To(BeZero())
	w.Expect(row.LastError).To(BeEmpty())
	w.Expect(g.Status.Owed).To(BeZero())
	w.Expect(g.Status.OwedSince).To(BeNil())
}

func TestARevocationThatLeavesTheAccessIsNotBelieved(t *testing.T) {
	w := newWorld(t, marked)
	g := w.settle(w.simple("chat"))
	target := w.access("chat", "ada")
	stubborn := true
	w.memory.SetFault(nil)
	w.targets.registry[v1alpha1.ProviderKubernetes] = provider.Type{Open: func(c provider.Connection) (provider.Provider, error) {
		opened, err := w.memory.Type().Open(c)
		return &deaf{opened, &stubborn}, err
	}}
	w.restart()
	g = w.withdraw(g, v1alpha1.WithdrawalEnded)
	w.Expect(w.memory.Gives(target)).To(BeTrue())
	w.Expect(only(w, g).LastError).To(HavePrefix("revoked, and still there when read back"))
	w.Expect(g.Status.Owed).To(Equal(int32(1)))

	stubborn = false
	w.later(time.Minute)
	g = w.settle(g)
	w.Expect(states(g)).To(Equal(map[string]string{"chat": "Revoked"}))
	w.Expect(w.memory.Gives(target)).To(BeFalse())
}

// deaf answers that it revoked, and did not.
type deaf struct {
	provider.Provider
	stubborn *bool
}

func (d *deaf) Revoke(ctx context.Context, target provider.Target, options provider.RevokeOptions) error {
	if *d.stubborn {
		return nil
	}
	return d.Provider.Revoke(ctx, target, options)
}

// TestAGrantThatLeavesNothingIsNotBelieved has a target system that answers well and does nothing.
func TestAGrantThatLeavesNothingIsNotBelieved(t *testing.T) {
	w := newWorld(t, marked)
	g := w.simple("chat")
	w.targets.registry[v1alpha1.ProviderKubernetes] = provider.Type{Open: func(c provider.Connection) (provider.Provider, error) {
		opened, err := w.memory.Type().Open(c)
		return &lazy{opened}, err
	}}
	w.restart()
	for attempt := range int32(6) {
		g = w.settle(g)
		row := only(w, g)
		w.Expect(row.State).NotTo(Equal(v1alpha1.GrantVerified))
		w.Expect(row.LastError).To(HavePrefix("granted, and not so when read back"))
		w.Expect(row.Attempts).To(Equal(attempt + 1))
		w.clock.SetTime(row.NextTry.Time)
	}
	w.Expect(w.events.reasons()).To(Equal([]string{"Warning GrantFailed"}), "one event tells of it")
	w.Expect(ready(g)).To(HavePrefix("False ProviderFailed"))
}

// lazy answers that it granted, and did not.
type lazy struct{ provider.Provider }

func (*lazy) Grant(context.Context, provider.Request) error { return nil }

// TestAPassThatTakesLongSeesTheEnd has access end while a pass over many rows is under way.
func TestAPassThatTakesLongSeesTheEnd(t *testing.T) {
	w := newWorld(t, marked)
	g := w.settle(w.simple("a", "b", "c", "d"))
	w.memory.Calls()
	w.memory.SetFault(func(call providertest.Call) (error, error) {
		if call.Operation == provider.OperationVerify {
			w.later(2 * confirmFor)
			update(w, g.DeepCopy(), func(g *v1alpha1.AccessGrant) { g.Spec.Withdraw = v1alpha1.WithdrawalEnded })
		}
		return nil, nil
	})
	_, err := w.pass(g)
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(w.memory.Calls()).To(HaveLen(1), "a revocation waits")
	w.memory.SetFault(nil)
	w.Expect(w.settle(g).Status.State).To(Equal(v1alpha1.GrantRevoked))
}

func TestAFailedGrantIsVisibleAndIsTriedAgain(t *testing.T) {
	for _, test := range []struct {
		reason  string
		err     error
		nextTry time.Duration
	}{
		{"a failure that may pass is tried again soon", provider.Retryable("no route to host"), firstRetry},
		{"a refusal waits for somebody", provider.Refused("add ClusterRole chat to longshore-bind"), refusedRetry},
		{"a target system that asks for time gets it", provider.After(90*time.Second, provider.Retryable("429")), 90 * time.Second},
		{"a target system that asks for too much does not", provider.After(24*time.Hour, provider.Retryable("429")), maxRetry},
		{"an answer that was lost", fmt.Errorf("calling: %w", context.DeadlineExceeded), firstRetry},
	} {
		t.Run(test.reason, func(t *testing.T) {
			w := newWorld(t, marked)
			g := w.simple("chat")
			w.memory.SetFault(failing(provider.OperationGrant, test.err))
			g = w.settle(g)
			row := only(w, g)
			w.Expect(row.State).To(Equal(v1alpha1.GrantPending))
			w.Expect(row.LastError).To(Equal(test.err.Error()))
			w.Expect(row.NextTry.Sub(w.clock.Now())).To(And(BeNumerically(">", test.nextTry*3/4-time.Second), BeNumerically("<=", test.nextTry)))
			w.Expect(g.Status.FirstGrantedAt).To(BeNil())
			w.Expect(ready(g)).To(ContainSubstring(test.err.Error()))
			w.Expect(w.events.reasons()).To(Equal([]string{"Warning GrantFailed"}))

			w.memory.SetFault(nil)
			w.clock.SetTime(row.NextTry.Time)
			g = w.settle(g)
			w.Expect(g.Status.State).To(Equal(v1alpha1.GrantVerified))
			w.Expect(only(w, g).Attempts).To(BeZero())
			w.Expect(g.Status.FirstGrantedAt.Time).To(BeTemporally("==", w.clock.Now()))
		})
	}
}

func TestAGrantWhoseAnswerWasLostCountsFromItsIntent(t *testing.T) {
	w := newWorld(t, marked)
	g := w.simple("chat")
	w.memory.SetFault(func(call providertest.Call) (error, error) {
		if call.Operation == provider.OperationGrant {
			return nil, context.DeadlineExceeded
		}
		return nil, nil
	})
	intended := w.clock.Now()
	w.settle(g)
	w.expectGives("chat", "ada", true)
	w.memory.SetFault(nil)
	w.later(time.Hour)
	g = w.settle(g)
	w.Expect(g.Status.State).To(Equal(v1alpha1.GrantVerified))
	w.Expect(g.Status.FirstGrantedAt.Time).To(BeTemporally("==", intended), "the subject may have had it from then on")
}

func TestAnEndBeforeTheFirstCallOwesNothing(t *testing.T) {
	w := newWorld(t, marked)
	g := w.simple("chat")
	w.memory.SetFault(failing(provider.OperationVerify, provider.Retryable("no route to host")))
	g = w.settle(g)
	w.Expect(states(g)).To(Equal(map[string]string{"chat": "Pending"}))
	w.Expect(only(w, g).Attempts).To(Equal(int32(1)), "the failure is visible")

	g = w.withdraw(g, v1alpha1.WithdrawalEnded)
	w.Expect(g.Status.Entitlements).To(BeEmpty())
	w.Expect(ready(g)).To(Equal("True Closed: access ended: the work has ended; none was ever given"))
}

func TestAnEndAfterALostAnswerIsOwed(t *testing.T) {
	w := newWorld(t, marked)
	g := w.simple("chat")
	w.memory.SetFault(func(call providertest.Call) (error, error) {
		if call.Operation == provider.OperationGrant {
			return nil, provider.Retryable("connection reset")
		}
		return nil, nil
	})
	w.settle(g)
	w.memory.SetFault(failing(provider.OperationRevoke, provider.Retryable("no route to host")))
	g = w.withdraw(g, v1alpha1.WithdrawalEnded)
	w.Expect(g.Status.Owed).To(Equal(int32(1)))
	w.memory.SetFault(nil)
	w.later(time.Minute)
	g = w.settle(g)
	w.Expect(states(g)).To(Equal(map[string]string{"chat": "Revoked"}))
	w.expectGives("chat", "ada", false)
}

func TestABusyTargetSystemIsNoFailure(t *testing.T) {
	w := newWorld(t, marked)
	g := w.settle(w.simple("chat"))
	w.memory.SetFault(failing(provider.OperationRevoke, &provider.Error{Busy: true, RetryAfter: 2 * time.Second, Err: fmt.Errorf("too many calls")}))
	w.Expect(w.change(g, func(spec *v1alpha1.AccessGrantSpec) { spec.Withdraw = v1alpha1.WithdrawalEnded }).Status.Owed).To(Equal(int32(1)))
	result, err := w.pass(g)
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(result.RequeueAfter).To(Equal(2 * time.Second))
	w.Expect(*result.Priority).To(Equal(revokePriority))
	w.Expect(only(w, w.read(g)).Attempts).To(BeZero())
	w.memory.SetFault(nil)
	w.Expect(states(w.settle(g))).To(Equal(map[string]string{"chat": "Revoked"}))
}

func TestATargetSystemThatHangsIsCalledOnceAPass(t *testing.T) {
	w := newWorld(t, marked)
	g := w.settle(w.simple("a", "b", "c", "d"))
	update(w, g, func(g *v1alpha1.AccessGrant) { g.Spec.Withdraw = v1alpha1.WithdrawalEnded })
	w.memory.SetFault(failing(provider.OperationRevoke, fmt.Errorf("calling: %w", context.DeadlineExceeded)))
	w.memory.Calls()
	tried := map[string]bool{}
	for range 4 {
		_, err := w.pass(g)
		w.Expect(err).NotTo(HaveOccurred())
		calls := slices.DeleteFunc(w.memory.Calls(), func(call providertest.Call) bool { return call.Operation == provider.OperationProbe })
		w.Expect(calls).To(HaveLen(1), "each further call would take as long")
		tried[calls[0].Target.Key] = true
		w.later(firstRetry / 2)
	}
	w.Expect(tried).To(HaveLen(4), "every row has its turn")
}

func TestAPassThatTakesLongWritesWhatItHasAndGoesOn(t *testing.T) {
	w := newWorld(t, marked)
	g := w.settle(w.simple("a", "b", "c", "d"))
	update(w, g, func(g *v1alpha1.AccessGrant) { g.Spec.Withdraw = v1alpha1.WithdrawalEnded })
	w.memory.SetFault(func(call providertest.Call) (error, error) {
		if call.Operation == provider.OperationRevoke {
			w.later(passBudget * 2 / 3)
		}
		return nil, nil
	})
	result, err := w.pass(g)
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(result.RequeueAfter).To(BeNumerically("<", time.Second))
	w.Expect(w.read(g).Status.Owed).To(Equal(int32(2)), "what is proven is written, the rest is owed")
	w.Expect(w.settle(g).Status.Owed).To(BeZero())
}
