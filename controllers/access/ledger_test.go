package access

import (
	"sync"
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"
)

func TestAKeyIsLockedByOneAtATime(t *testing.T) {
	g := NewWithT(t)
	l := newLedger()
	var group sync.WaitGroup
	inside := map[string]int{}
	var worst sync.Map
	for i := range 200 {
		keys := [][]string{{"a", "b"}, {"b", "a"}, {"b", "c", "b"}, {"c"}, {}}[i%5]
		group.Go(func() {
			defer l.lock(keys).unlockAll()
			for _, key := range keys {
				if key == "b" {
					inside[key]++
					worst.Store(inside[key], true)
					inside[key]--
				}
			}
		})
	}
	group.Wait()
	_, two := worst.Load(2)
	g.Expect(two).To(BeFalse(), "two were inside at once")
	g.Expect(l.locks).To(BeEmpty(), "locks that nobody uses are not kept")
}

func TestWhatIsNotedIsFoundUntilItIsSettled(t *testing.T) {
	g := NewWithT(t)
	l := newLedger()
	a, b := types.NamespacedName{Namespace: "n", Name: "a"}, types.NamespacedName{Namespace: "n", Name: "b"}
	l.note(a, "k", "cluster")
	l.note(b, "k", "cluster")
	l.note(b, "other", "drive")
	g.Expect(l.holders("k")).To(ConsistOf(a, b))
	g.Expect(l.uses("drive")).To(BeTrue())

	l.settle(b, map[string]string{"k": "cluster"})
	g.Expect(l.holders("k")).To(ConsistOf(a, b))
	g.Expect(l.holders("other")).To(BeEmpty())
	g.Expect(l.uses("drive")).To(BeFalse())

	l.settle(a, nil)
	g.Expect(l.holders("k")).To(ConsistOf(b))
	l.settle(b, nil)
	g.Expect(l.keys).To(BeEmpty())
	g.Expect(l.grants).To(BeEmpty())
}
