package access

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/controllers/access/provider/providertest"
)

// street is a world with a second target system, which can be made to hang.
type street struct {
	*world
	// far is the name of the second AccessProvider, sorted after the first, and distance the target system behind it.
	far      string
	distance *providertest.Memory
	mu       sync.Mutex
	// reach is what comes before each call to it.
	reach func(context.Context) error
}

func newStreet(t *testing.T, can provider.Capabilities) *street {
	t.Helper()
	s := &street{world: newWorld(t, can), distance: providertest.NewMemory(can), reach: func(context.Context) error { return nil }}
	s.far = s.target + "-far"
	near := s.memory.Type()
	s.operate(provider.Registry{v1alpha1.ProviderKubernetes: {Open: func(c provider.Connection) (provider.Provider, error) {
		if c.Behind.Name != s.far {
			return near.Open(c)
		}
		opened, err := s.distance.Type().Open(c)
		return &distant{opened, s.reachFar}, err
	}}})
	s.create(&v1alpha1.AccessProvider{ObjectMeta: metav1.ObjectMeta{Name: s.far}, Spec: v1alpha1.AccessProviderSpec{Type: v1alpha1.ProviderKubernetes}})
	s.reconcileProvider()
	s.probeFar()
	return s
}

func (s *street) reachFar(ctx context.Context) error {
	s.mu.Lock()
	reach := s.reach
	s.mu.Unlock()
	return reach(ctx)
}

func (s *street) setReach(reach func(context.Context) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reach = reach
}

