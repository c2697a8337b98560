package attacks

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

func forgery(s *stock) []attack {
	open := func() *v1alpha1.Engagement { return s.open }
	requests := func(user string, changes ...spec) func(world) outcome {
		return func(w world) outcome { return w.creates(user, engagement("new", changes...)) }
	}
	says := func(user string, changes ...func(*v1alpha1.Attestation)) func(world) outcome {
		return func(w world) outcome {
			return w.creates(user, attestation(s.open.Name, "approval/engagement", v1alpha1.VerdictApproved, append(changes, terms(s.open.Status.Proposed.Hash))...))
		}
	}
	claims := func(user, claim string, verdict v1alpha1.Verdict, changes ...func(*v1alpha1.Attestation)) func(world) outcome {
		return func(w world) outcome {
			return w.creates(user, attestation(s.held.Name, claim, verdict, append([]func(*v1alpha1.Attestation){terms(s.held.Status.Proposed.Hash)}, changes...)...))
		}
	}
	changes := func(user string, change func(*v1alpha1.Worker)) func(world) outcome {
		return func(w world) outcome { return edits(w, user, worker(talent, ada), change) }
	}
	identifies := func(what string, change func(*v1alpha1.Worker)) attack {
		return attack{
			who: "An editor without `identify`", what: what, try: changes(eve, change),
			by: "longshore-identify", says: "identify: creating a worker, or changing personKey, username, jurisdiction, identities or documents, needs the verb identify",
			twin: "talent operations, who hold it", passes: changes(tess, change),
		}
	}
	newcomer := func(change func(*v1alpha1.Worker)) *v1alpha1.Worker {
		n := worker(talent, "new")
		change(n)
		return n
	}
	const isRequester = "requester: this request creates the engagement, and whoever asks for that is the requester"
	const isAuthor = "author: whoever makes a statement is its author"
	determines := func(user string) func(world) outcome {
		return func(w world) outcome {
			return claims(user, "determination/classification", v1alpha1.VerdictDetermined, determining, terms(s.held.Status.Proposed.Classification))(w)
		}
	}
	return []attack{
		{
			"A requester", "creates an engagement in another's name, to approve it themselves", requests(uma, requestedBy(mia)),
			"longshore-requester", isRequester, "in their own", requests(uma, requestedBy(uma)),
		},
		{
			"A requester", "writes their own name with a space behind it", requests(mia, requestedBy("mia ")),
			"longshore-requester", isRequester, "without the space", requests(mia, requestedBy("mia")),
		},
		{
			"A requester", "writes their own name with a capital", requests(mia, requestedBy("Mia")),
			"longshore-requester", isRequester, "as it is", requests(mia),
		},
		{
			"A requester", "writes their own name with a letter that looks the same", requests(mia, requestedBy("miа")),
			"longshore-requester", isRequester, "as it is", requests(mia),
		},
		{
			"A requester", "forces another's name in by server-side apply", func(w world) outcome {
				return w.patches(mia, s.open, types.ApplyPatchType, applying("Engagement", s.open, `"spec": {"requester": {"username": "ana"}}`), false)
			},
			"longshore-requester", "requester: a change that asks for nothing more keeps its requester", "with the name that it has", func(w world) outcome {
				return w.patches(mia, s.open, types.ApplyPatchType, applying("Engagement", s.open, `"spec": {"requester": {"username": "mia"}}`), false)
			},
		},
		{
			"A requester", "writes into a new engagement that it is being deleted, so that nobody looks", requests(mia, requestedBy(ana), func(e *v1alpha1.Engagement) {
				now := metav1.Now()
				e.DeletionTimestamp, e.Finalizers = &now, []string{"example.com/hold"}
			}),
			"longshore-requester", isRequester, "in their own name", requests(mia, func(e *v1alpha1.Engagement) { e.Finalizers = []string{"example.com/hold"} }),
		},
		{
			"A requester", "makes another answer for an engagement that is being deleted, before its file is sealed", func(w world) outcome { return w.answersWhileDeleted(ana) },
			"longshore-requester", "requester: an engagement that is being deleted keeps its requester", "the name stays", func(w world) outcome { return w.answersWhileDeleted(mia) },
		},
		{"An approver", "approves in another's name", says(ana, statedBy(amos)), "longshore-author", isAuthor, "in their own", says(ana, statedBy(ana))},
		{"An approver", "approves in the operator's name", says(ana, statedBy(operator)), "longshore-author", isAuthor, "in their own", says(ana)},
		{
			"A service account", "impersonates an approver", func(w world) outcome { return w.approvesAs(ana) },
			byRBAC, "cannot impersonate", "the approver", says(ana),
		},
		{"A requester", "approves without the verb", says(mia), "longshore-attestation", "needs the verb approve on engagements/", "an approver", says(ana)},
		{
			"A requester", "determines the legal form without the verb", determines(mia),
			"longshore-attestation", "needs the verb classify on engagements/", "legal", determines(lea),
		},
		{"A requester", "waives a step without the verb", claims(mia, "waiver/onboarding.nda", v1alpha1.VerdictWaived), "longshore-attestation", "needs the verb waive on engagements/", "talent operations", claims(tess, "waiver/onboarding.nda", v1alpha1.VerdictWaived)},
		{"A requester", "approves a profile that they may not hand out", claims(mia, "approval/access.production", v1alpha1.VerdictApproved), "longshore-attestation", "needs the verb grant on accessprofiles/production", "who may hand it out", claims(gus, "approval/access.production", v1alpha1.VerdictApproved)},
		{"A worker", "accepts work without the verb", claims(ada, "deliverable/logo", v1alpha1.VerdictAccepted), "longshore-attestation", "needs the verb accept on engagements/", "the requester", claims(mia, "deliverable/logo", v1alpha1.VerdictAccepted)},
		{"A worker", "ends a colleague's engagement", claims(bob, "end/engagement", v1alpha1.VerdictEndNow), "longshore-attestation", "needs the verb end on engagements/", "security", claims(seth, "end/engagement", v1alpha1.VerdictEndNow)},
		{"A worker", "speaks for a colleague without the verb", claims(bob, "feedback/pay", v1alpha1.VerdictRaised, speakingFor(ada)), "longshore-attestation", "attest-for: a statement on behalf of a worker needs the verb attest-for", "a coordinator", claims(ben, "feedback/pay", v1alpha1.VerdictRaised, speakingFor(ada))},
		{
			"An editor of everything", "evaluates without the verb", func(w world) outcome { return w.evaluation(eve, s.held) },
			"longshore-evaluation", "evaluate: this needs the verb evaluate on engagements/", "a reviewer", func(w world) outcome { return w.evaluation(rex, s.held) },
		},
		{
			"An editor without `identify`", "creates a Worker for themselves", func(w world) outcome { return w.creates(eve, newcomer(func(*v1alpha1.Worker) {})) },
			"longshore-identify", "identify: creating a worker", "talent operations, who hold it", func(w world) outcome { return w.creates(tess, newcomer(func(*v1alpha1.Worker) {})) },
		},
		{
			"An editor without `identify`", "creates one under a name that the API server makes up", func(w world) outcome { return w.creates(eve, newcomer(unnamed)) },
			"longshore-identify", "needs the verb identify on workers/new-", "talent operations, who hold it", func(w world) outcome { return w.creates(tess, newcomer(unnamed)) },
		},
		identifies("gives a worker's access to their own account", func(w *v1alpha1.Worker) { w.Spec.Identities[0].Subject = eve }),
		identifies("makes themselves the worker, by the username", func(w *v1alpha1.Worker) { w.Spec.Username = eve }),
		identifies("moves a worker to where another law holds", func(w *v1alpha1.Worker) { w.Spec.Jurisdiction = "US-TX" }),
		identifies("forges a worker's permit", func(w *v1alpha1.Worker) {
			w.Spec.Documents = []v1alpha1.WorkerDocument{{Name: "work-permit", URI: "https://example.com/forged"}}
		}),
		{
			"Talent operations", "make a worker another person, who was never banned", changes(tess, func(w *v1alpha1.Worker) { w.Spec.PersonKey = "another" }),
			bySchema, "personKey is immutable: it stands for a person", "the same person, by another username", changes(tess, func(w *v1alpha1.Worker) { w.Spec.Username = "ada-elsewhere" }),
		},
		{
			"Talent operations", "give a worker the control plane's account", changes(tess, func(w *v1alpha1.Worker) { w.Spec.Identities[0].Subject = "system:kube-controller-manager" }),
			"longshore-identify", "system-identity: a system: identity belongs to no person", "the worker's own", changes(tess, func(w *v1alpha1.Worker) { w.Spec.Identities[0].Subject = "ada-elsewhere" }),
		},
		{
			"Talent operations", "have the operator pass for a worker", changes(tess, func(w *v1alpha1.Worker) { w.Spec.Username = operator }),
			bySchema, "a system: identity belongs to no person", "the worker's own username", changes(tess, func(w *v1alpha1.Worker) { w.Spec.Username = "ada-elsewhere" }),
		},
		{
			"A requester", "puts their name to an engagement that they do not widen", edit(gus, open, requestedBy(gus)),
			"longshore-requester", "requester: a change that asks for nothing more keeps its requester", "who widens it", edit(gus, open, func(e *v1alpha1.Engagement) { later(e); requestedBy(gus)(e) }),
		},
	}
}

