package admission

import (
	"context"
	"fmt"
	"testing"

	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/admission"
)

// deleting is an attempt to delete an object, without doing it.
func deleting(object client.Object) func(context.Context, client.Client) error {
	return func(ctx context.Context, api client.Client) error { return api.Delete(ctx, object, client.DryRunAll) }
}

// reporting is an attempt to write an object's status, whatever its kind.
func reporting(object client.Object) func(context.Context, client.Client) error {
	return func(ctx context.Context, api client.Client) error {
		patch := client.RawPatch(types.MergePatchType, []byte(`{"status":{"observedGeneration":7}}`))
		patched, ok := object.DeepCopyObject().(client.Object)
		if !ok {
			return fmt.Errorf("a copy of %T is no object", object)
		}
		return api.Status().Patch(ctx, patched, patch, client.DryRunAll)
	}
}

func TestTheOperatorAloneWritesGrantsAndDossiers(t *testing.T) {
	held := created(t, operator, with(accessGrant(), func(g *v1alpha1.AccessGrant) { g.Finalizers = []string{v1alpha1.GrantFinalizer} }))
	sealed := created(t, operator, dossier())
	further := func(g *v1alpha1.AccessGrant) { g.Spec.ExpiresAt.Time = end.AddDate(1, 0, 0) }
	const want = "operator-only: Longshore alone writes "
	runAll(t, []attempt{
		{"granting oneself", "a grant is the operator's answer to an engagement", ed, creating(accessGrant()), want + "accessgrants"},
		{"lengthening a grant", "it would outlive the contract", ed, updating(held, further), want + "accessgrants"},
		{"lengthening it as the operator", "it is the operator's", operator, updating(held, further), ""},
		{"lengthening it as the garbage collector", "it touches metadata alone", collects, updating(held, further), want + "accessgrants"},
		{"taking an owner off as the garbage collector", "that is its work", collects, updating(held, func(g *v1alpha1.AccessGrant) { g.Labels = map[string]string{"a": "b"} }), ""},
		{"writing a dossier", "it is sealed by the operator", ed, creating(dossier()), want + "dossiers"},
		{"erasing from a dossier", "it is the operator's to do", ed, updating(sealed, func(d *v1alpha1.Dossier) { d.Labels = map[string]string{"a": "b"} }), want + "dossiers"},
	})
	gone := beingDeleted(t, created(t, operator, accessGrant()))
	attempt{
		reason: "a grant that is being deleted still owes its revocation", user: ed, want: want + "accessgrants",
		try: updating(gone, further),
	}.run(t)
}

func TestTheOperatorAloneWritesStatus(t *testing.T) {
	objects := map[string]client.Object{
		"an engagement":   created(t, mia, engagement()),
		"a worker":        created(t, tom, worker()),
		"a grant":         created(t, operator, accessGrant()),
		"a provider":      created(t, sam, provider()),
		"an attestation":  created(t, ana, attestation(eng, "spring", "approval/engagement", v1alpha1.VerdictRejected)),
		"an evaluation":   created(t, rex, evaluation(eng, "spring")),
		"a deleted grant": beingDeleted(t, created(t, operator, accessGrant())),
	}
	for name, object := range objects {
		runAll(t, []attempt{
			{"of " + name + " by the operator", "it knows", operator, reporting(object), ""},
			{"of " + name + " by an editor", "an editor's status would be a forgery", ed, reporting(object), "operator-only: Longshore alone writes status"},
		})
	}
}

func TestAStatusForgedAtBirthIsDropped(t *testing.T) {
	g := NewWithT(t)
	e := engagement()
	e.Status.Terms, e.Status.Phase = accepted(e), v1alpha1.PhaseAssigned
	created(t, mia, e)
	g.Expect(e.Status.Terms).To(BeNil())
	g.Expect(e.Status.Phase).To(BeEmpty())
}

func TestARecordIsDeletedByLongshoreAlone(t *testing.T) {
	objects := map[string]client.Object{
		"attestations": created(t, ana, attestation(eng, "spring", "approval/engagement", v1alpha1.VerdictRejected)),
		"evaluations":  created(t, rex, evaluation(eng, "spring")),
		"accessgrants": created(t, operator, accessGrant()),
		"dossiers":     created(t, operator, dossier()),
	}
	for name, object := range objects {
		runAll(t, []attempt{
			{name + " by an editor", "what was stated stays", ed, deleting(object), "records: " + name + " are records"},
			{name + " by the operator", "it knows when it may go", operator, deleting(object), ""},
			{name + " by the garbage collector", "it goes with what it is about", collects, deleting(object), ""},
		})
	}
	attempt{
		name: "all at once", reason: "each of them is a record", user: ed, want: "records: attestations are records",
		try: func(ctx context.Context, api client.Client) error {
			return api.DeleteAllOf(ctx, &v1alpha1.Attestation{}, client.InNamespace(team), client.DryRunAll)
		},
	}.run(t)
}

