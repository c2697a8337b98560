package worker

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

const namespace = "talent"

// day0 is when everything in a test was created and first looked at.
var day0 = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// after is a moment a number of days after day0.
func after(days float64) time.Time {
	return day0.Add(time.Duration(days * 24 * float64(time.Hour)))
}

func named(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: namespace, Name: name, UID: types.UID("uid-of-" + name), Generation: 1, CreationTimestamp: metav1.NewTime(day0)}
}

// world is what exists, and the worker ada as she was left by the last pass.
type world struct {
	t *testing.T
	*scope
	last *decision
}

// newWorld has ada, who belongs to the pool designers, which screens by the steps.
func newWorld(t *testing.T, steps ...v1alpha1.ChecklistStep) *world {
	t.Helper()
	w := &v1alpha1.Worker{ObjectMeta: named("ada")}
	w.Labels = map[string]string{"craft": "design"}
	w.Spec.PersonKey, w.Spec.Username = "person-1", "ada.l"
	w.Status.ObservedGeneration = -1
	s := &scope{Worker: w, Checklists: map[string]*v1alpha1.Checklist{}, Scorecards: map[string]*v1alpha1.Scorecard{}}
	world := &world{t: t, scope: s}
	world.havePool("designers", "funnel")
	if len(steps) > 0 {
		world.haveChecklist("funnel", steps...)
	} else {
		world.Pools[0].Spec.Screening = nil
	}
	return world
}

func (w *world) havePool(name, checklist string) *v1alpha1.TalentPool {
	pool := v1alpha1.TalentPool{ObjectMeta: named(name)}
	pool.Spec.WorkerSelector.MatchLabels = map[string]string{"craft": "design"}
	pool.Spec.Screening = &v1alpha1.Screening{ChecklistRef: v1alpha1.LocalReference{Name: checklist}}
	w.Pools = append(w.Pools, pool)
	return &w.Pools[len(w.Pools)-1]
}

func (w *world) haveChecklist(name string, steps ...v1alpha1.ChecklistStep) *v1alpha1.Checklist {
	cl := &v1alpha1.Checklist{ObjectMeta: named(name), Spec: v1alpha1.ChecklistSpec{Steps: steps}}
	w.Checklists[name] = cl
	return cl
}

func (w *world) pool0() *v1alpha1.TalentPool { return &w.Pools[0] }

// state adds a statement about ada in designers.
func (w *world) state(at time.Time, author, claim string, verdict v1alpha1.Verdict, changes ...func(*v1alpha1.AttestationSpec)) *v1alpha1.Attestation {
	name := fmt.Sprintf("statement-%02d", len(w.Attestations)+1)
	att := v1alpha1.Attestation{ObjectMeta: named(name)}
	att.CreationTimestamp = metav1.NewTime(at)
	att.Spec = v1alpha1.AttestationSpec{
		SubjectRef: v1alpha1.SubjectReference{Kind: "Worker", Name: "ada", PoolRef: &v1alpha1.LocalReference{Name: "designers"}},
		Claim:      claim, Verdict: verdict,
	}
	if author != "" {
		att.Spec.Author = &v1alpha1.Author{Username: author}
	}
	for _, change := range changes {
		change(&att.Spec)
	}
	w.Attestations = append(w.Attestations, att)
	return &w.Attestations[len(w.Attestations)-1]
}

func withScore(score int32) func(*v1alpha1.AttestationSpec) {
	return func(s *v1alpha1.AttestationSpec) { s.Score = &score }
}

func about(pool string) func(*v1alpha1.AttestationSpec) {
	return func(s *v1alpha1.AttestationSpec) { s.SubjectRef.PoolRef.Name = pool }
}

func onBehalfOf(worker string) func(*v1alpha1.AttestationSpec) {
	return func(s *v1alpha1.AttestationSpec) {
		s.OnBehalfOf = &v1alpha1.OnBehalfOf{Kind: "Worker", Name: worker}
	}
}

// look makes one pass at a moment and does what was decided, as the reconciler would.
func (w *world) look(now time.Time) *v1alpha1.WorkerStatus {
	w.t.Helper()
	seen := *w.scope
	seen.Now = now
	seen.Worker = w.Worker.DeepCopy()
	seen.Attestations = slices.DeleteFunc(slices.Clone(w.Attestations), func(a v1alpha1.Attestation) bool { return a.CreationTimestamp.After(now) })
	if len(seen.Person) == 0 {
		seen.Person = []v1alpha1.Worker{*seen.Worker}
	}
	seen.Evaluations = slices.DeleteFunc(slices.Clone(w.Evaluations), func(e v1alpha1.Evaluation) bool { return e.CreationTimestamp.After(now) })
	slices.SortFunc(seen.Pools, func(a, b v1alpha1.TalentPool) int { return strings.Compare(a.Name, b.Name) })
	w.last = decide(&seen)
	for i := range w.Attestations {
		att := &w.Attestations[i]
		if standing, is := w.last.Ignore[att.UID]; is {
			att.Status = &standing
		}
		if w.last.Bind[att.UID] {
			att.OwnerReferences = append(att.OwnerReferences, metav1.OwnerReference{Kind: "Worker", Name: w.Worker.Name, UID: w.Worker.UID})
		}
	}
	for i := range w.Evaluations {
		eval := &w.Evaluations[i]
		if standing, is := w.last.Ignore[eval.UID]; is {
			eval.Status = &standing
		}
		if w.last.Bind[eval.UID] {
			eval.OwnerReferences = append(eval.OwnerReferences, metav1.OwnerReference{Kind: "Worker", Name: w.Worker.Name, UID: w.Worker.UID})
		}
	}
	w.Worker.Status = *w.last.Status.DeepCopy()
	return w.last.Status
}

// membership is how ada stands in designers at a moment.
func (w *world) standing(now time.Time) v1alpha1.PoolMembership {
	w.t.Helper()
	m := membership(w.look(now).Pools, "designers")
	if m == nil {
		w.t.Fatalf("the worker is not in the pool designers at %s", now)
	}
	return *m
}

func (w *world) stepState(name string) v1alpha1.StepState {
	w.t.Helper()
	m := membership(w.Worker.Status.Pools, "designers")
	if m == nil {
		w.t.Fatal("the worker is not in the pool designers")
	}
	s := stepStatus(m.Steps, name)
	if s == nil {
		w.t.Fatalf("the screening has no step %s", name)
	}
	return s.State
}

func attestation(name string, dependsOn ...string) v1alpha1.ChecklistStep {
	return v1alpha1.ChecklistStep{Name: name, Type: v1alpha1.StepAttestation, DependsOn: dependsOn}
}

func interview(name string, attestors ...string) v1alpha1.ChecklistStep {
	s := v1alpha1.ChecklistStep{Name: name, Type: v1alpha1.StepInterview}
	for _, a := range attestors {
		s.Attestors = append(s.Attestors, v1alpha1.Subject{Kind: v1alpha1.SubjectUser, Name: a})
	}
	return s
}

func training(name, certificate, validFor string, attempts int32) v1alpha1.ChecklistStep {
	return v1alpha1.ChecklistStep{Name: name, Type: v1alpha1.StepTraining, Training: &v1alpha1.Training{
		Certificate: certificate, ValidFor: validFor, MaxAttempts: attempts, PassScore: 80,
	}}
}

func check(name, expression string) v1alpha1.ChecklistStep {
	return v1alpha1.ChecklistStep{Name: name, Type: v1alpha1.StepCheck, Check: &v1alpha1.Check{Expression: expression}}
}
