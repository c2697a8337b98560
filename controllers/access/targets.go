package access

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/controllers/metrics"
)

// Targets are the target systems that the operator talks to, and what it gave in them. The reconcilers of one operator share it.
type Targets struct {
	registry provider.Registry
	clock    clock.PassiveClock
	keyring  Keyring
	ledger   *ledger

	mu   sync.Mutex
	open map[string]*connection
	// quiet is until when a target system asked to be left alone.
	quiet map[string]time.Time
	// told are those who want to know when a target system stops answering, and when it answers again.
	told []func(providerName string)
}

// connection is a provider that was opened for one generation of an AccessProvider, with one version of its credentials.
type connection struct {
	uid        types.UID
	generation int64
	keys       keys
	// read is when the keys were last read; zero once a call was refused, which newer ones may mend.
	read     time.Time
	provider provider.Provider
	// circuit is the same for all versions of the credentials.
	circuit *provider.Circuit
}

func (c *connection) of(behind *v1alpha1.AccessProvider) bool {
	return c != nil && c.uid == behind.UID && c.generation == behind.Generation
}

// NewTargets opens target systems as they are needed.
func NewTargets(registry provider.Registry, c clock.PassiveClock, keyring Keyring) *Targets {
	return &Targets{registry: registry, clock: c, keyring: keyring, ledger: newLedger(), open: map[string]*connection{}, quiet: map[string]time.Time{}}
}

// connect opens the target system behind an AccessProvider, or returns what is open; its limits are shared by all who use it.
func (t *Targets) connect(ctx context.Context, behind *v1alpha1.AccessProvider) (provider.Provider, error) {
	if c := t.current(behind); c != nil {
		return c, nil
	}
	kind, known := t.registry[behind.Spec.Type]
	if !known {
		return nil, provider.Refused("AccessProvider %s is of type %q, which this version of Longshore does not know", behind.Name, behind.Spec.Type)
	}
	keys, err := t.keyring.read(ctx, behind)
	if err != nil {
		return nil, fmt.Errorf("opening AccessProvider %s: %w", behind.Name, err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if c := t.open[behind.Name]; c.of(behind) && c.keys.same(keys) {
		c.read = t.clock.Now()
		return c.provider, nil
	}
	opened, err := kind.Open(provider.Connection{Behind: behind.DeepCopy(), Credentials: keys.credentials, CABundle: keys.caBundle})
	if err != nil {
		return nil, fmt.Errorf("opening AccessProvider %s: %w", behind.Name, err)
	}
	c := &connection{uid: behind.UID, generation: behind.Generation, keys: keys, read: t.clock.Now()}
	name := behind.Name
	if before := t.open[name]; before.of(behind) {
		c.circuit = before.circuit
	} else {
		c.circuit = t.newCircuit(name)
	}
	limited := provider.Limit(opened, limits(&behind.Spec), t.clock, func(o provider.Operation, r provider.Result, took time.Duration) {
		metrics.ObserveProviderRequest(name, string(o), string(r), took)
		if r == provider.ResultRefused {
			t.doubt(c)
		}
	})
	c.provider = provider.Guard(limited, c.circuit)
	t.open[name] = c
	return c.provider, nil
}

// newCircuit is called with the lock held.
func (t *Targets) newCircuit(name string) *provider.Circuit {
	metrics.SetCircuit(name, false)
	var circuit *provider.Circuit
	circuit = provider.NewCircuit(name, t.clock, func() { t.turned(name, circuit) })
	return circuit
}

// turned tells that a circuit was opened or closed. Of two turns the first may be told last: what counts is how the circuit is by then.
func (t *Targets) turned(name string, circuit *provider.Circuit) {
	for _, tell := range t.concerned(name, circuit) {
		tell(name)
	}
}

// concerned brings the metric in line with a circuit, and returns whom its turn concerns. One that was made for an older spec concerns nobody.
func (t *Targets) concerned(name string, circuit *provider.Circuit) []func(string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.open[name] == nil || t.open[name].circuit != circuit {
		return nil
	}
	_, _, open := circuit.Open()
	metrics.SetCircuit(name, open)
	return slices.Clone(t.told)
}

// tell has somebody told when a target system stops answering, and when it answers again: silence says which. It must not call the target system.
func (t *Targets) tell(whom func(providerName string)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.told = append(t.told, whom)
}

// silence says whether a target system does not answer, since when, and how long it is until one tries whether it answers again.
func (t *Targets) silence(name string) (since time.Time, wait time.Duration, open bool) {
	t.mu.Lock()
	c := t.open[name]
	t.mu.Unlock()
	if c == nil {
		return time.Time{}, 0, false
	}
	return c.circuit.Open()
}

// current returns what is open for an AccessProvider, unless its keys are to be read again.
func (t *Targets) current(behind *v1alpha1.AccessProvider) provider.Provider {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.open[behind.Name]
	if !c.of(behind) || needsKeys(behind) && t.clock.Since(c.read) >= rereadKeys {
		return nil
	}
	return c.provider
}

// leaveAlone notes for how long a target system asked to be left alone.
func (t *Targets) leaveAlone(name string, wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if until := t.clock.Now().Add(wait); wait > 0 && until.After(t.quiet[name]) {
		t.quiet[name] = until
	}
}

// asksForPeace says whether a target system asked to be left alone still.
func (t *Targets) asksForPeace(name string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.clock.Now().Before(t.quiet[name])
}

// doubt has the keys of a connection read again.
func (t *Targets) doubt(c *connection) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c.read = time.Time{}
}

// disconnect forgets the target system behind an AccessProvider that is gone.
func (t *Targets) disconnect(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.open, name)
	delete(t.quiet, name)
	metrics.ForgetProvider(name)
}

func limits(spec *v1alpha1.AccessProviderSpec) provider.Limits {
	limits := provider.Limits{
		Timeout:       provider.DefaultTimeout,
		MaxConcurrent: cmp.Or(int(spec.MaxConcurrent), provider.DefaultMaxConcurrent),
		QPS:           int(spec.QPS),
	}
	if spec.Timeout != nil {
		limits.Timeout = spec.Timeout.Duration
	}
	return limits
}
