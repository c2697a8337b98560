// Package providertest holds what every provider must pass, and a target system in memory that does.
package providertest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/clock"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// Harness is what a provider brings to the suite: how to open it, what to grant, and hands in the target system that know nothing of
// Longshore.
type Harness struct {
	// Type opens the provider.
	Type provider.Type
	// Connection is what the target system is called by.
	Connection provider.Connection
	// Entitlement can be granted and resolves to one Target or more. Each call returns one that no other test uses, or the same one
	// where tests do not disturb each other through it.
	Entitlement func(t *testing.T) v1alpha1.Entitlement
	// Which is the index, among the Targets of an Entitlement, of the one that is held to the contract; a provider that gives several
	// kinds of access runs the suite for each.
	Which int
	// Subject returns an account that exists and has nothing yet.
	Subject func(t *testing.T) string
	// Refused are subjects that must never be granted anything.
	Refused []string
	// Literal are subjects with characters that mean something to the target system, and must be taken as they stand.
	Literal []string

	// Gives says, by other means than the provider, whether a subject has what the Target names.
	Gives func(t *testing.T, target provider.Target) bool
	// RemoveByHand takes away what Longshore made.
	RemoveByHand func(t *testing.T, target provider.Target)
	// WidenByHand makes what Longshore made give more, and returns a check that it does not any more. Nil where that cannot be.
	WidenByHand func(t *testing.T, target provider.Target) (narrowed func() bool)
	// GiveByHand gives the Target's subject the same access without Longshore.
	GiveByHand func(t *testing.T, target provider.Target)
	// RenameByHand renames what the access is given on or to, in the target system. Nil where that cannot be.
	RenameByHand func(t *testing.T, target provider.Target)
	// ExpireNeverByHand takes the expiry off that was set. Nil where the target system cannot expire access.
	ExpireNeverByHand func(t *testing.T, target provider.Target)
	// Open has the subject use the access, and returns whether that is still possible with what is open. Nil where the provider does not
	// end sessions.
	Open func(t *testing.T, target provider.Target) (alive func() bool)
	// Attest does what a call waits for: hands out what is to be granted, takes back what is to be revoked. Nil where no call waits.
	Attest func(t *testing.T, operation provider.Operation, target provider.Target)
	// WrongCredentials are of the right form and do not open the target system. Nil where there are none.
	WrongCredentials map[string][]byte
	// WrongCABundle did not sign the target system's certificate. Nil where there is none.
	WrongCABundle []byte
	// Settle bounds how long the target system may take until a change has its effect; zero means at once.
	Settle time.Duration
}

// Run holds a provider to the contract of provider.Provider.
func Run(t *testing.T, h Harness) {
	for _, test := range []struct {
		name string
		run  func(*suite)
	}{
		{"a target system that is there can be probed", (*suite).probe},
		{"resolving names each access once and the same each time", (*suite).resolve},
		{"what was never granted is read back as absent", (*suite).neverGranted},
		{"granting gives the access, and it is read back", (*suite).grant},
		{"granting twice is granting once", (*suite).grantTwice},
		{"granting many times at once is granting once", (*suite).grantConcurrently},
		{"revoking takes the access away, and it is read back", (*suite).revoke},
		{"revoking what is not there is success", (*suite).revokeNothing},
		{"revoking twice is revoking once", (*suite).revokeTwice},
		{"access can be given again after it was revoked", (*suite).grantAgain},
		{"the stored name is enough to revoke by", (*suite).revokeByName},
		{"what was removed by hand is read back as absent, and restored", (*suite).restore},
		{"what was widened by hand is read back as drift, and narrowed", (*suite).narrow},
		{"what was widened by hand is taken away whole", (*suite).revokeWidened},
		{"access that others gave is neither taken for Longshore's nor taken away", (*suite).leaveOthers},
		{"access that others gave is taken away when a person decides so", (*suite).removeOthers},
		{"revoking one subject's access leaves another's", (*suite).leaveNeighbour},
		{"subjects that must never be granted anything are refused", (*suite).refuse},
		{"every character of a subject is taken as it stands", (*suite).literal},
		{"a call that is called off ends with an error", (*suite).calledOff},
		{"an expiry is set on the target system and moved", (*suite).expire},
		{"an expiry that was taken off by hand is read back as drift, and set again", (*suite).restoreExpiry},
		{"what was renamed by hand is still taken away", (*suite).revokeRenamed},
		{"revoking ends what the subject has open", (*suite).endSessions},
		{"what Longshore granted is listed", (*suite).list},
		{"wrong credentials are refused, and not repeated", (*suite).wrongCredentials},
		{"a target system that is not the one that was meant is not talked to", (*suite).wrongAuthority},
	} {
		t.Run(test.name, func(t *testing.T) {
			opened, err := h.Type.Open(h.Connection)
			if err != nil {
				t.Fatalf("opening the provider: %v", err)
			}
			test.run(&suite{T: t, h: h, p: opened})
		})
	}
}

