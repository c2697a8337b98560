package metrics

import (
	"context"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

var (
	engagements        = describe("engagements", "Engagements by the phase they are in.", "phase")
	engagementsWaiting = describe("engagements_waiting", "Waits of engagements, by the area of what is awaited and by the role that is awaited; contacts other than the Manager are counted as Contact.", "what", "who")
	engagementsStalled = describe("engagements_stalled", "Engagements that are overdue or blocked, by reason.", "reason")

	phaseDuration = newHistogram("phase_duration_seconds", "Time that engagements spent in a phase, observed when they leave it.", longBuckets, "phase")
	timeToFill    = newHistogram("time_to_fill_seconds", "Time from an engagement's creation until a worker accepted.", longBuckets)
	timeToOnboard = newHistogram("time_to_onboard_seconds", "Time from acceptance until work began.", longBuckets)
	timeToClose   = newHistogram("time_to_close_seconds", "Time from the end of the work until the file was sealed.", longBuckets)
	ignored       = newCounter("statements_ignored_total", "Attestations and evaluations that do not count, by reason.", "reason")
	outcomes      = newCounter("engagements_closed_total", "Engagements closed, by outcome.", "outcome")
)

// ObserveStatus observes what a written status says for the first time.
func ObserveStatus(eng *v1alpha1.Engagement, old, st *v1alpha1.EngagementStatus) {
	countJudgement(old, st)
	left := map[v1alpha1.Phase]bool{}
	for _, t := range old.Phases {
		left[t.Name] = t.LeftAt != nil
	}
	for _, t := range st.Phases {
		if t.LeftAt != nil && !left[t.Name] {
			phaseDuration.WithLabelValues(string(t.Name)).Observe(t.LeftAt.Sub(t.EnteredAt.Time).Seconds())
		}
	}
	if old.Terms == nil && st.Terms != nil {
		timeToFill.WithLabelValues().Observe(max(st.Terms.AcceptedAt.Sub(eng.CreationTimestamp.Time), 0).Seconds())
	}
	if old.Phase == st.Phase {
		return
	}
	switch st.Phase {
	case v1alpha1.PhaseAssigned:
		timeToOnboard.WithLabelValues().Observe(max(enteredAt(st, v1alpha1.PhaseAssigned).Sub(st.Terms.AcceptedAt.Time), 0).Seconds())
	case v1alpha1.PhaseClosed:
		outcomes.WithLabelValues(string(st.Outcome)).Inc()
		if st.EndedAt != nil {
			timeToClose.WithLabelValues().Observe(max(enteredAt(st, v1alpha1.PhaseClosed).Sub(st.EndedAt.Time), 0).Seconds())
		}
	}
}

func enteredAt(st *v1alpha1.EngagementStatus, phase v1alpha1.Phase) time.Time {
	for _, t := range st.Phases {
		if t.Name == phase {
			return t.EnteredAt.Time
		}
	}
	return time.Time{}
}

// CountIgnored counts a statement that does not count.
func CountIgnored(reason string) { ignored.WithLabelValues(reason).Inc() }

// RegisterEngagements counts the engagements in a cache at each scrape.
func RegisterEngagements(reader client.Reader) error {
	return metrics.Registry.Register(engagementCollector{reader})
}

type engagementCollector struct{ reader client.Reader }

// Describe implements prometheus.Collector.
func (c engagementCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{engagements, engagementsWaiting, engagementsStalled} {
		ch <- d
	}
}

// role keeps the label's values few: the roles of contacts are people's own words.
func role(who string) string {
	switch who {
	case v1alpha1.ActorWorker, v1alpha1.ActorSupplier, v1alpha1.ActorOperator, v1alpha1.ActorRequester, v1alpha1.ActorApprover, v1alpha1.ActorReviewer, v1alpha1.RoleManager, v1alpha1.RoleLegal:
		return who
	}
	return "Contact"
}

// Collect implements prometheus.Collector.
func (c engagementCollector) Collect(ch chan<- prometheus.Metric) {
	list := &v1alpha1.EngagementList{}
	if err := c.reader.List(context.Background(), list, client.UnsafeDisableDeepCopy); err != nil {
		ch <- prometheus.NewInvalidMetric(engagements, err)
		return
	}
	phases, stalled, waiting := map[string]int{}, map[string]int{}, map[[2]string]int{}
	for _, phase := range v1alpha1.Phases {
		phases[string(phase)] = 0
	}
	for i := range list.Items {
		st := &list.Items[i].Status
		phases[string(st.Phase)]++
		for _, w := range st.WaitingFor {
			area, _, _ := strings.Cut(w.What, "/")
			waiting[[2]string{area, role(w.Who)}]++
		}
		for _, cond := range st.Conditions {
			if cond.Type == v1alpha1.ConditionStalled && cond.Status == "True" {
				stalled[cond.Reason]++
			}
		}
	}
	for phase, n := range phases {
		if phase != "" {
			ch <- prometheus.MustNewConstMetric(engagements, prometheus.GaugeValue, float64(n), phase)
		}
	}
	for reason, n := range stalled {
		ch <- prometheus.MustNewConstMetric(engagementsStalled, prometheus.GaugeValue, float64(n), reason)
	}
	for key, n := range waiting {
		ch <- prometheus.MustNewConstMetric(engagementsWaiting, prometheus.GaugeValue, float64(n), key[0], key[1])
	}
}
