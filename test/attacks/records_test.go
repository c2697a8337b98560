package attacks

import (
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/rand"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

func replay(*stock) []attack {
	approval := func(e *v1alpha1.Engagement, hash string) *v1alpha1.Attestation {
		return attestation(e.Name, "approval/engagement", v1alpha1.VerdictApproved, terms(hash))
	}
	changed := func(w world) (e *v1alpha1.Engagement, before string) {
		e = w.requested(mia)
		before = e.Status.Proposed.Hash
		keeps(w, mia, e, func(e *v1alpha1.Engagement) { e.Spec.StatementOfWork.Budget.Amount = "9000" })
		return w.until(e.Name, "other terms", func(e *v1alpha1.Engagement) bool { return e.Status.Proposed.Hash != before }), before
	}
	return []attack{
		{
			"An approver", "approves terms that were changed meanwhile", func(w world) outcome {
				e, before := changed(w)
				return w.states(ana, approval(e, before))
			},
			byOperator, "OtherTerms: it speaks of terms that are not the ones proposed now", "the terms as they are", func(w world) outcome {
				e, _ := changed(w)
				return w.states(ana, approval(e, e.Status.Proposed.Hash))
			},
		},
		{
			"A requester", "changes the terms under an approval", func(w world) outcome {
				e := w.requested(mia)
				w.approved(e)
				w.offered(e, ada)
				keeps(w, mia, e, func(e *v1alpha1.Engagement) { e.Spec.StatementOfWork.Budget.Amount = "9000" })
				return w.waits(e, "approval/engagement")
			},
			byOperator, "approval/engagement: 0 of 1 approvals of the engagement", "the terms stay", func(w world) outcome {
				e := w.requested(mia)
				w.approved(e)
				w.offered(e, ada)
				return passes
			},
		},
		{
			"A requester", "changes the facts under what legal is determining", func(w world) outcome {
				e := w.requested(mia)
				read := e.Status.Proposed.Classification
				keeps(w, mia, e, toolsOf("the worker"))
				w.until(e.Name, "other facts", func(e *v1alpha1.Engagement) bool { return e.Status.Proposed.Classification != read })
				return w.states(lea, attestation(e.Name, "determination/classification", v1alpha1.VerdictDetermined, determining, terms(read)))
			},
			byOperator, "OtherTerms: it speaks of a classification that is not the one proposed now", "the facts stay", func(w world) outcome {
				e := w.requested(mia)
				return w.states(lea, attestation(e.Name, "determination/classification", v1alpha1.VerdictDetermined, determining, terms(e.Status.Proposed.Classification)))
			},
		},
		{
			"An approver", "approves before there is anything to approve", func(w world) outcome {
				return w.states(ana, approval(engagement("case-"+rand.String(8)), digest))
			},
			byOperator, "UnknownEngagement: the namespace has no Engagement", "once it is there", func(w world) outcome {
				e := w.requested(mia)
				return w.states(ana, approval(e, e.Status.Proposed.Hash))
			},
		},
		{
			"A requester", "deletes what was approved and makes it again under the same name", func(w world) outcome {
				e := w.requested(mia)
				w.approved(e)
				w.offered(e, ada)
				w.must(as(w.T, mia).Delete(w.Context(), e))
				w.gone(e)
				again := engagement(e.Name)
				again.Spec = *e.Spec.DeepCopy()
				w.must(as(w.T, mia).Create(w.Context(), again))
				w.until(e.Name, "terms to approve", func(e *v1alpha1.Engagement) bool { return e.Status.Proposed != nil })
				return w.waits(again, "approval/engagement")
			},
			byOperator, "approval/engagement: 0 of 1 approvals of the engagement", "approved again", func(w world) outcome {
				e := w.requested(mia)
				w.approved(e)
				w.offered(e, ada)
				return passes
			},
		},
		{
			"An approver", "only tries whether they could approve", func(w world) outcome {
				e := w.requested(mia)
				w.must(as(w.T, ana).Create(w.Context(), approval(e, e.Status.Proposed.Hash), client.DryRunAll))
				w.nextSecond()
				return w.waits(e, "approval/engagement")
			},
			byOperator, "approval/engagement: 0 of 1 approvals of the engagement", "without a dry run", func(w world) outcome {
				e := w.requested(mia)
				return w.states(ana, approval(e, e.Status.Proposed.Hash))
			},
		},
		{
			"An approver", "plants an approval of terms that they know, before the engagement is there", func(w world) outcome {
				known, again := w.requested(mia), engagement("case-"+rand.String(8))
				again.Spec = *known.Spec.DeepCopy()
				planted := approval(again, known.Status.Proposed.Hash)
				if got := w.states(ana, planted); !strings.HasPrefix(got.says, "UnknownEngagement: ") {
					w.Fatalf("expected of an approval before its engagement that it waits for one; got %+v", got)
				}
				w.must(as(w.T, mia).Create(w.Context(), again))
				w.until(again.Name, "the terms that were approved", func(e *v1alpha1.Engagement) bool {
					return e.Status.Proposed != nil && e.Status.Proposed.Hash == planted.Spec.Terms
				})
				return w.waits(again, "approval/engagement")
			},
			byOperator, "approval/engagement: 0 of 1 approvals of the engagement", "states it again of this one", func(w world) outcome {
				e := w.requested(mia)
				return w.states(ana, approval(e, e.Status.Proposed.Hash))
			},
		},
		{
			"An approver", "approves twice, where two have to", func(w world) outcome {
				e := w.requested(mia, approvedBy(2))
				w.approves(e, ana, ana)
				return w.waits(e, "approval/engagement")
			},
			byOperator, "approval/engagement: 1 of 2 approvals of the engagement", "two approvers", func(w world) outcome {
				e := w.requested(mia, approvedBy(2))
				w.approves(e, ana, amos)
				w.offered(e, ada)
				return passes
			},
		},
		{
			"Talent operations", "drop a step from the checklist after the worker has accepted", func(w world) outcome {
				list := w.signing()
				e := w.hired(mia, onboardedBy(list.Name))
				keeps(w, tess, list, unsigned)
				w.nextSecond()
				got := w.waits(e, "onboarding/nda")
				w.noAccess(e, design)
				return got
			},
			byOperator, "onboarding/nda: ", "the same before", func(w world) outcome {
				list := w.signing()
				e := w.requested(mia, onboardedBy(list.Name))
				keeps(w, tess, list, unsigned)
				w.approved(e)
				w.must(as(w.T, ada).Create(w.Context(), attestation(e.Name, "offer/ada", v1alpha1.VerdictAccepted, terms(w.offered(e, ada)))))
				return w.hasAccess(e, design)
			},
		},
	}
}

// approves has people approve, one after the other, and each is counted as having said so.
func (w world) approves(e *v1alpha1.Engagement, people ...string) {
	w.Helper()
	for _, user := range people {
		if got := w.states(user, attestation(e.Name, "approval/engagement", v1alpha1.VerdictApproved, terms(e.Status.Proposed.Hash))); got != passes {
			w.Fatalf("%s should be able to approve: %+v", user, got)
		}
	}
}

// signing is a checklist of one's own, by which something is signed before access; unsigned drops that.
func (w world) signing() *v1alpha1.Checklist {
	w.Helper()
	list := checklist("case-"+rand.String(8), nda)
	w.must(as(w.T, tess).Create(w.Context(), list))
	return list
}

func unsigned(c *v1alpha1.Checklist) {
	c.Spec.Steps[0].Name, c.Spec.Steps[0].Blocks = "welcome", v1alpha1.BlocksClosing
}

// digest stands for the hash of terms that somebody read elsewhere.
var digest = fmt.Sprintf("sha256:%064d", 0)

func (w world) gone(o client.Object) {
	w.Helper()
	w.eventually("no "+o.GetName(), func() bool {
		copied, is := o.DeepCopyObject().(client.Object)
		return is && client.IgnoreNotFound(admin.Get(w.Context(), client.ObjectKeyFromObject(o), copied)) == nil &&
			admin.Get(w.Context(), client.ObjectKeyFromObject(o), copied) != nil
	})
}

func records(s *stock) []attack {
	forged := func() *v1alpha1.AccessGrant {
		return &v1alpha1.AccessGrant{ObjectMeta: meta(team, "forged"), Spec: v1alpha1.AccessGrantSpec{
			EngagementRef: v1alpha1.EngagementReference{Name: s.held.Name, UID: s.held.UID},
			WorkerRef:     v1alpha1.WorkerReference{Name: bob, Namespace: talent, PersonKey: "talent-bob"},
			Profile:       prod, NotBefore: s.held.Spec.StatementOfWork.Start, ExpiresAt: s.held.Spec.StatementOfWork.End,
		}}
	}
	longer := func(g *v1alpha1.AccessGrant) {
		g.Spec.ExpiresAt = metav1.NewTime(g.Spec.ExpiresAt.AddDate(1, 0, 0))
	}
	const approved = `"status": {"observedGeneration": 1, "phase": "Assigned"}`
	status := `{` + approved + `}`
	writesStatus := func(user string, kind types.PatchType) func(world) outcome {
		return func(w world) outcome {
			patch := status
			if kind == types.ApplyPatchType {
				patch = applying("Engagement", s.open, approved)
			}
			return w.patches(user, s.open, kind, patch, true)
		}
	}
	finalized := func(finalizers ...string) spec {
		return func(e *v1alpha1.Engagement) { e.Finalizers = finalizers }
	}
	deletesAll := func(user string, of client.Object) func(world) outcome {
		return func(w world) outcome {
			return answer(as(w.T, user).DeleteAllOf(w.Context(), of, client.InNamespace(team), client.DryRunAll))
		}
	}
	deletes := func(user string, of func() client.Object) func(world) outcome {
		return func(w world) outcome { return w.deletes(user, of()) }
	}
	said, grant, file := func() client.Object { return s.said }, func() client.Object { return s.grant }, func() client.Object { return s.file }
	writesFile := func(user string, change func(*v1alpha1.Dossier)) func(world) outcome {
		return func(w world) outcome { return edits(w, user, s.file, change) }
	}
	sealed := func(d *v1alpha1.Dossier) {
		d.ObjectMeta, d.Status = metav1.ObjectMeta{Name: "9999999999"}, nil
		d.Spec.Record.Sequence = 9999999999
	}
	seals := func(user string) func(world) outcome {
		return func(w world) outcome {
			d := s.file.DeepCopy()
			sealed(d)
			return w.creates(user, d)
		}
	}
	erasing := func(d *v1alpha1.Dossier) { d.Spec.Erasure = &v1alpha1.Erasure{Reason: "request 7"} }
	const alone = "operator-only: Longshore alone writes "
	return []attack{
		{"A requester", "writes an AccessGrant", func(w world) outcome { return w.creates(mia, forged()) }, byRBAC, `cannot create resource "accessgrants"`, "the operator", func(w world) outcome { return w.creates(operator, forged()) }},
		{"An editor of everything", "writes an AccessGrant", func(w world) outcome { return w.creates(eve, forged()) }, "longshore-operator-only", alone + "accessgrants", "the operator", func(w world) outcome { return w.creates(operator, forged()) }},
		{
			"An editor of everything", "applies an AccessGrant by server-side apply, forcing ownership", func(w world) outcome { return w.grantApplied(eve, s.grant) },
			"longshore-operator-only", alone + "accessgrants", "the operator", func(w world) outcome { return w.grantApplied(operator, s.grant) },
		},
		{
			"An editor of everything", "lengthens an AccessGrant", func(w world) outcome { return w.grantPatched(eve, s.grant, longer) },
			"longshore-operator-only", alone + "accessgrants", "the operator", func(w world) outcome { return w.grantPatched(operator, s.grant, longer) },
		},
		{"A requester", "writes the status of their engagement", writesStatus(mia, types.MergePatchType), byRBAC, `cannot patch resource "engagements/status"`, "the operator", writesStatus(operator, types.MergePatchType)},
		{"An editor of everything", "writes the status of an engagement", writesStatus(eve, types.MergePatchType), "longshore-operator-only", alone + "status", "the operator", writesStatus(operator, types.MergePatchType)},
		{"An editor of everything", "applies the status of an engagement, forcing ownership", writesStatus(eve, types.ApplyPatchType), "longshore-operator-only", alone + "status", "the operator", writesStatus(operator, types.ApplyPatchType)},
		{
			"A requester", "sends a status along with a new engagement", func(w world) outcome {
				e := engagement("new", func(e *v1alpha1.Engagement) { e.Status.Phase = v1alpha1.PhaseAssigned })
				w.must(as(w.T, mia).Create(w.Context(), e, client.DryRunAll))
				return outcome{byServer, fmt.Sprintf("status.phase: %q", e.Status.Phase)}
			},
			byServer, `status.phase: ""`, "the operator, by the subresource", writesStatus(operator, types.MergePatchType),
		},
		{"A requester", "takes Longshore's finalizer off, so that nothing is revoked", func(w world) outcome { return edits(w, mia, s.held, finalized()) }, "longshore-finalizers", "finalizers: Longshore alone takes off the finalizers", "the operator", func(w world) outcome { return edits(w, operator, s.held, finalized()) }},
		{
			"A requester", "puts on a finalizer of Longshore's that never comes off", func(w world) outcome {
				return edits(w, mia, s.held, finalized(v1alpha1.EngagementFinalizer, "gig.longshore.dev/forever"))
			},
			"longshore-finalizers", "finalizers: Longshore alone puts on the finalizers", "one of somebody else's", func(w world) outcome {
				return edits(w, mia, s.held, finalized(v1alpha1.EngagementFinalizer, "example.com/hold"))
			},
		},
		{"A requester", "deletes a statement", deletes(mia, said), byRBAC, `cannot delete resource "attestations"`, "the garbage collector", collects(said)},
		{"An editor of everything", "deletes a statement", deletes(eve, said), "longshore-records", "records: attestations are records and are deleted by Longshore alone", "the garbage collector", collects(said)},
		{"An editor of everything", "deletes all statements of a namespace at once", deletesAll(eve, &v1alpha1.Attestation{}), "longshore-records", "records: attestations are records", "the namespace controller", deletesAll("system:serviceaccount:kube-system:namespace-controller", &v1alpha1.Attestation{})},
		{"An editor of everything", "deletes an AccessGrant", deletes(eve, grant), "longshore-records", "records: accessgrants are records", "the garbage collector", collects(grant)},
		{"An editor of everything", "deletes a Dossier", deletes(eve, file), "longshore-records", "records: dossiers are records", "the garbage collector", collects(file)},
		{"An editor of everything", "seals a Dossier of their own", seals(eve), "longshore-operator-only", alone + "dossiers", "the operator", seals(operator)},
		{
			"Whoever may erase", "rewrites the record of a Dossier", writesFile(dora, func(d *v1alpha1.Dossier) { d.Spec.Record.Outcome = v1alpha1.OutcomeCompleted }),
			bySchema, "a dossier is sealed: only personal can be erased", "asking to erase what is personal", writesFile(dora, erasing),
		},
		{
			"Whoever may erase", "erases what is personal by hand", writesFile(dora, func(d *v1alpha1.Dossier) { d.Spec.Personal = nil }),
			"longshore-operator-only", alone + "dossiers", "asking for it", writesFile(dora, erasing),
		},
		{
			"An editor of everything", "asks to erase what is personal in a Dossier", writesFile(eve, erasing),
			"longshore-erasure", "erase: setting or altering spec.erasure needs the verb erase on dossiers/", "who holds it", writesFile(dora, erasing),
		},
		{
			"An editor of everything", "changes a verdict after the fact", func(w world) outcome {
				return edits(w, eve, s.said, func(a *v1alpha1.Attestation) { a.Spec.Verdict = v1alpha1.VerdictRejected })
			},
			bySchema, "an attestation is immutable", "labels it, and leaves the verdict as it is", func(w world) outcome {
				return edits(w, eve, s.said, func(a *v1alpha1.Attestation) { a.Labels = map[string]string{"reviewed": "yes"} })
			},
		},
		{
			"An editor of everything", "moves a statement to another engagement by its owner", func(w world) outcome {
				return w.patches(eve, s.said, types.MergePatchType, s.rebinding(), false)
			},
			"longshore-binding", "binding: Longshore alone binds a statement to its subject", "the operator", func(w world) outcome {
				return w.patches(operator, s.said, types.MergePatchType, s.rebinding(), false)
			},
		},
		{
			"An approver", "has a statement outlive its subject by a finalizer", func(w world) outcome {
				return w.creates(ana, attestation(s.open.Name, "approval/engagement", v1alpha1.VerdictApproved, terms(digest), func(a *v1alpha1.Attestation) { a.Finalizers = []string{"example.com/hold"} }))
			},
			"longshore-finalizers", "statement-finalizers: a statement goes with its subject", "without the finalizer", func(w world) outcome {
				return w.creates(ana, attestation(s.open.Name, "approval/engagement", v1alpha1.VerdictApproved, terms(digest)))
			},
		},
	}
}

// collects is a record deleted by the garbage collector, after its owner. The operator itself may delete none.
func collects(of func() client.Object) func(world) outcome {
	return func(w world) outcome {
		return w.deletes("system:serviceaccount:kube-system:generic-garbage-collector", of())
	}
}

func (s *stock) rebinding() string {
	return fmt.Sprintf(`{"metadata": {"ownerReferences": [{"apiVersion": "gig.longshore.dev/v1alpha1", "kind": "Engagement", "name": %q, "uid": %q}]}}`, s.open.Name, s.open.UID)
}

// grantPatched changes a grant as a patch does: the operator may not update one.
func (w world) grantPatched(user string, g *v1alpha1.AccessGrant, change func(*v1alpha1.AccessGrant)) outcome {
	w.Helper()
	before := g.DeepCopy()
	w.must(admin.Get(w.Context(), client.ObjectKeyFromObject(g), before))
	after := before.DeepCopy()
	change(after)
	return answer(as(w.T, user).Patch(w.Context(), after, client.MergeFrom(before), client.DryRunAll))
}

func (w world) grantApplied(user string, g *v1alpha1.AccessGrant) outcome {
	return w.patches(user, g, types.ApplyPatchType, applying("AccessGrant", g, `"spec": {"expiresAt": "2199-01-01T00:00:00Z"}`), false)
}
