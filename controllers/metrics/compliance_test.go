package metrics

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// legal is a cache with some policies and engagements.
type legal struct {
	client.Reader
	policies    []v1alpha1.CompliancePolicy
	engagements []v1alpha1.EngagementStatus
	err         error
}

func (l legal) List(_ context.Context, list client.ObjectList, _ ...client.ListOption) error {
	switch list := list.(type) {
	case *v1alpha1.CompliancePolicyList:
		list.Items = l.policies
	case *v1alpha1.EngagementList:
		for _, st := range l.engagements {
			list.Items = append(list.Items, v1alpha1.Engagement{Status: st})
		}
	}
	return l.err
}

func judged(status metav1.ConditionStatus, reason string, phase v1alpha1.Phase) v1alpha1.EngagementStatus {
	return v1alpha1.EngagementStatus{Phase: phase, Conditions: []metav1.Condition{{Type: v1alpha1.ConditionCompliant, Status: status, Reason: reason}}}
}

func TestAScrapeCountsPoliciesAndWhatTheySay(t *testing.T) {
	policy := func(observed int64, ready metav1.ConditionStatus) v1alpha1.CompliancePolicy {
		p := v1alpha1.CompliancePolicy{ObjectMeta: metav1.ObjectMeta{Generation: 2}, Status: v1alpha1.CompliancePolicyStatus{ObservedGeneration: observed}}
		if ready != "" {
			p.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionReady, Status: ready}}
		}
		return p
	}
	collector := complianceCollector{legal{
		policies: []v1alpha1.CompliancePolicy{policy(2, metav1.ConditionTrue), policy(2, metav1.ConditionTrue), policy(2, metav1.ConditionFalse), policy(1, metav1.ConditionFalse), policy(-1, "")},
		engagements: []v1alpha1.EngagementStatus{
			judged(metav1.ConditionTrue, v1alpha1.ReasonHolds, v1alpha1.PhaseAssigned), judged(metav1.ConditionTrue, v1alpha1.ReasonHolds, v1alpha1.PhaseClosed),
			judged(metav1.ConditionFalse, v1alpha1.ReasonComplianceViolation, v1alpha1.PhasePending), judged(metav1.ConditionFalse, v1alpha1.ReasonApprovalRequired, v1alpha1.PhaseAssigned),
			judged(metav1.ConditionUnknown, v1alpha1.ReasonComplianceUnknown, v1alpha1.PhasePending), judged(metav1.ConditionUnknown, v1alpha1.ReasonComplianceUnknown, v1alpha1.PhasePending), {},
		},
	}}
	const want = `
# HELP longshore_compliance_engagements Engagements that are not closed, by what their compliance policies say: holds, approval if one more is required, violated, or undecided.
# TYPE longshore_compliance_engagements gauge
longshore_compliance_engagements{outcome="approval"} 1
longshore_compliance_engagements{outcome="holds"} 1
longshore_compliance_engagements{outcome="undecided"} 2
longshore_compliance_engagements{outcome="violated"} 1
# HELP longshore_compliance_policies CompliancePolicies by state: ready, invalid if they cannot be evaluated, or pending if they were not looked at yet.
# TYPE longshore_compliance_policies gauge
longshore_compliance_policies{state="invalid"} 1
longshore_compliance_policies{state="pending"} 2
longshore_compliance_policies{state="ready"} 2
`
	if err := testutil.CollectAndCompare(collector, strings.NewReader(want)); err != nil {
		t.Errorf("a scrape counts wrongly: %v", err)
	}
	if faults, err := testutil.CollectAndLint(collector); err != nil || len(faults) > 0 {
		t.Errorf("the metrics do not keep Prometheus' conventions: %v %v", faults, err)
	}
}

func TestAScrapeThatCannotReadThePoliciesSaysSo(t *testing.T) {
	err := testutil.CollectAndCompare(complianceCollector{legal{err: errors.New("the cache has not started")}}, strings.NewReader(""))
	if err == nil || !strings.Contains(err.Error(), "the cache has not started") {
		t.Errorf("a scrape without a cache gave %v, expected the cache's error", err)
	}
}

func TestAJudgementIsCountedWhenItComesOutOtherwise(t *testing.T) {
	holds := judged(metav1.ConditionTrue, v1alpha1.ReasonHolds, v1alpha1.PhasePending)
	violated := judged(metav1.ConditionFalse, v1alpha1.ReasonComplianceViolation, v1alpha1.PhasePending)
	none := v1alpha1.EngagementStatus{}
	for _, tc := range []struct {
		reason  string
		old, is *v1alpha1.EngagementStatus
		counts  string
		n       float64
	}{
		{"the first", &none, &holds, "holds", 1},
		{"another", &holds, &violated, "violated", 1},
		{"the same", &violated, &violated, "violated", 0},
		{"none yet", &none, &none, "holds", 0},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			counter := judgements.WithLabelValues(tc.counts)
			before := testutil.ToFloat64(counter)
			ObserveStatus(&v1alpha1.Engagement{}, tc.old, tc.is)
			if got := testutil.ToFloat64(counter) - before; got != tc.n {
				t.Errorf("it was counted %v times as %s, expected %v", got, tc.counts, tc.n)
			}
		})
	}
}
