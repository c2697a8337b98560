package access

import (
	"context"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// pair is one worker in two engagements with the same profile, both granted.
func pair(w *world) (a, b *v1alpha1.AccessGrant) {
	w.Helper()
	w.profile("chat")
	ada := w.worker("ada")
	a, b = w.grant(w.engagement("first"), ada), w.grant(w.engagement("second"), ada)
	return w.settle(a), w.settle(b)
}

func TestAccessThatIsOwedTwiceStaysUntilTheLastHolderEnds(t *testing.T) {
	for reason, reversed := range map[string]bool{"the first to come ends first": false, "the last to come ends first": true} {
		for kind, can := range map[string]provider.Capabilities{"marked": marked, "not marked": {}} {
			t.Run(reason+", "+kind, func(t *testing.T) {
				w := newWorld(t, can)
				first, last := pair(w)
				if reversed {
					first, last = last, first
				}
				w.Expect(states(first)).To(Equal(map[string]string{"chat": "Verified"}))
				w.Expect(states(last)).To(Equal(map[string]string{"chat": "Verified"}), "what Longshore gave another grant is not from before")

				first = w.withdraw(first, v1alpha1.WithdrawalEnded)
				w.expectGives("chat", "ada", true)
				row := only(w, first)
				w.Expect(row.State).To(Equal(v1alpha1.GrantStillHeld))
				w.Expect(row.Evidence).To(Equal("still held by " + w.namespace + "/" + last.Name))
				w.Expect(first.Status.State).To(Equal(v1alpha1.GrantStillHeld))
				w.Expect(first.Status.Owed).To(BeZero())
				w.Expect(ready(first)).To(HavePrefix("True Closed"))

				last = w.withdraw(last, v1alpha1.WithdrawalEnded)
				w.expectGives("chat", "ada", false)
				w.Expect(states(last)).To(Equal(map[string]string{"chat": "Revoked"}))
				w.Expect(w.settle(first).Status).To(Equal(first.Status), "what was proven does not change")
			})
		}
	}
}

func TestAHolderThatIsNotLiveHoldsNothing(t *testing.T) {
	for _, test := range []struct {
		reason string
		end    func(*world, *v1alpha1.AccessGrant)
	}{
		{"it is withdrawn", func(w *world, g *v1alpha1.AccessGrant) {
			update(w, g, func(g *v1alpha1.AccessGrant) { g.Spec.Withdraw = v1alpha1.WithdrawalSuspended })
		}},
		{"it has expired", func(w *world, g *v1alpha1.AccessGrant) {
			update(w, g, func(g *v1alpha1.AccessGrant) { g.Spec.ExpiresAt = metav1.NewTime(w.clock.Now()) })
		}},
		{"it is being deleted", func(w *world, g *v1alpha1.AccessGrant) { w.Expect(admin.Delete(w.Context(), g)).To(Succeed()) }},
	} {
		t.Run(test.reason, func(t *testing.T) {
			w := newWorld(t, marked)
			a, b := pair(w)
			test.end(w, b)
			a = w.withdraw(a, v1alpha1.WithdrawalEnded)
			w.Expect(states(a)).To(Equal(map[string]string{"chat": "Revoked"}))
			w.expectGives("chat", "ada", false)
			w.Expect(states(w.settle(b))).To(Equal(map[string]string{"chat": "Revoked"}))
		})
	}
}

func TestAGrantThatIsHeldBackHoldsNothing(t *testing.T) {
	w := newWorld(t, marked)
	w.profile("chat")
	ada := w.worker("ada")
	a, b := w.settle(w.grant(w.engagement("first"), ada)), w.grant(w.engagement("second"), ada)
	w.change(b, func(spec *v1alpha1.AccessGrantSpec) { spec.Hold = "denied" })
	w.Expect(states(w.withdraw(a, v1alpha1.WithdrawalEnded))).To(Equal(map[string]string{"chat": "Revoked"}))
	w.expectGives("chat", "ada", false)
}

// TestTwoGrantsThatNarrowTogetherAreNotProvenByEachOther has both decide by a cache that shows neither's end.
func TestTwoGrantsThatNarrowTogetherAreNotProvenByEachOther(t *testing.T) {
	for range 5 {
		w := newWorld(t, marked)
		a, b := pair(w)
		update(w, &v1alpha1.AccessProfile{ObjectMeta: metav1.ObjectMeta{Name: w.target}}, func(p *v1alpha1.AccessProfile) {
			p.Spec.Entitlements = []v1alpha1.Entitlement{w.entitlement("drive")}
		})
		stale := &v1alpha1.AccessGrantList{}
		w.Expect(admin.List(t.Context(), stale, client.InNamespace(w.namespace))).To(Succeed())
		w.api.behind = func(list client.ObjectList) {
			if grants, is := list.(*v1alpha1.AccessGrantList); is {
				stale.DeepCopyInto(grants)
			}
		}
		var group sync.WaitGroup
		for _, g := range []*v1alpha1.AccessGrant{a, b} {
			group.Go(func() {
				if _, err := w.pass(g); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		w.api.behind = nil

		w.expectGives("chat", "ada", false)
		w.Expect([]string{states(w.settle(a))["chat"], states(w.settle(b))["chat"]}).To(ConsistOf("StillHeld", "Revoked"), "one of them is the last")
		w.expectGives("drive", "ada", true)
	}
}

// TestWhatWasJustGivenIsNotTakenByOneWhoCannotSeeIt has the ending grant decide by a cache that does not show the new holder.
func TestWhatWasJustGivenIsNotTakenByOneWhoCannotSeeIt(t *testing.T) {
	w := newWorld(t, marked)
	w.profile("chat")
	ada := w.worker("ada")
	a, b := w.settle(w.grant(w.engagement("first"), ada)), w.grant(w.engagement("second"), ada)
	stale := &v1alpha1.AccessGrantList{}
	w.Expect(admin.List(t.Context(), stale, client.InNamespace(w.namespace))).To(Succeed())
	w.settle(b)
	w.api.behind = func(list client.ObjectList) {
		if grants, is := list.(*v1alpha1.AccessGrantList); is {
			stale.DeepCopyInto(grants)
		}
	}
	w.Expect(states(w.withdraw(a, v1alpha1.WithdrawalEnded))).To(Equal(map[string]string{"chat": "StillHeld"}))
	w.expectGives("chat", "ada", true)
}

func TestAnOldCopyOfAGrantGivesNothing(t *testing.T) {
	w := newWorld(t, marked)
	g := w.settle(w.simple("chat"))
	for reason, prepare := range map[string]func(){
		"what is missing is not restored": func() { w.memory.RemoveByHand(w.access("chat", "ada")) },
	} {
		old := w.read(g)
		update(w, g.DeepCopy(), func(g *v1alpha1.AccessGrant) { g.Spec.Withdraw = v1alpha1.WithdrawalEnded })
		prepare()
		f, err := w.grants.gather(t.Context(), old)
		w.Expect(err).NotTo(HaveOccurred())
		w.Expect(w.grants.newPass(f).run(t.Context())).To(MatchError(errStale), reason)
		w.expectGives("chat", "ada", false)
	}
}

func TestTheLatestExpiryOfAllHoldersIsSetOnTheTarget(t *testing.T) {
	w := newWorld(t, provider.Capabilities{MarksGrants: true, ExpiryStep: time.Minute})
	w.profile("chat")
	ada := w.worker("ada")
	a := w.settle(w.grant(w.engagement("first"), ada))
	w.Expect(only(w, a).ExpiresAt.Time).To(BeTemporally("~", a.Spec.ExpiresAt.Time, time.Minute), "what the target set is read back")

	b := w.grant(w.engagement("second"), ada)
	b = w.change(b, func(spec *v1alpha1.AccessGrantSpec) {
		spec.ExpiresAt = metav1.NewTime(w.clock.Now().Add(200 * time.Hour))
	})
	w.Expect(only(w, b).ExpiresAt.Time).To(BeTemporally("~", b.Spec.ExpiresAt.Time, time.Minute))
	a = w.settle(a)
	w.Expect(only(w, a).ExpiresAt.Time).To(BeTemporally("~", b.Spec.ExpiresAt.Time, time.Minute), "the one that ends first does not shorten it")

	b = w.change(b, func(spec *v1alpha1.AccessGrantSpec) {
		spec.ExpiresAt = metav1.NewTime(w.clock.Now().Add(300 * time.Hour))
	})
	w.Expect(only(w, b).ExpiresAt.Time).To(BeTemporally("~", b.Spec.ExpiresAt.Time, time.Minute), "an extension extends it")
	var woken []types.NamespacedName
	w.grants.wake = func(grant types.NamespacedName) { woken = append(woken, grant) }
	w.withdraw(b, v1alpha1.WithdrawalEnded)
	w.expectGives("chat", "ada", true)
	w.Expect(woken).To(ConsistOf(client.ObjectKeyFromObject(a)), "what is left is seen to at once")
	a = w.settle(a)
	w.Expect(only(w, a).ExpiresAt.Time).To(BeTemporally("~", a.Spec.ExpiresAt.Time, time.Minute), "what is left ends with its last holder")
}

func TestExpiryReadBackIsNoReasonToWriteAgain(t *testing.T) {
	w := newWorld(t, provider.Capabilities{MarksGrants: true, ExpiryStep: time.Hour})
	g := w.settle(w.simple("chat"))
	w.api.reset()
	w.memory.Calls()
	w.later(resync)
	w.settle(g)
	_, writes := w.api.reset()
	w.Expect(writes).To(BeEmpty())
	w.Expect(w.memory.Calls()).To(HaveLen(1), "an expiry that the target rounded is as good as asked for")
}

// frugal is a target system that gives no more than a day, and answers well.
type frugal struct{ provider.Provider }

func (f *frugal) Grant(ctx context.Context, request provider.Request) error {
	if longest := noon.Add(24 * time.Hour); request.ExpiresAt.After(longest) {
		request.ExpiresAt = longest
	}
	return f.Provider.Grant(ctx, request)
}

func TestAShorterExpiryThanAskedForIsRecordedAsItIs(t *testing.T) {
	w := newWorld(t, provider.Capabilities{MarksGrants: true, ExpiryStep: time.Minute})
	kind := w.memory.Type()
	w.operate(provider.Registry{v1alpha1.ProviderKubernetes: {Open: func(c provider.Connection) (provider.Provider, error) {
		opened, err := kind.Open(c)
		return &frugal{opened}, err
	}}})
	w.clock.SetTime(noon)
	w.probeAgain()
	g := w.settle(w.simple("chat"))
	w.Expect(only(w, g)).To(And(HaveField("State", v1alpha1.GrantVerified), HaveField("Attempts", BeZero())))
	w.Expect(only(w, g).ExpiresAt.Time).To(BeTemporally("==", noon.Add(24*time.Hour)))
	w.events.Read()
	w.api.reset()
	for range 3 {
		w.memory.Calls()
		result, err := w.pass(g)
		w.Expect(err).NotTo(HaveOccurred())
		w.Expect(result.RequeueAfter).To(BeNumerically(">", resync/2), "it is asked for again at every resync, and no sooner")
		w.Expect(len(w.memory.Calls())).To(BeNumerically("<=", 3))
	}
	_, writes := w.api.reset()
	w.Expect(writes).To(BeEmpty())
	w.Expect(w.events.Read()).To(BeEmpty(), "nobody changed anything by hand")
}

// TestAnAccountThatDoesNotExpireIsExact has a target system that can end some of what it gives by itself.
func TestAnAccountThatDoesNotExpireIsExact(t *testing.T) {
	w := newWorld(t, marked)
	w.memory.Can.ExpiryStep = 0
	kind := w.memory.Type()
	w.operate(provider.Registry{v1alpha1.ProviderKubernetes: {Open: func(c provider.Connection) (provider.Provider, error) {
		opened, err := kind.Open(c)
		return &sometimes{opened}, err
	}}})
	w.probeAgain()
	g := w.settle(w.simple("chat"))
	w.Expect(only(w, g)).To(And(HaveField("State", v1alpha1.GrantVerified), HaveField("ExpiresAt", BeNil())))
	w.memory.Calls()
	w.settle(g)
	w.Expect(w.memory.Calls()).To(HaveLen(1), "it is read back, and not given again")
}

// sometimes says that it can end access by itself, and cannot end any of this.
type sometimes struct{ provider.Provider }

func (*sometimes) Capabilities() provider.Capabilities {
	return provider.Capabilities{MarksGrants: true, ExpiryStep: time.Second}
}

func TestWhoIsEngagedAgainIsGivenAccessAgain(t *testing.T) {
	for kind, can := range targetKinds {
		t.Run(kind, func(t *testing.T) {
			w := newWorld(t, can)
			w.profile("chat")
			ada := w.worker("ada")
			first := w.withdraw(w.settle(w.grant(w.engagement("first"), ada)), v1alpha1.WithdrawalEnded)
			w.later(30 * 24 * time.Hour)
			second := w.settle(w.grant(w.engagement("second"), ada))
			w.Expect(only(w, second)).To(And(HaveField("State", v1alpha1.GrantVerified), HaveField("Preexisted", BeFalse())))
			w.Expect(w.settle(first).Status).To(Equal(first.Status), "what was proven of the first stays so")
			w.Expect(states(w.withdraw(second, v1alpha1.WithdrawalEnded))).To(Equal(map[string]string{"chat": "Revoked"}))
		})
	}
}
