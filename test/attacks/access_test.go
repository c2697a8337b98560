package attacks

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

// stock is what attacks share, and none of them changes.
type stock struct {
	// open waits for approval; held is with ada, who has access; ended was terminated; closed is sealed.
	open, held, ended, closed *v1alpha1.Engagement
	// paused is suspended, is to end soon and takes two approvals; procedural asks for an onboarding; sought names no worker.
	paused, procedural, sought *v1alpha1.Engagement
	// dismissed was terminated for misconduct, which is at once, whatever time was given.
	dismissed *v1alpha1.Engagement
	// file is the Dossier of closed, grant the AccessGrant of held, said an approval of held.
	file  *v1alpha1.Dossier
	grant *v1alpha1.AccessGrant
	said  *v1alpha1.Attestation
}

func newStock(w world) *stock {
	w.Helper()
	s := &stock{open: w.requested(mia), paused: w.requested(mia, suspended(true), ending(30*time.Minute), approvedBy(2)), procedural: w.requested(mia, onboardedBy("onboarding")), sought: w.requested(mia, anybody)}
	s.dismissed = w.requested(mia, ending(30*time.Minute), becauseOf(v1alpha1.TerminationMisconduct))
	s.held, s.ended, s.closed = w.working(mia), w.hired(mia), w.hired(mia, briefly)
	if got := w.hasAccess(s.held, design); got != passes {
		w.Fatalf("ada should have access: %+v", got)
	}
	s.grant = w.grants(s.held)[design]
	keeps(w, mia, s.ended, ending(0))
	w.until(s.ended.Name, "an end", func(e *v1alpha1.Engagement) bool { return e.Status.EndedAt != nil })
	w.until(s.dismissed.Name, "an end", func(e *v1alpha1.Engagement) bool { return e.Status.EndedAt != nil })
	keeps(w, mia, s.closed, ending(0))
	w.until(s.closed.Name, "Closed", func(e *v1alpha1.Engagement) bool { return e.Status.Phase == v1alpha1.PhaseClosed })
	s.file = w.file(s.closed)
	list := &v1alpha1.AttestationList{}
	w.must(admin.List(w.Context(), list))
	for i := range list.Items {
		if a := &list.Items[i]; a.Spec.SubjectRef.Name == s.held.Name && a.Spec.Claim == "approval/engagement" {
			s.said = a
		}
	}
	return s
}

// briefly leaves nothing to be done after the end.
func briefly(e *v1alpha1.Engagement) {
	e.Spec.Evaluation, e.Spec.StatementOfWork.Deliverables = nil, nil
}

func (w world) file(e *v1alpha1.Engagement) *v1alpha1.Dossier {
	w.Helper()
	list := &v1alpha1.DossierList{}
	w.must(admin.List(w.Context(), list))
	for i := range list.Items {
		if list.Items[i].Spec.Record.UID == e.UID {
			return &list.Items[i]
		}
	}
	w.Fatalf("engagement %s should have a Dossier", e.Name)
	return nil
}

// edit is an attempt to change an engagement, by two people.
func edit(user string, of func() *v1alpha1.Engagement, change spec) func(world) outcome {
	return func(w world) outcome { return edits(w, user, of(), change) }
}

