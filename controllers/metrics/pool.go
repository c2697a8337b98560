package metrics

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

var (
	poolMembers     = describe("pool_members", "Members of all talent pools, by how far their screening is; a worker in two pools counts twice.", "screening")
	poolRecruiting  = describe("pool_engagements_recruiting", "Engagements that look for somebody in a talent pool and have not found anybody.")
	poolAssignments = describe("pool_assignments_pending", "Tasks and shifts of all talent pools that nobody has yet.")
	poolDemotions   = describe("pool_demotions_pending", "Demotions that are proposed in all talent pools and wait for a person's decision.")
)

// RegisterPools sums up, at each scrape, what the statuses of the talent pools in a cache say.
func RegisterPools(reader client.Reader) error {
	return metrics.Registry.Register(poolCollector{reader})
}

type poolCollector struct{ reader client.Reader }

// Describe implements prometheus.Collector.
func (c poolCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{poolMembers, poolRecruiting, poolAssignments, poolDemotions} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c poolCollector) Collect(ch chan<- prometheus.Metric) {
	list := &v1alpha1.TalentPoolList{}
	if err := c.reader.List(context.Background(), list, client.UnsafeDisableDeepCopy); err != nil {
		ch <- prometheus.NewInvalidMetric(poolMembers, err)
		return
	}
	var screening v1alpha1.ScreeningCounts
	var recruiting, assignments, demotions int32
	for i := range list.Items {
		st := &list.Items[i].Status
		recruiting += st.Recruiting
		assignments += st.PendingAssignments
		for j := range st.Tiers {
			demotions += st.Tiers[j].Demotions
		}
		if s := st.Screening; s != nil {
			screening.InProgress += s.InProgress
			screening.Passed += s.Passed
			screening.Failed += s.Failed
			screening.Lapsed += s.Lapsed
		}
	}
	for state, n := range map[v1alpha1.ScreeningState]int32{
		v1alpha1.ScreeningInProgress: screening.InProgress, v1alpha1.ScreeningPassed: screening.Passed,
		v1alpha1.ScreeningFailed: screening.Failed, v1alpha1.ScreeningLapsed: screening.Lapsed,
	} {
		ch <- prometheus.MustNewConstMetric(poolMembers, prometheus.GaugeValue, float64(n), string(state))
	}
	ch <- prometheus.MustNewConstMetric(poolRecruiting, prometheus.GaugeValue, float64(recruiting))
	ch <- prometheus.MustNewConstMetric(poolAssignments, prometheus.GaugeValue, float64(assignments))
	ch <- prometheus.MustNewConstMetric(poolDemotions, prometheus.GaugeValue, float64(demotions))
}
