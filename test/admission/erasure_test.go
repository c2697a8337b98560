package admission

import (
	"context"
	"fmt"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

// sealed is a stored Dossier with something personal in it.
func sealed(t *testing.T, changes ...func(*v1alpha1.Dossier)) *v1alpha1.Dossier {
	t.Helper()
	d := dossier()
	d.Spec.Personal = []v1alpha1.PersonalValue{{Key: "p1", Salt: strings.Repeat("ab", 16), Value: "person-7"}}
	for _, change := range changes {
		change(d)
	}
	return created(t, operator, d)
}

func asking(reason string, decision v1alpha1.ErasureDecision, by *v1alpha1.Author) func(*v1alpha1.Dossier) {
	return func(d *v1alpha1.Dossier) {
		d.Spec.Erasure = &v1alpha1.Erasure{Reason: reason, Decision: decision, By: by}
	}
}

func TestAskingToEraseNeedsTheVerbErase(t *testing.T) {
	fresh := sealed(t)
	asked := sealed(t)
	must(t, put(t.Context(), as(t, dee), asked, asking("request 17", "", nil)))
	owens := sealed(t, func(d *v1alpha1.Dossier) { d.Name = owned })
	t.Cleanup(func() {
		if err := as(t, operator).Delete(context.Background(), owens); err != nil {
			t.Errorf("deleting dossier %s: %v", owens.Name, err)
		}
	})
	const want = "erase: setting or altering spec.erasure needs the verb erase on dossiers/"
	runAll(t, []attempt{
		{"an editor asks", "to write objects is not to answer for what is gone", ed, updating(fresh, asking("request 17", "", nil)), want + fresh.Name},
		{"data protection asks", "it holds the verb", dee, updating(fresh, asking("request 17", "", nil)), ""},
		{"data protection asks and decides", "it holds the verb", dee, updating(fresh, asking("request 17", v1alpha1.ErasureErase, nil)), ""},
		{"under one's own name", "it is who asks", dee, updating(fresh, asking("request 17", "", author(dee))), ""},
		{"under another's name", "each answers for themselves", dee, updating(fresh, asking("request 17", "", author(lea))), "erasure-by: "},
		{"under the operator's name", "the operator asks for nothing", dee, updating(fresh, asking("request 17", "", author(operator))), "erasure-by: "},
		{"the operator asks", "it carries out what people decide", operator, updating(fresh, asking("request 17", "", nil)), want + fresh.Name},
		{"the operator seals what is to be erased", "it carries out what people decide", operator, creating(with(dossier(), asking("request 17", "", nil))), want},
		{"one file's owner asks about it", "the verb is asked for by name", owen, updating(owens, asking("request 17", "", nil)), ""},
		{"an editor decides", "the decision is as grave", ed, updating(asked, asking("request 17", v1alpha1.ErasureErase, nil)), want + asked.Name},
		{"an editor alters the reason", "it would be another's words", ed, updating(asked, asking("request 18", "", nil)), want + asked.Name},
		{"an editor writes it again", "nothing changes", ed, updating(asked, asking("request 17", "", nil)), ""},
		{"data protection decides", "it holds the verb", dee, updating(asked, asking("request 17", v1alpha1.ErasureKeep, nil)), ""},
		{"data protection takes it back", "what was asked stands until it is decided", dee, updating(asked, func(d *v1alpha1.Dossier) { d.Spec.Erasure = nil }), "a request to erase stands"},
		{"data protection deletes the file", "a record stays", dee, deleting(asked), "cannot delete resource"},
		{"an administrator deletes the file", "a record stays", root, deleting(asked), "records: dossiers are records"},
	})
	another := with(owens.DeepCopy(), func(d *v1alpha1.Dossier) { d.Name = fresh.Name })
	attempt{reason: "it is another file", user: owen, want: "forbidden", try: updating(another, asking("request 17", "", nil))}.run(t)
}

func TestWhoeverAsksOrDecidesIsNamed(t *testing.T) {
	g := NewWithT(t)
	d := sealed(t)
	named := func(user string, change func(*v1alpha1.Dossier)) *v1alpha1.Author {
		t.Helper()
		must(t, put(t.Context(), as(t, user), d, change))
		must(t, admin.Get(t.Context(), client.ObjectKeyFromObject(d), d))
		return d.Spec.Erasure.By
	}
	g.Expect(named(dee, asking("request 17", "", nil))).To(Equal(author(dee)), "who asks should be filled in")
	g.Expect(named(ed, asking("request 17", "", nil))).To(Equal(author(dee)), "who repeats what stands has not asked")
	decided := func(d *v1alpha1.Dossier) { d.Spec.Erasure.Decision = v1alpha1.ErasureKeep }
	g.Expect(named(root, decided)).To(Equal(author(root)), "who decides should be named, also where the old name is repeated")
	erased := func(d *v1alpha1.Dossier) { d.Spec.Personal = nil }
	g.Expect(named(operator, erased)).To(Equal(author(root)), "the operator carries out, and takes nobody's place")
	g.Expect(d.Spec.Personal).To(BeEmpty())
}

func TestPeopleChangeNothingOfADossierButItsErasure(t *testing.T) {
	d := sealed(t)
	const want = "operator-only: Longshore alone writes dossiers; whoever holds the verb erase sets spec.erasure, and nothing else"
	for name, change := range map[string]func(*v1alpha1.Dossier){
		"what is personal":     func(d *v1alpha1.Dossier) { d.Spec.Personal = nil },
		"a label":              func(d *v1alpha1.Dossier) { d.Labels = map[string]string{"a": "b"} },
		"an annotation":        func(d *v1alpha1.Dossier) { d.Annotations = map[string]string{"a": "b"} },
		"somebody's finalizer": func(d *v1alpha1.Dossier) { d.Finalizers = []string{"example.com/hold"} },
		"an owner": func(d *v1alpha1.Dossier) {
			d.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "Namespace", Name: "gone", UID: "0"}}
		},
	} {
		runAll(t, []attempt{
			{name + " by data protection", "the operator alone writes it", dee, updating(d, change), want},
			{name + " along with a request", "one is no cover for the other", dee, updating(d, func(d *v1alpha1.Dossier) { change(d); asking("request 17", "", nil)(d) }), want},
			{name + " by an administrator", "the operator alone writes it", root, updating(d, change), want},
		})
	}
	attempt{
		reason: "two policies refuse it, and either may say so", user: dee, want: "Longshore alone",
		try: updating(d, func(d *v1alpha1.Dossier) { d.Finalizers = []string{v1alpha1.EngagementFinalizer} }),
	}.run(t)
	// What is sealed is held by the schema besides, which binds the operator too.
	for name, change := range map[string]func(*v1alpha1.Dossier){
		"the record":            func(d *v1alpha1.Dossier) { d.Spec.Record.Outcome = v1alpha1.OutcomeTerminated },
		"the hash":              func(d *v1alpha1.Dossier) { d.Spec.Hash = "sha256:" + strings.Repeat("1", 64) },
		"the one before it":     func(d *v1alpha1.Dossier) { d.Spec.Previous = "sha256:" + strings.Repeat("1", 64) },
		"one personal value":    func(d *v1alpha1.Dossier) { d.Spec.Personal[0].Value = "person-8" },
		"the end of retention":  func(d *v1alpha1.Dossier) { d.Spec.Record.RetainUntil = &start },
		"whom retention is for": func(d *v1alpha1.Dossier) { d.Spec.Record.RetainedBy = "nobody" },
	} {
		runAll(t, []attempt{
			{name + " by data protection", "it is sealed", dee, updating(d, change), "Invalid value"},
			{name + " by the operator", "it is sealed", operator, updating(d, change), "Invalid value"},
		})
	}
	runAll(t, []attempt{
		{"erasing by the operator", "that is its work", operator, updating(d, func(d *v1alpha1.Dossier) { d.Spec.Personal = nil }), ""},
		{"the status by an administrator", "it would claim what is not so", root, erasedAlready(d), "operator-only: Longshore alone writes status"},
	})
}