// suite is one test of Run.
type suite struct {
	*testing.T
	h Harness
	p provider.Provider
}

// target resolves the harness's entitlement for a new subject and returns the Target in question.
func (s *suite) target() provider.Target {
	s.Helper()
	return s.targetFor(s.h.Subject(s.T))
}

func (s *suite) targetFor(subject string) provider.Target {
	s.Helper()
	targets, err := s.p.Resolve(s.h.Entitlement(s.T), subject)
	if err != nil || len(targets) <= s.h.Which {
		s.Fatalf("resolving gave %d targets and %v, expected more than %d", len(targets), err, s.h.Which)
	}
	return targets[s.h.Which]
}

func (s *suite) give(target provider.Target) {
	s.Helper()
	s.giveUntil(target, s.expiry())
	s.expectGives(target, true, "after it was granted")
}

func (s *suite) giveUntil(target provider.Target, expiresAt time.Time) {
	s.Helper()
	err := s.attended(provider.OperationGrant, target, func() error {
		return s.p.Grant(s.Context(), provider.Request{Target: target, ExpiresAt: expiresAt})
	})
	if err != nil {
		s.Fatalf("granting: %v", err)
	}
}

func (s *suite) take(target provider.Target) {
	s.Helper()
	if err := s.revokeBy(s.p, target, provider.RevokeOptions{}); err != nil {
		s.Fatalf("revoking: %v", err)
	}
}

func (s *suite) revokeBy(p provider.Provider, target provider.Target, options provider.RevokeOptions) error {
	s.Helper()
	return s.attended(provider.OperationRevoke, target, func() error { return p.Revoke(s.Context(), target, options) })
}

// attended makes a call and, where it waits for a person, does what it waits for and makes it again.
func (s *suite) attended(operation provider.Operation, target provider.Target, call func() error) error {
	s.Helper()
	err := call()
	if !provider.IsWaiting(err) {
		return err
	}
	if s.h.Attest == nil {
		s.Fatalf("the call waits for a person, which the harness does not expect: %v", err)
	}
	s.h.Attest(s.T, operation, target)
	return call()
}

func (s *suite) verify(target provider.Target) provider.Observed {
	s.Helper()
	observed, err := s.p.Verify(s.Context(), target)
	if err != nil {
		s.Fatalf("reading back: %v", err)
	}
	if observed.Evidence == "" {
		s.Errorf("reading back gave no evidence: %+v", observed)
	}
	return observed
}

func (s *suite) expectExact(target provider.Target, when string) {
	s.Helper()
	if observed := s.verify(target); !observed.Exact() {
		s.Errorf("%s it was read back as %+v, expected it to be held without drift", when, observed)
	}
}

func (s *suite) expectAbsent(target provider.Target, when string) {
	s.Helper()
	if observed := s.verify(target); !observed.Absent() {
		s.Errorf("%s it was read back as %+v, expected it to be absent", when, observed)
	}
}

// expectGives waits, where the target system needs time, until the access has its effect or has none.
func (s *suite) expectGives(target provider.Target, want bool, when string) {
	s.Helper()
	if !s.eventually(func() bool { return s.h.Gives(s.T, target) == want }) {
		s.Fatalf("%s the target system gives the access: %v, expected %v", when, !want, want)
	}
}

func (s *suite) eventually(holds func() bool) bool {
	if holds() {
		return true
	}
	err := wait.PollUntilContextTimeout(s.Context(), 20*time.Millisecond, s.h.Settle, false, func(context.Context) (bool, error) { return holds(), nil })
	return err == nil
}

// expiry is far enough ahead for any target system, and a whole second.
func (s *suite) expiry() time.Time {
	return clock.RealClock{}.Now().Add(48 * time.Hour).Truncate(time.Second)
}

func (s *suite) probe() {
	if err := s.p.Probe(s.Context()); err != nil {
		s.Errorf("probing: %v", err)
	}
}

