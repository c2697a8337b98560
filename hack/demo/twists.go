package main

import (
	"fmt"
	"hash/fnv"
	"time"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// What does not go smoothly. Everything else people do because the API says that it waits for them.
var (
	// declines is who turns the offer down, by engagement.
	declines = map[string]string{"spring-campaign-designer": "leo"}
	// sentBack is the deliverable that is not accepted at first, by engagement.
	sentBack = map[string]string{"spring-campaign-designer": "logo-set"}
	// failsFirst are the trainings that take a second attempt.
	failsFirst = map[string]bool{"brand-guidelines": true}
	// resigning is the engagement whose worker leaves halfway, and when they say so.
	resigning   = "back-end"
	resignsOn   = time.Date(2026, time.December, 21, 9, 0, 0, 0, time.UTC)
	resignsWith = 48 * time.Hour // notice
)

// talent is how well people do: the play's own secret, which Longshore learns from what is stated alone.
type talent interface {
	// mark is what somebody reaches in training, by how often they have tried before.
	mark(worker, step string, attempt int32) int32
	// judge is what a reviewer gives for a criterion in a review.
	judge(e *v1alpha1.Engagement, c *v1alpha1.Criterion, review string) string
	// report is what was measured of a number.
	report(e *v1alpha1.Engagement, k *v1alpha1.KPI, review string) v1alpha1.ReportedKPI
}

// smallCast are the people of the first two cases.
type smallCast struct{}

func (smallCast) mark(_, step string, attempt int32) int32 {
	if failsFirst[step] && attempt == 0 {
		return 70
	}
	return 92
}

func (smallCast) judge(e *v1alpha1.Engagement, c *v1alpha1.Criterion, review string) string {
	return fmt.Sprint(drawn(e.Name, c.Name, review, c.Max))
}

func (smallCast) report(_ *v1alpha1.Engagement, k *v1alpha1.KPI, _ string) v1alpha1.ReportedKPI {
	return v1alpha1.ReportedKPI{Name: k.Name, Value: k.Target, Sample: 1}
}

// drawn is a score between the best and two below, the same at every run.
func drawn(who, what, when string, best int32) int32 {
	h := fnv.New32a()
	h.Write([]byte(who + what + when))
	return best - int32(h.Sum32()%3)
}
