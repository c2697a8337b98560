package policy

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

func TestTheLongestRetentionCounts(t *testing.T) {
	kept := func(name, period string, changes ...func(*v1alpha1.CompliancePolicySpec)) v1alpha1.CompliancePolicy {
		return named(name, asks(append(changes, func(s *v1alpha1.CompliancePolicySpec) { s.Retention = period })...))
	}
	german := func(s *v1alpha1.CompliancePolicySpec) {
		s.AppliesTo = &v1alpha1.PolicySelector{Jurisdictions: []string{"DE"}}
	}
	ceased := func(s *v1alpha1.CompliancePolicySpec) {
		s.EffectiveTo = &metav1.Time{Time: date("2026-12-01")}
	}
	ceasing := func(s *v1alpha1.CompliancePolicySpec) {
		s.EffectiveTo = &metav1.Time{Time: date("2028-02-29")}
	}
	beginning := func(s *v1alpha1.CompliancePolicySpec) {
		s.EffectiveFrom = metav1.NewTime(date("2028-02-29"))
	}
	uncited := func(s *v1alpha1.CompliancePolicySpec) { s.Source.Citation = "" }
	for _, tc := range []struct {
		name, reason string
		policies     []v1alpha1.CompliancePolicy
		until, by    string
	}{
		{"none", "nobody asks for it", []v1alpha1.CompliancePolicy{asks()}, "", ""},
		{"one", "it is counted from the end", []v1alpha1.CompliancePolicy{kept("ca", "P2Y")}, "2030-02-28", "ca (California Labor Code, §2775)"},
		{"several", "the longest counts", []v1alpha1.CompliancePolicy{kept("ca", "P2Y"), kept("ny", "P6Y", uncited), kept("eu", "P24M")}, "2034-02-28", "ny (California Labor Code)"},
		{"two alike", "the first by name is told", []v1alpha1.CompliancePolicy{kept("z", "P2Y"), kept("a", "P24M")}, "2030-02-28", "a (California Labor Code, §2775)"},
		{"elsewhere", "it does not select the engagement", []v1alpha1.CompliancePolicy{kept("ca", "P2Y"), kept("de", "P10Y", german)}, "2030-02-28", "ca (California Labor Code, §2775)"},
		{"ceased", "it does not select the engagement any more", []v1alpha1.CompliancePolicy{kept("ca", "P2Y", ceased)}, "", ""},
		{"ceased with the end of the work", "it is asked at the end, whenever the file is sealed", []v1alpha1.CompliancePolicy{kept("ca", "P2Y", ceasing)}, "", ""},
		{"began with the end of the work", "it is asked at the end, whenever the file is sealed", []v1alpha1.CompliancePolicy{kept("ca", "P2Y", beginning)}, "2030-02-28", "ca (California Labor Code, §2775)"},
		{"unreadable", "it demands nothing, and Problems says so", []v1alpha1.CompliancePolicy{kept("ca", "ten years"), kept("ny", "P1Y")}, "2029-02-28", "ny (California Labor Code, §2775)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			until, by := Retention(tc.policies, campaign(), date("2028-02-29"))
			got := ""
			if until != nil {
				got = until.Format(time.DateOnly)
			}
			if got != tc.until || by != tc.by {
				t.Errorf("it is kept until %q by %q, expected %q by %q, because %s", got, by, tc.until, tc.by, tc.reason)
			}
		})
	}
}
