package admission

import (
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

// What an expression may cost is limited, and what costs more is refused. So the largest objects that the schema lets in must be cheap enough, and
// all the more the largest changes of them.
func TestTheLargestObjectsThatAreLetInCanBeJudged(t *testing.T) {
	long := func(i int) string { return fmt.Sprintf("%063d", i) }
	filled := func(from int) spec {
		return func(e *v1alpha1.Engagement) {
			e.Spec.Access, e.Spec.StatementOfWork.Deliverables = nil, nil
			e.Spec.StatementOfWork.Budget.Amount = fmt.Sprintf("99999999%d.999", from)
			e.Spec.StatementOfWork.Rate = &v1alpha1.Rate{Currency: "USD", Amount: fmt.Sprintf("%d.999", from), Per: v1alpha1.PerHour}
			e.Spec.Approvals = &v1alpha1.Approvals{Required: int32(10 - from)}
			e.Spec.Onboarding = &v1alpha1.Onboarding{ChecklistRef: &v1alpha1.LocalReference{Name: strings.Repeat("c", 250) + long(from)[60:]}}
			e.Spec.WorkerRef = &v1alpha1.LocalReference{Name: strings.Repeat("w", 250) + long(from)[60:]}
			e.Spec.Classification.Facts = map[string]string{}
			for i := range 64 {
				e.Spec.Classification.Facts[strings.Repeat("f", 65)+long(i)] = strings.Repeat("v", 193) + long(from)
			}
			e.Spec.Replaces = &v1alpha1.Replaces{Name: strings.Repeat("r", 250) + long(from)[60:]}
			e.Spec.Requirements = &v1alpha1.Requirements{TimeZoneOverlap: &v1alpha1.TimeZoneOverlap{Zone: "Europe/London", Hours: int32(from + 1)}}
			for i := range 32 {
				e.Spec.Requirements.Skills = append(e.Spec.Requirements.Skills, v1alpha1.SkillRequirement{Name: long(from + i), MinLevel: 1})
			}
			for i := range 16 {
				e.Spec.Requirements.Languages = append(e.Spec.Requirements.Languages, fmt.Sprintf("en-Latn-GB-a%07d-b%07d", i, from))
				e.Spec.Requirements.Documents = append(e.Spec.Requirements.Documents, long(from+i))
			}
			for i := range 64 {
				e.Spec.Replaces.Deliverables = append(e.Spec.Replaces.Deliverables, long(from+i))
			}
			e.OwnerReferences = nil
			for i := range 16 {
				e.Spec.Access = append(e.Spec.Access, v1alpha1.AccessRequest{Name: long(from + i)})
				e.OwnerReferences = append(e.OwnerReferences, metav1.OwnerReference{APIVersion: "v1", Kind: "ConfigMap", Name: long(i), UID: "0"})
			}
			for i := range 64 {
				e.Spec.StatementOfWork.Deliverables = append(e.Spec.StatementOfWork.Deliverables, v1alpha1.Deliverable{Name: long(from + 63 - i), Due: *after(time.Hour), Amount: fmt.Sprintf("%d.999", from)})
			}
			for i := range 8 {
				stage := v1alpha1.ApprovalStage{Name: long(from + i)}
				for j := range 32 {
					stage.Subjects = append(stage.Subjects, v1alpha1.Subject{Kind: v1alpha1.SubjectUser, Name: strings.Repeat("u", 200) + long(j)[:50]})
				}
				e.Spec.Approvals.Stages = append(e.Spec.Approvals.Stages, stage)
			}
		}
	}
	who := func(from int) func(*v1alpha1.Worker) {
		return func(w *v1alpha1.Worker) {
			w.Spec.Identities, w.Spec.Documents = nil, nil
			for i := range 32 {
				w.Spec.Identities = append(w.Spec.Identities, v1alpha1.Identity{Provider: long(from + i), Subject: strings.Repeat("s", 512)})
			}
			for i := range 64 {
				w.Spec.Documents = append(w.Spec.Documents, v1alpha1.WorkerDocument{Name: long(from + i), URI: strings.Repeat("u", 1024)})
			}
		}
	}
	// wanted is what names nobody, so that the search is judged as well.
	wanted := func(from int) spec {
		return all(filled(from), func(e *v1alpha1.Engagement) { e.Spec.WorkerRef = nil })
	}
	e, sought := created(t, gus, with(engagement(), filled(0))), created(t, gus, with(engagement(), wanted(0)))
	w := created(t, tom, with(worker(), who(0)))
	stated := attestation(eng, strings.Repeat("e", 253), "approval/access."+strings.Repeat("p", 253), v1alpha1.VerdictApproved)
	stated.Spec.Note = strings.Repeat("n", 4096)
	for range 8 {
		stated.Spec.Evidence = append(stated.Spec.Evidence, v1alpha1.Evidence{URI: "https://example.com/" + strings.Repeat("u", 480)})
	}
	runAll(t, []attempt{
		{"an engagement, created", "it is within the schema's bounds", gus, creating(with(engagement(), filled(0))), ""},
		{"an engagement, changed in everything", "it is within the schema's bounds", gus, updating(e, filled(1)), ""},
		{"an engagement, changed in nothing", "every list is compared with itself", noa, updating(e, func(*v1alpha1.Engagement) {}), ""},
		{"an engagement for somebody yet to be found, changed in everything", "it is within the schema's bounds", gus, updating(sought, wanted(1)), ""},
		{"an engagement for somebody yet to be found, changed in nothing", "what is asked for is compared with itself", noa, updating(sought, func(*v1alpha1.Engagement) {}), ""},
		{"an engagement for somebody yet to be found, by who may hand out none of it", "the refusal names the rule, and not its cost", noa, updating(sought, wanted(1)), "grant: this request "},
		{"an engagement, changed by the operator", "it must be able to put its finalizer on", operator, updating(e, func(e *v1alpha1.Engagement) { e.Finalizers = []string{v1alpha1.EngagementFinalizer} }), ""},
		{"an engagement, by who may hand out none of it", "the refusal names the rule, and not its cost", noa, updating(e, filled(1)), "grant: this request "},
		{"a worker, created", "it is within the schema's bounds", tom, creating(with(worker(), who(0))), ""},
		{"a worker, changed in everything", "it is within the schema's bounds", tom, updating(w, who(1)), ""},
		{"a worker, by who may not identify", "the refusal names the rule, and not its cost", ed, updating(w, who(1)), "identify: "},
		{"an attestation", "it is within the schema's bounds", sam, creating(stated), ""},
	})
}
