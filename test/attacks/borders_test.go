package attacks

import (
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/rand"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

func borders(s *stock) []attack {
	fromPool := func(namespace string, changes ...spec) func(world) outcome {
		return func(w world) outcome {
			e := w.requested(mia, append(changes, func(e *v1alpha1.Engagement) { e.Spec.PoolRef.Namespace = namespace })...)
			if namespace == talent {
				w.approved(e)
				w.offered(e, e.Spec.WorkerRef.Name)
				return passes
			}
			return w.stalled(e.Name, v1alpha1.ReasonReferenceNotAllowed)
		}
	}
	there := func(namespace string) func(world) outcome {
		return func(w world) outcome {
			return w.creates(mia, engagement("new", func(e *v1alpha1.Engagement) { e.Namespace = namespace }))
		}
	}
	// named writes a reference with a namespace of its own, which the schema does not know and the API server leaves out.
	named := func(worker, namespace string) func(world) outcome {
		return func(w world) outcome {
			name := "case-" + rand.String(8)
			object, err := runtime.DefaultUnstructuredConverter.ToUnstructured(engagement(name))
			w.must(err)
			u := &unstructured.Unstructured{Object: object}
			u.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("Engagement"))
			unstructured.RemoveNestedField(u.Object, "status")
			w.must(unstructured.SetNestedStringMap(u.Object, map[string]string{"name": worker, "namespace": namespace}, "spec", "workerRef"))
			w.must(as(w.T, mia).Create(w.Context(), u))
			if worker == ada {
				w.waits(&v1alpha1.Engagement{ObjectMeta: metav1.ObjectMeta{Name: name}}, "approval/engagement")
				return passes
			}
			return w.stalled(name, v1alpha1.ReasonReferenceNotFound)
		}
	}
	in := func(namespace, user string) func(world) outcome {
		return func(w world) outcome {
			return w.creates(user, attestation("any", "approval/engagement", v1alpha1.VerdictApproved, terms(digest), func(a *v1alpha1.Attestation) { a.Namespace = namespace }))
		}
	}
	screens := func(namespace, user string) func(world) outcome {
		return func(w world) outcome {
			a := attestation("", "screening/portfolio", v1alpha1.VerdictDone, func(a *v1alpha1.Attestation) {
				a.Namespace = namespace
				a.Spec.SubjectRef = v1alpha1.SubjectReference{Kind: "Worker", Name: novice.Name, PoolRef: &v1alpha1.LocalReference{Name: "screened"}}
			})
			if err := as(w.T, user).Create(w.Context(), a); err != nil {
				return answer(err)
			}
			return w.heard(a, novice)
		}
	}
	law := func(user string) func(world) outcome {
		return func(w world) outcome {
			return w.creates(user, &v1alpha1.CompliancePolicy{ObjectMeta: meta("", "own"), Spec: v1alpha1.CompliancePolicySpec{
				EffectiveFrom: metav1.NewTime(time.Now()), Source: v1alpha1.PolicySource{Title: "Our own law"},
				Rules: []v1alpha1.PolicyRule{{Name: "always", Expression: "true", Enforcement: v1alpha1.EnforceDeny}},
			}})
		}
	}
	eases := func(user string) func(world) outcome {
		return func(w world) outcome {
			return edits(w, user, checklist("onboarding"), func(c *v1alpha1.Checklist) { c.Spec.Steps[0].Blocks = v1alpha1.BlocksClosing })
		}
	}
	rubric := func(user string) func(world) outcome {
		return func(w world) outcome {
			return edits(w, user, &v1alpha1.Scorecard{ObjectMeta: meta(team, "card")}, func(c *v1alpha1.Scorecard) { c.Spec.Criteria[0].Max = 50 })
		}
	}
	joins := func(user string) func(world) outcome {
		return func(w world) outcome {
			return edits(w, user, worker(talent, "idle"), func(w *v1alpha1.Worker) { w.Labels = map[string]string{"team": "gold"} })
		}
	}
	opens := func(user string) func(world) outcome {
		return func(w world) outcome {
			return edits(w, user, &v1alpha1.TalentPool{ObjectMeta: meta(talent, "pool")}, func(p *v1alpha1.TalentPool) { p.Spec.AllowedNamespaces = []string{"*"} })
		}
	}
	return []attack{
		{"A requester", "draws on a pool that does not allow their namespace", fromPool(vault, pinned("vera")), byOperator, "ReferenceNotAllowed: spec.poolRef: pool vault/pool does not allow namespace marketing", "on one that does", fromPool(talent)},
		{"A requester", "names a worker of another namespace, with that namespace", named("vera", vault), byOperator, "ReferenceNotFound: spec.workerRef: namespace talent has no Worker vera", "one of the pool's", named(ada, talent)},
		{"A requester", "requests work in another team's namespace", there(elsewhere), byRBAC, `cannot create resource "engagements" in API group "gig.longshore.dev" in the namespace "sales"`, "in their own", there(team)},
		{"An approver", "approves in another team's namespace", in(elsewhere, ana), byRBAC, `cannot create resource "attestations" in API group "gig.longshore.dev" in the namespace "sales"`, "in their own", in(team, ana)},
		{"An editor of every namespace", "approves in another team's namespace", in(elsewhere, eve), "longshore-attestation", "needs the verb approve on engagements/any in namespace sales", "an approver in their own", in(team, ana)},
		{"Whoever holds every role in a team", "screens a worker of the pool's namespace from there", screens(team, uma), byOperator, `UnknownWorker: the namespace has no Worker "novice"`, "talent operations, where the worker is", screens(talent, tess)},
		{"A requester", "makes themselves a law", law(mia), byRBAC, `cannot create resource "compliancepolicies"`, "legal", law(lea)},
		{"A requester", "eases the checklist that onboards their worker", eases(mia), byRBAC, `cannot update resource "checklists"`, "talent operations", eases(tess)},
		{"A reviewer", "changes the scorecard that they judge by", rubric(rex), byRBAC, `cannot update resource "scorecards"`, "talent operations", rubric(tess)},
		{"A requester", "labels a worker into a pool", joins(mia), byRBAC, `workers.gig.longshore.dev "idle" is forbidden`, "talent operations", joins(tess)},
		{"A requester", "opens the pool to everyone", opens(mia), byRBAC, `talentpools.gig.longshore.dev "pool" is forbidden`, "talent operations", opens(tess)},
	}
}

// heard waits until a statement of a worker counts, which the worker's record tells, or is marked as one that does not.
func (w world) heard(a *v1alpha1.Attestation, of *v1alpha1.Worker) outcome {
	w.Helper()
	got := passes
	w.eventually(a.Name+" judged", func() bool {
		if err := admin.Get(w.Context(), client.ObjectKeyFromObject(a), a); err != nil {
			return false
		}
		if a.Status != nil && a.Status.State != "" {
			got = outcome{byOperator, a.Status.Reason + ": " + a.Status.Message}
			return true
		}
		worker := &v1alpha1.Worker{}
		return admin.Get(w.Context(), client.ObjectKeyFromObject(of), worker) == nil &&
			slices.ContainsFunc(worker.Status.Attestations, func(r v1alpha1.WorkerAttestation) bool { return r.UID == a.UID })
	})
	return got
}
