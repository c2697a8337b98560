package delivery

import (
	"time"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// OnTimeRate counts the deliverables that were first submitted when due, among all of which that is decided: those submitted
// by now, and those that are late without. What the client delayed and what an early end cut short is not in the sample.
func OnTimeRate(ds []v1alpha1.DeliverableStatus, now time.Time) (onTime, sample int32) {
	for _, d := range ds {
		if d.OnTime == nil || d.SubmittedAt != nil && d.SubmittedAt.After(now) {
			continue
		}
		sample++
		if *d.OnTime {
			onTime++
		}
	}
	return onTime, sample
}

// RevisionRounds adds up the rounds of revision that the worker caused, over the deliverables that were submitted.
func RevisionRounds(ds []v1alpha1.DeliverableStatus) (rounds, sample int32) {
	for _, d := range ds {
		if d.SubmittedAt == nil {
			continue
		}
		sample++
		rounds += d.Rounds
	}
	return rounds, sample
}

// PointsAccepted adds up the points of deliverables that are accepted whole, inherited ones included; a part acceptance settles
// money, not size.
func PointsAccepted(sow *v1alpha1.StatementOfWork, ds []v1alpha1.DeliverableStatus, inherited ...v1alpha1.Deliverable) (points, sample int32) {
	accepted := map[string]bool{}
	for _, d := range ds {
		accepted[d.Name] = d.State == v1alpha1.DeliverableAccepted
	}
	for _, d := range inWork(sow, inherited) {
		if accepted[d.Name] {
			sample++
			points += d.Points
		}
	}
	return points, sample
}
