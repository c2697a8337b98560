package dossier

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/dossier"
)

func TestWhatWasAskedForIsErasedAndTheChainHolds(t *testing.T) {
	a := open(t)
	past, future := now.Add(-time.Hour), now.AddDate(6, 0, 0)
	erased := map[string]*v1alpha1.Dossier{
		v1alpha1.ReasonErased:         a.seal(nil, asking("")),
		v1alpha1.ReasonRetentionEnded: a.seal(&past),
	}
	untouched := []*v1alpha1.Dossier{a.seal(nil), a.seal(&future)}
	decided := a.seal(&future, asking(v1alpha1.ErasureErase))
	for reason, d := range erased {
		personal := d.Spec.Personal
		a.Expect(len(personal)).To(BeNumerically(">=", 2), "there should be something to erase")
		said := a.says(d, metav1.ConditionTrue, reason)
		a.Expect(said.LastTransitionTime.Time).To(BeTemporally("==", now), "the time should be the injected clock's")
		a.Expect(d.Spec.Personal).To(BeEmpty(), "what is called erased should be gone")
		stored, told := a.raw(d), strings.Join(a.notebook.All(), "\n")
		for _, p := range personal {
			for where, text := range map[string]string{"the stored file": stored, "events": told} {
				a.Expect(standsIn(text, p.Value)).To(BeFalse(), "%q should not be left in %s: %s", p.Value, where, text)
			}
			a.Expect(stored).NotTo(ContainSubstring(p.Salt), "with its salt a digest could be tried for a name")
		}
	}
	a.Expect(a.says(decided, metav1.ConditionTrue, v1alpha1.ReasonErased).Message).To(ContainSubstring("although a policy demanded that it be kept"))
	for _, d := range untouched {
		a.Expect(a.API.Get(t.Context(), client.ObjectKeyFromObject(d), d)).To(Succeed())
		a.Expect(d.Spec.Personal).NotTo(BeEmpty(), "nobody asked to erase dossier %s", d.Name)
	}
	chain := a.chain()
	a.Expect(chain).To(HaveLen(5))
	a.Expect(dossier.Verify(chain)).To(Succeed(), "the chain should hold with three of five erased")
	a.Expect(a.notebook.All()).To(ConsistOf(HavePrefix("Dossier Normal Erased: "), HavePrefix("Dossier Normal Erased: "), HavePrefix("Dossier Normal Erased: ")))
}

func TestAConflictIsShownUntilSomebodyDecides(t *testing.T) {
	a := open(t)
	future := now.AddDate(6, 0, 0)
	d := a.seal(&future, asking(""))
	conflict := a.says(d, metav1.ConditionFalse, v1alpha1.ReasonRetentionConflict)
	a.Expect(conflict.ObservedGeneration).To(Equal(d.Generation))
	a.Expect(d.Spec.Personal).NotTo(BeEmpty(), "nobody has decided")

	a.ask(d, v1alpha1.ErasureKeep)
	a.says(d, metav1.ConditionFalse, v1alpha1.ReasonKept)
	a.Expect(d.Spec.Personal).NotTo(BeEmpty(), "it was decided to keep it")

	a.ask(d, v1alpha1.ErasureErase)
	a.says(d, metav1.ConditionTrue, v1alpha1.ReasonErased)
	a.Expect(d.Spec.Personal).To(BeEmpty())
	a.Expect(dossier.Verify(a.chain())).To(Succeed())

	mark := a.Mark()
	a.ask(d, v1alpha1.ErasureKeep)
	// The queue is worked off in order: once a later file is spoken of, the late decision has been looked at.
	later := a.seal(nil, asking(""))
	a.says(later, metav1.ConditionTrue, v1alpha1.ReasonErased)
	a.Expect(a.Writes(mark)).To(HaveEach(HaveField("Name", later.Name)), "what is gone cannot be kept any more, and is not spoken of again")
	a.Expect(a.notebook.All()).To(ConsistOf(
		HavePrefix("Dossier Warning RetentionConflict: "), HavePrefix("Dossier Normal Erased: "), HavePrefix("Dossier Normal Erased: "),
	), "each event should be given once")
}

func TestASealedFileThatNobodyAsksToEraseIsNotWrittenTo(t *testing.T) {
	a := open(t)
	mark := a.Mark()
	future := now.AddDate(6, 0, 0)
	quiet := a.seal(nil)
	a.seal(&future)
	before := quiet.DeepCopy()
	quiet.Labels = map[string]string{"touched": "yes"}
	a.Expect(a.API.Patch(t.Context(), quiet, client.MergeFrom(before))).To(Succeed())
	asked := a.seal(nil, asking(""))
	a.says(asked, metav1.ConditionTrue, v1alpha1.ReasonErased)
	a.Expect(a.Writes(mark)).To(ConsistOf(
		And(HaveField("Name", asked.Name), HaveField("Subresource", "")),
		And(HaveField("Name", asked.Name), HaveField("Subresource", "status")),
	), "two writes should do for the one that was asked for, and none for the others")
	a.Expect(mayBeErased(quiet)).To(BeFalse(), "it should not even be looked at")
}

