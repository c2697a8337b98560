package admission

import (
	"testing"

	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

func TestSayingWhoAWorkerIsNeedsTheVerbIdentify(t *testing.T) {
	w := created(t, tom, worker())
	gone := beingDeleted(t, created(t, tom, worker()))
	const want = "identify: creating a worker, or changing personKey, username, jurisdiction, identities or documents, needs the verb identify on workers/"
	attempts := []attempt{
		{"creating one", "that is to say who they are", ed, creating(worker()), want},
		{"creating one with the verb", "talent operations know people", tom, creating(worker()), ""},
		{"another skill", "it says nothing about who they are", ed, updating(w, func(w *v1alpha1.Worker) { w.Spec.Skills[0].Level = 5 }), ""},
	}
	for name, change := range map[string]func(*v1alpha1.Worker){
		"the username":     func(w *v1alpha1.Worker) { w.Spec.Username = ed },
		"the jurisdiction": func(w *v1alpha1.Worker) { w.Spec.Jurisdiction = "US-CA" },
		"an identity":      func(w *v1alpha1.Worker) { w.Spec.Identities[0].Subject = ed },
		"an identity more": func(w *v1alpha1.Worker) {
			w.Spec.Identities = append(w.Spec.Identities, v1alpha1.Identity{Provider: "chat", Subject: ed})
		},
		"no identities": func(w *v1alpha1.Worker) { w.Spec.Identities = nil },
		"a document":    func(w *v1alpha1.Worker) { w.Spec.Documents[0].URI = "https://example.com/forged" },
		"no username":   func(w *v1alpha1.Worker) { w.Spec.Username = "" },
	} {
		attempts = append(attempts,
			attempt{name, "it says who they are", ed, updating(w, change), want},
			attempt{name + ", with the verb", "talent operations know people", tom, updating(w, change), ""},
			attempt{name + " while being deleted", "their access may still be live", ed, updating(gone, change), want},
		)
	}
	runAll(t, attempts)
	attempt{
		reason: "a personKey stands for a person", user: tom, want: "personKey is immutable",
		try: updating(w, func(w *v1alpha1.Worker) { w.Spec.PersonKey = "another" }),
	}.run(t)
}

func TestASystemIdentityBelongsToNoPerson(t *testing.T) {
	system := func(w *v1alpha1.Worker) { w.Spec.Identities[0].Subject = "system:kube-controller-manager" }
	w := created(t, tom, worker())
	runAll(t, []attempt{
		{"at birth", "access would go to the control plane", tom, creating(with(worker(), system)), "system-identity: a system: identity belongs to no person"},
		{"later", "access would go to the control plane", tom, updating(w, system), "system-identity: "},
		{"as a username", "the control plane states nothing", tom, creating(with(worker(), func(w *v1alpha1.Worker) { w.Spec.Username = operator })), "a system: identity belongs to no person"},
		{"leaving one that was there before", "nothing about it changes", ed, updating(legacyWorker, func(w *v1alpha1.Worker) { w.Finalizers = nil }), ""},
	})
}

func TestDeclaringATargetGoneNeedsTheVerbForgive(t *testing.T) {
	g := NewWithT(t)
	gone := func(by *v1alpha1.Author) func(*v1alpha1.AccessProvider) {
		return func(p *v1alpha1.AccessProvider) {
			p.Spec.Decommissioned = &v1alpha1.Decommissioned{Reason: "switched off", By: by}
		}
	}
	because := func(reason string, by *v1alpha1.Author) func(*v1alpha1.AccessProvider) {
		return func(p *v1alpha1.AccessProvider) { p.Spec.Decommissioned.Reason, p.Spec.Decommissioned.By = reason, by }
	}
	live := created(t, sam, provider())
	declared := created(t, sam, with(provider(), gone(nil)))
	leaving := beingDeleted(t, created(t, sam, provider()))
	g.Expect(declared.Spec.Decommissioned.By).To(Equal(author(sam)), "who declares it should be filled in")

	const want = "forgive: setting, altering or removing spec.decommissioned needs the verb forgive on accessproviders/"
	runAll(t, []attempt{
		{"at birth", "an editor does not forgive", ed, creating(with(provider(), gone(nil))), want},
		{"later", "an editor does not forgive", ed, updating(live, gone(nil)), want + live.Name},
		{"while it is being deleted", "that is when it owes", ed, updating(leaving, gone(nil)), want},
		{"later, with the verb", "security answers for it", sam, updating(live, gone(nil)), ""},
		{"under another's name", "each answers for themselves", sam, updating(live, gone(author(tom))), "decommissioned-by: "},
		{"altering it", "it is another declaration", ed, updating(declared, because("burnt", nil)), want},
		{"withdrawing it", "what was abandoned would be owed again", ed, updating(declared, func(p *v1alpha1.AccessProvider) { p.Spec.Decommissioned = nil }), want},
		{"withdrawing it with the verb", "security answers for it", sam, updating(declared, func(p *v1alpha1.AccessProvider) { p.Spec.Decommissioned = nil }), ""},
		{"naming another for it", "each answers for themselves", sam, updating(declared, because("switched off", author(tom))), "decommissioned-by: "},
		{"leaving the name out", "nothing changes", ed, updating(declared, because("switched off", nil)), ""},
		{"another timeout", "it is no declaration", ed, updating(declared, func(p *v1alpha1.AccessProvider) { p.Spec.MaxConcurrent = 2 }), ""},
	})
	altered := &v1alpha1.AccessProvider{}
	must(t, updating(declared, func(p *v1alpha1.AccessProvider) { p.Spec.Decommissioned.Reason = "burnt"; altered = p })(t.Context(), admin))
	g.Expect(altered.Spec.Decommissioned.By.Username).NotTo(Equal(sam), "whoever alters the declaration should be named for it")
	must(t, admin.Get(t.Context(), client.ObjectKeyFromObject(declared), declared))
	g.Expect(declared.Spec.Decommissioned.By).To(Equal(author(sam)), "a dry run should change nothing")
}