// hang makes calls to the far target system hang until they are let go.
func (s *street) hang() (letGo func()) {
	gate := make(chan struct{})
	s.setReach(func(ctx context.Context) error {
		select {
		case <-gate:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	return sync.OnceFunc(func() {
		s.setReach(func(context.Context) error { return nil })
		close(gate)
	})
}

func (s *street) probeFar() *v1alpha1.AccessProvider {
	s.Helper()
	s.providers.probeAgain(s.far)
	_, err := s.providers.Reconcile(s.Context(), request(s.far))
	s.Expect(err).NotTo(HaveOccurred())
	return update(s.world, &v1alpha1.AccessProvider{ObjectMeta: metav1.ObjectMeta{Name: s.far}}, func(*v1alpha1.AccessProvider) {})
}

// both is a profile with chat in the near target system and archive in the far one.
func (s *street) both() *v1alpha1.AccessProfile {
	s.Helper()
	p := &v1alpha1.AccessProfile{ObjectMeta: metav1.ObjectMeta{Name: s.target}}
	archive := s.entitlement("archive")
	archive.ProviderRef.Name = s.far
	p.Spec.Entitlements = []v1alpha1.Entitlement{s.entitlement("chat"), archive}
	s.create(p)
	return p
}

// neighbour is a worker with an account in both.
func (s *street) neighbour(name string) *v1alpha1.Worker {
	s.Helper()
	return update(s.world, s.worker(name), func(w *v1alpha1.Worker) {
		w.Spec.Identities = append(w.Spec.Identities, v1alpha1.Identity{Provider: s.far, Subject: name + "@example.com"})
	})
}

// inBackground reconciles a grant once, and returns what waits for the end of that.
func (s *street) inBackground(g *v1alpha1.AccessGrant) (wait func()) {
	done := make(chan error, 1)
	go func() {
		_, err := s.pass(g)
		done <- err
	}()
	return func() {
		s.Helper()
		s.Expect(<-done).To(Succeed())
	}
}

func TestATargetSystemThatHangsDelaysNoProofInAnother(t *testing.T) {
	s := newStreet(t, marked)
	s.both()
	g := s.settle(s.grant(s.engagement("campaign"), s.neighbour("ada")))
	s.events.Read()
	update(s.world, g.DeepCopy(), func(g *v1alpha1.AccessGrant) { g.Spec.Withdraw = v1alpha1.WithdrawalEnded })
	s.api.reset()
	letGo := s.hang()
	defer letGo()
	wait := s.inBackground(g)
	s.Eventually(func() map[string]string { return states(s.read(g)) }, patience).Should(Equal(map[string]string{"chat": "Revoked", "archive": "Revoking"}))
	s.Expect(s.read(g).Status.Owed).To(Equal(int32(1)))
	s.Eventually(s.events.reasons, patience).Should(Equal([]string{"Normal Revoked"}))

	letGo()
	wait()
	s.Expect(states(s.read(g))).To(Equal(map[string]string{"chat": "Revoked", "archive": "Revoked"}))
	s.Expect(s.events.reasons()).To(Equal([]string{"Normal Revoked"}))
	_, writes := s.api.reset()
	s.Expect(writes).To(HaveLen(2))
	s.Expect(ready(s.settle(g))).To(HavePrefix("True Closed"))
}

func TestATargetSystemThatHangsKeepsNothingFromBeingGivenInAnother(t *testing.T) {
	s := newStreet(t, marked)
	s.both()
	g := s.grant(s.engagement("campaign"), s.neighbour("ada"))
	letGo := s.hang()
	defer letGo()
	wait := s.inBackground(g)
	s.Eventually(func() map[string]string { return states(s.read(g)) }, patience).Should(Equal(map[string]string{"chat": "Verified", "archive": "Pending"}))
	letGo()
	wait()
	s.Expect(s.distance.Given()).To(BeZero(), "its intent was not recorded before the others went on")
	s.Expect(states(s.settle(g))).To(Equal(map[string]string{"chat": "Verified", "archive": "Verified"}))
}

// TestACallThatHangsLocksOnlyItsOwnKey has another grant with the same access in the near target system.
func TestACallThatHangsLocksOnlyItsOwnKey(t *testing.T) {
	s := newStreet(t, marked)
	s.both()
	ada := s.neighbour("ada")
	a := s.settle(s.grant(s.engagement("first"), ada))
	near := &v1alpha1.AccessProfile{ObjectMeta: metav1.ObjectMeta{Name: s.target + "-near"}}
	near.Spec.Entitlements = []v1alpha1.Entitlement{s.entitlement("chat")}
	s.create(near)
	e := s.engagement("second")
	b := &v1alpha1.AccessGrant{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: e.Name, Finalizers: a.Finalizers}, Spec: a.Spec}
	b.Spec.EngagementRef, b.Spec.Profile = v1alpha1.EngagementReference{Name: e.Name, UID: e.UID}, near.Name
	s.create(b)
	b = s.settle(b)

	update(s.world, a.DeepCopy(), func(g *v1alpha1.AccessGrant) { g.Spec.Withdraw = v1alpha1.WithdrawalEnded })
	letGo := s.hang()
	defer letGo()
	wait := s.inBackground(a)
	s.Eventually(func() map[string]string { return states(s.read(a)) }, patience).Should(Equal(map[string]string{"chat": "StillHeld", "archive": "Revoking"}))
	s.Expect(states(s.withdraw(b, v1alpha1.WithdrawalEnded))).To(Equal(map[string]string{"chat": "Revoked"}), "it does not wait for the call that hangs")
	letGo()
	wait()
}

// TestAWithdrawalDoesNotWaitForAPassThatHangs has access read back, by the schedule, in a target system that hangs just then.
func TestAWithdrawalDoesNotWaitForAPassThatHangs(t *testing.T) {
	s := newStreet(t, marked)
	s.both()
	g := s.settle(s.grant(s.engagement("campaign"), s.neighbour("ada")))
	letGo := s.hang()
	defer letGo()
	wait := s.inBackground(g)
	s.Eventually(func() int { return len(s.memory.Calls()) }, patience).Should(BeNumerically(">", 0), "the near one was read back")
	update(s.world, g.DeepCopy(), func(g *v1alpha1.AccessGrant) { g.Spec.Withdraw = v1alpha1.WithdrawalEnded })
	// The pass ends by itself, though the far one hangs still: the next one takes what is to be taken.
	wait()
	wait = s.inBackground(g)
	s.Eventually(func() map[string]string { return states(s.read(g)) }, patience).Should(Equal(map[string]string{"chat": "Revoked", "archive": "Revoking"}))
	letGo()
	wait()
}

// TestAnExpiryDoesNotWaitForAPassThatHangs is the same for access whose time is over.
func TestAnExpiryDoesNotWaitForAPassThatHangs(t *testing.T) {
	s := newStreet(t, marked)
	s.both()
	g := s.settle(s.grant(s.engagement("campaign"), s.neighbour("ada")))
	letGo := s.hang()
	defer letGo()
	wait := s.inBackground(g)
	s.Eventually(func() int { return len(s.memory.Calls()) }, patience).Should(BeNumerically(">", 0), "the near one was read back")
	s.clock.SetTime(g.Spec.ExpiresAt.Time)
	wait()
	wait = s.inBackground(g)
	s.Eventually(func() map[string]string { return states(s.read(g)) }, patience).Should(Equal(map[string]string{"chat": "Revoked", "archive": "Revoking"}))
	letGo()
	wait()
}

// TestALaneThatIsDoneCallsNobodyAgain has three target systems: one hangs, one turns calls away for a while, and one fails.
func TestALaneThatIsDoneCallsNobodyAgain(t *testing.T) {
	s := newStreet(t, marked)
	mid := s.target + "-mid"
	busy := providertest.NewMemory(marked)
	types := s.targets.registry[v1alpha1.ProviderKubernetes]
	s.operate(provider.Registry{v1alpha1.ProviderKubernetes: {Open: func(c provider.Connection) (provider.Provider, error) {
		if c.Behind.Name == mid {
			return busy.Type().Open(c)
		}
		return types.Open(c)
	}}})
	s.create(&v1alpha1.AccessProvider{ObjectMeta: metav1.ObjectMeta{Name: mid}, Spec: v1alpha1.AccessProviderSpec{Type: v1alpha1.ProviderKubernetes}})
	for _, name := range []string{s.target, s.far, mid} {
		_, err := s.providers.Reconcile(s.Context(), request(name))
		s.Expect(err).NotTo(HaveOccurred())
	}
	update(s.world, s.both(), func(p *v1alpha1.AccessProfile) {
		tracker := s.entitlement("tracker")
		tracker.ProviderRef.Name = mid
		p.Spec.Entitlements = append(p.Spec.Entitlements, tracker)
	})
	ada := update(s.world, s.neighbour("ada"), func(w *v1alpha1.Worker) {
		w.Spec.Identities = append(w.Spec.Identities, v1alpha1.Identity{Provider: mid, Subject: "ada@example.com"})
	})
	g := s.settle(s.grant(s.engagement("campaign"), ada))
	s.Expect(g.Status.State).To(Equal(v1alpha1.GrantVerified))

	update(s.world, g.DeepCopy(), func(g *v1alpha1.AccessGrant) { g.Spec.Withdraw = v1alpha1.WithdrawalEnded })
	var mu sync.Mutex
	turnedAway := 0
	busy.SetFault(func(call providertest.Call) (error, error) {
		mu.Lock()
		defer mu.Unlock()
		if turnedAway++; turnedAway <= 3 {
			return &provider.Error{Busy: true, RetryAfter: time.Millisecond, Err: errors.New("too many")}, nil
		}
		return nil, nil
	})
	s.memory.SetFault(failing(provider.OperationRevoke, provider.Waits("the custodian takes it back")))
	letGo := s.hang()
	defer letGo()
	s.memory.Calls()
	wait := s.inBackground(g)
	s.Eventually(func() map[string]string { return states(s.read(g)) }, patience).Should(HaveKeyWithValue("tracker", "Revoked"))
	s.Expect(s.memory.Calls()).To(HaveLen(1), "what was waited for in the near one was asked for once, however often another was turned away")
	letGo()
	wait()
}

func TestAProviderThatPanicsFailsAloneAndIsReported(t *testing.T) {
	s := newStreet(t, marked)
	s.both()
	g := s.settle(s.grant(s.engagement("campaign"), s.neighbour("ada")))
	update(s.world, g.DeepCopy(), func(g *v1alpha1.AccessGrant) { g.Spec.Withdraw = v1alpha1.WithdrawalEnded })
	s.setReach(func(context.Context) error { panic("nil map") })
	_, err := s.pass(g)
	s.Expect(err).To(MatchError(ContainSubstring("calling AccessProvider " + s.far + ": panic: nil map")))
	s.setReach(func(context.Context) error { return nil })
	s.Expect(states(s.settle(g))).To(Equal(map[string]string{"chat": "Revoked", "archive": "Revoked"}))
}

// silence makes the far target system's circuit open.
func (s *street) silence() {
	s.Helper()
	s.setReach(func(context.Context) error { return errors.New("connection refused") })
	for range 3 {
		s.probeFar()
	}
	_, _, open := s.targets.silence(s.far)
	s.Expect(open).To(BeTrue(), "three failures open the circuit")
}

func TestWhatIsHeldBackIsNoAttemptAndWakesWithItsTargetSystem(t *testing.T) {
	s := newStreet(t, marked)
	s.both()
	g := s.settle(s.grant(s.engagement("campaign"), s.neighbour("ada")))
	s.events.Read()
	s.silence()
	since := s.clock.Now().UTC().Format(time.RFC3339)
	s.Expect(providerReady(s.probeFar())).To(And(HaveField("Status", metav1.ConditionFalse), HaveField("Reason", v1alpha1.ReasonProviderFailed),
		HaveField("Message", And(ContainSubstring("has not answered since "+since), ContainSubstring("bring it back, or, if it is gone for good, declare it in spec.decommissioned"), HaveSuffix("connection refused")))))

	s.api.reset()
	g = s.withdraw(g, v1alpha1.WithdrawalEnded)
	text := fmt.Sprintf("AccessProvider %s has not answered since %s; calls are held back until it does", s.far, since)
	s.Expect(rowOf(g, "archive")).To(And(HaveField("State", v1alpha1.GrantRevoking), HaveField("Attempts", BeZero()), HaveField("NextTry", BeNil()), HaveField("LastError", text)))
	s.Expect(ready(g)).To(And(HavePrefix("False ProviderFailed: entitlement archive on AccessProvider "), HaveSuffix(text)))
	_, writes := s.api.reset()
	s.Expect(writes).To(HaveLen(1), "it is said together with what else is written")
	s.Expect(s.events.reasons()).To(Equal([]string{"Normal Revoked"}))

	for range 3 {
		result, err := s.pass(g)
		s.Expect(err).NotTo(HaveOccurred())
		s.Expect(result.RequeueAfter).To(And(BeNumerically(">", maxRetry*3/4), BeNumerically("<=", maxRetry)))
		s.later(maxRetry)
		s.probeFar()
	}
	_, writes = s.api.reset()
	s.Expect(writes).NotTo(ContainElement(ContainSubstring("AccessGrant")))

	s.setReach(func(context.Context) error { return nil })
	s.Expect(providerReady(s.probeFar())).To(HaveField("Status", metav1.ConditionTrue))
	g = s.settle(g)
	s.Expect(states(g)).To(Equal(map[string]string{"chat": "Revoked", "archive": "Revoked"}))
	s.Expect(rowOf(g, "archive").LastError).To(BeEmpty())
}

// TestWhatIsHeldBackIsSaidInTheEnd has nothing else to write about a grant that meets an outage.
func TestWhatIsHeldBackIsSaidInTheEnd(t *testing.T) {
	s := newStreet(t, marked)
	s.both()
	g := s.settle(s.grant(s.engagement("campaign"), s.neighbour("ada")))
	s.silence()
	s.api.reset()
	s.settle(g)
	_, writes := s.api.reset()
	s.Expect(writes).NotTo(ContainElement(ContainSubstring("AccessGrant")), "of many grants that meet an outage none writes only to say so")
	s.later(maxRetry)
	s.silence()
	g = s.settle(g)
	s.Expect(rowOf(g, "archive").LastError).To(ContainSubstring("calls are held back until it does"))
	s.Expect(states(g)).To(Equal(map[string]string{"chat": "Verified", "archive": "Verified"}))
	s.later(maxRetry)
	s.probeFar()
	s.api.reset()
	s.settle(g)
	_, writes = s.api.reset()
	s.Expect(writes).NotTo(ContainElement(ContainSubstring("AccessGrant")), "it is said once")
}

func TestACircuitDoesNotOutliveItsSpec(t *testing.T) {
	s := newStreet(t, marked)
	s.silence()
	s.setReach(func(context.Context) error { return nil })
	object := update(s.world, &v1alpha1.AccessProvider{ObjectMeta: metav1.ObjectMeta{Name: s.far}}, func(p *v1alpha1.AccessProvider) { p.Spec.Timeout = &metav1.Duration{Duration: time.Second} })
	_, err := s.targets.connect(t.Context(), object)
	s.Expect(err).NotTo(HaveOccurred())
	_, _, open := s.targets.silence(s.far)
	s.Expect(open).To(BeFalse(), "another endpoint may answer")
}

func rowOf(g *v1alpha1.AccessGrant, entitlement string) row {
	for _, row := range g.Status.Entitlements {
		if row.Name == entitlement {
			return row
		}
	}
	return row{}
}

func TestADecommissionedProviderIsNotCalledWhateverElseIsWrong(t *testing.T) {
	for reason, spoil := range map[string]func(*street){
		"it does not answer":  func(s *street) { s.silence() },
		"its type is unknown": func(s *street) { s.operate(provider.Registry{}) },
	} {
		t.Run(reason, func(t *testing.T) {
			s := newStreet(t, marked)
			s.both()
			g := s.settle(s.grant(s.engagement("campaign"), s.neighbour("ada")))
			spoil(s)
			update(s.world, g.DeepCopy(), func(g *v1alpha1.AccessGrant) { g.Spec.Withdraw = v1alpha1.WithdrawalEnded })
			s.settle(g)
			s.events.Read()
			update(s.world, &v1alpha1.AccessProvider{ObjectMeta: metav1.ObjectMeta{Name: s.far}}, func(p *v1alpha1.AccessProvider) {
				p.Spec.Decommissioned = &v1alpha1.Decommissioned{Reason: "sold", By: &v1alpha1.Author{Username: "olga"}}
			})
			s.setReach(func(context.Context) error {
				t.Error("nobody is there to call")
				return nil
			})
			g = s.settle(g)
			s.Expect(rowOf(g, "archive")).To(And(HaveField("State", v1alpha1.GrantAbandoned), HaveField("RevokedAt", BeNil()), HaveField("LastError", "")))
			s.Expect(s.events.reasons()).To(Equal([]string{"Warning Abandoned"}))
		})
	}
}