func TestTheEndOfRetentionIsWaitedForToTheMoment(t *testing.T) {
	a := open(t)
	future := now.AddDate(6, 0, 0).Add(time.Second)
	for _, d := range []*v1alpha1.Dossier{a.seal(&future), a.seal(&future, asking("")), a.seal(&future, asking(v1alpha1.ErasureKeep))} {
		a.Eventually(func() (ctrl.Result, error) {
			return a.reconciler.Reconcile(t.Context(), ctrl.Request{NamespacedName: client.ObjectKeyFromObject(d)})
		}).WithTimeout(patience).Should(Equal(ctrl.Result{RequeueAfter: future.Sub(now)}), "dossier %s should be looked at again when its retention ends", d.Name)
	}
}

func TestRetentionEndsByItself(t *testing.T) {
	a := openAt(t, clock.RealClock{})
	soon := time.Now().Add(3 * time.Second).Truncate(time.Second)
	silent, kept := a.seal(&soon), a.seal(&soon, asking(v1alpha1.ErasureKeep))
	a.says(kept, metav1.ConditionFalse, v1alpha1.ReasonKept)
	for _, d := range []*v1alpha1.Dossier{silent, kept} {
		said := a.says(d, metav1.ConditionTrue, v1alpha1.ReasonRetentionEnded)
		a.Expect(said.LastTransitionTime.Time).NotTo(BeTemporally("<", soon), "nothing should be erased before its time")
	}
}

// A pass that is ended between its two writes leaves a file of which nothing is said yet.
func TestErasingAndSayingSoSurviveACrashBetweenThem(t *testing.T) {
	a := open(t)
	asked := a.seal(nil, func(d *v1alpha1.Dossier) { asking("")(d); d.Spec.Personal = nil })
	a.says(asked, metav1.ConditionTrue, v1alpha1.ReasonErased)
}

// lagging is an API server behind a cache that shows one file as it was.
type lagging struct {
	client.Client
	shown *v1alpha1.Dossier
}

func (l lagging) Get(_ context.Context, _ client.ObjectKey, o client.Object, _ ...client.GetOption) error {
	into, is := o.(*v1alpha1.Dossier)
	if !is {
		return errors.New("only sealed files are read")
	}
	l.shown.DeepCopyInto(into)
	return nil
}

func TestADecisionThatComesInBetweenIsHeard(t *testing.T) {
	a := open(t)
	future := now.AddDate(6, 0, 0)
	d := a.seal(&future)
	behind := d.DeepCopy()
	asking(v1alpha1.ErasureErase)(behind)
	a.ask(d, v1alpha1.ErasureKeep)
	a.says(d, metav1.ConditionFalse, v1alpha1.ReasonKept)

	r := &Reconciler{Client: lagging{a.API, behind}, Clock: a.reconciler.Clock, Recorder: a.notebook}
	_, err := r.Reconcile(t.Context(), ctrl.Request{NamespacedName: client.ObjectKeyFromObject(d)})
	a.Expect(err).NotTo(HaveOccurred(), "a cache that is behind should be no fault")
	a.Expect(a.API.Get(t.Context(), client.ObjectKeyFromObject(d), d)).To(Succeed())
	a.Expect(d.Spec.Personal).NotTo(BeEmpty(), "what the cache does not know yet should be heard")
}

func TestAnEventIsNoLongerThanTheAPIServerTakes(t *testing.T) {
	a := open(t)
	future := now.AddDate(6, 0, 0)
	d := a.seal(&future, asking(""), func(d *v1alpha1.Dossier) { d.Spec.Record.RetainedBy = strings.Repeat("§", 1024) })
	said := a.says(d, metav1.ConditionFalse, v1alpha1.ReasonRetentionConflict)
	a.Expect(said.Message).To(ContainSubstring(d.Spec.Record.RetainedBy), "the condition has room for the whole source")
	a.Eventually(a.notebook.All).WithTimeout(patience).Should(HaveLen(1))
	note := strings.TrimPrefix(a.notebook.All()[0], "Dossier Warning RetentionConflict: ")
	a.Expect(len(note)).To(And(BeNumerically("<=", maxNote), BeNumerically(">", maxNote-4)), "the event should have what fits")
	a.Expect(note).To(HaveSuffix("§…"))
}
