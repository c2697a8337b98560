package providers_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/test/faults"
)

// trouble is one column of the matrix: what goes wrong with one call, on the wire.
type trouble struct {
	name  string
	fault faults.Fault
	// timeout of one call. It is long where it is not what is tested: a machine may be slow.
	timeout time.Duration
	// restarts has the server stopped and started again while it works on the call.
	restarts bool
}

var troubles = []trouble{
	{name: "timeout", fault: faults.Timeout, timeout: 400 * time.Millisecond},
	{name: "500", fault: faults.ServerError, timeout: 5 * time.Second},
	{name: "429", fault: faults.Throttled, timeout: 3 * time.Second},
	{name: "reset after effect", fault: faults.ResetAfterEffect, timeout: 3 * time.Second},
	{name: "wrong credentials", fault: faults.WrongCredentials, timeout: 5 * time.Second},
	{name: "restart midway", fault: faults.Unanswered, timeout: 3 * time.Second, restarts: true},
}

func (tr trouble) of(s *system) string {
	switch {
	case s.attested && tr.restarts:
		return "connections dropped"
	case s.attested && tr.fault == faults.WrongCredentials:
		return "operator's token refused"
	}
	return tr.name
}

// resync is longer than the time after which what was given is read back.
const resync = 11 * time.Minute

func TestFaultMatrix(t *testing.T) {
	// Beside the other tests, but not beside what is measured.
	t.Parallel()
	m := &matrix{}
	t.Run("cells", func(t *testing.T) {
		for _, name := range sortedNames() {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := systems[name](t)
				for _, trouble := range troubles {
					for _, operation := range []provider.Operation{provider.OperationGrant, provider.OperationVerify, provider.OperationRevoke} {
						t.Run(trouble.name+"/"+string(operation), func(t *testing.T) {
							c := &cell{provider: name, trouble: trouble, operation: operation, end: "FAILED"}
							// A cell that fails shows in the table too.
							defer m.add(s, c)
							c.run(newWorld(t, s, trouble.timeout))
						})
					}
				}
			})
		}
	})
	m.report()
}

// cell is one operation on one target system, with one thing that goes wrong.
type cell struct {
	*world
	provider  string
	trouble   trouble
	operation provider.Operation

	grant *v1alpha1.AccessGrant
	// during are the states that the entitlement was in while something was wrong, attempts the most of them, end how it ended, and orphans
	// what was left in the target system.
	during   []string
	attempts int32
	end      string
	orphans  []string
}

func (c *cell) run(w *world) {
	c.world = w
	// What another cell left behind is that one's failure.
	before := w.system.left(w.T)
	neighbour := c.give(w.engage())
	c.grant = w.engage()
	switch c.operation {
	case provider.OperationGrant:
		c.strike(provider.OperationGrant, "", v1alpha1.GrantPending)
		c.give(c.grant)
	case provider.OperationVerify:
		c.verify()
	default:
		c.give(c.grant)
	}
	held := w.read(c.grant)
	w.expectGives(held, true, "once it is granted")
	w.withdraw(c.grant)
	switch c.operation {
	case provider.OperationVerify:
		c.beReturned(c.grant)
		c.strike(provider.OperationVerify, provider.OperationRevoke, v1alpha1.GrantRevoking)
	case provider.OperationRevoke:
		c.strike(provider.OperationRevoke, "", v1alpha1.GrantRevoking)
		c.beReturned(c.grant)
	default:
		c.beReturned(c.grant)
	}
	c.expectGone(w.until(c.grant, w.system.gone()))
	w.expectGives(held, false, "once it is revoked")
	w.expectGives(w.read(neighbour), true, "to another subject, whom none of this concerns,")

	w.withdraw(neighbour)
	c.beReturned(neighbour)
	w.until(neighbour, w.system.gone())
	c.orphans = slices.DeleteFunc(w.system.left(w.T), func(left string) bool { return slices.Contains(before, left) })
	w.Expect(c.orphans).To(BeEmpty(), "what is left in the target system")
	c.end = fmt.Sprintf("%s, %s", w.system.held(), w.system.gone())
}

