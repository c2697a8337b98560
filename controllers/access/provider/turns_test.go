package provider

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	clocktesting "k8s.io/utils/clock/testing"
)

// TestATurnThatIsFreeIsWaitedFor looks at the moment after a caller found all turns taken, in which one of those that had them gave it back.
func TestATurnThatIsFreeIsWaitedFor(t *testing.T) {
	g := NewWithT(t)
	clock := clocktesting.NewFakePassiveClock(time.Unix(0, 0))
	turns := newTurns(Limits{Timeout: 10 * time.Second, MaxConcurrent: 2}, clock)
	first, err := turns.take(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	_, err = turns.take(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	clock.SetTime(clock.Now().Add(time.Second))
	_, stuck := turns.stuck()
	g.Expect(stuck).To(BeTrue(), "all calls have been under way for long")
	first(false)
	_, stuck = turns.stuck()
	g.Expect(stuck).To(BeFalse(), "one of them has ended")
}
