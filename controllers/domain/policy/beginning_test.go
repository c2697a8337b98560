package policy

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

func TestAPolicyWarnsBeforeItBegins(t *testing.T) {
	from := func(begins string) func(*v1alpha1.CompliancePolicySpec) {
		return func(s *v1alpha1.CompliancePolicySpec) { s.EffectiveFrom = metav1.NewTime(date(begins)) }
	}
	until := func(ceases string) func(*v1alpha1.CompliancePolicySpec) {
		return func(s *v1alpha1.CompliancePolicySpec) { s.EffectiveTo = &metav1.Time{Time: date(ceases)} }
	}
	limited := func(longest string) func(*v1alpha1.CompliancePolicySpec) {
		return func(s *v1alpha1.CompliancePolicySpec) { s.Tenure = &v1alpha1.Tenure{Max: longest} }
	}
	deny := rule(v1alpha1.EnforceDeny, "false")
	// The work is from 2026-12-01 to 2027-06-01, and it is noon on 2026-12-15.
	for _, tc := range []struct {
		name, reason string
		policy       v1alpha1.CompliancePolicy
		c            *Case
		warnings     []string
		says         string
	}{
		{"what it will deny or end", "the policy asks then, and not yet", asks(from("2027-01-10"), deny, rule(v1alpha1.EnforceEnd, "false"), rule(v1alpha1.EnforceDeny, "true")), campaign(),
			[]string{"us-ca-abc/r0 Deny 2027-01-10T00:00:00Z", "us-ca-abc/r1 End 2027-01-10T00:00:00Z"}, "from 2027-01-10T00:00:00Z on: policy us-ca-abc, rule r0"},
		{"what it will only tell or have approved", "nobody is held by it", asks(from("2027-01-10"), rule(v1alpha1.EnforceWarn, "false"), rule(v1alpha1.EnforceRequireApproval, "false")), campaign(), nil, ""},
		{"what will not hold by then", "it is judged as of the moment at which it begins", asks(from("2027-01-10"), rule(v1alpha1.EnforceDeny, "now < timestamp('2027-01-10T00:00:00Z')")), campaign(),
			[]string{"us-ca-abc/r0 Deny 2027-01-10T00:00:00Z"}, ""},
		{"what will hold by then", "it is judged as of the moment at which it begins", asks(from("2027-01-10"), rule(v1alpha1.EnforceDeny, "now >= timestamp('2027-01-10T00:00:00Z')")), campaign(), nil, ""},
		{"a determination", "it takes somebody some days", asks(from("2027-01-10"), determinedEvery("P1Y")), campaign(), []string{"us-ca-abc/ Deny 2027-01-10T00:00:00Z"}, "somebody with the verb classify"},
		{"a tenure limit that will have passed", "the engagement ends then", asks(from("2027-01-10"), limited("P1M")), campaign(), []string{"us-ca-abc/ Deny 2027-01-10T00:00:00Z"}, "reached, at 2027-01-01T00:00:00Z: the engagement ends when the policy begins"},
		{"a tenure limit at that moment", "the engagement ends then", asks(from("2027-01-01"), limited("P1M")), campaign(), []string{"us-ca-abc/ Deny 2027-01-01T00:00:00Z"}, "the engagement ends when the policy begins"},
		{"a tenure limit to come", "it is warned of as any is", asks(from("2027-01-10"), limited("P18M")), campaign(), nil, ""},
		{"in more than 30 days", "it is too early", asks(from("2027-01-15"), deny), campaign(), nil, ""},
		{"in just 30 days", "the warning comes 30 days before", asks(from("2027-01-15"), deny), campaign(at(date("2026-12-16"))), []string{"us-ca-abc/r0 Deny 2027-01-15T00:00:00Z"}, ""},
		{"when the work is over", "nobody is held then", asks(from("2027-06-01"), deny), campaign(at(date("2027-05-20"))), nil, ""},
		{"one that ceases before it begins", "it never applies", asks(from("2027-01-10"), until("2027-01-09"), deny), campaign(), nil, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v := Judge([]v1alpha1.CompliancePolicy{tc.policy}, tc.c)
			if diff := cmp.Diff(tc.warnings, told(v.Warnings)); diff != "" {
				t.Errorf("warnings, because %s (-want +got):\n%s", tc.reason, diff)
			}
			if len(v.Warnings) > 0 && !strings.Contains(v.Warnings[0].Message, tc.says) {
				t.Errorf("the warning should say %q: %s", tc.says, v.Warnings[0].Message)
			}
			if len(v.Violations) > 0 || v.Tenure != nil || v.Determination != nil || v.Selected > 0 {
				t.Errorf("a policy that is not in force holds nothing: %+v", v)
			}
		})
	}
}
