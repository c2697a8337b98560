package talentpool

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

func TestAPoolSaysWhyItCannotBeDrawnOn(t *testing.T) {
	sound := &v1alpha1.Checklist{Spec: v1alpha1.ChecklistSpec{Steps: []v1alpha1.ChecklistStep{{Name: "identity", Type: v1alpha1.StepAttestation}}}}
	circular := &v1alpha1.Checklist{Spec: v1alpha1.ChecklistSpec{Steps: []v1alpha1.ChecklistStep{
		{Name: "a", Type: v1alpha1.StepAttestation, DependsOn: []string{"b"}}, {Name: "b", Type: v1alpha1.StepAttestation, DependsOn: []string{"a"}},
	}}}
	screened := func(retryAfter string) v1alpha1.TalentPoolSpec {
		return v1alpha1.TalentPoolSpec{Screening: &v1alpha1.Screening{ChecklistRef: v1alpha1.LocalReference{Name: "funnel"}, RetryAfter: retryAfter}}
	}
	tiers := func(tiers ...v1alpha1.Tier) v1alpha1.TalentPoolSpec { return v1alpha1.TalentPoolSpec{Tiers: tiers} }

	for _, tc := range []struct {
		name      string
		spec      v1alpha1.TalentPoolSpec
		checklist *v1alpha1.Checklist
		// reason is empty for a pool that is Ready.
		reason string
		say    []string
	}{
		{"nothing but everybody", v1alpha1.TalentPoolSpec{}, nil, "", nil},
		{"a sound screening", screened("P3M"), sound, "", nil},
		{"a checklist that is not there", screened(""), nil, v1alpha1.ReasonReferenceNotFound, []string{"checklist funnel does not exist", "create it"}},
		{"a checklist with a cycle", screened(""), circular, v1alpha1.ReasonChecklistInvalid, []string{"checklist funnel", "a → b → a"}},
		{"a period of nothing", screened("P"), sound, v1alpha1.ReasonInvalid, []string{"retryAfter"}},
		{"a selector that cannot be read", v1alpha1.TalentPoolSpec{WorkerSelector: metav1.LabelSelector{
			MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "craft", Operator: "Near"}},
		}}, nil, v1alpha1.ReasonInvalid, []string{"workerSelector", "Near"}},
		{"rising tiers", tiers(v1alpha1.Tier{Name: "Standard"}, v1alpha1.Tier{Name: "Gold", MinScore: 70, RateMultiplier: "1.1"}, v1alpha1.Tier{Name: "Platinum", MinScore: 70, MinEvaluations: 5}), nil, "", nil},
		{"falling tiers", tiers(v1alpha1.Tier{Name: "Standard"}, v1alpha1.Tier{Name: "Platinum", MinScore: 90}, v1alpha1.Tier{Name: "Gold", MinScore: 70}), nil,
			v1alpha1.ReasonInvalid, []string{"tier Gold", "minScore 70 after 90", "from the lowest to the highest"}},
		{"a lowest tier that must be earned", tiers(v1alpha1.Tier{Name: "Gold", MinScore: 70}), nil, v1alpha1.ReasonInvalid, []string{"tier Gold is the lowest"}},
		{"a lowest tier that asks for evaluations", tiers(v1alpha1.Tier{Name: "Gold", MinEvaluations: 1}), nil, v1alpha1.ReasonInvalid, []string{"tier Gold is the lowest"}},
		{"a tier that is paid nothing", tiers(v1alpha1.Tier{Name: "Standard", RateMultiplier: "0.00"}), nil, v1alpha1.ReasonInvalid, []string{"tier Standard", "for nothing"}},
		{"a tier that is paid a tenth", tiers(v1alpha1.Tier{Name: "Standard", RateMultiplier: "0.1"}), nil, "", nil},
		{"several faults", v1alpha1.TalentPoolSpec{
			Screening: &v1alpha1.Screening{ChecklistRef: v1alpha1.LocalReference{Name: "funnel"}}, Tiers: []v1alpha1.Tier{{Name: "Gold", MinScore: 70}},
		}, nil, v1alpha1.ReasonReferenceNotFound, []string{"checklist funnel", "tier Gold"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ready := readiness(&v1alpha1.TalentPool{Spec: tc.spec}, tc.checklist)
			if tc.reason == "" {
				if ready.Status != metav1.ConditionTrue || ready.Reason != v1alpha1.ReasonHolds {
					t.Errorf("Ready is %s/%s: %q, expected it to be drawn on", ready.Status, ready.Reason, ready.Message)
				}
				return
			}
			if ready.Status != metav1.ConditionFalse || ready.Reason != tc.reason {
				t.Errorf("Ready is %s/%s, expected %s", ready.Status, ready.Reason, tc.reason)
			}
			for _, say := range tc.say {
				if !strings.Contains(ready.Message, say) {
					t.Errorf("the message %q does not say %q", ready.Message, say)
				}
			}
		})
	}
}

func TestALongMessageIsCutBetweenCharacters(t *testing.T) {
	got := clip(strings.Repeat("é", maxMessage))
	if len(got) > maxMessage || strings.ToValidUTF8(got, "") != got || !strings.HasSuffix(got, "é…") {
		t.Errorf("the message has %d bytes and ends in %q, expected at most %d and whole characters", len(got), got[len(got)-6:], maxMessage)
	}
}
