package dossier

import (
	"regexp"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

func TestWhatIsPersonalIsErasedOnlyWhenItMayBe(t *testing.T) {
	const erase, keep = v1alpha1.ErasureErase, v1alpha1.ErasureKeep
	end := closedAt.AddDate(6, 0, 0)
	before, after := end.Add(-time.Second), end.Add(time.Hour)
	asked := func(decision v1alpha1.ErasureDecision) *v1alpha1.Erasure {
		return &v1alpha1.Erasure{Reason: "request 17", Decision: decision, By: &v1alpha1.Author{Username: "dee"}}
	}
	for _, tc := range []struct {
		name, reason string
		retained     bool
		asked        *v1alpha1.Erasure
		now          time.Time
		erases       bool
		lookAgain    bool
		says         string
		// gone is what is said once it is gone.
		gone string
	}{
		{"nobody asks, nothing retains", "a file without retention is kept until somebody asks", false, nil, after, false, false, "", ""},
		{"nobody asks during retention", "its end is waited for", true, nil, before, false, true, "", ""},
		{"nobody asks at the end of retention", "the reason to keep it is gone to the second", true, nil, end, true, false, "", v1alpha1.ReasonRetentionEnded},
		{"nobody asks after retention", "the reason to keep it is gone", true, nil, after, true, false, "", v1alpha1.ReasonRetentionEnded},
		{"asked, nothing retains", "nothing stands against it", false, asked(""), closedAt, true, false, "", v1alpha1.ReasonErased},
		{"decided to keep, nothing retains", "what is erased does not come back, and nobody wanted that", false, asked(keep), after, false, false, v1alpha1.ReasonKept, v1alpha1.ReasonErased},
		{"asked during retention", "people decide", true, asked(""), before, false, true, v1alpha1.ReasonRetentionConflict, v1alpha1.ReasonErased},
		{"asked, retention over", "the conflict is over", true, asked(""), end, true, false, "", v1alpha1.ReasonErased},
		{"decided to erase", "somebody answers for it", true, asked(erase), before, true, false, "", v1alpha1.ReasonErased},
		{"decided to keep", "somebody answers for it", true, asked(keep), before, false, true, v1alpha1.ReasonKept, v1alpha1.ReasonErased},
		{"kept to the end", "that is until when it was kept", true, asked(keep), end, true, false, "", v1alpha1.ReasonRetentionEnded},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := closed()
			f.RetainUntil, f.RetainedBy = nil, ""
			if tc.retained {
				f.RetainUntil, f.RetainedBy = &metav1.Time{Time: end}, "tax-records (a tax code)"
			}
			d := mustSeal(t, Head{}, f)
			d.Spec.Erasure = tc.asked
			got := Erase(d, tc.now)
			if got.Now != tc.erases {
				t.Errorf("erases: %t, expected %t, since %s", got.Now, tc.erases, tc.reason)
			}
			if want := map[bool]time.Time{true: end}[tc.lookAgain]; !got.LookAgain.Equal(want) {
				t.Errorf("looks again at %s, expected %s", got.LookAgain, want)
			}
			checkSays(t, got.Say, metav1.ConditionFalse, tc.says)

			d.Spec.Personal = nil
			got = Erase(d, tc.now)
			if got.Now {
				t.Error("erases what is gone")
			}
			checkSays(t, got.Say, metav1.ConditionTrue, tc.gone)
			if got.Say == nil {
				return
			}
			d.Status = &v1alpha1.DossierStatus{Conditions: []metav1.Condition{*got.Say}}
			d.Spec.Erasure = asked(keep)
			for _, now := range []time.Time{before, after} {
				if again := Erase(d, now); again != (Erasure{}) {
					t.Errorf("what was said to be gone is spoken of again: %+v", again)
				}
			}
		})
	}
}

func checkSays(t *testing.T, said *metav1.Condition, status metav1.ConditionStatus, reason string) {
	t.Helper()
	switch {
	case reason == "" && said != nil:
		t.Errorf("says %s: %s, expected nothing to be said", said.Reason, said.Message)
	case reason == "":
	case said == nil:
		t.Errorf("says nothing, expected %s", reason)
	case said.Type != v1alpha1.ConditionErased || said.Status != status || said.Reason != reason:
		t.Errorf("says %s %s %s, expected %s %s %s", said.Type, said.Status, said.Reason, v1alpha1.ConditionErased, status, reason)
	}
}

func TestAConflictSaysWhatStandsAgainstItAndWhoDecides(t *testing.T) {
	d := mustSeal(t, Head{}, closed())
	d.Spec.Erasure = &v1alpha1.Erasure{Reason: "request 17", By: &v1alpha1.Author{Username: "dee@example.com"}}
	conflict := Erase(d, closedAt).Say.Message
	d.Spec.Erasure.Decision = v1alpha1.ErasureKeep
	kept := Erase(d, closedAt).Say.Message
	for _, message := range []string{conflict, kept} {
		for what, words := range map[string]string{
			"which policy, by which source": "the policy tax-records (a tax code)",
			"until when":                    d.Spec.Record.RetainUntil.UTC().Format(time.RFC3339),
			"where it says who and why":     "spec.erasure",
		} {
			if !strings.Contains(message, words) {
				t.Errorf("expected the message to say %s, by %q: %s", what, words, message)
			}
		}
	}
	for _, words := range []string{"the verb erase", "spec.erasure.decision", string(v1alpha1.ErasureErase), string(v1alpha1.ErasureKeep)} {
		if !strings.Contains(conflict, words) {
			t.Errorf("expected the message to say %q, so that somebody can decide: %s", words, conflict)
		}
	}
}

func TestNothingThatIsSaidOfAnErasureNamesAPerson(t *testing.T) {
	d := mustSeal(t, Head{}, closed())
	personal := d.Spec.Personal
	d.Spec.Erasure = &v1alpha1.Erasure{Reason: "request 17", By: &v1alpha1.Author{Username: "dee@example.com"}}
	for _, decision := range []v1alpha1.ErasureDecision{"", v1alpha1.ErasureErase, v1alpha1.ErasureKeep} {
		for _, there := range [][]v1alpha1.PersonalValue{personal, nil} {
			for _, now := range []time.Time{closedAt, closedAt.AddDate(9, 0, 0)} {
				d.Spec.Personal, d.Spec.Erasure.Decision = there, decision
				say := Erase(d, now).Say
				if say == nil {
					continue
				}
				for _, p := range append([]v1alpha1.PersonalValue{{Value: "dee"}, {Value: "request 17"}}, personal...) {
					if regexp.MustCompile(`\b` + regexp.QuoteMeta(p.Value) + `\b`).MatchString(say.Message) {
						t.Errorf("expected a message that can be shown in an event, and it says %q: %s", p.Value, say.Message)
					}
				}
			}
		}
	}
}

func TestAChainWithSomeFilesErasedStillVerifies(t *testing.T) {
	c := chain(t, 5)
	for _, i := range []int{0, 2, 4} {
		c[i].Spec.Personal = nil
	}
	if err := Verify(c); err != nil {
		t.Errorf("erasing breaks the chain: %v", err)
	}
	c[2].Spec.Record.Outcome = v1alpha1.OutcomeTerminated
	if err := Verify(c); err == nil {
		t.Error("a change of a file in which what was personal is erased went unnoticed")
	}
}