// give grants without trouble.
func (c *cell) give(g *v1alpha1.AccessGrant) *v1alpha1.AccessGrant {
	c.Helper()
	if c.system.attested {
		c.until(g, v1alpha1.GrantPending)
		c.attest(g, v1alpha1.VerdictHandedOut)
	}
	return c.until(g, c.system.held())
}

// beReturned has people do what a revocation waits for.
func (c *cell) beReturned(g *v1alpha1.AccessGrant) {
	c.Helper()
	if c.system.attested {
		c.attest(g, v1alpha1.VerdictReturned)
	}
}

// verify strikes what is read back: right after it was granted, and once it is held.
func (c *cell) verify() {
	c.Helper()
	given := v1alpha1.GrantGranted
	if c.system.attested {
		// Nothing counts as handed out before it was read that somebody said so.
		given = v1alpha1.GrantPending
		c.attest(c.grant, v1alpha1.VerdictHandedOut)
	}
	c.strike(provider.OperationVerify, provider.OperationGrant, given)
	c.until(c.grant, c.system.held())
	c.later(resync)
	c.strike(provider.OperationVerify, "", c.system.held())
	c.until(c.grant, c.system.held())
}

// strike has one call go wrong, and expects the entitlement to be in the state that is declared for it.
func (c *cell) strike(operation, after provider.Operation, state v1alpha1.GrantState) {
	c.Helper()
	s := &strike{operation: operation, after: after, subject: c.subjectOf(c.grant), how: c.goWrong(operation)}
	c.wire.armed = s
	read, _ := c.pass(c.grant)
	c.Expect(s.struck()).To(BeTrue(), "the reconciler makes the call that is to go wrong: %s", describe(read))
	c.Expect(s.err).To(HaveOccurred(), "the call goes wrong")
	c.Expect(c.system.proxy.Struck()).To(BeClosed(), "the fault is on the wire, and not %v", s.err)
	c.expectFailed(s.target, state, 1)
	if c.trouble.fault != faults.WrongCredentials {
		return
	}
	c.Expect(provider.IsRefused(s.err)).To(Equal(!c.system.attested), "somebody has to change something: %v", s.err)
	if c.system.wrong != nil {
		c.rotateAndBack(s.target, state)
	}
}

// rotateAndBack has the Secret hold credentials that are refused, until they were, and then the right ones again.
func (c *cell) rotateAndBack(target provider.Target, state v1alpha1.GrantState) {
	c.Helper()
	right := c.system.connection().Credentials
	c.rotate(c.system.wrong)
	for range 10 {
		_, again := c.pass(c.grant)
		if c.row(target).Attempts > 1 {
			break
		}
		c.later(again)
	}
	c.expectFailed(target, state, 2)
	c.rotate(right)
}

// goWrong puts the fault on the wire for the time of one call.
func (c *cell) goWrong(operation provider.Operation) func(func() error) error {
	proxy := c.system.proxy
	return func(call func() error) error {
		proxy.Arm(faults.Plan{Fault: c.trouble.fault, WritesOnly: operation != provider.OperationVerify && !c.system.attested})
		defer proxy.Clear()
		if !c.trouble.restarts {
			return call()
		}
		ended := make(chan error, 1)
		go func() { ended <- call() }()
		select {
		case err := <-ended:
			return err
		case <-proxy.Struck():
		}
		if c.system.restart != nil {
			c.system.restart(c.T)
		}
		proxy.Reset()
		return <-ended
	}
}

func (c *cell) row(target provider.Target) v1alpha1.EntitlementStatus {
	c.Helper()
	rows := c.read(c.grant).Status.Entitlements
	i := slices.IndexFunc(rows, func(r v1alpha1.EntitlementStatus) bool { return r.Key == target.Key })
	c.Expect(i).To(BeNumerically(">=", 0), "the status has what was called for")
	return rows[i]
}

