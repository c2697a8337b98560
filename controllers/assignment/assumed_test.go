package assignment

import (
	"context"
	"errors"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	testclock "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/index"
)

// backroom is a Placer whose cache shows what was written only when it is told to.
type backroom struct {
	t      *testing.T
	placer *Placer
	clock  *testclock.FakePassiveClock
	// server has what was written, cache what the placer reads.
	server, cache client.WithWatch
	// answer is what the next write is answered with; lost says that it arrives nevertheless.
	answer error
	lost   bool
}

type indexer struct{ *fake.ClientBuilder }

func (i indexer) IndexField(_ context.Context, o client.Object, field string, values client.IndexerFunc) error {
	i.WithIndex(o, field, values)
	return nil
}

func copied(o client.Object) client.Object {
	c, is := o.DeepCopyObject().(client.Object)
	if !is {
		return nil
	}
	return c
}

func openBackroom(t *testing.T, objects ...client.Object) *backroom {
	t.Helper()
	b := &backroom{t: t, clock: testclock.NewFakePassiveClock(time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC))}
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	build := func() *fake.ClientBuilder {
		builder := fake.NewClientBuilder().WithScheme(scheme).WithStatusSubresource(&v1alpha1.Assignment{})
		if err := index.Setup(t.Context(), indexer{builder}); err != nil {
			t.Fatal(err)
		}
		for _, o := range objects {
			builder.WithObjects(copied(o))
		}
		return builder
	}
	b.server = build().Build()
	b.cache = build().WithInterceptorFuncs(interceptor.Funcs{
		SubResourcePatch: func(ctx context.Context, _ client.Client, _ string, o client.Object, patch client.Patch, _ ...client.SubResourcePatchOption) error {
			answer := b.answer
			b.answer = nil
			if answer != nil && !b.lost {
				return answer
			}
			if err := b.server.Status().Patch(ctx, o, patch); err != nil {
				return err
			}
			return answer
		},
	}).Build()
	b.placer = &Placer{Client: b.cache, Clock: b.clock, Recorder: events.NewFakeRecorder(100)}
	return b
}

// look lets the placer gather, and look.
func (b *backroom) look() ctrl.Result {
	b.t.Helper()
	request := ctrl.Request{NamespacedName: types.NamespacedName{Namespace: "care", Name: "agents"}}
	if result, err := b.placer.Reconcile(b.t.Context(), request); err != nil || result.RequeueAfter != gathering {
		b.t.Fatalf("expected the placer to gather first, got %v, %v", result, err)
	}
	b.clock.SetTime(b.clock.Now().Add(gathering))
	result, err := b.placer.Reconcile(b.t.Context(), request)
	if err != nil {
		b.t.Fatalf("placing: %v", err)
	}
	return result
}

func (b *backroom) create(o client.Object) {
	b.t.Helper()
	for _, c := range []client.Client{b.server, b.cache} {
		if err := c.Create(b.t.Context(), copied(o)); err != nil {
			b.t.Fatal(err)
		}
	}
}

// show lets the cache see what was written of an assignment.
func (b *backroom) show(name string) {
	b.t.Helper()
	written, shown := b.get(b.server, name), b.get(b.cache, name)
	shown.Status = written.Status
	if err := b.cache.SubResource("status").Update(b.t.Context(), shown); err != nil {
		b.t.Fatal(err)
	}
	if shown.ResourceVersion != written.ResourceVersion {
		b.t.Fatalf("the cache shows version %s of %s, and %s was written", shown.ResourceVersion, name, written.ResourceVersion)
	}
}

func (b *backroom) get(from client.Client, name string) *v1alpha1.Assignment {
	b.t.Helper()
	a := &v1alpha1.Assignment{}
	if err := from.Get(b.t.Context(), types.NamespacedName{Namespace: "care", Name: name}, a); err != nil {
		b.t.Fatal(err)
	}
	return a
}