func widening(s *stock) []attack {
	open := func() *v1alpha1.Engagement { return s.open }
	paused := func() *v1alpha1.Engagement { return s.paused }
	sought := func() *v1alpha1.Engagement { return s.sought }
	swap, _ := json.Marshal([]map[string]any{{"op": "replace", "path": "/spec/access/0/name", "value": prod}})
	widens := func(what string, of func() *v1alpha1.Engagement, says string, change spec) attack {
		return attack{
			who: "A requester without `grant`", what: what, try: edit(noa, of, change),
			by: "longshore-grant", says: "grant: this request " + says + ", which needs the verb grant on accessprofiles/design",
			twin: "the requester who holds it", passes: edit(mia, of, change),
		}
	}
	return []attack{
		{
			"A requester without `grant`", "requests access for a worker", func(w world) outcome { return w.creates(noa, engagement("new")) },
			"longshore-grant", "grant: this request creates the engagement, which needs the verb grant on accessprofiles/design",
			"a requester who holds it", func(w world) outcome { return w.creates(mia, engagement("new")) },
		},
		{
			"A requester with `grant` on one profile", "adds another to the same engagement", edit(mia, open, listing(design, prod)),
			"longshore-grant", "grant: this request adds access, which needs the verb grant on accessprofiles/production",
			"one who holds it on both", edit(gus, open, listing(design, prod)),
		},
		{
			"A requester with `grant` on one profile", "replaces it by another with a JSON patch of the list",
			func(w world) outcome { return w.patches(mia, s.open, types.JSONPatchType, string(swap), false) },
			"longshore-grant", "grant: this request adds access, which needs the verb grant on accessprofiles/production",
			"one who holds it on the other", func(w world) outcome { return w.patches(gus, s.open, types.JSONPatchType, string(swap), false) },
		},
		{
			"A requester with `grant` on one profile", "applies another beside it as a second manager, forcing conflicts",
			func(w world) outcome {
				return w.patches(mia, s.open, types.ApplyPatchType, applying("Engagement", s.open, `"spec": {"access": [{"name": "production"}]}`), false)
			},
			"longshore-grant", "grant: this request adds access",
			"one who holds it on the other", func(w world) outcome {
				return w.patches(gus, s.open, types.ApplyPatchType, applying("Engagement", s.open, `"spec": {"access": [{"name": "production"}]}`), false)
			},
		},
		widens("swaps the worker for themselves under another's request", open, "changes the worker", pinned(bob)),
		widens("moves the request to a pool of their own", open, "changes the pool", func(e *v1alpha1.Engagement) { e.Spec.PoolRef.Namespace = "" }),
		widens("extends the end", open, "ends later", later),
		widens("has the work start earlier", open, "starts earlier", func(e *v1alpha1.Engagement) {
			e.Spec.StatementOfWork.Start = metav1.NewTime(e.Spec.StatementOfWork.Start.Add(-time.Hour))
		}),
		widens("lets access outlive the work", open, "lengthens the grace", func(e *v1alpha1.Engagement) {
			e.Spec.Offboarding = &v1alpha1.Offboarding{AccessGrace: &metav1.Duration{Duration: time.Hour}}
		}),
		widens("lifts a suspension", paused, "lifts the suspension", suspended(false)),
		widens("withdraws a planned termination", paused, "withdraws the termination", goingOn),
		widens("postpones a planned termination", paused, "postpones the termination", ending(40*time.Minute)),
		widens("has one approve where two were to", paused, "eases the approval", approvedBy(1)),
		widens("calls the worker an employee, whom other profiles allow", open, "changes the legal form", ofType(v1alpha1.FixedTermEmployee)),
		widens("changes the facts that its legal form is determined from", open, "changes the facts", toolsOf("the client")),
		widens("drops what is to be signed before access", func() *v1alpha1.Engagement { return s.procedural }, "eases the onboarding", func(e *v1alpha1.Engagement) { e.Spec.Onboarding = nil }),
		widens("has the onboarding shortened", func() *v1alpha1.Engagement { return s.procedural }, "eases the onboarding", func(e *v1alpha1.Engagement) { e.Spec.Onboarding.Mode = v1alpha1.OnboardingFastTrack }),
		widens("makes it a renewal, which is given access at once", open, "changes what is renewed", func(e *v1alpha1.Engagement) { e.Spec.Continues = &v1alpha1.LocalReference{Name: "another"} }),
		widens("asks for what their own candidate alone can do, under another's request", sought, "changes whom to look for", func(e *v1alpha1.Engagement) {
			e.Spec.Requirements = &v1alpha1.Requirements{Skills: []v1alpha1.SkillRequirement{{Name: "falconry", Required: true}}}
		}),
		widens("has nobody choose any more, where their own candidate is the best", sought, "changes whom to look for", func(e *v1alpha1.Engagement) {
			e.Spec.Recruitment = &v1alpha1.Recruitment{Selection: v1alpha1.SelectionAutomatic}
		}),
		widens("has it take over what another was to deliver", open, "changes what is replaced", func(e *v1alpha1.Engagement) {
			e.Spec.Replaces = &v1alpha1.Replaces{Name: "another", Deliverables: []string{"logo"}}
		}),
		widens("raises the budget in the requester's name, to approve it themselves", open, "raises the price", func(e *v1alpha1.Engagement) { e.Spec.StatementOfWork.Budget.Amount = "500000" }),
		{
			"A requester", "changes what a profile gives, under everybody who has it", func(w world) outcome { return w.profileEdited(mia) },
			byRBAC, `cannot update resource "accessprofiles"`, "security", func(w world) outcome { return w.profileEdited(seth) },
		},
		{
			"An editor of everything", "declares a target gone, with what it owes", func(w world) outcome { return w.declaredGone(eve) },
			"longshore-decommission", "forgive: setting, altering or removing spec.decommissioned needs the verb forgive", "security", func(w world) outcome { return w.declaredGone(seth) },
		},
	}
}

