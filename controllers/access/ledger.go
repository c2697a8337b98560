package access

import (
	"maps"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/types"
)

// ledger guards what one (provider, target, subject) is owed to. A grant decides and writes while it has the lock of an entitlement's
// key, so that of two grants that end together one sees what the other did. What was given is noted here before it is given: the
// cache, by whose index the other holders are found, may not show it yet.
type ledger struct {
	mu     sync.Mutex
	locks  map[string]*keyLock
	grants map[types.NamespacedName]map[string]string   // key → provider, by grant
	keys   map[string]map[types.NamespacedName]struct{} // grants, by key
	// replaced are the resource versions of a grant that this process wrote over, and that the cache may still show.
	replaced map[types.NamespacedName][]string
	// hurried are the grants whose next pass tries again what was to be tried later.
	hurried map[types.NamespacedName]struct{}
}

type keyLock struct {
	sync.Mutex
	users int
}

// keyLocks are locks that one pass holds, by key.
type keyLocks struct {
	ledger *ledger
	held   map[string]*keyLock
}

func newLedger() *ledger {
	return &ledger{
		locks:  map[string]*keyLock{},
		grants: map[types.NamespacedName]map[string]string{},
		keys:   map[string]map[types.NamespacedName]struct{}{},

		replaced: map[types.NamespacedName][]string{},
		hurried:  map[types.NamespacedName]struct{}{},
	}
}

// hurry has the next pass over a grant try again what was to be tried later.
func (l *ledger) hurry(grant types.NamespacedName) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hurried[grant] = struct{}{}
}

// hurries says, once, whether a grant is in a hurry.
func (l *ledger) hurries(grant types.NamespacedName) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, is := l.hurried[grant]
	delete(l.hurried, grant)
	return is
}

// replace notes that a version of a grant was written over.
func (l *ledger) replace(grant types.NamespacedName, version string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.replaced[grant] = append(l.replaced[grant], version)
}

// outdated says whether a version of a grant was written over. One that was not ends the wait for the cache.
func (l *ledger) outdated(grant types.NamespacedName, version string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if slices.Contains(l.replaced[grant], version) {
		return true
	}
	delete(l.replaced, grant)
	return false
}

// lock locks keys, in an order that is the same for all.
func (l *ledger) lock(keys []string) *keyLocks {
	keys = slices.Compact(slices.Sorted(slices.Values(keys)))
	locks := &keyLocks{l, map[string]*keyLock{}}
	l.mu.Lock()
	for _, key := range keys {
		if l.locks[key] == nil {
			l.locks[key] = &keyLock{}
		}
		l.locks[key].users++
		locks.held[key] = l.locks[key]
	}
	l.mu.Unlock()
	for _, key := range keys {
		locks.held[key].Lock()
	}
	return locks
}

// unlock unlocks those of the keys that are held.
func (l *keyLocks) unlock(keys ...string) {
	if l == nil {
		return
	}
	l.ledger.mu.Lock()
	defer l.ledger.mu.Unlock()
	for _, key := range keys {
		lock := l.held[key]
		if lock == nil {
			continue
		}
		delete(l.held, key)
		lock.Unlock()
		if lock.users--; lock.users == 0 {
			delete(l.ledger.locks, key)
		}
	}
}

func (l *keyLocks) unlockAll() { l.unlock(slices.Collect(maps.Keys(l.held))...) }

// note notes that a grant is about to be given something.
func (l *ledger) note(grant types.NamespacedName, key, providerName string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.add(grant, key, providerName)
}

// settle replaces what is noted for a grant: key → provider.
func (l *ledger) settle(grant types.NamespacedName, held map[string]string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key := range l.grants[grant] {
		delete(l.keys[key], grant)
		if len(l.keys[key]) == 0 {
			delete(l.keys, key)
		}
	}
	delete(l.grants, grant)
	for key, providerName := range held {
		l.add(grant, key, providerName)
	}
}

// add is called with mu held.
func (l *ledger) add(grant types.NamespacedName, key, providerName string) {
	if l.grants[grant] == nil {
		l.grants[grant] = map[string]string{}
	}
	l.grants[grant][key] = providerName
	if l.keys[key] == nil {
		l.keys[key] = map[types.NamespacedName]struct{}{}
	}
	l.keys[key][grant] = struct{}{}
}

// holders returns the grants that were given a key.
func (l *ledger) holders(key string) []types.NamespacedName {
	l.mu.Lock()
	defer l.mu.Unlock()
	var holders []types.NamespacedName
	for grant := range l.keys[key] {
		holders = append(holders, grant)
	}
	return holders
}

// uses says whether anything is noted on a provider.
func (l *ledger) uses(providerName string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, held := range l.grants {
		for _, on := range held {
			if on == providerName {
				return true
			}
		}
	}
	return false
}