func unnamed(w *v1alpha1.Worker) { w.Name, w.GenerateName = "", "new-" }

func determining(a *v1alpha1.Attestation) { a.Spec.WorkerType = v1alpha1.IndependentContractor }

func (w world) evaluation(user string, of *v1alpha1.Engagement) outcome {
	return w.creates(user, &v1alpha1.Evaluation{ObjectMeta: meta(team, "new"), Spec: v1alpha1.EvaluationSpec{
		EngagementRef: &v1alpha1.LocalReference{Name: of.Name}, ScorecardRef: v1alpha1.LocalReference{Name: "card"}, Kind: v1alpha1.EvaluationPeriodic, Period: "1",
	}})
}

// answersWhileDeleted names somebody the requester of what is being deleted and held by a finalizer.
func (w world) answersWhileDeleted(user string) outcome {
	e := w.requested(mia, func(e *v1alpha1.Engagement) { e.Finalizers = []string{"example.com/hold"} })
	w.must(as(w.T, mia).Delete(w.Context(), e))
	got := edits(w, mia, e, requestedBy(user))
	keeps(w, mia, e, func(e *v1alpha1.Engagement) { e.Finalizers = without(e.Finalizers, "example.com/hold") })
	return got
}

func without(finalizers []string, one string) []string {
	var left []string
	for _, f := range finalizers {
		if f != one {
			left = append(left, f)
		}
	}
	return left
}

// approvesAs is an attempt with a service account's own credentials.
func (w world) approvesAs(user string) outcome {
	config := rest.CopyConfig(bot)
	config.Impersonate = rest.ImpersonationConfig{UserName: user}
	api, err := client.New(config, client.Options{Scheme: scheme, Mapper: admin.RESTMapper()})
	w.must(err)
	return answer(api.Create(context.WithoutCancel(w.Context()), attestation("any", "feedback/any", v1alpha1.VerdictRaised), client.DryRunAll))
}
