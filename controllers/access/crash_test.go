package access

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/controllers/access/provider/providertest"
)

// outcome is what a life of a grant comes to, stage by stage.
type outcome struct {
	Stage string
	Rows  []string
	Given int
	Ready string
}

// life takes a grant through all that can happen to it, and returns what each stage came to.
func life(w *world) []outcome {
	w.Helper()
	w.profile("chat", "drive")
	g := w.grant(w.engagement("campaign"), w.worker("ada"))
	w.memory.SetOtherwise(w.access("wiki", "ada"), true)
	var outcomes []outcome
	for _, stage := range []struct {
		name   string
		change func(*v1alpha1.AccessGrantSpec)
		before func()
	}{
		{name: "granted"},
		{name: "profile changed", before: func() {
			update(w, &v1alpha1.AccessProfile{ObjectMeta: metav1.ObjectMeta{Name: w.target}}, func(p *v1alpha1.AccessProfile) {
				p.Spec.Entitlements = []v1alpha1.Entitlement{w.entitlement("drive"), w.entitlement("wiki"), w.entitlement("tracker")}
			})
		}},
		{name: "removed by hand", before: func() { w.memory.RemoveByHand(w.access("drive", "ada")) }},
		{name: "suspended", change: func(spec *v1alpha1.AccessGrantSpec) { spec.Withdraw = v1alpha1.WithdrawalSuspended }},
		{name: "resumed", change: func(spec *v1alpha1.AccessGrantSpec) { spec.Withdraw = "" }},
		{name: "decided", change: func(spec *v1alpha1.AccessGrantSpec) {
			spec.Preexisting = []v1alpha1.PreexistingDecision{{Entitlement: "wiki", Decision: v1alpha1.VerdictRemove, By: "olga"}}
		}},
		{name: "ended", change: func(spec *v1alpha1.AccessGrantSpec) { spec.Withdraw = v1alpha1.WithdrawalEnded }},
	} {
		if stage.before != nil {
			stage.before()
		}
		if stage.change != nil {
			update(w, g, func(g *v1alpha1.AccessGrant) { stage.change(&g.Spec) })
		}
		outcomes = append(outcomes, w.endure(stage.name, g))
	}
	return outcomes
}

// endure reconciles until only time can change anything, with a new operator after each pass that fails.
func (w *world) endure(stage string, g *v1alpha1.AccessGrant) outcome {
	w.Helper()
	for range 20 {
		result, err := w.pass(g)
		if err != nil {
			w.restart()
			continue
		}
		if result.RequeueAfter > 0 && result.RequeueAfter <= 2*time.Second {
			w.later(time.Minute)
			continue
		}
		g = w.read(g)
		o := outcome{Stage: stage, Given: w.memory.Given(), Ready: ready(g)}
		for _, row := range g.Status.Entitlements {
			o.Rows = append(o.Rows, fmt.Sprintf("%s %s %s preexisted %v, %d attempts %s", row.Name, row.Target, row.State, row.Preexisted, row.Attempts, row.LastError))
		}
		return o
	}
	w.Fatalf("%s: the grant does not come to rest", stage)
	return outcome{}
}

func TestAPassCanBeCutOffAnywhere(t *testing.T) {
	w := newWorld(t, marked)
	w.api.reset()
	want := life(w)
	written := w.api.written
	calls, _ := w.api.reset()
	if last := want[len(want)-1]; last.Given != 0 || len(last.Rows) != 4 {
		t.Fatalf("the undisturbed life came to %+v, expected four rows and nothing left", last)
	}
	if calls < 50 || len(written) < 7 {
		t.Fatalf("the life took %d calls to the API server and %d writes, expected more than a few", calls, len(written))
	}
	cut := func(n int, afterwards bool) func(*testing.T) {
		return func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, marked)
			w.api.reset()
			w.api.cutAt, w.api.afterwards = n, afterwards
			if diff := cmp.Diff(want, life(w)); diff != "" {
				t.Errorf("a life that was cut off came to another end (-expected +got):\n%s", diff)
			}
		}
	}
	for n := 1; n <= calls; n++ {
		t.Run(fmt.Sprintf("call %d is not made", n), cut(n, false))
	}
	for _, n := range written {
		t.Run(fmt.Sprintf("the answer of write %d is lost", n), cut(n, true))
	}
}

func TestACallToATargetSystemCanFailAnywhere(t *testing.T) {
	for kind, can := range map[string]provider.Capabilities{"marked": marked, "not marked, expiring": {ExpiryStep: time.Minute}} {
		t.Run(kind, func(t *testing.T) {
			w := newWorld(t, can)
			w.memory.Calls()
			want := life(w)
			for i, call := range w.memory.Calls() {
				n := i + 1
				for _, afterwards := range []bool{false, true} {
					if afterwards && call.Operation == provider.OperationVerify {
						continue // It has no effect that could come before its failure.
					}
					t.Run(fmt.Sprintf("call %d, with effect %v", n, afterwards), func(t *testing.T) {
						t.Parallel()
						w := newWorld(t, can)
						w.memory.Calls()
						w.memory.SetFault(failOnce(n, afterwards))
						if diff := cmp.Diff(want, life(w)); diff != "" {
							t.Errorf("a life with one failure came to another end (-expected +got):\n%s", diff)
						}
					})
				}
			}
		})
	}
}

// failOnce makes the n-th call fail, before or after its effect.
func failOnce(n int, afterwards bool) providertest.Fault {
	made := 0
	return func(providertest.Call) (before, after error) {
		made++
		if made != n {
			return nil, nil
		}
		err := provider.Retryable("connection reset")
		if afterwards {
			return nil, err
		}
		return err, nil
	}
}

func TestAPassThatIsCalledOffRecordsNoFailure(t *testing.T) {
	w := newWorld(t, marked)
	g := w.settle(w.simple("chat"))
	update(w, g, func(g *v1alpha1.AccessGrant) { g.Spec.Withdraw = v1alpha1.WithdrawalEnded })
	ctx, stop := context.WithCancel(t.Context())
	w.memory.SetFault(func(call providertest.Call) (error, error) {
		if call.Operation == provider.OperationRevoke {
			stop()
			return ctx.Err(), nil
		}
		return nil, nil
	})
	_, err := w.grants.Reconcile(ctx, ctrl.Request{NamespacedName: client.ObjectKeyFromObject(g)})
	w.Expect(err).To(HaveOccurred())
	w.memory.SetFault(nil)
	row := only(w, w.read(g))
	w.Expect(row.Attempts).To(BeZero(), "that the operator stops is no failure of the target system")
	w.restart()
	w.Expect(states(w.settle(g))).To(Equal(map[string]string{"chat": "Revoked"}))
}
