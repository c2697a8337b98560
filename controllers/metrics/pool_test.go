package metrics

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// pools is a cache with some talent pools.
type pools struct {
	client.Reader
	statuses []v1alpha1.TalentPoolStatus
	err      error
}

func (p pools) List(_ context.Context, list client.ObjectList, _ ...client.ListOption) error {
	if list, is := list.(*v1alpha1.TalentPoolList); is {
		for _, st := range p.statuses {
			list.Items = append(list.Items, v1alpha1.TalentPool{Status: st})
		}
	}
	return p.err
}

func TestAScrapeSumsUpWhatThePoolsSay(t *testing.T) {
	collector := poolCollector{pools{statuses: []v1alpha1.TalentPoolStatus{
		{
			Screening: &v1alpha1.ScreeningCounts{InProgress: 1, Passed: 20, Failed: 3, Lapsed: 2}, Recruiting: 4, PendingAssignments: 100,
			Tiers: []v1alpha1.TierCounts{{Name: "Standard", Members: 20}, {Name: "Gold", Members: 6, Demotions: 2}},
		},
		{Screening: &v1alpha1.ScreeningCounts{Passed: 5}, Recruiting: 1, PendingAssignments: 1, Tiers: []v1alpha1.TierCounts{{Name: "Gold", Demotions: 1}}},
		{ObservedGeneration: -1},
	}}}
	const want = `
# HELP longshore_pool_assignments_pending Tasks and shifts of all talent pools that nobody has yet.
# TYPE longshore_pool_assignments_pending gauge
longshore_pool_assignments_pending 101
# HELP longshore_pool_demotions_pending Demotions that are proposed in all talent pools and wait for a person's decision.
# TYPE longshore_pool_demotions_pending gauge
longshore_pool_demotions_pending 3
# HELP longshore_pool_engagements_recruiting Engagements that look for somebody in a talent pool and have not found anybody.
# TYPE longshore_pool_engagements_recruiting gauge
longshore_pool_engagements_recruiting 5
# HELP longshore_pool_members Members of all talent pools, by how far their screening is; a worker in two pools counts twice.
# TYPE longshore_pool_members gauge
longshore_pool_members{screening="Failed"} 3
longshore_pool_members{screening="InProgress"} 1
longshore_pool_members{screening="Lapsed"} 2
longshore_pool_members{screening="Passed"} 25
`
	if err := testutil.CollectAndCompare(collector, strings.NewReader(want)); err != nil {
		t.Errorf("a scrape of three pools, one of them not yet counted, sums up wrongly: %v", err)
	}
	if faults, err := testutil.CollectAndLint(collector); err != nil || len(faults) > 0 {
		t.Errorf("the metrics do not keep Prometheus' conventions: %v %v", faults, err)
	}
}

func TestAScrapeThatCannotReadThePoolsSaysSo(t *testing.T) {
	err := testutil.CollectAndCompare(poolCollector{pools{err: errors.New("the cache has not started")}}, strings.NewReader(""))
	if err == nil || !strings.Contains(err.Error(), "the cache has not started") {
		t.Errorf("a scrape without a cache gave %v, expected the cache's error", err)
	}
}
