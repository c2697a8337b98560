package dossier

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// Erasure is what is to become of what is personal in a sealed file.
type Erasure struct {
	// Now says that it is there, and is to go at once.
	Now bool
	// LookAgain is when time alone changes the answer; zero where it never does.
	LookAgain time.Time
	// Say is the condition Erased, without its times; nil where there is nothing new to say.
	Say *metav1.Condition
}

// Erase decides between a request to erase what is personal in a sealed file and a policy's demand to keep it. Of a
// conflict it says that there is one: people decide on it. Without a request what is personal goes at the end of
// retention, and without retention it stays, as it does where somebody decided to keep it although nothing demands it.
// What is gone is called erased only once it is, and then for good.
func Erase(d *v1alpha1.Dossier, now time.Time) Erasure {
	erased := len(d.Spec.Personal) == 0
	asked, until := d.Spec.Erasure, d.Spec.Record.RetainUntil
	kept := until != nil && now.Before(until.Time)
	switch {
	case erased && isErased(d.Status):
		return Erasure{}
	case asked == nil && until == nil:
		return Erasure{}
	case asked == nil && kept:
		return Erasure{LookAgain: until.Time}
	case until == nil && !erased && asked.Decision == v1alpha1.ErasureKeep:
		return Erasure{Say: not(v1alpha1.ReasonKept,
			"it was decided to keep what is personal, and no policy says until when: it is kept until spec.erasure.decision says Erase. spec.erasure says who decided, and for what reason")}
	case kept && !erased && asked.Decision == v1alpha1.ErasureKeep:
		return Erasure{LookAgain: until.Time, Say: not(v1alpha1.ReasonKept,
			"its erasure was asked for, and it was decided to keep what is personal until %s, as %s demands; it is erased then by itself. spec.erasure says who decided, and for what reason",
			date(until), retainedBy(d))}
	case kept && !erased && asked.Decision != v1alpha1.ErasureErase:
		return Erasure{LookAgain: until.Time, Say: not(v1alpha1.ReasonRetentionConflict,
			"its erasure was asked for, and %s demands that it be kept until %s; spec.erasure says who asked, and for what reason. "+
				"Somebody with the verb erase on dossiers decides by spec.erasure.decision: Erase erases what is personal at once, Keep keeps it until then. Without a decision it is erased then",
			retainedBy(d), date(until))}
	case !erased:
		return Erasure{Now: true}
	}
	return Erasure{Say: done(d, kept)}
}

// done says why what was personal is gone.
func done(d *v1alpha1.Dossier, kept bool) *metav1.Condition {
	asked, until := d.Spec.Erasure, d.Spec.Record.RetainUntil
	c := &metav1.Condition{Type: v1alpha1.ConditionErased, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonErased}
	switch {
	case asked == nil || (!kept && asked.Decision == v1alpha1.ErasureKeep && until != nil):
		c.Reason = v1alpha1.ReasonRetentionEnded
		c.Message = fmt.Sprintf("what was personal is erased: %s demanded that it be kept until %s", retainedBy(d), date(until))
	case kept:
		c.Message = fmt.Sprintf("what was personal is erased, although %s demanded that it be kept until %s: it was decided so", retainedBy(d), date(until))
	case until != nil:
		c.Message = fmt.Sprintf("what was personal is erased: it was asked for, as spec.erasure says, and the retention that %s demands ended at %s", retainedBy(d), date(until))
	default:
		c.Message = "what was personal is erased: it was asked for, as spec.erasure says, and no policy demanded that it be kept"
	}
	return c
}

// not says why what is personal is kept although its erasure was asked for.
func not(reason, message string, args ...any) *metav1.Condition {
	return &metav1.Condition{Type: v1alpha1.ConditionErased, Status: metav1.ConditionFalse, Reason: reason, Message: fmt.Sprintf(message, args...)}
}

func isErased(st *v1alpha1.DossierStatus) bool {
	return st != nil && meta.IsStatusConditionTrue(st.Conditions, v1alpha1.ConditionErased)
}

func retainedBy(d *v1alpha1.Dossier) string {
	if by := d.Spec.Record.RetainedBy; by != "" {
		return "the policy " + by
	}
	return "a policy"
}

func date(t *metav1.Time) string { return t.UTC().Format(time.RFC3339) }
