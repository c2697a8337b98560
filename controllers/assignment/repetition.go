package assignment

import (
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// repeats says whether a new status tells of pending work what the old one tells, but for numbers. Whatever arrives or is given changes how many hours
// somebody has left, and so the sums of all work that waits: written each time, a backlog would cost a write for each of its parts at each look.
func repeats(old, told *v1alpha1.AssignmentStatus) bool {
	if old.State != v1alpha1.AssignmentPending || told.State != v1alpha1.AssignmentPending || !sameButNumbers(old.Why, told.Why) ||
		!slices.EqualFunc(old.Others, told.Others, func(a, b v1alpha1.NotChosen) bool { return a.Worker == b.Worker && sameButNumbers(a.Reason, b.Reason) }) {
		return false
	}
	// What is left are the messages that are made of why.
	retold := told.DeepCopy()
	retold.Why, retold.Others = old.Why, old.Others
	for i := range min(len(old.WaitingFor), len(retold.WaitingFor)) {
		if sameButNumbers(old.WaitingFor[i].Message, retold.WaitingFor[i].Message) {
			retold.WaitingFor[i].Message = old.WaitingFor[i].Message
		}
	}
	for i := range min(len(old.Conditions), len(retold.Conditions)) {
		if sameButNumbers(old.Conditions[i].Message, retold.Conditions[i].Message) {
			retold.Conditions[i].Message = old.Conditions[i].Message
		}
	}
	return equality.Semantic.DeepEqual(old, retold)
}

// sameButNumbers compares texts word by word. Numbers are words of their own: the digits of a name, of a date or of a week belong to it.
func sameButNumbers(a, b string) bool {
	return a == b || slices.EqualFunc(strings.Fields(a), strings.Fields(b), func(x, y string) bool { return x == y || isNumber(x) && isNumber(y) })
}

func isNumber(word string) bool {
	_, err := strconv.ParseUint(strings.TrimRight(word, ",."), 10, 64)
	return err == nil
}
