package access

import (
	"cmp"
	"fmt"
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
	ledger   *ledger

	mu   sync.Mutex
	open map[string]connection
}

// connection is a provider that was opened for one generation of an AccessProvider.
type connection struct {
	uid        types.UID
	generation int64
	provider   provider.Provider
}

// NewTargets opens target systems as they are needed.
func NewTargets(registry provider.Registry, c clock.PassiveClock) *Targets {
	return &Targets{registry: registry, clock: c, ledger: newLedger(), open: map[string]connection{}}
}

// connect opens the target system behind an AccessProvider, or returns what is open; its limits are shared by all who use it.
func (t *Targets) connect(behind *v1alpha1.AccessProvider) (provider.Provider, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c, is := t.open[behind.Name]; is && c.uid == behind.UID && c.generation == behind.Generation {
		return c.provider, nil
	}
	kind, known := t.registry[behind.Spec.Type]
	if !known {
		return nil, provider.Refused("AccessProvider %s is of type %q, which this version of Longshore does not know", behind.Name, behind.Spec.Type)
	}
	opened, err := kind.Open(behind.DeepCopy())
	if err != nil {
		return nil, fmt.Errorf("opening AccessProvider %s: %w", behind.Name, err)
	}
	name := behind.Name
	limited := provider.Limit(opened, limits(&behind.Spec), t.clock, func(o provider.Operation, r provider.Result, took time.Duration) {
		metrics.ObserveProviderRequest(name, string(o), string(r), took)
	})
	t.open[name] = connection{uid: behind.UID, generation: behind.Generation, provider: limited}
	return limited, nil
}

// disconnect forgets the target system behind an AccessProvider that is gone.
func (t *Targets) disconnect(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.open, name)
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