func aPlace() []client.Object {
	meta := func(name string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Namespace: "care", Name: name, UID: types.UID("uid-of-" + name)}
	}
	e := &v1alpha1.Engagement{ObjectMeta: meta("floor-1")}
	e.Spec.PoolRef.Name = "agents"
	e.Status.Phase, e.Status.Worker = v1alpha1.PhaseAssigned, &v1alpha1.EngagedWorker{Name: "ada", PersonKey: "p-1"}
	e.Status.Terms = &v1alpha1.AcceptedTerms{}
	e.Status.Terms.StatementOfWork.Start, e.Status.Terms.StatementOfWork.End = metav1.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), metav1.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	return []client.Object{&v1alpha1.TalentPool{ObjectMeta: meta("agents")}, &v1alpha1.Worker{ObjectMeta: meta("ada"), Spec: v1alpha1.WorkerSpec{PersonKey: "p-1"}}, e, aLateShift("a")}
}

func aLateShift(name string) *v1alpha1.Assignment {
	a := &v1alpha1.Assignment{ObjectMeta: metav1.ObjectMeta{Namespace: "care", Name: name, UID: types.UID("uid-of-" + name)}}
	a.Spec.PoolRef.Name, a.Spec.Type = "agents", v1alpha1.AssignmentShift
	a.Spec.Window = &v1alpha1.Window{Start: metav1.Date(2026, 12, 1, 14, 0, 0, 0, time.UTC), End: metav1.Date(2026, 12, 1, 22, 0, 0, 0, time.UTC)}
	return a
}

func TestACacheThatIsBehindGivesNobodyTwoShiftsAtOnce(t *testing.T) {
	b := openBackroom(t, aPlace()...)
	b.look()
	if got := b.get(b.server, "a").Status.Worker; got != "ada" {
		t.Fatalf("expected ada to get the first shift, got %q", got)
	}
	b.create(aLateShift("b"))
	b.look()
	if st := b.get(b.server, "b").Status; st.Engagement != "" || st.State != v1alpha1.AssignmentPending {
		t.Fatalf("expected the second shift to stay Pending although the cache does not show the first one's placement, got %s for %q", st.State, st.Worker)
	}
	b.show("a")
	b.look()
	if len(b.placer.assumed) != 0 {
		t.Errorf("expected nothing to be assumed any more once the cache shows it, got %d", len(b.placer.assumed))
	}
	if st := b.get(b.server, "b").Status; st.Engagement != "" {
		t.Errorf("expected the second shift to stay Pending, got %s", st.State)
	}
}

func TestAWriteWhoseAnswerWasLostIsTakenForMadeForAWhile(t *testing.T) {
	for name, arrives := range map[string]bool{"it had arrived": true, "it had not": false} {
		t.Run(name, func(t *testing.T) {
			b := openBackroom(t, aPlace()...)
			b.answer, b.lost = errors.New("connection reset by peer"), arrives
			if again := b.look().RequeueAfter; again != doubt {
				t.Fatalf("expected another look once the doubt is over, after %s, got %s", doubt, again)
			}
			b.create(aLateShift("b"))
			b.look()
			if st := b.get(b.server, "b").Status; st.Engagement != "" {
				t.Fatal("expected the second shift to wait while it is not known whether the first one is given")
			}
			b.clock.SetTime(b.clock.Now().Add(doubt))
			if arrives {
				b.show("a")
			}
			b.look()
			first, second := b.get(b.server, "a").Status.Worker, b.get(b.server, "b").Status.Worker
			if first != "ada" || second != "" {
				t.Errorf("expected ada to have the first shift and nobody the second, got %q and %q", first, second)
			}
		})
	}
}

func TestARefusedWriteFreesWhoeverWasToHaveTheWork(t *testing.T) {
	b := openBackroom(t, aPlace()...)
	// Somebody edits the assignment while it is being given.
	edited := b.get(b.server, "a")
	edited.Labels = map[string]string{"edited": "yes"}
	if err := b.server.Update(t.Context(), edited); err != nil {
		t.Fatal(err)
	}
	if again := b.look().RequeueAfter; again != gathering {
		t.Fatalf("expected another look after %s, got %s", gathering, again)
	}
	if len(b.placer.assumed) != 0 {
		t.Error("expected nothing to be assumed of a write that was refused")
	}
}
