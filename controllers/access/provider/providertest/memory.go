package providertest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// Memory is a target system in memory, for tests of what uses providers. It resolves kubernetes entitlements.
type Memory struct {
	// Can is what it can do by itself.
	Can provider.Capabilities

	mu       sync.Mutex
	accounts map[access]*account
	made     int
	calls    []Call
	fault    Fault
}

// access is what is held: a name for a subject.
type access struct{ name, subject string }

// account is what one subject has of one access.
type account struct {
	// handle of what the access is given on, for as long as there is something.
	handle    string
	given     bool
	widened   bool
	otherwise bool
	expiresAt time.Time
}

// Call is one call that was made.
type Call struct {
	Operation provider.Operation
	Target    provider.Target
}

// Fault decides what goes wrong with a call: an error before it has its effect, and one after it, as when the answer is lost.
type Fault func(Call) (before, after error)

// NewMemory returns an empty target system.
func NewMemory(can provider.Capabilities) *Memory {
	return &Memory{Can: can, accounts: map[access]*account{}}
}

// Type opens the target system.
func (m *Memory) Type() provider.Type {
	return provider.Type{Open: func(c provider.Connection) (provider.Provider, error) {
		return &connection{m, c.Behind}, nil
	}}
}

// SetFault makes calls go wrong from now on; nil makes them go well.
func (m *Memory) SetFault(fault Fault) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fault = fault
}

// Calls returns the calls that were made since it was last asked.
func (m *Memory) Calls() []Call {
	m.mu.Lock()
	defer m.mu.Unlock()
	calls := m.calls
	m.calls = nil
	return calls
}

// Gives says whether a subject has the access, by whatever means.
func (m *Memory) Gives(target provider.Target) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	a := m.account(target)
	return a.given || a.otherwise
}

// Given returns how many accesses Longshore holds.
func (m *Memory) Given() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	given := 0
	for _, a := range m.accounts {
		if a.given {
			given++
		}
	}
	return given
}

// RemoveByHand takes away what Longshore gave; what it was given on stays.
func (m *Memory) RemoveByHand(target provider.Target) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a := m.account(target)
	a.given, a.widened = false, false
}

// DeleteByHand takes away what Longshore gave, and what it was given on.
func (m *Memory) DeleteByHand(target provider.Target) {
	m.mu.Lock()
	defer m.mu.Unlock()
	*m.account(target) = account{}
}

// RenameByHand renames what Longshore gave on, so that only the handle tells what it is.
func (m *Memory) RenameByHand(target provider.Target) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a := *m.account(target)
	*m.account(target) = account{}
	m.accounts[access{"renamed:" + a.handle, target.Subject}] = &a
}

// Attest hands out or takes back, where that is what calls wait for.
func (m *Memory) Attest(operation provider.Operation, target provider.Target) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.give(m.account(target), operation == provider.OperationGrant)
}

// WidenByHand makes what Longshore gave give more, and returns a check that it does not any more.
func (m *Memory) WidenByHand(target provider.Target) (narrowed func() bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.account(target).widened = true
	return func() bool {
		m.mu.Lock()
		defer m.mu.Unlock()
		return !m.account(target).widened
	}
}

// SetOtherwise gives or takes the same access without Longshore.
func (m *Memory) SetOtherwise(target provider.Target, otherwise bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a := m.account(target)
	if !m.Can.MarksGrants {
		m.give(a, otherwise)
		return
	}
	a.otherwise = otherwise
}

// give is called with the lock held.
func (m *Memory) give(a *account, given bool) {
	a.given, a.widened = given, false
	if given && a.handle == "" {
		m.made++
		a.handle = fmt.Sprintf("made-%d", m.made)
	}
}

