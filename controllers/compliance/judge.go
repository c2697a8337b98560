package compliance

import (
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/health"
	"github.com/longshore-dev/longshore/controllers/domain/policy"
)

// maxMessage is the longest message that a condition can carry, in bytes.
const maxMessage = 32768

// judge puts into the status what the spec means.
func judge(cp *v1alpha1.CompliancePolicy, now time.Time) {
	cp.Status.ObservedGeneration = cp.Generation
	ready := metav1.Condition{
		Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonHolds, ObservedGeneration: cp.Generation, LastTransitionTime: metav1.NewTime(now),
		Message: fmt.Sprintf("it can be evaluated: %s, %s", rules(&cp.Spec), applies(&cp.Spec, now)),
	}
	if problems := policy.Problems(&cp.Spec); len(problems) > 0 {
		ready.Status, ready.Reason = metav1.ConditionFalse, v1alpha1.ReasonExpressionInvalid
		// What it means comes first: a long list of problems may be cut.
		ready.Message = clip(holds(&cp.Spec, now) + ": " + strings.Join(problems, "; "))
	}
	health.Set(&cp.Status.Conditions, ready)
}

func rules(spec *v1alpha1.CompliancePolicySpec) string {
	switch n := len(spec.Rules); n {
	case 0:
		return "no rules"
	case 1:
		return "1 rule"
	default:
		return fmt.Sprintf("%d rules", n)
	}
}

// applies says when the policy applies, as seen from now.
func applies(spec *v1alpha1.CompliancePolicySpec, now time.Time) string {
	from := moment(spec.EffectiveFrom)
	switch {
	case over(spec, now):
		return fmt.Sprintf("applied from %s until %s and is over", from, moment(*spec.EffectiveTo))
	case spec.EffectiveFrom.After(now) && spec.EffectiveTo != nil:
		return fmt.Sprintf("not in force yet: applies from %s until %s", from, moment(*spec.EffectiveTo))
	case spec.EffectiveFrom.After(now):
		return fmt.Sprintf("not in force yet: applies from %s on", from)
	case spec.EffectiveTo != nil:
		return fmt.Sprintf("in force since %s, until %s", from, moment(*spec.EffectiveTo))
	default:
		return "in force since " + from
	}
}

// holds says what it means that the policy cannot be evaluated.
func holds(spec *v1alpha1.CompliancePolicySpec, now time.Time) string {
	switch {
	case over(spec, now):
		return fmt.Sprintf("it cannot be evaluated, and holds nothing, because it is over since %s; mend it before it is put in force again", moment(*spec.EffectiveTo))
	case spec.EffectiveFrom.After(now):
		return fmt.Sprintf("it cannot be evaluated, and engagements that it selects will be held from %s on (Compliant=Unknown); mend it before", moment(spec.EffectiveFrom))
	default:
		return "it cannot be evaluated, and engagements that it selects are held until it is mended (Compliant=Unknown)"
	}
}

func over(spec *v1alpha1.CompliancePolicySpec, now time.Time) bool {
	return spec.EffectiveTo != nil && !spec.EffectiveTo.After(now)
}

func moment(t metav1.Time) string { return t.UTC().Format(time.RFC3339) }

// clip shortens a message to what a condition can carry, between two characters.
func clip(message string) string {
	const more = "…"
	if len(message) <= maxMessage {
		return message
	}
	return strings.ToValidUTF8(message[:maxMessage-len(more)], "") + more
}
