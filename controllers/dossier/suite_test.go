package dossier

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"os"
	"regexp"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/clock"
	testclock "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/dossier"
	"github.com/longshore-dev/longshore/hack/cluster"
	"github.com/longshore-dev/longshore/test/suite"
)

const patience = 30 * time.Second

var (
	plane suite.Plane
	now   = time.Date(2027, 1, 6, 9, 0, 0, 0, time.UTC)
)

func TestMain(m *testing.M) { os.Exit(plane.Main(m, cluster.Options{})) }

// archive holds a test's own chain of sealed files, over which the reconciler goes.
type archive struct {
	*suite.Stage
	Gomega
	// reconciler is the one that the manager runs, for a pass of the test's own.
	reconciler *Reconciler
	notebook   *suite.Notebook
	head       dossier.Head
}

// open has the reconciler work, with a clock that stands still.
func open(t *testing.T) *archive {
	t.Helper()
	return openAt(t, testclock.NewFakePassiveClock(now))
}

func openAt(t *testing.T, clk clock.PassiveClock) *archive {
	t.Helper()
	a := &archive{Gomega: NewWithT(t), notebook: &suite.Notebook{}}
	a.Stage = plane.Open(t, func(ctx context.Context, mgr ctrl.Manager) error {
		a.reconciler = &Reconciler{Client: mgr.GetClient(), Clock: clk, Recorder: a.notebook}
		return a.reconciler.SetupWithManager(ctx, mgr)
	})
	// Sealed files belong to no namespace: it is for what is written to them that Writes is asked.
	a.Namespace = ""
	return a
}

// seal stores the file of an engagement of ada's, kept until a moment, or without retention.
func (a *archive) seal(until *time.Time, changes ...func(*v1alpha1.Dossier)) *v1alpha1.Dossier {
	a.Helper()
	e := &v1alpha1.Engagement{ObjectMeta: metav1.ObjectMeta{Namespace: "marketing", Name: "spring", UID: "11111111-2222-3333-4444-555555555555"}}
	e.Spec.PoolRef.Name = "designers"
	e.Status.Worker = &v1alpha1.EngagedWorker{Name: "ada", Namespace: "talent", PersonKey: "person-7", Username: "ada.lovelace@example.com"}
	e.Status.Attestations = []v1alpha1.AttestationRecord{
		{UID: "a-1", Name: "handed", Claim: "offboarding/handover", Verdict: v1alpha1.VerdictDone, Author: "benedict@example.com", OnBehalfOf: "ada", At: metav1.NewTime(now)},
	}
	facts := dossier.Facts{Engagement: e, SealedAt: metav1.NewTime(now), Outcome: v1alpha1.OutcomeCompleted}
	if until != nil {
		facts.RetainUntil = &metav1.Time{Time: *until}
	}
	d, err := dossier.Seal(a.head, facts, rand.Reader)
	if err != nil {
		a.Fatalf("sealing: %v", err)
	}
	a.head = dossier.HeadOf(*d)
	for _, change := range changes {
		change(d)
	}
	a.Create(d)
	a.Cleanup(func() {
		if err := client.IgnoreNotFound(a.API.Delete(context.Background(), d)); err != nil {
			a.Errorf("deleting dossier %s: %v", d.Name, err)
		}
	})
	return d
}

func asking(decision v1alpha1.ErasureDecision) func(*v1alpha1.Dossier) {
	return func(d *v1alpha1.Dossier) {
		d.Spec.Erasure = &v1alpha1.Erasure{Reason: "request 17", Decision: decision, By: &v1alpha1.Author{Username: "dee@example.com"}}
	}
}

// ask changes what is asked for of a stored file.
func (a *archive) ask(d *v1alpha1.Dossier, decision v1alpha1.ErasureDecision) {
	a.Helper()
	a.Expect(a.API.Get(a.Context(), client.ObjectKeyFromObject(d), d)).To(Succeed())
	before := d.DeepCopy()
	asking(decision)(d)
	a.Expect(a.API.Patch(a.Context(), d, client.MergeFrom(before))).To(Succeed())
}

// says waits until the condition Erased has a reason.
func (a *archive) says(d *v1alpha1.Dossier, status metav1.ConditionStatus, reason string) *metav1.Condition {
	a.Helper()
	a.Eventually(func(g Gomega) {
		g.Expect(a.API.Get(a.Context(), client.ObjectKeyFromObject(d), d)).To(Succeed())
		g.Expect(d.Status).NotTo(BeNil(), "something should be said of dossier %s", d.Name)
		g.Expect(d.Status.Conditions).To(ConsistOf(And(HaveField("Type", v1alpha1.ConditionErased), HaveField("Status", status), HaveField("Reason", reason))))
	}).WithTimeout(patience).WithPolling(20*time.Millisecond).Should(Succeed(), "dossier %s should say %s", d.Name, reason)
	return &d.Status.Conditions[0]
}

// chain is every sealed file.
func (a *archive) chain() []v1alpha1.Dossier {
	a.Helper()
	list := &v1alpha1.DossierList{}
	a.Expect(a.API.List(a.Context(), list)).To(Succeed())
	return list.Items
}

// raw is a sealed file as it is stored, with all that the API server keeps about it.
func (a *archive) raw(d *v1alpha1.Dossier) string {
	a.Helper()
	stored := &unstructured.Unstructured{}
	stored.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("Dossier"))
	a.Expect(a.API.Get(a.Context(), client.ObjectKeyFromObject(d), stored)).To(Succeed())
	a.Expect(stored.GetManagedFields()).NotTo(BeEmpty(), "who wrote which field should be part of what is looked at")
	var out bytes.Buffer
	a.Expect(json.NewEncoder(&out).Encode(stored)).To(Succeed())
	return out.String()
}

// standsIn says whether a value stands in a text as a word of its own: a digest may hold any three letters from a to f.
func standsIn(text, value string) bool {
	return regexp.MustCompile(`(^|[^A-Za-z0-9])` + regexp.QuoteMeta(value) + `($|[^A-Za-z0-9])`).MatchString(text)
}