func (w world) profileEdited(user string) outcome {
	return edits(w, user, &v1alpha1.AccessProfile{ObjectMeta: meta("", design)}, func(p *v1alpha1.AccessProfile) { p.Spec.Entitlements[0].Kubernetes.Namespaces = []string{vault} })
}

func (w world) declaredGone(user string) outcome {
	return edits(w, user, &v1alpha1.AccessProvider{ObjectMeta: meta("", provider)}, func(p *v1alpha1.AccessProvider) {
		p.Spec.Decommissioned = &v1alpha1.Decommissioned{Reason: "switched off"}
	})
}

func beyond(s *stock) []attack {
	held := func() *v1alpha1.Engagement { return s.held }
	open := func() *v1alpha1.Engagement { return s.open }
	ended := func() *v1alpha1.Engagement { return s.ended }
	paused := func() *v1alpha1.Engagement { return s.paused }
	dismissed := func() *v1alpha1.Engagement { return s.dismissed }
	// refused looks at what became of access to a profile that may not be given to this worker, or here.
	refused := func(profile, says string, changes ...spec) func(world) outcome {
		return func(w world) outcome {
			e := w.hired(mia, append(changes, listing(profile))...)
			got := w.grantIs(e, profile, func(g *v1alpha1.AccessGrant) outcome {
				for _, c := range g.Status.Conditions {
					if c.Type == v1alpha1.ConditionReady {
						return outcome{byOperator, c.Reason + ": " + c.Message}
					}
				}
				return passes
			}, outcome{byOperator, says})
			w.noAccess(e, profile)
			return got
		}
	}
	given := func(user, profile string, changes ...spec) func(world) outcome {
		return func(w world) outcome {
			return w.hasAccess(w.hired(user, append(changes, listing(profile))...), profile)
		}
	}
	return []attack{
		{
			"A requester", "swaps the worker after one has accepted", edit(mia, held, pinned(bob)),
			"longshore-frozen", "frozen-worker: a worker has accepted, so spec.workerRef cannot change", "the same before anyone has accepted", edit(mia, open, pinned(bob)),
		},
		{
			"A requester", "withdraws a termination that has taken effect", edit(mia, ended, goingOn),
			"longshore-frozen", "frozen-termination: the termination has taken effect", "the same before its time", edit(mia, paused, goingOn),
		},
		{
			"A requester", "excuses a misconduct, so that a grace is left", edit(mia, dismissed, becauseOf(v1alpha1.TerminationOther)),
			"longshore-frozen", "frozen-termination: the termination has taken effect", "another reason for what is planned", edit(mia, paused, becauseOf(v1alpha1.TerminationProjectCancelled)),
		},
		{
			"A GitOps tool", "prunes an engagement whose worker holds access", func(w world) outcome { return w.deletes(gitops, s.held) },
			"longshore-end", "end: the worker of this engagement holds access, so deleting it needs the verb end", "its requester, who holds `end`", func(w world) outcome { return w.deletes(mia, s.held) },
		},
		{
			"A GitOps tool", "gives an engagement an owner, for the garbage collector to delete it after", edit(gitops, held, ownedBy(1)),
			"longshore-end", "end-by-owner: an engagement is deleted after its owner", "its requester, who holds `end`", edit(mia, held, ownedBy(1)),
		},
		{
			"A requester", "lists 3,000 owners, so that every later change costs more than CEL may", edit(mia, held, ownedBy(3000)),
			"longshore-end", "owners: metadata.ownerReferences lists more than 16 owners", "16 of them", edit(mia, held, ownedBy(16)),
		},
		{
			"An editor of everything", "deletes the Worker who is engaged", func(w world) outcome { return w.deletes(eve, worker(talent, ada)) },
			"longshore-dismiss", "and would lose all access, so deleting them needs the verb end on workers/ada", "talent operations", func(w world) outcome { return w.deletes(tess, worker(talent, ada)) },
		},
		{
			"A requester", "lists a profile for employees alone", refused(staff, "ReferenceNotAllowed: AccessProfile staff may not be given to a worker of type IndependentContractor"),
			byOperator, "ReferenceNotAllowed: AccessProfile staff may not be given to a worker of type IndependentContractor",
			"for an employee", given(mia, staff, ofType(v1alpha1.FixedTermEmployee)),
		},
		{
			"A requester", "lists a profile for another team alone", refused(limited, "ReferenceNotAllowed: AccessProfile limited may not be given in namespace marketing"),
			byOperator, "ReferenceNotAllowed: AccessProfile limited may not be given in namespace marketing", "a profile for everyone", given(mia, design),
		},
		{
			"A requester who holds `grant` by a group", "requests access", func(w world) outcome {
				e := w.hired(leo)
				got := w.stalled(e.Name, v1alpha1.ReasonGrantNotPermitted)
				w.noAccess(e, design)
				return got
			},
			byOperator, "GrantNotPermitted: the requester may not hand out the profile design", "one who holds it under their own name", given(gus, design),
		},
		{
			"A requester", "has a checklist's Access step wait for a profile that was not asked for", func(w world) outcome {
				e := w.hired(mia, onboardedBy("greedy"))
				w.hasAccess(e, design)
				e = w.until(e.Name, "the step judged", func(e *v1alpha1.Engagement) bool { return e.Status.Onboarding != nil && e.Status.Onboarding.Total > 0 })
				w.noAccess(e, prod)
				var given []string
				for _, g := range e.Status.Access.Grants {
					given = append(given, g.Profile)
				}
				return outcome{byOperator, "status.access.grants: " + strings.Join(given, ", ") + "."}
			},
			byOperator, "status.access.grants: design.", "one who may hand it out, and asks for it", given(gus, prod, onboardedBy("greedy")),
		},
		{
			"A GitOps tool that holds `grant`", "is given what it applies", func(w world) outcome {
				e := w.requested(gitops)
				w.approved(e)
				return w.waits(e, "approval/access.design")
			},
			byOperator, "approval/access.design: 0 of 1 approvals of access to design", "once a person who holds `grant` approves the profile", func(w world) outcome {
				e := w.requested(gitops)
				w.approved(e)
				w.must(as(w.T, seth).Create(w.Context(), attestation(e.Name, "approval/access.design", v1alpha1.VerdictApproved, terms(e.Status.Proposed.Hash))))
				w.offered(e, ada)
				return passes
			},
		},
		{
			"A requester", "lifts the withdrawal of access that security stated", func(w world) outcome {
				e := w.withdrawnBy(seth)
				w.nextSecond()
				if got := w.states(mia, attestation(e.Name, "access/withdraw", v1alpha1.VerdictLifted)); got != passes {
					w.Fatalf("mia should be let to lift what she withdrew herself: %+v", got)
				}
				return w.stillWithdrawn(e)
			},
			byOperator, "status.access.withdrawn: Withdrawn", "security itself", func(w world) outcome {
				e := w.withdrawnBy(seth)
				w.nextSecond()
				w.states(seth, attestation(e.Name, "access/withdraw", v1alpha1.VerdictLifted))
				return w.hasAccess(e, design)
			},
		},
		{
			"A requester", "deletes their engagement and has the grants orphaned, to keep the access", func(w world) outcome {
				e := w.hired(mia)
				w.hasAccess(e, design)
				w.must(as(w.T, mia).Delete(w.Context(), e, client.PropagationPolicy(metav1.DeletePropagationOrphan)))
				return w.revoked(e, design)
			},
			byOperator, "status.state: Revoked", "nobody deletes it, and the access stays", given(mia, design),
		},
		{
			"An engagement from before the policies", "is given access that nobody answers for", func(w world) outcome {
				e := w.current(early)
				w.approved(e)
				w.must(as(w.T, ada).Create(w.Context(), attestation(e.Name, "offer/ada", v1alpha1.VerdictAccepted, terms(w.offered(e, ada)))))
				got := w.stalled(e.Name, v1alpha1.ReasonGrantNotPermitted)
				w.noAccess(e, design)
				return got
			},
			byOperator, "GrantNotPermitted: spec.requester is empty, because the engagement was created while the admission policies were not installed",
			"once somebody who may hand it out puts their name to it", func(w world) outcome {
				e := w.current(early)
				keeps(w, gus, e, requestedBy(gus))
				return w.hasAccess(e, design)
			},
		},
	}
}

func ownedBy(n int) spec {
	return func(e *v1alpha1.Engagement) {
		for i := range n {
			e.OwnerReferences = append(e.OwnerReferences, metav1.OwnerReference{APIVersion: "v1", Kind: "ConfigMap", Name: "gone", UID: types.UID(strconv.Itoa(i))})
		}
	}
}