// account is called with the lock held. A handle that names nothing any more gives an account in which there is only what others gave.
func (m *Memory) account(target provider.Target) *account {
	if target.Handle != "" {
		for _, a := range m.accounts {
			if a.handle == target.Handle {
				return a
			}
		}
		target.Handle = ""
		return &account{otherwise: m.account(target).otherwise}
	}
	at := access{target.Name, target.Subject}
	if m.Can.MarksGrants {
		// What is marked is told apart by who made it, too.
		at.name += "#" + target.Key
	}
	a, found := m.accounts[at]
	if !found {
		a = &account{}
		m.accounts[at] = a
	}
	return a
}

// connection is the target system behind one AccessProvider.
type connection struct {
	memory *Memory
	behind *v1alpha1.AccessProvider
}

func (c *connection) Capabilities() provider.Capabilities { return c.memory.Can }

func (c *connection) Resolve(entitlement v1alpha1.Entitlement, subject string) ([]provider.Target, error) {
	wanted := entitlement.Kubernetes
	switch {
	case wanted == nil:
		return nil, provider.Refused("entitlement %s says nothing that can be granted", entitlement.Name)
	case strings.HasPrefix(subject, "system:"):
		return nil, provider.Refused("the worker's identity begins with system:")
	case wanted.ClusterWide:
		return []provider.Target{provider.NewTarget(c.behind, wanted.ClusterRole, subject)}, nil
	}
	var targets []provider.Target
	for _, namespace := range wanted.Namespaces {
		targets = append(targets, provider.NewTarget(c.behind, namespace+"/"+wanted.ClusterRole, subject))
	}
	return targets, nil
}

func (c *connection) Grant(ctx context.Context, request provider.Request) error {
	return c.call(ctx, Call{provider.OperationGrant, request.Target}, func(a *account) error {
		switch {
		case c.memory.Can.Attested && (!a.given || a.widened):
			return provider.Waits("the custodian hands it out")
		case request.Target.Handle != "" && a.handle == "":
			return provider.Refused("what it was given on is not there any more")
		}
		c.memory.give(a, true)
		if step := c.memory.Can.ExpiryStep; step > 0 {
			// Rounded up, as some target systems do.
			a.expiresAt = request.ExpiresAt.Add(step - 1).Truncate(step)
		}
		return nil
	})
}

func (c *connection) Verify(ctx context.Context, target provider.Target) (observed provider.Observed, err error) {
	err = c.call(ctx, Call{provider.OperationVerify, target}, func(a *account) error {
		observed.Held, observed.Handle = a.given, a.handle
		if a.given {
			observed.ExpiresAt = a.expiresAt
		}
		observed.Evidence = fmt.Sprintf("%s: held %v", target.Name, a.given)
		if a.widened {
			observed.Drift = "gives more than was granted"
		}
		if a.otherwise && !a.given {
			observed.Otherwise = "somebody else gave it"
		}
		return nil
	})
	return observed, err
}

func (c *connection) Revoke(ctx context.Context, target provider.Target, options provider.RevokeOptions) error {
	if kind, _ := provider.TypeOf(target.Name); kind != c.behind.Spec.Type {
		return provider.Refused("target %q is not one of this target system", target.Name)
	}
	return c.call(ctx, Call{provider.OperationRevoke, target}, func(a *account) error {
		switch {
		case c.memory.Can.Attested && a.given:
			return provider.Waits("the custodian takes it back")
		case options.Preexisting && c.memory.Can.MarksGrants:
			a.otherwise = false
		default:
			*a = account{otherwise: a.otherwise}
		}
		return nil
	})
}

func (c *connection) Probe(ctx context.Context) error {
	return c.call(ctx, Call{Operation: provider.OperationProbe}, func(*account) error { return nil })
}

func (c *connection) call(ctx context.Context, call Call, effect func(*account) error) error {
	m := c.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	m.calls = append(m.calls, call)
	var before, after error
	if m.fault != nil {
		before, after = m.fault(call)
	}
	if before != nil {
		return before
	}
	if err := effect(m.account(call.Target)); err != nil {
		return err
	}
	return after
}
