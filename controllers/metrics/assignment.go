package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

var (
	assignments = describe("assignments", "Assignments by state; those that were not looked at yet count as Pending.", "state")

	placementDuration = newHistogram("placement_seconds", "Time to read what a pool's placement depends on and to decide on everything that is pending in it, without the writes.", placementBuckets)
	placementBatches  = newCounter("placement_batches_total", "Batches of assignments, by result: proven optimal and placed, or failed, in which case nothing of it was placed.", "result")
)

// placementBuckets reach from one assignment to thousands.
var placementBuckets = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

// ObservePlacement observes one placement with its batches.
func ObservePlacement(took time.Duration, proven, failed int) {
	placementDuration.WithLabelValues().Observe(took.Seconds())
	placementBatches.WithLabelValues("proven").Add(float64(proven))
	placementBatches.WithLabelValues("failed").Add(float64(failed))
}

// RegisterAssignments counts the assignments in a cache at each scrape.
func RegisterAssignments(reader client.Reader) error {
	return metrics.Registry.Register(assignmentCollector{reader})
}

type assignmentCollector struct{ reader client.Reader }

// Describe implements prometheus.Collector.
func (c assignmentCollector) Describe(ch chan<- *prometheus.Desc) { ch <- assignments }

// Collect implements prometheus.Collector.
func (c assignmentCollector) Collect(ch chan<- prometheus.Metric) {
	list := &v1alpha1.AssignmentList{}
	if err := c.reader.List(context.Background(), list, client.UnsafeDisableDeepCopy); err != nil {
		ch <- prometheus.NewInvalidMetric(assignments, err)
		return
	}
	states := map[v1alpha1.AssignmentState]int{}
	for _, state := range []v1alpha1.AssignmentState{
		v1alpha1.AssignmentPending, v1alpha1.AssignmentAssigned, v1alpha1.AssignmentStarted, v1alpha1.AssignmentSubmitted,
		v1alpha1.AssignmentRevise, v1alpha1.AssignmentAccepted, v1alpha1.AssignmentMissed, v1alpha1.AssignmentCancelled,
	} {
		states[state] = 0
	}
	for i := range list.Items {
		state := list.Items[i].Status.State
		if state == "" {
			state = v1alpha1.AssignmentPending
		}
		states[state]++
	}
	for state, n := range states {
		ch <- prometheus.MustNewConstMetric(assignments, prometheus.GaugeValue, float64(n), string(state))
	}
}
