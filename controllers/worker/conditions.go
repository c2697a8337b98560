package worker

import (
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/health"
)

// conditions says whether somebody must act before screenings and scores can go on. An ordinary wait, within its due date, is Ready.
func (p *pass) conditions() {
	ready := p.ready()
	ready.Message = clip(ready.Message, maxCondition)
	ready.ObservedGeneration, ready.LastTransitionTime = p.Worker.Generation, metav1.Time{Time: p.Now}
	health.Set(&p.d.Status.Conditions, ready)
}

func (p *pass) ready() metav1.Condition {
	if len(p.faults) > 0 {
		messages := make([]string, 0, len(p.faults))
		for _, f := range p.faults {
			messages = append(messages, f.message)
		}
		return metav1.Condition{Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonInvalid, Message: strings.Join(messages, "; ")}
	}
	var overdue, waiting, demotions []string
	for _, sc := range p.screenings {
		for _, problem := range []*finding{sc.problem, sc.rating.problem} {
			if problem != nil {
				return metav1.Condition{Status: metav1.ConditionFalse, Reason: problem.Reason, Message: problem.Message}
			}
		}
		if sc.rating.undecided() != nil {
			demotions = append(demotions, sc.pool.Name)
		}
		if len(sc.screeningWaits()) == 0 {
			continue
		}
		waiting = append(waiting, sc.pool.Name)
		for _, step := range sc.course.Result.Overdue {
			overdue = append(overdue, fmt.Sprintf("%s (pool %s)", step, sc.pool.Name))
		}
	}
	switch {
	case len(p.d.Status.Attestations) >= maxRecords:
		return metav1.Condition{Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonTooManyAttestations,
			Message: fmt.Sprintf("the record of statements about the worker is full, with %d: nothing more that is stated of them can count", maxRecords)}
	case len(p.screenings) > maxPools:
		return metav1.Condition{Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonInvalid,
			Message: fmt.Sprintf("%d pools select the worker, and %d are kept: narrow their workerSelectors", len(p.screenings), maxPools)}
	case len(overdue) > 0:
		return metav1.Condition{Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonStepOverdue,
			Message: fmt.Sprintf("overdue in screening: %s; see status.waitingFor for whom", strings.Join(overdue, ", "))}
	case len(waiting)+len(demotions) > 0:
		var what []string
		if len(waiting) > 0 {
			what = append(what, "being screened in "+strings.Join(waiting, ", "))
		}
		if len(demotions) > 0 {
			what = append(what, "a demotion is proposed in "+strings.Join(demotions, ", "))
		}
		return metav1.Condition{Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonWaiting, Message: strings.Join(what, "; ") + "; see status.waitingFor for whom"}
	default:
		return metav1.Condition{Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonHolds, Message: "nobody is waited for"}
	}
}
