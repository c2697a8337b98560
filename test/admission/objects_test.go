package admission

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/rand"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

var (
	start = metav1.NewTime(time.Date(2030, 1, 1, 8, 0, 0, 0, time.UTC))
	end   = metav1.NewTime(time.Date(2030, 3, 1, 8, 0, 0, 0, time.UTC))
)

// digest stands for the hash of terms that somebody read.
var digest = "sha256:" + strings.Repeat("0", 64)

func named(prefix string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: team, Name: prefix + "-" + rand.String(8)}
}

func author(name string) *v1alpha1.Author { return &v1alpha1.Author{Username: name} }

// engagement returns an engagement of the team, with a name of its own, that lists the profiles.
func engagement(profiles ...string) *v1alpha1.Engagement {
	e := &v1alpha1.Engagement{
		ObjectMeta: named("engagement"),
		Spec: v1alpha1.EngagementSpec{
			Title:   "Graphic designer",
			PoolRef: v1alpha1.PoolReference{Name: "designers", Namespace: pool},
			StatementOfWork: v1alpha1.StatementOfWork{
				Start: start, End: end, Budget: v1alpha1.Money{Currency: "USD", Amount: "5000"},
			},
			Classification: v1alpha1.Classification{WorkerType: v1alpha1.IndependentContractor, Jurisdiction: "DE"},
		},
	}
	for _, profile := range profiles {
		e.Spec.Access = append(e.Spec.Access, v1alpha1.AccessRequest{Name: profile})
	}
	return e
}

// with returns the object, changed.
func with[T any](object T, change func(T)) T {
	change(object)
	return object
}

// created creates the object as somebody who may.
func created[T client.Object](t *testing.T, user string, object T) T {
	t.Helper()
	must(t, as(t, user).Create(t.Context(), object))
	return object
}

// recorded lets the operator write the status of an engagement.
func recorded(t *testing.T, e *v1alpha1.Engagement, change func(*v1alpha1.EngagementStatus)) *v1alpha1.Engagement {
	t.Helper()
	change(&e.Status)
	must(t, as(t, operator).Status().Update(t.Context(), e))
	return e
}

// beingDeleted gives the object somebody's finalizer and deletes it, so that it stays, being deleted.
func beingDeleted[T client.Object](t *testing.T, object T) T {
	t.Helper()
	object.SetFinalizers(append(object.GetFinalizers(), "example.com/hold"))
	must(t, as(t, operator).Update(t.Context(), object))
	must(t, as(t, operator).Delete(t.Context(), object))
	must(t, admin.Get(t.Context(), client.ObjectKeyFromObject(object), object))
	return object
}

// accepted are the least terms that an engagement can be recorded with as accepted.
func accepted(e *v1alpha1.Engagement) *v1alpha1.AcceptedTerms {
	return &v1alpha1.AcceptedTerms{
		StatementOfWork: e.Spec.StatementOfWork, Classification: e.Spec.Classification, Access: e.Spec.Access,
		Worker: "ada", Proposed: digest, Hash: digest, AcceptedAt: start,
	}
}

func attestation(kind, subject, claim string, verdict v1alpha1.Verdict) *v1alpha1.Attestation {
	a := &v1alpha1.Attestation{
		ObjectMeta: named("attestation"),
		Spec: v1alpha1.AttestationSpec{
			SubjectRef: v1alpha1.SubjectReference{Kind: kind, Name: subject},
			Claim:      claim, Verdict: verdict,
		},
	}
	if kind == "Worker" {
		a.Namespace = pool
		a.Spec.SubjectRef.PoolRef = &v1alpha1.LocalReference{Name: "designers"}
	}
	switch area, _, _ := strings.Cut(claim, "/"); area {
	case "approval", "offer":
		a.Spec.Terms = digest
	case "determination":
		a.Spec.WorkerType, a.Spec.Terms = v1alpha1.IndependentContractor, digest
	}
	if claim == "approval/demotion" {
		a.Spec.Note = "two complaints were upheld"
	}
	if verdict == v1alpha1.VerdictPartlyAccepted {
		a.Spec.Amount = "100"
	}
	if verdict == v1alpha1.VerdictEndAt {
		a.Spec.Effective = &end
	}
	return a
}

