package metrics

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

var (
	policies  = describe("compliance_policies", "CompliancePolicies by state: ready, invalid if they cannot be evaluated, or pending if they were not looked at yet.", "state")
	compliant = describe("compliance_engagements", "Engagements that are not closed, by what their compliance policies say: holds, approval if one more is required, violated, or undecided.", "outcome")

	judgements = newCounter("compliance_judgements_total", "Judgements of engagements by their compliance policies that came out otherwise than the last, by outcome: holds, approval, violated, undecided.", "outcome")
)

// outcomeOf is what the policies say of an engagement, in a word; nothing before they were first asked.
func outcomeOf(st *v1alpha1.EngagementStatus) string {
	c := meta.FindStatusCondition(st.Conditions, v1alpha1.ConditionCompliant)
	switch {
	case c == nil:
		return ""
	case c.Status == metav1.ConditionTrue:
		return "holds"
	case c.Status == metav1.ConditionUnknown:
		return "undecided"
	case c.Reason == v1alpha1.ReasonApprovalRequired:
		return "approval"
	default:
		return "violated"
	}
}

// countJudgement counts what a written status says of compliance for the first time.
func countJudgement(old, st *v1alpha1.EngagementStatus) {
	if is := outcomeOf(st); is != "" && is != outcomeOf(old) {
		judgements.WithLabelValues(is).Inc()
	}
}

// RegisterCompliance counts the compliance policies in a cache, and what they say of its engagements, at each scrape.
func RegisterCompliance(reader client.Reader) error {
	return metrics.Registry.Register(complianceCollector{reader})
}

type complianceCollector struct{ reader client.Reader }

// Describe implements prometheus.Collector.
func (c complianceCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- policies
	ch <- compliant
}

// Collect implements prometheus.Collector.
func (c complianceCollector) Collect(ch chan<- prometheus.Metric) {
	c.collectPolicies(ch)
	c.collectEngagements(ch)
}

func (c complianceCollector) collectPolicies(ch chan<- prometheus.Metric) {
	list := &v1alpha1.CompliancePolicyList{}
	if err := c.reader.List(context.Background(), list, client.UnsafeDisableDeepCopy); err != nil {
		ch <- prometheus.NewInvalidMetric(policies, err)
		return
	}
	states := map[string]int{"ready": 0, "invalid": 0, "pending": 0}
	for i := range list.Items {
		p := &list.Items[i]
		ready := meta.FindStatusCondition(p.Status.Conditions, v1alpha1.ConditionReady)
		switch {
		case ready == nil || p.Status.ObservedGeneration != p.Generation:
			states["pending"]++
		case ready.Status == metav1.ConditionTrue:
			states["ready"]++
		default:
			states["invalid"]++
		}
	}
	for state, n := range states {
		ch <- prometheus.MustNewConstMetric(policies, prometheus.GaugeValue, float64(n), state)
	}
}

func (c complianceCollector) collectEngagements(ch chan<- prometheus.Metric) {
	list := &v1alpha1.EngagementList{}
	if err := c.reader.List(context.Background(), list, client.UnsafeDisableDeepCopy); err != nil {
		ch <- prometheus.NewInvalidMetric(compliant, err)
		return
	}
	found := map[string]int{"holds": 0, "approval": 0, "violated": 0, "undecided": 0}
	for i := range list.Items {
		st := &list.Items[i].Status
		if outcome := outcomeOf(st); outcome != "" && st.Phase != v1alpha1.PhaseClosed {
			found[outcome]++
		}
	}
	for outcome, n := range found {
		ch <- prometheus.MustNewConstMetric(compliant, prometheus.GaugeValue, float64(n), outcome)
	}
}
