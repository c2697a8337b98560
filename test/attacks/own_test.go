package attacks

import (
	"strings"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

func staged(e *v1alpha1.Engagement) {
	e.Spec.Approvals = &v1alpha1.Approvals{Stages: []v1alpha1.ApprovalStage{{Name: "Budget", Subjects: []v1alpha1.Subject{{Kind: v1alpha1.SubjectUser, Name: amos}}}}}
}

// affair is something that two people say of two engagements that are alike: one may not say it, the other may.
type affair struct {
	// of makes the engagement.
	of func(world) *v1alpha1.Engagement
	// said is what is stated of it.
	said func(world, *v1alpha1.Engagement) *v1alpha1.Attestation
}

func (a affair) by(user string, changes ...func(*v1alpha1.Attestation)) func(world) outcome {
	return func(w world) outcome {
		e := a.of(w)
		said := a.said(w, e)
		for _, change := range changes {
			change(said)
		}
		return w.states(user, said)
	}
}

func plainly(claim string, verdict v1alpha1.Verdict, changes ...func(*v1alpha1.Attestation)) func(world, *v1alpha1.Engagement) *v1alpha1.Attestation {
	return func(_ world, e *v1alpha1.Engagement) *v1alpha1.Attestation {
		return attestation(e.Name, claim, verdict, append(changes, func(a *v1alpha1.Attestation) {
			switch {
			case strings.HasPrefix(claim, "approval/"):
				a.Spec.Terms = e.Status.Proposed.Hash
			case strings.HasPrefix(claim, "determination/"):
				a.Spec.Terms = e.Status.Proposed.Classification
			}
		})...)
	}
}

func ownAffairs(*stock) []attack {
	requestedBy := func(user string, changes ...spec) func(world) *v1alpha1.Engagement {
		return func(w world) *v1alpha1.Engagement { return w.requested(user, changes...) }
	}
	hiredBy := func(user string, changes ...spec) func(world) *v1alpha1.Engagement {
		return func(w world) *v1alpha1.Engagement { return w.hired(user, changes...) }
	}
	submittedBy := func(user string, changes ...spec) func(world) *v1alpha1.Engagement {
		return func(w world) *v1alpha1.Engagement {
			e := w.hired(mia, changes...)
			if got := w.states(user, attestation(e.Name, "deliverable/logo", v1alpha1.VerdictSubmitted)); got != passes {
				w.Fatalf("%s should be able to submit: %+v", user, got)
			}
			w.nextSecond()
			return e
		}
	}
	// factsChangedBy is another's request, of which somebody changed the facts.
	factsChangedBy := func(user string) func(world) *v1alpha1.Engagement {
		return func(w world) *v1alpha1.Engagement {
			e := w.requested(mia)
			before := e.Status.Proposed.Classification
			keeps(w, user, e, toolsOf("the client"))
			return w.until(e.Name, "other facts", func(e *v1alpha1.Engagement) bool { return e.Status.Proposed.Classification != before })
		}
	}
	offer := func(w world, e *v1alpha1.Engagement) *v1alpha1.Attestation {
		w.approved(e)
		return attestation(e.Name, "offer/ada", v1alpha1.VerdictAccepted, terms(w.offered(e, ada)))
	}
	choose := func(w world, e *v1alpha1.Engagement) *v1alpha1.Attestation {
		w.approved(e)
		w.until(e.Name, "candidates", func(e *v1alpha1.Engagement) bool {
			return e.Status.Recruitment != nil && len(e.Status.Recruitment.Candidates) > 0
		})
		return attestation(e.Name, "selection/wim", v1alpha1.VerdictChosen)
	}
	approve := plainly("approval/engagement", v1alpha1.VerdictApproved)
	accept := plainly("deliverable/logo", v1alpha1.VerdictAccepted)
	waive := plainly("waiver/onboarding.nda", v1alpha1.VerdictWaived)
	rehire := plainly("rehire/decision", v1alpha1.VerdictEligible)
	determine := plainly("determination/classification", v1alpha1.VerdictDetermined, determining)
	signed := plainly("onboarding/nda", v1alpha1.VerdictDone)
	stage := plainly("approval/stage.Budget", v1alpha1.VerdictApproved)
	ofGrant := func(w world) outcome {
		e := w.hired(mia)
		w.hasAccess(e, design)
		return w.states(seth, attestation(w.grants(e)[design].Name, "access/withdraw", v1alpha1.VerdictDone, func(a *v1alpha1.Attestation) { a.Spec.SubjectRef.Kind = "AccessGrant" }))
	}
	reclassified := func(w world) outcome {
		e := w.hired(mia)
		keeps(w, mia, e, ofType(v1alpha1.FixedTermEmployee))
		return w.waits(e, "approval/amendment")
	}
	byPipeline := func(user string) func(world) outcome {
		return affair{requestedBy(gitops), plainly("approval/access."+design, v1alpha1.VerdictApproved)}.by(user)
	}
	noShow := plainly("start/confirmed", v1alpha1.VerdictNoShow)
	kept := func(who, what string, try func(world) outcome, says, twin string, passes func(world) outcome) attack {
		return attack{who, what, try, byOperator, says, twin, passes}
	}
	const everyRole = " who holds every role"
	return []attack{
		kept("A requester"+everyRole, "approves their own engagement", affair{requestedBy(uma), approve}.by(uma), "SelfDealing: a requester of the engagement cannot decide its approval", "another approver", affair{requestedBy(uma), approve}.by(ana)),
		kept("A requester"+everyRole, "rejects it, to be the only one who can lift that", affair{requestedBy(uma), plainly("approval/engagement", v1alpha1.VerdictRejected)}.by(uma), "SelfDealing: a requester of the engagement cannot decide its approval", "another approver", affair{requestedBy(uma), plainly("approval/engagement", v1alpha1.VerdictRejected)}.by(ana)),
		kept("A worker"+everyRole, "approves the engagement that names them", affair{requestedBy(mia, pinned(wim)), approve}.by(wim), "SelfDealing: the worker cannot decide the approval of their own engagement", "another approver", affair{requestedBy(mia, pinned(wim)), approve}.by(ana)),
		kept("An approver", "approves a stage that lists others", affair{requestedBy(mia, staged), stage}.by(ana), "NotAnApprover: stage Budget is approved by the people it lists", "one whom it lists", affair{requestedBy(mia, staged), stage}.by(amos)),
		kept("A worker"+everyRole, "chooses themselves", affair{requestedBy(mia, anybody), choose}.by(wim), "SelfDealing: nobody chooses themselves", "the requester", affair{requestedBy(mia, anybody), choose}.by(mia)),
		kept("A requester", "answers the offer in the worker's place", affair{requestedBy(mia), offer}.by(mia), "NotTheWorker: an offer is answered by the worker", "the worker", affair{requestedBy(mia), offer}.by(ada)),
		kept("A worker", "answers a colleague's offer", affair{requestedBy(mia), offer}.by(bob), "NotTheWorker: an offer is answered by the worker", "the worker", affair{requestedBy(mia), offer}.by(ada)),
		kept("A requester who may speak for workers", "answers the offer on the worker's behalf", affair{requestedBy(uma), offer}.by(uma, speakingFor(ada)), "SelfDealing: a requester cannot answer the offer, not even on the worker's behalf", "a coordinator", affair{requestedBy(uma), offer}.by(ben, speakingFor(ada))),
		kept("A worker"+everyRole, "accepts their own work", affair{submittedBy(wim, pinned(wim)), accept}.by(wim), "SelfDealing: whoever submitted logo cannot accept it", "the requester", affair{submittedBy(wim, pinned(wim)), accept}.by(mia)),
		kept("A worker"+everyRole, "accepts what another submitted for them", affair{submittedBy(ben, pinned(wim)), accept}.by(wim), "SelfDealing: the worker cannot accept their own work", "the requester", affair{submittedBy(ben, pinned(wim)), accept}.by(mia)),
		kept("Whoever submitted work for a worker", "accepts it", affair{submittedBy(tess), accept}.by(tess), "SelfDealing: whoever submitted logo cannot accept it", "the requester", affair{submittedBy(tess), accept}.by(mia)),
		kept("A requester", "accepts what nobody submitted", affair{hiredBy(mia), accept}.by(mia), "NothingSubmitted: logo has not been submitted", "once it is submitted", affair{submittedBy(ada), accept}.by(mia)),
		kept("A requester"+everyRole, "waives a step", affair{hiredBy(uma, onboardedBy("onboarding")), waive}.by(uma), "SelfDealing: a requester cannot waive a step", "talent operations", affair{hiredBy(uma, onboardedBy("onboarding")), waive}.by(tess)),
		kept("A worker"+everyRole, "waives their own step", affair{hiredBy(mia, pinned(wim), onboardedBy("onboarding")), waive}.by(wim), "SelfDealing: the worker cannot waive a step of their own engagement", "talent operations", affair{hiredBy(mia, pinned(wim), onboardedBy("onboarding")), waive}.by(tess)),
		kept("A worker", "signs a step that others attest", affair{hiredBy(mia, onboardedBy("attested")), signed}.by(ada), "NotAnAttestor: step nda is attested by the people that the checklist lists", "one of them", affair{hiredBy(mia, onboardedBy("attested")), signed}.by(tess)),
		kept("A worker"+everyRole, "evaluates themselves", func(w world) outcome { return w.evaluates(wim, w.working(mia, pinned(wim))) }, "SelfDealing: the worker cannot evaluate themselves", "a reviewer", func(w world) outcome { return w.evaluates(rex, w.working(mia, pinned(wim))) }),
		kept("A worker"+everyRole, "decides that they are hired again", affair{hiredBy(mia, pinned(wim)), rehire}.by(wim), "SelfDealing: nobody decides on their own rehire", "the requester", affair{hiredBy(mia, pinned(wim)), rehire}.by(mia)),
		kept("A requester"+everyRole, "determines the legal form of what they asked for", affair{requestedBy(uma), determine}.by(uma), "SelfDealing: a requester of the engagement cannot determine its classification", "legal", affair{requestedBy(uma), determine}.by(lea)),
		kept("A worker"+everyRole, "determines the legal form of their own work", affair{requestedBy(mia, pinned(wim)), determine}.by(wim), "SelfDealing: the worker cannot determine the classification of their own engagement", "legal", affair{requestedBy(mia, pinned(wim)), determine}.by(lea)),
		kept("Whoever changed the facts of another's request", "determines the legal form from them", affair{factsChangedBy(uma), determine}.by(uma), "SelfDealing: a requester of the engagement cannot determine its classification", "legal", affair{factsChangedBy(uma), determine}.by(lea)),
		kept("A worker", "says that a colleague did not turn up, which would end their engagement", affair{hiredBy(mia, onboardedBy("onboarding")), noShow}.by(bob), "NotIndependent: a worker does not say who did not turn up", "talent operations", affair{hiredBy(mia, onboardedBy("onboarding")), noShow}.by(tess)),
		kept("A worker"+everyRole, "approves the engagement that names them, under the account that access is given to", affair{requestedBy(mia, pinned(wim)), approve}.by(wimAtWork), "SelfDealing: the worker cannot decide the approval of their own engagement", "another approver", affair{requestedBy(mia, pinned(wim)), approve}.by(ana)),
		kept("A requester", "opens profiles for other worker types, by an amendment that the worker accepts", reclassified, "0 of 1 approvals of the change (the legal form changes: FixedTermEmployee", "once an approver approves it", func(w world) outcome {
			e := w.hired(mia)
			keeps(w, mia, e, ofType(v1alpha1.FixedTermEmployee))
			e = w.until(e.Name, "an amendment", func(e *v1alpha1.Engagement) bool { return e.Status.Amendment != nil })
			return w.states(ana, attestation(e.Name, "approval/amendment", v1alpha1.VerdictApproved, terms(e.Status.Proposed.Hash)))
		}),
		kept("A pipeline that has two service accounts", "approves by one the profile that the other asks for", byPipeline(pipeline), "NotAPerson: a person answers for handing out a profile", "security", byPipeline(seth)),
		kept("Security", "withdraws access by a word about its AccessGrant, and believes it gone", ofGrant, "UnknownClaim: nothing is stated of an AccessGrant, and its access stays as it was", "of the engagement", func(w world) outcome { w.withdrawnBy(seth); return passes }),
		kept("A requester", "resigns for the worker", affair{hiredBy(mia), plainly("end/engagement", v1alpha1.VerdictResigned)}.by(mia), "NotTheWorker: a resignation is stated by the worker", "the worker", affair{hiredBy(mia), plainly("end/engagement", v1alpha1.VerdictResigned)}.by(ada)),
	}
}