// evaluation returns a filled-in scorecard for an engagement, an assignment or a candidate.
func evaluation(kind, subject string) *v1alpha1.Evaluation {
	e := &v1alpha1.Evaluation{
		ObjectMeta: named("evaluation"),
		Spec:       v1alpha1.EvaluationSpec{ScorecardRef: v1alpha1.LocalReference{Name: "creative"}, Kind: v1alpha1.EvaluationFinal},
	}
	ref := &v1alpha1.LocalReference{Name: subject}
	switch kind {
	case "Engagement":
		e.Spec.EngagementRef = ref
	case "Assignment":
		e.Spec.AssignmentRef = ref
	case "Worker":
		e.Namespace, e.Spec.Kind = pool, v1alpha1.EvaluationScreening
		e.Spec.WorkerRef, e.Spec.PoolRef = ref, &v1alpha1.LocalReference{Name: "designers"}
	}
	return e
}

func worker() *v1alpha1.Worker {
	w := &v1alpha1.Worker{
		ObjectMeta: named("worker"),
		Spec: v1alpha1.WorkerSpec{
			PersonKey: rand.String(16), Username: wanda, Jurisdiction: "DE",
			Skills:     []v1alpha1.Skill{{Name: "graphic-design", Level: 3}},
			Identities: []v1alpha1.Identity{{Provider: "cluster", Subject: wanda}},
			Documents:  []v1alpha1.WorkerDocument{{Name: "work-permit", URI: "https://example.com/permit"}},
		},
	}
	w.Namespace = pool
	return w
}

func accessGrant() *v1alpha1.AccessGrant {
	return &v1alpha1.AccessGrant{
		ObjectMeta: named("grant"),
		Spec: v1alpha1.AccessGrantSpec{
			EngagementRef: v1alpha1.EngagementReference{Name: "spring", UID: "0"},
			WorkerRef:     v1alpha1.WorkerReference{Name: "ada", Namespace: pool, PersonKey: "1"},
			Profile:       "design-tools", NotBefore: start, ExpiresAt: end,
		},
	}
}

func provider() *v1alpha1.AccessProvider {
	p := &v1alpha1.AccessProvider{ObjectMeta: named("provider"), Spec: v1alpha1.AccessProviderSpec{Type: v1alpha1.ProviderKubernetes}}
	p.Namespace = ""
	return p
}

// What was written before the policies were there.
const legacy = "legacy"

var (
	legacyEngagement = with(engagement("design-tools"), func(e *v1alpha1.Engagement) { e.Namespace = legacy })
	// crowded has more owners than the policies let in.
	crowded = with(engagement(), func(e *v1alpha1.Engagement) {
		e.Namespace, e.Finalizers = legacy, []string{v1alpha1.EngagementFinalizer}
		for i := range 3000 {
			e.OwnerReferences = append(e.OwnerReferences, metav1.OwnerReference{APIVersion: "v1", Kind: "Namespace", Name: legacy, UID: types.UID(fmt.Sprint(i))})
		}
	})
	legacyWorker = with(worker(), func(w *v1alpha1.Worker) {
		w.Namespace = legacy
		w.Spec.Identities[0].Subject = "system:kube-controller-manager"
		w.Finalizers = []string{"example.com/hold"}
	})
)

func createLegacy(ctx context.Context) error {
	for _, object := range []client.Object{namespaceNamed(legacy), legacyEngagement, crowded, legacyWorker} {
		if err := admin.Create(ctx, object); err != nil {
			return fmt.Errorf("creating what is older than the policies: %w", err)
		}
	}
	return nil
}

func dossier() *v1alpha1.Dossier {
	return &v1alpha1.Dossier{
		ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("%010d", rand.Int63nRange(1, 1e10))},
		Spec: v1alpha1.DossierSpec{
			Previous: digest, Hash: digest,
			Record: v1alpha1.DossierRecord{
				Sequence: 1, SealedAt: end, Namespace: team, Engagement: "spring", UID: "0", Outcome: v1alpha1.OutcomeCompleted,
			},
		},
	}
}
