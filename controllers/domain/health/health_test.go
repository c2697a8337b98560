package health

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

func TestWhatIsNotReadyIsStalledOrBeingWorkedAtOrWaitsForPeople(t *testing.T) {
	for name, c := range map[string]struct {
		ready  metav1.ConditionStatus
		reason string
		beside string
	}{
		"as it should be":                         {metav1.ConditionTrue, v1alpha1.ReasonHolds, ""},
		"waiting for people, within their time":   {metav1.ConditionTrue, v1alpha1.ReasonWaiting, ""},
		"not there before people have acted":      {metav1.ConditionFalse, v1alpha1.ReasonWaiting, ""},
		"done with":                               {metav1.ConditionTrue, v1alpha1.ReasonClosed, ""},
		"ended by its time":                       {metav1.ConditionTrue, v1alpha1.ReasonAccessExpired, ""},
		"being granted":                           {metav1.ConditionFalse, v1alpha1.ReasonProgressing, v1alpha1.ConditionReconciling},
		"being placed anew":                       {metav1.ConditionTrue, v1alpha1.ReasonProgressing, v1alpha1.ConditionReconciling},
		"being revoked":                           {metav1.ConditionFalse, v1alpha1.ReasonOwed, v1alpha1.ConditionReconciling},
		"wrong in itself":                         {metav1.ConditionFalse, v1alpha1.ReasonInvalid, v1alpha1.ConditionStalled},
		"lacking what it names":                   {metav1.ConditionFalse, v1alpha1.ReasonReferenceNotFound, v1alpha1.ConditionStalled},
		"overdue":                                 {metav1.ConditionFalse, v1alpha1.ReasonDeadlinePassed, v1alpha1.ConditionStalled},
		"a target system that does not answer":    {metav1.ConditionFalse, v1alpha1.ReasonProviderFailed, v1alpha1.ConditionStalled},
		"a target system that is gone for good":   {metav1.ConditionFalse, v1alpha1.ReasonDecommissioned, v1alpha1.ConditionStalled},
		"a reason that nobody has thought of yet": {metav1.ConditionFalse, "Unheard", v1alpha1.ConditionStalled},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			at := metav1.NewTime(time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC))
			// Whatever was said before is taken back where it no longer holds.
			conditions := []metav1.Condition{
				{Type: v1alpha1.ConditionReconciling, Status: metav1.ConditionTrue}, {Type: v1alpha1.ConditionStalled, Status: metav1.ConditionTrue}, {Type: "Other"},
			}
			Set(&conditions, metav1.Condition{Status: c.ready, Reason: c.reason, Message: "why", ObservedGeneration: 7, LastTransitionTime: at})
			found := map[string]metav1.Condition{}
			for _, condition := range conditions {
				found[condition.Type] = condition
			}
			g.Expect(found).To(HaveKey("Other"), "conditions of other types stay")
			g.Expect(found[v1alpha1.ConditionReady]).To(And(HaveField("Status", c.ready), HaveField("Reason", c.reason), HaveField("LastTransitionTime", at)))
			if c.beside == "" {
				g.Expect(found).To(HaveLen(2), "neither Reconciling nor Stalled should be there")
				return
			}
			g.Expect(found).To(HaveLen(3), "only one of Reconciling and Stalled should be there")
			g.Expect(found[c.beside]).To(And(HaveField("Status", metav1.ConditionTrue), HaveField("Reason", c.reason), HaveField("Message", "why"), HaveField("ObservedGeneration", int64(7))))
		})
	}
}
