package access

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
)

func TestANewRequestAndNothingElseIsADemand(t *testing.T) {
	asked := func(value string) client.Object {
		e := &v1alpha1.Engagement{}
		if value != "" {
			e.Annotations = map[string]string{v1alpha1.RequestedAtAnnotation: value}
		}
		return e
	}
	for _, test := range []struct {
		reason        string
		before, after client.Object
		want          bool
	}{
		{"it is asked for the first time", asked(""), asked("1"), true},
		{"it is asked for again", asked("1"), asked("2"), true},
		{"something else changed", asked("1"), asked("1"), false},
		{"the request is taken back", asked("1"), asked(""), false},
		{"nobody asked", asked(""), asked(""), false},
	} {
		t.Run(test.reason, func(t *testing.T) {
			g := NewWithT(t)
			g.Expect(requested.Update(event.UpdateEvent{ObjectOld: test.before, ObjectNew: test.after})).To(Equal(test.want))
			g.Expect(requested.Create(event.CreateEvent{Object: test.after})).To(BeFalse(), "a restart is no demand")
		})
	}
}

func TestOnDemandWhatFailedIsTriedBeforeItsTime(t *testing.T) {
	for _, test := range []struct {
		reason string
		demand func(*world, *v1alpha1.AccessGrant)
	}{
		{"of an engagement", func(w *world, g *v1alpha1.AccessGrant) {
			e := &v1alpha1.Engagement{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: g.Spec.EngagementRef.Name}}
			w.grants.atOnce(w.grants.ofEngagement).Update(w.Context(), event.UpdateEvent{ObjectNew: e}, &noted{})
		}},
		{"of an AccessProvider", func(w *world, _ *v1alpha1.AccessGrant) {
			p := &v1alpha1.AccessProvider{ObjectMeta: metav1.ObjectMeta{Name: w.target}}
			w.grants.atOnce(w.grants.ofProvider).Update(w.Context(), event.UpdateEvent{ObjectNew: p}, &noted{})
		}},
	} {
		t.Run(test.reason, func(t *testing.T) {
			w := newWorld(t, marked)
			g := w.settle(w.simple("chat"))
			w.memory.SetFault(failing(provider.OperationRevoke, provider.Refused("add ClusterRole chat to longshore-bind")))
			g = w.withdraw(g, v1alpha1.WithdrawalEnded)
			w.memory.SetFault(nil)
			w.Expect(states(w.settle(g))).To(Equal(map[string]string{"chat": "Revoking"}), "it is tried later")
			test.demand(w, g)
			w.Expect(states(w.settle(g))).To(Equal(map[string]string{"chat": "Revoked"}))
		})
	}
}

func TestNoDemandOverridesATargetSystemThatAsksToBeLeftAlone(t *testing.T) {
	w := newWorld(t, marked)
	g := w.settle(w.simple("chat"))
	w.memory.SetFault(failing(provider.OperationRevoke, provider.After(time.Minute, provider.Retryable("too many requests"))))
	g = w.withdraw(g, v1alpha1.WithdrawalEnded)
	w.memory.Calls()
	hurry := func() {
		w.targets.ledger.hurry(client.ObjectKeyFromObject(g))
		g = w.settle(g)
	}
	hurry()
	w.Expect(w.memory.Calls()).To(BeEmpty(), "it asked for a minute")
	w.memory.SetFault(nil)
	w.later(time.Minute + time.Second)
	hurry()
	w.Expect(states(g)).To(Equal(map[string]string{"chat": "Revoked"}))
}

func TestOnDemandATargetSystemIsProbedAtOnce(t *testing.T) {
	w := newWorld(t, marked)
	w.reconcileProvider()
	w.memory.Calls()
	demand := func(value string) {
		update(w, &v1alpha1.AccessProvider{ObjectMeta: metav1.ObjectMeta{Name: w.target}}, func(p *v1alpha1.AccessProvider) {
			p.Annotations = map[string]string{v1alpha1.RequestedAtAnnotation: value}
		})
		w.reconcileProvider()
	}
	demand("1")
	w.Expect(w.memory.Calls()).To(HaveLen(1))
	demand("1")
	w.Expect(w.memory.Calls()).To(BeEmpty(), "the same value asks for nothing")
	demand("2")
	w.Expect(w.memory.Calls()).To(HaveLen(1))
}

func TestATargetSystemThatIsMendedIsTriedAtOnce(t *testing.T) {
	g := NewWithT(t)
	at := func(status metav1.ConditionStatus) *v1alpha1.AccessProvider {
		p := &v1alpha1.AccessProvider{ObjectMeta: metav1.ObjectMeta{Finalizers: []string{v1alpha1.ProviderFinalizer}}}
		p.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionReady, Status: status, LastTransitionTime: metav1.NewTime(time.Unix(1, 0))}}
		return p
	}
	change := func(from, to metav1.ConditionStatus) bool {
		return answersAsked.Update(event.UpdateEvent{ObjectOld: at(from), ObjectNew: at(to)})
	}
	g.Expect(change(metav1.ConditionFalse, metav1.ConditionTrue)).To(BeTrue())
	g.Expect(change(metav1.ConditionTrue, metav1.ConditionFalse)).To(BeFalse())
	g.Expect(change(metav1.ConditionTrue, metav1.ConditionTrue)).To(BeFalse())
}