func TestTheOperatorAlonePutsOnAndTakesOffItsFinalizers(t *testing.T) {
	holding := func(finalizers ...string) func(*v1alpha1.Engagement) {
		return func(e *v1alpha1.Engagement) { e.Finalizers = finalizers }
	}
	held := func(finalizers ...string) *v1alpha1.Engagement {
		e := created(t, mia, engagement())
		must(t, put(t.Context(), as(t, operator), e, holding(finalizers...)))
		return e
	}
	e, free, gone := held(v1alpha1.EngagementFinalizer, "example.com/hold"), held(), held(v1alpha1.EngagementFinalizer)
	must(t, as(t, mia).Delete(t.Context(), gone))
	const (
		takesOff = "finalizers: Longshore alone takes off the finalizers"
		putsOn   = "finalizers: Longshore alone puts on the finalizers"
	)
	runAll(t, []attempt{
		{"taken off by its requester", "what is owed would be forgotten", mia, updating(e, holding("example.com/hold")), takesOff},
		{"all taken off", "what is owed would be forgotten", ed, updating(e, holding()), takesOff},
		{"another's taken off", "it is not Longshore's", mia, updating(e, holding(v1alpha1.EngagementFinalizer)), ""},
		{"another's put on", "it is not Longshore's", mia, updating(e, holding("example.com/more", v1alpha1.EngagementFinalizer)), ""},
		{"taken off by the operator", "it knows when all is proven", operator, updating(e, holding()), ""},
		{"taken off what is being deleted", "that is when it matters", ed, updating(gone, holding()), takesOff},
		{"taken off what is being deleted, by the operator", "it knows when all is proven", operator, updating(gone, holding()), ""},
		{"put on by its requester", "the operator holds it when there is something to hold", mia, updating(free, holding(v1alpha1.EngagementFinalizer)), putsOn},
		{"one that Longshore has not, put on", "it would never come off", ed, updating(free, holding(admission.FinalizerPrefix+"forever")), putsOn},
		{"put on at birth", "it would never come off", mia, creating(with(engagement(), holding(admission.FinalizerPrefix+"forever"))), putsOn},
		{"another's put on at birth", "it is not Longshore's", mia, creating(with(engagement(), holding("example.com/hold"))), ""},
		{"put on by the operator", "it is the operator's", operator, updating(free, holding(v1alpha1.EngagementFinalizer)), ""},
	})
	p := created(t, sam, provider())
	attempt{
		reason: "it holds for every kind", user: sam, want: putsOn,
		try: updating(p, func(p *v1alpha1.AccessProvider) { p.Finalizers = []string{v1alpha1.ProviderFinalizer} }),
	}.run(t)
	must(t, put(t.Context(), as(t, operator), p, func(p *v1alpha1.AccessProvider) { p.Finalizers = []string{v1alpha1.ProviderFinalizer} }))
	attempt{
		reason: "it holds for every kind", user: sam, want: takesOff,
		try: updating(p, func(p *v1alpha1.AccessProvider) { p.Finalizers = nil }),
	}.run(t)
}

func TestNobodyHoldsAStatement(t *testing.T) {
	stated := func() client.Object {
		return attestation(eng, "spring", "approval/engagement", v1alpha1.VerdictApproved)
	}
	judged := func() client.Object { return evaluation(eng, "spring") }
	held := func(o client.Object) client.Object { o.SetFinalizers([]string{"example.com/hold"}); return o }
	hold := func(o client.Object) { held(o) }
	const want = "statement-finalizers: a statement goes with its subject"
	for name, s := range map[string]struct {
		author string
		made   func() client.Object
	}{"attestation": {ana, stated}, "evaluation": {rex, judged}} {
		made := created(t, s.author, s.made())
		kept := created(t, s.author, s.made())
		must(t, put(t.Context(), as(t, operator), kept, hold))
		runAll(t, []attempt{
			{"an " + name + " held at birth", "it would outlive its subject", s.author, creating(held(s.made())), want},
			{"an " + name + " held later", "it would outlive its subject", ed, updating(made, hold), want},
			{"an " + name + " held by the operator", "it knows for how long", operator, updating(made, hold), ""},
			{"an " + name + " held by the garbage collector", "it orders what goes first", collects, updating(made, hold), ""},
			{"an " + name + " let go", "nothing holds it any more", ed, updating(kept, func(o client.Object) { o.SetFinalizers(nil) }), ""},
			{"an " + name + " labeled while it is held", "no finalizer is put on", ed, updating(kept, func(o client.Object) { o.SetLabels(map[string]string{"a": "b"}) }), ""},
		})
	}
}

func TestANamespaceTakesItsRecordsWithIt(t *testing.T) {
	g := NewWithT(t)
	const name = "closing"
	must(t, admin.Create(t.Context(), namespaceNamed(name)))
	move := func(o client.Object) { o.SetNamespace(name) }
	e := with(engagement(), func(e *v1alpha1.Engagement) { move(e) })
	must(t, admin.Create(t.Context(), e))
	recorded(t, e, holdingAccess(v1alpha1.GrantVerified))
	must(t, admin.Create(t.Context(), with(attestation(eng, e.Name, "approval/engagement", v1alpha1.VerdictRejected), func(a *v1alpha1.Attestation) { move(a) })))
	must(t, as(t, operator).Create(t.Context(), with(accessGrant(), func(a *v1alpha1.AccessGrant) { move(a) })))

	must(t, admin.Delete(t.Context(), namespaceNamed(name)))

	g.Eventually(func() bool {
		return apierrors.IsNotFound(admin.Get(t.Context(), client.ObjectKey{Name: name}, namespaceNamed(name)))
	}, patience, pollInterval).Should(BeTrue(), "the namespace controller should need no verb")
}

func TestWhatIsOwnedGoesWithItsOwner(t *testing.T) {
	g := NewWithT(t)
	e := created(t, mia, engagement())
	a := created(t, ana, attestation(eng, e.Name, "approval/engagement", v1alpha1.VerdictRejected))
	must(t, put(t.Context(), as(t, operator), a, func(a *v1alpha1.Attestation) {
		a.OwnerReferences = []metav1.OwnerReference{{APIVersion: v1alpha1.GroupVersion.String(), Kind: eng, Name: e.Name, UID: e.UID}}
	}))

	must(t, as(t, mia).Delete(t.Context(), e))

	g.Eventually(func() bool {
		return apierrors.IsNotFound(admin.Get(t.Context(), client.ObjectKeyFromObject(a), a))
	}, patience, pollInterval).Should(BeTrue(), "the garbage collector should be let through")
}
