package talentpool

import (
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/checklist"
	"github.com/longshore-dev/longshore/controllers/domain/terms"
)

// maxMessage is the longest message that a condition can carry, in bytes.
const maxMessage = 32768

// problem is something for which the pool cannot be drawn on as it is written.
type problem struct {
	reason  string
	message string
}

// readiness says whether the pool can be drawn on as it is written; all that is wrong, so that nobody has to guess twice.
func readiness(pool *v1alpha1.TalentPool, screening *v1alpha1.Checklist) metav1.Condition {
	problems := screeningProblems(pool, screening)
	if _, err := metav1.LabelSelectorAsSelector(&pool.Spec.WorkerSelector); err != nil {
		problems = append(problems, problem{v1alpha1.ReasonInvalid, fmt.Sprintf("workerSelector selects nobody: %v", err)})
	}
	problems = append(problems, tierProblems(&pool.Spec)...)
	problems = append(problems, scoringProblems(&pool.Spec)...)
	if len(problems) == 0 {
		message := strings.Join(append([]string{standing(pool)}, outOfReach(pool)...), "; ")
		return metav1.Condition{Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonHolds, Message: clip(message)}
	}
	messages := make([]string, 0, len(problems))
	for _, p := range problems {
		messages = append(messages, p.message)
	}
	return metav1.Condition{Type: v1alpha1.ConditionReady, Status: metav1.ConditionFalse, Reason: problems[0].reason, Message: clip(strings.Join(messages, "; "))}
}

// standing says whether there is anybody to draw on. It is no fault of the pool if not: workers may come after it.
func standing(pool *v1alpha1.TalentPool) string {
	selector := &pool.Spec.WorkerSelector
	switch {
	case pool.Status.Members > 0:
		return "it can be drawn on"
	case len(selector.MatchLabels)+len(selector.MatchExpressions) == 0:
		return "spec.workerSelector selects every Worker of this namespace, which has none yet: create Workers"
	default:
		return "spec.workerSelector selects no Worker of this namespace yet: label Workers so, or mend the selector"
	}
}

func screeningProblems(pool *v1alpha1.TalentPool, cl *v1alpha1.Checklist) []problem {
	screening := pool.Spec.Screening
	if screening == nil {
		return nil
	}
	var problems []problem
	name := screening.ChecklistRef.Name
	if cl == nil {
		problems = append(problems, problem{v1alpha1.ReasonReferenceNotFound,
			fmt.Sprintf("the checklist %s does not exist in this namespace: create it, or name another one in spec.screening", name)})
	} else if err := checklist.Validate(cl.Spec.Steps); err != nil {
		problems = append(problems, problem{v1alpha1.ReasonChecklistInvalid, fmt.Sprintf("the checklist %s cannot be followed: %v", name, err)})
	}
	if screening.RetryAfter != "" {
		if _, err := terms.AddPeriod(time.Time{}, screening.RetryAfter); err != nil {
			problems = append(problems, problem{v1alpha1.ReasonInvalid, fmt.Sprintf("screening.retryAfter allows no new attempt: %v", err)})
		}
	}
	return problems
}

// clip shortens a message to what a condition can carry, between two characters.
func clip(message string) string {
	const more = "…"
	if len(message) <= maxMessage {
		return message
	}
	return strings.ToValidUTF8(message[:maxMessage-len(more)], "") + more
}
