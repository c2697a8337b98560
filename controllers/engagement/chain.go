package engagement

import (
	"sync"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/dossier"
)

// chain follows the newest Dossier, so that sealing does not search all of them. It may lag behind: then the create conflicts.
type chain struct {
	mu   sync.Mutex
	head dossier.Head
}

// Head of the chain as far as it is known.
func (c *chain) Head() dossier.Head {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.head
}

func (c *chain) add(d *v1alpha1.Dossier) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if d.Spec.Record.Sequence > c.head.Sequence {
		c.head = dossier.Head{Sequence: d.Spec.Record.Sequence, Hash: d.Spec.Hash}
	}
}

// OnAdd follows the cache; it also sees every Dossier that was there before.
func (c *chain) OnAdd(o any, _ bool) {
	if d, is := o.(*v1alpha1.Dossier); is {
		c.add(d)
	}
}

// OnUpdate changes nothing: a Dossier is immutable but for what is erased from it.
func (c *chain) OnUpdate(_, _ any) {}

// OnDelete changes nothing: the chain goes on from the newest that was ever seen.
func (c *chain) OnDelete(any) {}
