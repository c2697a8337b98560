package admission

import (
	"fmt"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

// The operator writes in status what people wrote in spec, as Go writes it: in UTC, in whole seconds, in other units.
func TestTermsThatAreLetInCanBeRecordedAsAccepted(t *testing.T) {
	for name, sow := range map[string]map[string]any{
		"at the first moment":     {"start": "2000-01-01T14:00:00+14:00", "end": "2000-01-01T00:00:01Z"},
		"at the last moment":      {"start": "2199-12-31T23:59:58.9Z", "end": "2199-12-31T09:59:59.95-14:00"},
		"in fractions of seconds": {"start": "2030-01-01T00:00:00.1Z", "end": "2030-01-01T00:00:01.2Z"},
		"within milliseconds":     {"acceptWithin": "1500ms", "startGrace": "999ms"},
		"within mixed units":      {"acceptWithin": "9999h99m99999s9ms", "startGrace": "0s"},
		"within ten years":        {"acceptWithin": "87600h", "startGrace": "1.5s"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			object, err := runtime.DefaultUnstructuredConverter.ToUnstructured(engagement())
			must(t, err)
			written := &unstructured.Unstructured{Object: object}
			written.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("Engagement"))
			unstructured.RemoveNestedField(written.Object, "status")
			for field, value := range sow {
				must(t, unstructured.SetNestedField(written.Object, value, "spec", "statementOfWork", field))
			}
			must(t, as(t, mia).Create(t.Context(), written))

			e := &v1alpha1.Engagement{}
			must(t, admin.Get(t.Context(), client.ObjectKeyFromObject(written), e))
			e.Status.Terms = accepted(e)
			g.Expect(as(t, operator).Status().Update(t.Context(), e)).To(Succeed(), "what was let in should be recorded")
		})
	}
}

func TestOnlyAnEndHasAnEffectiveTime(t *testing.T) {
	effective := func(a *v1alpha1.Attestation, at metav1.Time) *v1alpha1.Attestation {
		a.Spec.Effective = &at
		return a
	}
	approval := func() *v1alpha1.Attestation {
		return attestation(eng, "spring", "approval/engagement", v1alpha1.VerdictApproved)
	}
	ending := func(verdict v1alpha1.Verdict) *v1alpha1.Attestation {
		return attestation(eng, "spring", "end/engagement", verdict)
	}
	runAll(t, []attempt{
		{"of an end at a time", "that is the time", mia, creating(effective(ending(v1alpha1.VerdictEndAt), end)), ""},
		{"of a resignation", "that is the time", wanda, creating(effective(ending(v1alpha1.VerdictResigned), end)), ""},
		{"of an end at once", "it would contradict itself", mia, creating(effective(ending(v1alpha1.VerdictEndNow), end)), "effective is given with EndAt or Resigned only"},
		{"of an approval", "it would say nothing", ana, creating(effective(approval(), end)), "effective is given with EndAt or Resigned only"},
		{"beyond all years", "it could not be read again", mia, creating(effective(ending(v1alpha1.VerdictEndAt), metav1.Date(2200, 1, 1, 0, 0, 0, 0, end.Location()))), "must be in the years 2000 to 2199"},
	})
}

// The terms are kept in spec, in status and in a successor's status, at up to six bytes a character, and etcd takes 1.5 MiB.
func TestTheLargestTermsThatAreLetInCanBeRecordedAsAccepted(t *testing.T) {
	g := NewWithT(t)
	largest := func(criteria int) *v1alpha1.Engagement {
		e := engagement(profiles...)
		e.Spec.StatementOfWork.Summary = strings.Repeat("<", 4096)
		for i := range 64 {
			d := v1alpha1.Deliverable{Name: fmt.Sprintf("%063d", i), Due: end, Description: strings.Repeat("<", 256)}
			for range criteria {
				d.AcceptanceCriteria = append(d.AcceptanceCriteria, strings.Repeat("<", 128))
			}
			e.Spec.StatementOfWork.Deliverables = append(e.Spec.StatementOfWork.Deliverables, d)
		}
		e.Spec.Classification.Facts = map[string]string{}
		for i := range 64 {
			e.Spec.Classification.Facts[fmt.Sprintf("%0128d", i)] = strings.Repeat("<", 256)
		}
		return e
	}
	e := created(t, mia, largest(2))
	e.Status.Terms = accepted(e)
	e.Status.Terms.Inherited = e.Spec.StatementOfWork.Deliverables
	g.Expect(as(t, operator).Status().Update(t.Context(), e)).To(Succeed(), "what was let in should be recorded")
	attempt{
		reason: "it might not fit into status", user: mia, want: "at most 32768 characters together",
		try: creating(largest(3)),
	}.run(t)
}

func TestEvidenceIsBounded(t *testing.T) {
	backed := func(n int) *v1alpha1.Attestation {
		a := attestation(eng, "spring", "approval/engagement", v1alpha1.VerdictApproved)
		for range n {
			a.Spec.Evidence = append(a.Spec.Evidence, v1alpha1.Evidence{URI: "https://example.com/minutes"})
		}
		return a
	}
	runAll(t, []attempt{
		{"eight documents", "as many may be named", ana, creating(backed(8)), ""},
		{"nine documents", "they are copied into status", ana, creating(backed(9)), "spec.evidence"},
	})
}