func (s *suite) resolve() {
	entitlement, subject := s.h.Entitlement(s.T), s.h.Subject(s.T)
	first, err := s.p.Resolve(entitlement, subject)
	if err != nil {
		s.Fatalf("resolving: %v", err)
	}
	again, err := s.p.Resolve(entitlement, subject)
	if err != nil {
		s.Fatalf("resolving again: %v", err)
	}
	if !slices.Equal(first, again) {
		s.Errorf("resolving gave %v and then %v, expected the same", first, again)
	}
	keys := map[string]bool{}
	for _, target := range first {
		kind, rest := provider.TypeOf(target.Name)
		switch {
		case keys[target.Key]:
			s.Errorf("the key %s names two accesses of one entitlement", target.Key)
		case kind != s.h.Connection.Behind.Spec.Type || rest == "":
			s.Errorf("the target %q does not begin with the provider's type", target.Name)
		case len(target.Name) > 1024 || len(target.Key) > 63:
			s.Errorf("the target %q or its key %q does not fit into the status or a label", target.Name, target.Key)
		case target.Subject != subject:
			s.Errorf("the target is for %q, expected %q", target.Subject, subject)
		}
		keys[target.Key] = true
	}
	if other := s.targetFor(s.h.Subject(s.T)); keys[other.Key] {
		s.Errorf("two subjects share the key %s", other.Key)
	}
	elsewhere := s.h.Connection
	elsewhere.Behind = elsewhere.Behind.DeepCopy()
	elsewhere.Behind.Name += "-2"
	second, err := s.h.Type.Open(elsewhere)
	if err != nil {
		s.Fatalf("opening a second provider of the same type: %v", err)
	}
	if targets, err := second.Resolve(entitlement, subject); err != nil || keys[targets[0].Key] {
		s.Errorf("two AccessProviders share the key %s (%v)", targets[0].Key, err)
	}
}

func (s *suite) neverGranted() {
	target := s.target()
	observed := s.verify(target)
	if !observed.Absent() || observed.Otherwise != "" {
		s.Errorf("what was never granted was read back as %+v", observed)
	}
}

func (s *suite) grant() {
	target := s.target()
	s.expectGives(target, false, "before it was granted")
	s.give(target)
	first := s.verify(target)
	if !first.Exact() {
		s.Errorf("after it was granted it was read back as %+v, expected it to be held without drift", first)
	}
	if again := s.verify(target); again != first {
		s.Errorf("reading back gave %+v and then %+v, expected the same while nothing changes", first, again)
	}
}

func (s *suite) grantTwice() {
	target := s.target()
	s.give(target)
	s.give(target)
	s.expectExact(target, "after granting twice")
	s.take(target)
	s.expectAbsent(target, "after granting twice and revoking once")
	s.expectGives(target, false, "after granting twice and revoking once")
}

func (s *suite) grantConcurrently() {
	target := s.target()
	expiresAt := s.expiry()
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			// One of those who meet may fail, as long as it can be tried again.
			if err := s.p.Grant(s.Context(), provider.Request{Target: target, ExpiresAt: expiresAt}); provider.IsRefused(err) {
				s.Errorf("granting at the same time was refused: %v", err)
			}
		})
	}
	group.Wait()
	s.give(target)
	s.expectExact(target, "after granting many times at once")
	s.take(target)
	s.expectAbsent(target, "after granting many times at once and revoking once")
}

func (s *suite) revoke() {
	target := s.target()
	s.give(target)
	s.take(target)
	s.expectAbsent(target, "after it was revoked")
	s.expectGives(target, false, "after it was revoked")
}

func (s *suite) revokeNothing() {
	target := s.target()
	s.take(target)
	s.expectAbsent(target, "after it was revoked without ever having been granted")
}

func (s *suite) revokeTwice() {
	target := s.target()
	s.give(target)
	s.take(target)
	s.take(target)
	s.expectAbsent(target, "after it was revoked twice")
}

func (s *suite) grantAgain() {
	target := s.target()
	s.give(target)
	s.take(target)
	s.give(target)
	s.expectExact(target, "after it was granted again")
}

func (s *suite) revokeByName() {
	target := s.target()
	s.give(target)
	reopened, err := s.h.Type.Open(s.h.Connection)
	if err != nil {
		s.Fatalf("opening the provider again: %v", err)
	}
	stored := provider.Target{Key: target.Key, Name: target.Name, Subject: target.Subject}
	if err := s.revokeBy(reopened, stored, provider.RevokeOptions{}); err != nil {
		s.Fatalf("revoking by the stored name: %v", err)
	}
	s.expectGives(target, false, "after it was revoked by the stored name")
	if err := reopened.Revoke(s.Context(), provider.Target{Key: "0", Name: "nonsense", Subject: "x"}, provider.RevokeOptions{}); !provider.IsRefused(err) {
		s.Errorf("revoking by a name that no provider wrote gave %v, expected a refusal", err)
	}
}

func (s *suite) restore() {
	target := s.target()
	s.give(target)
	s.h.RemoveByHand(s.T, target)
	if observed := s.verify(target); observed.Exact() {
		s.Errorf("what was removed by hand was read back as %+v", observed)
	}
	s.give(target)
	s.expectExact(target, "after it was restored")
}

