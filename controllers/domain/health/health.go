// Package health says in an object's conditions what GitOps tools read there: whether it is as it should be, still on its way, or stuck.
package health

import (
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// Set puts Ready among the conditions and, with its reason, message and times, Reconciling while the operator is at work or Stalled while somebody must
// act. Those two are there only while they are True, and never both: kstatus goes by whichever of them comes first.
func Set(conditions *[]metav1.Condition, ready metav1.Condition) {
	ready.Type = v1alpha1.ConditionReady
	meta.SetStatusCondition(conditions, ready)
	abnormal := abnormality(&ready)
	for _, kind := range []string{v1alpha1.ConditionReconciling, v1alpha1.ConditionStalled} {
		if kind != abnormal {
			meta.RemoveStatusCondition(conditions, kind)
			continue
		}
		condition := ready
		condition.Type, condition.Status = kind, metav1.ConditionTrue
		meta.SetStatusCondition(conditions, condition)
	}
}

// abnormality is the condition that goes with Ready, if any. What waits for people within their time is neither stuck nor worked at.
func abnormality(ready *metav1.Condition) string {
	switch ready.Reason {
	case v1alpha1.ReasonProgressing, v1alpha1.ReasonOwed:
		return v1alpha1.ConditionReconciling
	case v1alpha1.ReasonWaiting:
		return ""
	}
	if ready.Status == metav1.ConditionTrue {
		return ""
	}
	return v1alpha1.ConditionStalled
}