// erasedAlready is an attempt to say that what is personal is gone.
func erasedAlready(d *v1alpha1.Dossier) func(context.Context, client.Client) error {
	return func(ctx context.Context, api client.Client) error {
		const claim = `{"status":{"conditions":[{"type":"Erased","status":"True","reason":"Erased","message":"gone","lastTransitionTime":"2030-01-01T00:00:00Z"}]}}`
		return api.Status().Patch(ctx, d.DeepCopy(), client.RawPatch(types.MergePatchType, []byte(claim)), client.DryRunAll)
	}
}

// Where nothing is filled in, everyone states themselves.
func TestWithoutMutatingPoliciesWhoAsksToEraseIsDemanded(t *testing.T) {
	d := sealed(t, func(d *v1alpha1.Dossier) { d.Labels = map[string]string{olderCluster: ""} })
	runAll(t, []attempt{
		{"without a name", "nobody fills it in", dee, updating(d, asking("request 17", "", nil)), "erasure-by: "},
		{"with one's name", "it is who asks", dee, updating(d, asking("request 17", "", author(dee))), ""},
		{"with another's name", "each answers for themselves", dee, updating(d, asking("request 17", "", author(lea))), "erasure-by: "},
	})
}

func TestARequestToEraseIsMadeByPatch(t *testing.T) {
	for _, patch := range []struct{ name, content string }{
		{"a merge patch", `{"spec":{"erasure":{"reason":"request 17"}}}`},
		{"with a decision", `{"spec":{"erasure":{"reason":"request 17","decision":"Keep"}}}`},
	} {
		t.Run(patch.name, func(t *testing.T) {
			d := sealed(t)
			if err := as(t, dee).Patch(t.Context(), d, client.RawPatch(types.MergePatchType, []byte(patch.content))); err != nil {
				t.Fatalf("expected data protection to ask with kubectl patch: %v", err)
			}
			if by := d.Spec.Erasure.By; by == nil || by.Username != dee {
				t.Errorf("expected %s to be named, got %s", dee, fmt.Sprint(by))
			}
		})
	}
}