// expectFailed expects a failed attempt to be told, without telling whose or by what credentials.
func (c *cell) expectFailed(target provider.Target, state v1alpha1.GrantState, attempts int32) {
	c.Helper()
	row := c.row(target)
	c.Expect(row.State).To(Equal(state), "the state while it fails: %s", row.LastError)
	c.Expect(row.Attempts).To(Equal(attempts), "attempts: %s", row.LastError)
	c.Expect(row.LastError).NotTo(BeEmpty())
	c.Expect(row.NextTry).NotTo(BeNil())
	c.Expect(row.NextTry.Time).To(BeTemporally(">", c.clock.Now()), "when it is tried again")
	c.Expect(row.RevokedAt).To(BeNil(), "nothing is called revoked that was not read back as gone")
	if state == v1alpha1.GrantRevoking {
		c.Expect(c.read(c.grant).Status.Owed).To(BeNumerically(">", 0), "a revocation that failed is owed")
	}
	c.expectDiscreet(target.Subject)
	if said := string(state); !slices.Contains(c.during, said) {
		c.during = append(c.during, said)
	}
	c.attempts = max(c.attempts, row.Attempts)
}

// expectDiscreet expects nothing that is told to people to name the subject, or to hold a secret.
func (c *cell) expectDiscreet(subject string) {
	c.Helper()
	told := c.events.All()
	grant := c.read(c.grant)
	for _, row := range grant.Status.Entitlements {
		told = append(told, row.LastError, row.Evidence)
	}
	behind := &v1alpha1.AccessProvider{}
	c.Expect(admin.Get(c.Context(), keyOf(c.name), behind)).To(Succeed())
	for _, condition := range slices.Concat(grant.Status.Conditions, behind.Status.Conditions) {
		told = append(told, condition.Message)
	}
	for _, secret := range c.secrets() {
		for _, text := range told {
			c.Expect(text).NotTo(ContainSubstring(secret), "a secret is told")
		}
	}
	for _, text := range told {
		c.Expect(text).NotTo(ContainSubstring(subject), "the subject is told")
	}
}

func (c *cell) secrets() []string {
	secrets := slices.Clone(c.system.secrets)
	for key, value := range c.system.wrong {
		if key != v1alpha1.CredentialUsername {
			secrets = append(secrets, string(value))
		}
	}
	return secrets
}

// expectGone expects the proof that a revocation ends with.
func (c *cell) expectGone(g *v1alpha1.AccessGrant) {
	c.Helper()
	for _, row := range g.Status.Entitlements {
		c.Expect(row.Evidence).NotTo(BeEmpty())
		c.Expect(row.RevokedAt == nil).To(Equal(c.system.attested), "what nobody read back is not called revoked")
	}
	c.Expect(g.Status.Owed).To(BeZero())
	c.expectDiscreet(c.subjectOf(g))
}

// matrix is what came of all cells.
type matrix struct {
	mu    sync.Mutex
	lines []line
}

// line is a cell as the table shows it.
type line struct {
	provider, fault, operation, during, end string
	attempts                                int32
	orphans                                 int
}

func (m *matrix) add(s *system, c *cell) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lines = append(m.lines, line{c.provider, c.trouble.of(s), string(c.operation), strings.Join(c.during, ", "), c.end, c.attempts, len(c.orphans)})
}

func (m *matrix) report() {
	slices.SortStableFunc(m.lines, func(a, b line) int { return cmp.Compare(a.provider, b.provider) })
	const format = "%-11s %-24s %-7s %-29s %-18s %8v %7v"
	report(format, "PROVIDER", "FAULT", "CALL", "DURING", "END", "ATTEMPTS", "ORPHANS")
	declared, orphans := 0, 0
	for _, l := range m.lines {
		report(format, l.provider, l.fault, l.operation, l.during, l.end, l.attempts, l.orphans)
		if l.end != "FAILED" {
			declared++
		}
		orphans += l.orphans
	}
	report("%d cells, %d ended as declared, %d orphans", len(m.lines), declared, orphans)
}