func (s *suite) narrow() {
	if s.h.WidenByHand == nil {
		return
	}
	target := s.target()
	s.give(target)
	narrowed := s.h.WidenByHand(s.T, target)
	if observed := s.verify(target); observed.Drift == "" {
		s.Errorf("what was widened by hand was read back as %+v, expected drift", observed)
	}
	s.give(target)
	s.expectExact(target, "after it was narrowed")
	if !s.eventually(narrowed) {
		s.Error("what was widened by hand still gives more after it was granted again")
	}
}

func (s *suite) revokeWidened() {
	if s.h.WidenByHand == nil {
		return
	}
	target := s.target()
	s.give(target)
	narrowed := s.h.WidenByHand(s.T, target)
	s.take(target)
	s.expectAbsent(target, "after what was widened was revoked")
	s.expectGives(target, false, "after what was widened was revoked")
	if !s.eventually(narrowed) {
		s.Error("what was widened by hand still gives more after it was revoked")
	}
}

func (s *suite) leaveOthers() {
	target := s.target()
	s.h.GiveByHand(s.T, target)
	observed := s.verify(target)
	if !s.p.Capabilities().MarksGrants {
		if !observed.Held {
			s.Errorf("access that others gave was read back as %+v, expected it to be held", observed)
		}
		return
	}
	if observed.Held || observed.Otherwise == "" {
		s.Errorf("access that others gave was read back as %+v, expected it to be held otherwise, and in words by what", observed)
	}
	s.give(target)
	s.expectExact(target, "beside what others gave")
	s.take(target)
	s.expectGives(target, true, "after only Longshore's own was revoked")
	if observed := s.verify(target); !observed.Absent() || observed.Otherwise == "" {
		s.Errorf("after Longshore's own was revoked it was read back as %+v, expected what others gave alone", observed)
	}
}

func (s *suite) removeOthers() {
	target := s.target()
	s.h.GiveByHand(s.T, target)
	if err := s.revokeBy(s.p, target, provider.RevokeOptions{Preexisting: true}); err != nil {
		s.Fatalf("revoking what others gave: %v", err)
	}
	observed := s.verify(target)
	if !observed.Absent() || observed.Otherwise != "" {
		s.Errorf("after what others gave was revoked it was read back as %+v", observed)
	}
	s.expectGives(target, false, "after what others gave was revoked")
}

func (s *suite) leaveNeighbour() {
	entitlement := s.h.Entitlement(s.T)
	resolve := func() provider.Target {
		targets, err := s.p.Resolve(entitlement, s.h.Subject(s.T))
		if err != nil {
			s.Fatalf("resolving: %v", err)
		}
		return targets[s.h.Which]
	}
	one, other := resolve(), resolve()
	s.give(one)
	s.give(other)
	s.take(one)
	s.expectExact(other, "after another subject's access was revoked")
	s.expectGives(other, true, "after another subject's access was revoked")
	s.expectGives(one, false, "after it was revoked")
}

func (s *suite) refuse() {
	for _, subject := range s.h.Refused {
		targets, err := s.p.Resolve(s.h.Entitlement(s.T), subject)
		if len(targets) > 0 || !provider.IsRefused(err) {
			s.Errorf("resolving for %q gave %v and %v, expected a refusal", subject, targets, err)
			continue
		}
		if name := strings.TrimSuffix(strings.TrimSpace(subject), ":"); strings.Contains(name, ":") && strings.Contains(err.Error(), name) {
			s.Errorf("the refusal names its subject: %v", err)
		}
	}
}

func (s *suite) literal() {
	for _, subject := range s.h.Literal {
		target := s.targetFor(subject)
		s.give(target)
		s.expectExact(target, fmt.Sprintf("granted to %q", subject))
		s.take(target)
		s.expectAbsent(target, fmt.Sprintf("revoked from %q", subject))
		s.expectGives(target, false, fmt.Sprintf("revoked from %q", subject))
	}
}

func (s *suite) calledOff() {
	target := s.target()
	ctx, cancel := context.WithCancelCause(s.Context())
	cancel(errors.New("called off"))
	if _, err := s.p.Verify(ctx, target); err == nil || provider.IsRefused(err) {
		s.Errorf("reading back that was called off gave %v, expected an error that can be tried again", err)
	}
	if err := s.p.Grant(ctx, provider.Request{Target: target, ExpiresAt: s.expiry()}); err == nil || provider.IsRefused(err) {
		s.Errorf("granting that was called off gave %v, expected an error that can be tried again", err)
	}
	if err := s.p.Revoke(ctx, target, provider.RevokeOptions{}); err == nil || provider.IsRefused(err) {
		s.Errorf("revoking that was called off gave %v, expected an error that can be tried again", err)
	}
}
