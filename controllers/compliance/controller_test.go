package compliance

import (
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

func asItIs(*v1alpha1.CompliancePolicySpec) {}

func TestAPolicyThatCanBeEvaluatedIsReady(t *testing.T) {
	d := open(t)
	ready, stalled := d.judged(d.create("sound", asItIs), "1 rule, in force since 2025-12-01T08:00:00Z")
	d.Expect(ready.Status).To(Equal(metav1.ConditionTrue), ready.Message)
	d.Expect(ready.Reason).To(Equal(v1alpha1.ReasonHolds))
	d.Expect(ready.LastTransitionTime.Time).To(BeTemporally("==", now), "the time is the injected clock's")
	d.Expect(stalled).To(BeNil())
}

func TestAPolicyThatCannotBeEvaluatedNamesEveryRuleUntilItIsMended(t *testing.T) {
	d := open(t)
	cp := d.create("broken", func(spec *v1alpha1.CompliancePolicySpec) {
		spec.Rules = []v1alpha1.PolicyRule{rule("misspelt", "engagement.spec.titel != ''"), rule("sound", "engagement.spec.title != ''"), rule("a-number", "1 + 1")}
	})
	ready, stalled := d.judged(cp, "engagements that it selects are held until it is mended")
	d.Expect(ready.Status).To(Equal(metav1.ConditionFalse))
	d.Expect(ready.Reason).To(Equal(v1alpha1.ReasonExpressionInvalid))
	d.Expect(ready.Message).To(And(ContainSubstring("misspelt"), ContainSubstring("titel"), ContainSubstring("a-number")), "every rule that is wrong is named, and what is wrong with it")
	d.Expect(ready.Message).NotTo(ContainSubstring("sound"))
	d.Expect(stalled).NotTo(BeNil())
	d.Expect(stalled.Status).To(Equal(metav1.ConditionTrue), "a GitOps tool should take it for failed, not for under way")
	d.Expect(stalled.Message).To(Equal(ready.Message))

	cp.Spec.Rules = []v1alpha1.PolicyRule{rule("misspelt", "engagement.spec.title != ''")}
	d.Expect(d.API.Update(t.Context(), cp)).To(Succeed())
	ready, stalled = d.judged(cp, "it can be evaluated: 1 rule")
	d.Expect(ready.Status).To(Equal(metav1.ConditionTrue))
	d.Expect(stalled).To(BeNil())
}

func TestAPolicyIsLookedAtAgainWhenItBeginsAndWhenItIsOver(t *testing.T) {
	d := open(t)
	from, to := metav1.NewTime(now.Add(time.Second)), metav1.NewTime(now.Add(2*time.Second))
	cp := d.create("dated", func(spec *v1alpha1.CompliancePolicySpec) { spec.EffectiveFrom, spec.EffectiveTo = from, &to })
	ready, _ := d.judged(cp, "not in force yet: applies from 2026-12-01T08:00:01Z until 2026-12-01T08:00:02Z")
	d.Expect(ready.Status).To(Equal(metav1.ConditionTrue), "that its time has not come is no fault of a policy")

	d.clock.SetTime(from.Time)
	d.judged(cp, "in force since 2026-12-01T08:00:01Z, until 2026-12-01T08:00:02Z")
	d.clock.SetTime(to.Time)
	ready, _ = d.judged(cp, "applied from 2026-12-01T08:00:01Z until 2026-12-01T08:00:02Z and is over")
	d.Expect(ready.Status).To(Equal(metav1.ConditionTrue))
}

func TestAtRestNothingIsWrittenToAPolicy(t *testing.T) {
	d := open(t)
	cp := d.create("quiet", asItIs)
	d.judged(cp, "it can be evaluated")
	cp.Labels = map[string]string{"touched": "yes"}
	d.Expect(d.API.Update(t.Context(), cp)).To(Succeed())
	touched := cp.ResourceVersion
	// The queue is worked off in order: once a later object is judged, the label has been looked at.
	d.judged(d.create("quieter", asItIs), "it can be evaluated")
	d.judged(cp, "it can be evaluated")
	d.Expect(cp.ResourceVersion).To(Equal(touched), "nothing that matters of the policy has changed")
}

func TestWhatAPolicyThatCannotBeEvaluatedHoldsDependsOnItsDates(t *testing.T) {
	day := func(n int) *metav1.Time { return &metav1.Time{Time: now.AddDate(0, 0, n)} }
	for _, tc := range []struct {
		reason   string
		from, to *metav1.Time
		want     string
	}{
		{"in force", day(-1), nil, "engagements that it selects are held until it is mended"},
		{"in force until a day", day(-1), day(1), "engagements that it selects are held until it is mended"},
		{"it begins now", day(0), nil, "engagements that it selects are held until it is mended"},
		{"it begins tomorrow", day(1), nil, "will be held from 2026-12-02T08:00:00Z on"},
		{"it ended yesterday", day(-2), day(-1), "holds nothing, because it is over since 2026-11-30T08:00:00Z"},
		{"it ends now", day(-2), day(0), "holds nothing, because it is over since 2026-12-01T08:00:00Z"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			g := NewWithT(t)
			cp := &v1alpha1.CompliancePolicy{Spec: inForce()}
			cp.Spec.EffectiveFrom, cp.Spec.EffectiveTo = *tc.from, tc.to
			cp.Spec.Rules = []v1alpha1.PolicyRule{rule("broken", "engagement.")}
			judge(cp, now)
			g.Expect(cp.Status.Conditions).To(HaveEach(HaveField("Message", ContainSubstring(tc.want))))
			g.Expect(cp.Status.Conditions).To(HaveEach(HaveField("Message", ContainSubstring("broken"))), "also while it holds nothing it is said what is wrong")
		})
	}
}

func TestALongMessageIsCutBetweenCharacters(t *testing.T) {
	got := clip(strings.Repeat("é", maxMessage))
	if len(got) > maxMessage || strings.ToValidUTF8(got, "") != got || !strings.HasSuffix(got, "é…") {
		t.Errorf("the message has %d bytes and ends in %q, expected at most %d and whole characters", len(got), got[len(got)-6:], maxMessage)
	}
}
