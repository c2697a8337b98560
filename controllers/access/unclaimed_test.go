package access

import (
	"context"
	"slices"
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// listing is a target system that lists keys.
type listing struct {
	provider.Provider
	list func() ([]string, error)
}

func (l *listing) List(context.Context) ([]string, error) { return l.list() }

// listed has the world's target system list what it is told.
func (w *world) listed(list func() ([]string, error)) {
	kind := w.memory.Type()
	w.operate(provider.Registry{v1alpha1.ProviderKubernetes: {Open: func(c provider.Connection) (provider.Provider, error) {
		opened, err := kind.Open(c)
		return &listing{opened, list}, err
	}}})
}

func (w *world) probeAgain() *v1alpha1.AccessProvider {
	w.Helper()
	w.providers.probeAgain(w.target)
	return w.reconcileProvider()
}

func TestWhatNobodyClaimsIsCountedAndLeftAlone(t *testing.T) {
	w := newWorld(t, marked)
	var keys []string
	w.listed(func() ([]string, error) { return slices.Clone(keys), nil })
	g := w.settle(w.simple("chat"))
	keys = []string{only(w, g).Key}
	w.Expect(w.probeAgain().Status.Unclaimed).To(BeZero(), "what a grant has is claimed")
	w.Expect(w.events.Read()).NotTo(ContainElement(ContainSubstring("Unclaimed")))

	keys = append(keys, "somebodys", "elses")
	w.memory.Calls()
	p := w.probeAgain()
	w.Expect(p.Status.Unclaimed).To(Equal(int32(2)))
	w.Expect(providerReady(p).Status).To(Equal(metav1.ConditionTrue), "it is reported, and keeps nothing from being granted")
	w.Expect(w.events.Read()).To(ConsistOf(And(HavePrefix("AccessProvider Warning Unclaimed: 2 accesses"), ContainSubstring("remove them in the target system"))))
	for _, call := range w.memory.Calls() {
		w.Expect(call.Operation).To(Equal(provider.OperationProbe), "nothing is ever removed")
	}
	keys = append(keys, "a third")
	w.Expect(w.probeAgain().Status.Unclaimed).To(Equal(int32(3)))
	w.Expect(w.events.Read()).To(BeEmpty(), "one event tells of it")

	keys = keys[:1]
	w.Expect(w.probeAgain().Status.Unclaimed).To(BeZero())
	keys = append(keys, "a fourth")
	w.probeAgain()
	w.Expect(w.events.Read()).To(HaveLen(1), "it grew from zero again")
}

// TestWhatIsBeingGivenIsClaimed has the cache not show the row for which a call is made.
func TestWhatIsBeingGivenIsClaimed(t *testing.T) {
	w := newWorld(t, marked)
	w.listed(func() ([]string, error) { return []string{"key"}, nil })
	w.targets.ledger.note(client.ObjectKey{Namespace: w.namespace, Name: "new"}, "key", w.target)
	w.Expect(w.probeAgain().Status.Unclaimed).To(BeZero())
}

// TestWhatIsTakenWhileItIsListedIsNotCounted has a grant go with the access while it is listed.
func TestWhatIsTakenWhileItIsListedIsNotCounted(t *testing.T) {
	w := newWorld(t, marked)
	lists := 0
	w.listed(func() ([]string, error) {
		if lists++; lists == 1 {
			return []string{"taken"}, nil
		}
		return nil, nil
	})
	w.Expect(w.probeAgain().Status.Unclaimed).To(BeZero())
}

func TestATargetSystemThatCannotListIsReadyAndSaysSo(t *testing.T) {
	w := newWorld(t, marked)
	w.listed(func() ([]string, error) { return nil, provider.Refused("let it list rolebindings") })
	w.Expect(providerReady(w.probeAgain())).To(And(HaveField("Status", metav1.ConditionTrue), HaveField("Message", HaveSuffix("cannot be listed: let it list rolebindings"))))
}

// TestWhatIsInATargetSystemThatIsGoneForGoodIsUnclaimedNoMore can never be listed again.
func TestWhatIsInATargetSystemThatIsGoneForGoodIsUnclaimedNoMore(t *testing.T) {
	w := newWorld(t, marked)
	w.listed(func() ([]string, error) { return []string{"somebodys"}, nil })
	w.Expect(w.probeAgain().Status.Unclaimed).To(Equal(int32(1)))
	update(w, &v1alpha1.AccessProvider{ObjectMeta: metav1.ObjectMeta{Name: w.target}}, func(p *v1alpha1.AccessProvider) {
		p.Spec.Decommissioned = &v1alpha1.Decommissioned{Reason: "sold"}
	})
	w.Expect(w.probeAgain().Status.Unclaimed).To(BeZero())
}
