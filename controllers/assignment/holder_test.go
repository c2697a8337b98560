package assignment

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// aPlaceOfAnother is a place whose worker's object was deleted, and whose name another person's has now.
func aPlaceOfAnother() []client.Object {
	objects := aPlace()
	for _, o := range objects {
		if w, is := o.(*v1alpha1.Worker); is {
			w.Spec.PersonKey, w.Spec.Username = "p-2", "eve@example.com"
		}
	}
	return objects
}

func TestWhoeverHasTheNameOfAnEngagedWorkerIsNotGivenTheirWork(t *testing.T) {
	b := openBackroom(t, aPlaceOfAnother()...)
	b.look()
	st := b.get(b.server, "a").Status
	if st.Worker != "" || len(st.Others) != 1 || st.Others[0].Reason != "has no Worker object any more" {
		t.Errorf("expected the work to stay Pending, since the engaged person's Worker is gone, got it %s for %q: %v", st.State, st.Worker, st.Others)
	}
}

func TestWhoHasTheWorkIsKnownByThePersonAndNotByTheName(t *testing.T) {
	second := &v1alpha1.Worker{ObjectMeta: metav1.ObjectMeta{Namespace: "care", Name: "ada-2"}, Spec: v1alpha1.WorkerSpec{
		PersonKey: "p-1", Username: "ada@example.com", Identities: []v1alpha1.Identity{{Provider: "cluster", Subject: "ada-at-work"}},
	}}
	b := openBackroom(t, append(aPlaceOfAnother(), second)...)
	a := b.get(b.cache, "a")
	a.Status.Engagement, a.Status.EngagementUID, a.Status.Worker = "floor-1", "uid-of-floor-1", "ada"
	r := &Reconciler{Client: b.cache, Reader: b.cache, Clock: b.clock}
	s, err := r.read(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	if s.isWorker("eve@example.com", "") {
		t.Error("eve has a Worker of the name by now, and is not whoever has the work")
	}
	if !s.isWorker("ada@example.com", "") {
		t.Error("the person who has the work has another Worker object, by which they are known still: nobody accepts their own work")
	}
	if !s.mayBeWorker("ada-at-work", "") || s.mayBeWorker("eve@example.com", "") {
		t.Error("the account that access is given to is theirs too: nobody accepts their own work under it, but eve may")
	}
	if s.isWorker("ada-at-work", "") {
		t.Error("who is to say what the worker alone says is told by the username: somebody of that name in another system is not them")
	}
}
