package worker

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

const (
	approved = v1alpha1.VerdictApproved
	rejected = v1alpha1.VerdictRejected
)

// newLadder has ada in the pool designers, which screens nobody and has three tiers. With one evaluation, a prior of 50 that counts for nothing and
// a spread of 5, the lower bound is the score less 9.8.
func newLadder(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.pool0().Spec.Tiers = []v1alpha1.Tier{{Name: "Bronze"}, {Name: "Silver", MinScore: 60}, {Name: "Gold", MinScore: 80}}
	w.pool0().Spec.Scoring = &v1alpha1.Scoring{PriorStrength: new(int32(0)), HalfLife: "P1D"}
	w.pool0().Status.Prior = &v1alpha1.Prior{Version: 3, Mean: "50.0", Spread: "5.0", At: metav1.NewTime(day0)}
	return w
}

// work is an engagement of ada's in designers.
func (w *world) work(name string) *v1alpha1.Engagement {
	e := w.engagement(name, v1alpha1.StepStatus{}, nil)
	e.Spec.PoolRef = v1alpha1.PoolReference{Name: "designers", Namespace: namespace}
	return e
}

// evaluated is an evaluation as the engagement records it.
func evaluated(name string, kind v1alpha1.EvaluationKind, score string, at time.Time) v1alpha1.EvaluationRecord {
	return v1alpha1.EvaluationRecord{UID: types.UID("uid-of-" + name), Name: name, Kind: kind, Evaluator: "mia", Score: score, At: metav1.NewTime(at)}
}

// rates records an evaluation of ada's only engagement.
func (w *world) rates(at time.Time, score string) {
	if len(w.Engagements) == 0 {
		w.work("campaign")
	}
	e := &w.Engagements[0]
	e.Status.Evaluations = append(e.Status.Evaluations, evaluated(fmt.Sprintf("review-%02d", len(e.Status.Evaluations)+1), v1alpha1.EvaluationPeriodic, score, at))
}

func (w *world) inTier(now time.Time, tier string) v1alpha1.PoolMembership {
	w.t.Helper()
	m := w.standing(now)
	if m.Tier != tier {
		w.t.Errorf("at %s the worker is in tier %s, expected %s; the score is %+v", now.Format(time.DateTime), m.Tier, tier, m.Score)
	}
	return m
}

// told are the reasons of the news of the last pass.
func (w *world) told() string {
	var reasons []string
	for _, n := range w.last.News {
		reasons = append(reasons, n.reason)
	}
	return strings.Join(reasons, " ")
}

func TestAnEvaluationOfTheWorkersOwnWorkInThePoolIsScored(t *testing.T) {
	for _, tc := range []struct {
		name   string
		reason string
		change func(*v1alpha1.Engagement)
		want   string
	}{
		{"periodic", "it rates the work", func(*v1alpha1.Engagement) {}, "marketing/campaign 70.0"},
		{"final", "it rates the work", func(e *v1alpha1.Engagement) { e.Status.Evaluations[0].Kind = v1alpha1.EvaluationFinal }, "marketing/campaign 70.0"},
		{"ended", "it was rated before", func(e *v1alpha1.Engagement) { e.Status.Phase = v1alpha1.PhaseClosed }, "marketing/campaign 70.0"},
		{"of another kind", "a screening is no work", func(e *v1alpha1.Engagement) { e.Status.Evaluations[0].Kind = v1alpha1.EvaluationScreening }, ""},
		{"of another pool", "each pool rates by itself", func(e *v1alpha1.Engagement) { e.Spec.PoolRef.Name = "writers" }, ""},
		{"of a pool of that name elsewhere", "it is another pool", func(e *v1alpha1.Engagement) { e.Spec.PoolRef.Namespace = "" }, ""},
		{"of another worker", "nobody is rated for others", func(e *v1alpha1.Engagement) { e.Status.Worker.Name = "bob" }, ""},
		{"of another person", "somebody of that name was engaged before", func(e *v1alpha1.Engagement) { e.Status.Worker.PersonKey = "person-9" }, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newLadder(t)
			w.rates(after(1), "70.0")
			tc.change(&w.Engagements[0])
			var got string
			if score := w.standing(after(2)).Score; score != nil {
				got = score.Evaluations[0].Engagement + " " + score.Evaluations[0].Score
			}
			if got != tc.want {
				t.Errorf("the score rests on %q, expected %q, because %s", got, tc.want, tc.reason)
			}
		})
	}
}

func TestAScoreIsComputedWithWhatIsInForceWhenTheEvaluationComes(t *testing.T) {
	w := newLadder(t)
	w.pool0().Spec.Scoring = &v1alpha1.Scoring{HalfLife: "P30D"}
	w.rates(after(1), "80.0")
	first := w.standing(after(1)).Score
	want := &v1alpha1.WorkerScore{
		// (5 × 50 + 80) ÷ 6 = 55; 1.96 × 5 ÷ √6 = 4.0
		Value: "55.0", Low: "51.0", High: "59.0", Sample: 1, Weight: "1.00", At: metav1.NewTime(after(1)), HalfLife: "P30D",
		Prior:       v1alpha1.AppliedPrior{Version: 3, Mean: "50.0", Spread: "5.0", Strength: 5},
		Evaluations: []v1alpha1.RatedWork{{UID: "uid-of-review-01", Engagement: "marketing/campaign", Name: "review-01", Score: "80.0", At: metav1.NewTime(after(1))}},
	}
	if diff := cmp.Diff(want, first); diff != "" {
		t.Errorf("the score is not the one of one evaluation (-expected +got):\n%s", diff)
	}
	w.pool0().Status.Prior = &v1alpha1.Prior{Version: 4, Mean: "60.0", Spread: "8.0"}
	w.pool0().Spec.Scoring.PriorStrength = new(int32(1))
	if diff := cmp.Diff(first, w.standing(after(20)).Score); diff != "" {
		t.Errorf("the score moved without an evaluation, by another prior and other settings (-before +now):\n%s", diff)
	}
	w.rates(after(31), "90.0")
	second := w.standing(after(31)).Score
	// W = 1 + ½; (60 + 90 + 40) ÷ 2.5 = 76
	if second.Value != "76.0" || second.Weight != "1.50" || second.Prior.Version != 4 || second.Sample != 2 {
		t.Errorf("after the next evaluation the score is %+v, expected 76.0 with the weight 1.50 by the prior of version 4", second)
	}
}

func TestAPoolWithoutAPriorBeginsInTheMiddle(t *testing.T) {
	w := newWorld(t)
	w.rates(after(1), "80.0")
	if got := w.standing(after(1)).Score; got == nil || got.Prior != (v1alpha1.AppliedPrior{Version: 1, Mean: "50.0", Spread: "15.0", Strength: 5}) {
		t.Errorf("the score is %+v, expected the initial prior", got)
	}
}

func TestAScoreOutlivesTheEngagementAndNotTheMembership(t *testing.T) {
	w := newLadder(t)
	w.rates(after(1), "95.0")
	e := w.work("second")
	e.Status.Evaluations = []v1alpha1.EvaluationRecord{evaluated("last", v1alpha1.EvaluationFinal, "90.0", after(2))}
	want := w.inTier(after(2), "Gold").Score
	w.Engagements = w.Engagements[:1]
	if diff := cmp.Diff(want, w.inTier(after(3), "Gold").Score); diff != "" {
		t.Errorf("an engagement that is gone changed the score (-expected +got):\n%s", diff)
	}
	w.Worker.Labels["craft"] = "test"
	if left := w.look(after(4)).Pools; len(left) > 0 {
		t.Errorf("the worker is in %v, expected no pool", left)
	}
	w.Worker.Labels["craft"] = "design"
	if again := w.inTier(after(5), "Gold").Score; again.Sample != 1 || again.Evaluations[0].Name != "review-01" {
		t.Errorf("back in the pool the score rests on %v, expected the engagement that still exists", again.Evaluations)
	}
}

func TestTheFiftyNewestEvaluationsAreKept(t *testing.T) {
	w := newLadder(t)
	for i := range 53 {
		w.rates(after(float64(i)), fmt.Sprintf("%d.0", i))
	}
	got := w.standing(after(60)).Score
	if got.Sample != 50 || got.Evaluations[0].Score != "3.0" || got.Evaluations[49].Score != "52.0" {
		t.Errorf("%d evaluations count, from %s to %s, expected the 50 newest", got.Sample, got.Evaluations[0].Score, got.Evaluations[len(got.Evaluations)-1].Score)
	}
	w.pool0().Status.Prior.Version = 9
	if diff := cmp.Diff(got, w.standing(after(61)).Score); diff != "" {
		t.Errorf("evaluations that are too old to count were taken for new ones (-before +now):\n%s", diff)
	}
}

func TestWhatCannotBeScoredHoldsAndSaysWhy(t *testing.T) {
	w := newLadder(t)
	w.rates(after(1), "70.0")
	want := w.inTier(after(1), "Silver").Score
	w.pool0().Spec.Scoring.HalfLife = "P0D"
	w.rates(after(20), "95.0")
	if diff := cmp.Diff(want, w.inTier(after(20), "Silver").Score); diff != "" {
		t.Errorf("the score moved (-expected +got):\n%s", diff)
	}
	ready := w.Worker.Status.Conditions[0]
	if ready.Status != metav1.ConditionFalse || ready.Reason != v1alpha1.ReasonInvalid || !strings.Contains(ready.Message, "spec.scoring of the pool") {
		t.Errorf("Ready is %s/%s: %q, expected what is wrong with the pool", ready.Status, ready.Reason, ready.Message)
	}
	w.pool0().Spec.Scoring.HalfLife = "P1D"
	w.inTier(after(21), "Gold")
}

func TestAPromotionComesWithTheEvaluationThatEarnsIt(t *testing.T) {
	w := newLadder(t)
	if m := w.inTier(after(0), "Bronze"); m.TierSince != nil || m.Score != nil {
		t.Errorf("the membership is %+v, expected everybody to begin in the lowest tier without a date", m)
	}
	w.rates(after(1), "95.0")
	m := w.inTier(after(4), "Gold")
	if m.TierSince == nil || !m.TierSince.Time.Equal(after(1)) {
		t.Errorf("the worker is in Gold since %v, expected since the evaluation, whenever it was seen", m.TierSince)
	}
	if w.told() != "Promoted" || !strings.Contains(w.last.News[0].message, "pool designers: from tier Bronze to Gold") {
		t.Errorf("the news are %v, expected the promotion over two tiers, once", w.last.News)
	}
	w.look(after(5))
	if w.told() != "" {
		t.Errorf("the news are %v, expected none at rest", w.last.News)
	}
}

// fallen is ada, who was in Gold and whose second evaluation earns Silver.
func fallen(t *testing.T) *world {
	t.Helper()
	w := newLadder(t)
	w.rates(after(1), "95.0")
	w.inTier(after(1), "Gold")
	w.rates(after(30), "75.0")
	return w
}

func TestADemotionIsProposedAndAPersonDecides(t *testing.T) {
	w := fallen(t)
	m := w.inTier(after(30), "Gold")
	if m.Demotion == nil || m.Demotion.To != "Silver" || !m.Demotion.Since.Time.Equal(after(30)) || m.Demotion.RejectedAt != nil {
		t.Fatalf("the demotion is %+v, expected Silver to be proposed since the evaluation", m.Demotion)
	}
	if w.told() != "DemotionProposed" {
		t.Errorf("the news are %v, expected the proposal", w.last.News)
	}
	w.look(after(31))
	wants := []v1alpha1.WaitingFor{{What: "approval/demotion", Who: "Approver", Since: metav1.NewTime(after(30))}}
	if diff := cmp.Diff(wants, w.Worker.Status.WaitingFor, cmpopts.IgnoreFields(v1alpha1.WaitingFor{}, "Message")); diff != "" {
		t.Errorf("the wait is not for a decision (-expected +got):\n%s", diff)
	}
	for _, part := range []string{"approval/demotion", "Approved or Rejected", "note", "Silver", "(pool designers)"} {
		if message := w.Worker.Status.WaitingFor[0].Message; !strings.Contains(message, part) {
			t.Errorf("the wait says %q, expected it to say %q", message, part)
		}
	}
	if ready := w.Worker.Status.Conditions[0]; ready.Status != metav1.ConditionTrue || !strings.Contains(ready.Message, "a demotion is proposed in designers") {
		t.Errorf("Ready is %s: %q, expected an ordinary wait that names the pool", ready.Status, ready.Message)
	}

	t.Run("approved", func(t *testing.T) {
		w := fallen(t)
		w.look(after(30))
		att := w.state(after(33), "zoe", "approval/demotion", approved)
		m := w.inTier(after(34), "Silver")
		if m.Demotion != nil || !m.TierSince.Time.Equal(after(33)) || att.Status != nil || len(w.Worker.Status.WaitingFor) > 0 {
			t.Errorf("the membership is %+v, the statement stands %+v, and %v is waited for; expected the decision to be done", m, att.Status, w.Worker.Status.WaitingFor)
		}
		if w.told() != "Demoted" {
			t.Errorf("the news are %v, expected the demotion", w.last.News)
		}
	})
	t.Run("rejected, until the next evaluation", func(t *testing.T) {
		w := fallen(t)
		w.look(after(30))
		w.state(after(33), "zoe", "approval/demotion", rejected)
		m := w.inTier(after(34), "Gold")
		if m.Demotion == nil || m.Demotion.RejectedAt == nil || !m.Demotion.RejectedAt.Time.Equal(after(33)) || len(w.Worker.Status.WaitingFor) > 0 {
			t.Errorf("the demotion is %+v and %v is waited for, expected it to be decided against", m.Demotion, w.Worker.Status.WaitingFor)
		}
		w.inTier(after(300), "Gold")
		if len(w.Worker.Status.WaitingFor) > 0 || w.told() != "" {
			t.Errorf("%v is waited for and %v told, expected nothing to be proposed before the next evaluation", w.Worker.Status.WaitingFor, w.last.News)
		}
		w.rates(after(301), "74.0")
		if m := w.inTier(after(301), "Gold"); m.Demotion == nil || m.Demotion.RejectedAt != nil || w.told() != "DemotionProposed" {
			t.Errorf("the demotion is %+v, expected the next evaluation to propose it again", m.Demotion)
		}
	})
	t.Run("taken back by a better evaluation", func(t *testing.T) {
		w := fallen(t)
		w.look(after(30))
		w.rates(after(60), "97.0")
		if m := w.inTier(after(60), "Gold"); m.Demotion != nil || len(w.Worker.Status.WaitingFor) > 0 {
			t.Errorf("the demotion is %+v, expected none: the tier is earned again", m.Demotion)
		}
	})
	t.Run("automatic", func(t *testing.T) {
		w := fallen(t)
		w.pool0().Spec.Demotion = v1alpha1.DemotionAutomatic
		if m := w.inTier(after(32), "Silver"); !m.TierSince.Time.Equal(after(30)) || w.told() != "Demoted" {
			t.Errorf("the worker is in the tier since %v, with the news %v; expected the evaluation to demote", m.TierSince, w.last.News)
		}
	})
	t.Run("within the hysteresis", func(t *testing.T) {
		w := fallen(t)
		w.pool0().Spec.Hysteresis = 20
		if m := w.inTier(after(30), "Gold"); m.Demotion != nil {
			t.Errorf("the demotion is %+v, expected none", m.Demotion)
		}
	})
}

func TestADecisionThatNobodyAskedForSaysWhy(t *testing.T) {
	for _, tc := range []struct {
		name    string
		world   func(*testing.T) *world
		at      float64
		before  func(*world)
		message string
		tier    string
	}{
		{"before there is a score", newLadder, 1, func(*world) {}, "no demotion of the worker is proposed in pool designers, where they are in tier Bronze", "Bronze"},
		{"before the evaluation", fallen, 29, func(*world) {}, "no demotion of the worker is proposed in pool designers, where they are in tier Gold", "Gold"},
		{"after it was approved", fallen, 33, func(w *world) { w.state(after(32), "yan", "approval/demotion", approved) }, "where they are in tier Silver", "Silver"},
		{"after it was rejected", fallen, 33, func(w *world) { w.state(after(32), "yan", "approval/demotion", rejected) }, "it was decided against the demotion in pool designers at 2026-04-03", "Gold"},
	} {
		for _, away := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, away: %t", tc.name, away), func(t *testing.T) {
				w := tc.world(t)
				tc.before(w)
				late := w.state(after(tc.at), "zoe", "approval/demotion", approved)
				if !away {
					for day := range 40 {
						w.until(after(float64(day)))
					}
				}
				w.inTier(after(40), tc.tier)
				if late.Status == nil || late.Status.Reason != "NotAsked" || !strings.Contains(late.Status.Message, tc.message) {
					t.Errorf("the decision stands %+v, expected NotAsked with %q", late.Status, tc.message)
				}
			})
		}
	}
}

func TestWhoAsksForTheWorkDoesNotDecideOnTheTierThatPricesIt(t *testing.T) {
	for _, tc := range []struct {
		name   string
		reason string
		change func(*v1alpha1.Engagement)
		tier   string
	}{
		{"a requester of the engagement", "a lower tier is cheaper for them", func(*v1alpha1.Engagement) {}, "Gold"},
		{"a requester of one that has ended", "they gave the evaluations, or had them given", func(e *v1alpha1.Engagement) { e.Status.Phase = v1alpha1.PhaseClosed }, "Gold"},
		{"a requester of one that was amended since", "it was accepted before", func(e *v1alpha1.Engagement) { e.Status.Terms.AcceptedAt = metav1.NewTime(after(35)) }, "Gold"},
		{"a requester of one that was accepted later", "by then they had nothing to do with it", func(e *v1alpha1.Engagement) {
			e.Status.Terms.AcceptedAt = metav1.NewTime(after(34))
			e.Status.Onboarding.StartedAt = new(metav1.NewTime(after(34)))
		}, "Silver"},
		{"a requester of another pool", "its tiers are others", func(e *v1alpha1.Engagement) { e.Spec.PoolRef.Name = "writers" }, "Silver"},
		{"a requester of another person", "the work is somebody else's", func(e *v1alpha1.Engagement) { e.Status.Worker.PersonKey = "person-9" }, "Silver"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := fallen(t)
			e := w.work("requested")
			e.Status.Requesters = []string{"mia", "zoe"}
			e.Status.Onboarding.StartedAt = new(metav1.NewTime(after(2)))
			tc.change(e)
			w.look(after(30))
			att := w.state(after(33), "zoe", "approval/demotion", approved)
			m := w.inTier(after(35), tc.tier)
			if counts := tc.tier == "Silver"; counts != (att.Status == nil) || counts != (m.Demotion == nil) {
				t.Errorf("the decision stands %+v and the proposal is %+v; expected that it counts: %v, because %s", att.Status, m.Demotion, counts, tc.reason)
			}
			if att.Status != nil && (att.Status.Reason != "SelfDealing" || strings.Contains(att.Status.Message, "zoe")) {
				t.Errorf("the decision stands %+v, expected SelfDealing and no name", att.Status)
			}
		})
	}
}

func TestADecisionThatIsOlderThanTheProposalIsNotOfIt(t *testing.T) {
	w := fallen(t)
	w.look(after(30))
	late := w.state(after(29), "zoe", "approval/demotion", approved)
	if m := w.inTier(after(31), "Gold"); m.Demotion == nil || m.Demotion.RejectedAt != nil {
		t.Errorf("the demotion is %+v, expected it to wait for a decision on it", m.Demotion)
	}
	if late.Status == nil || late.Status.Reason != "NotAsked" || !strings.Contains(late.Status.Message, "before the demotion to Silver was proposed") {
		t.Errorf("a decision that became known later stands %+v, expected NotAsked", late.Status)
	}
}

func TestOfDecisionsInTheSameSecondTheRefusingOneCounts(t *testing.T) {
	for _, first := range []v1alpha1.Verdict{approved, rejected} {
		w := fallen(t)
		w.look(after(30))
		second := map[v1alpha1.Verdict]v1alpha1.Verdict{approved: rejected, rejected: approved}[first]
		w.state(after(33), "zoe", "approval/demotion", first)
		w.state(after(33), "yan", "approval/demotion", second)
		if m := w.inTier(after(34), "Gold"); m.Demotion == nil || m.Demotion.RejectedAt == nil {
			t.Errorf("%s stated first: the demotion is %+v, expected it to be rejected", first, m.Demotion)
		}
		if len(w.Worker.Status.Attestations) != 2 {
			t.Errorf("%d decisions are recorded, expected both", len(w.Worker.Status.Attestations))
		}
	}
}

func TestADecisionIsOfOnePool(t *testing.T) {
	w := fallen(t)
	other := w.havePool("illustrators", "")
	other.Spec.Screening, other.Spec.Tiers, other.Spec.Scoring = nil, w.pool0().Spec.Tiers, w.pool0().Spec.Scoring
	other.Status.Prior = w.pool0().Status.Prior
	e := w.work("book")
	e.Spec.PoolRef.Name = "illustrators"
	e.Status.Evaluations = []v1alpha1.EvaluationRecord{
		evaluated("cover", v1alpha1.EvaluationPeriodic, "95.0", after(2)), evaluated("pages", v1alpha1.EvaluationPeriodic, "72.0", after(31)),
	}
	w.inTier(after(32), "Gold")
	var whats []string
	for _, wait := range w.Worker.Status.WaitingFor {
		whats = append(whats, wait.What)
	}
	if diff := cmp.Diff([]string{"approval/demotion.designers", "approval/demotion.illustrators"}, whats); diff != "" {
		t.Errorf("the decisions are not told apart (-expected +got):\n%s", diff)
	}
	w.state(after(33), "zoe", "approval/demotion", approved, about("illustrators"))
	w.inTier(after(33), "Gold")
	if got := membership(w.Worker.Status.Pools, "illustrators").Tier; got != "Silver" {
		t.Errorf("in illustrators the worker is in tier %s, expected Silver: that is what was decided", got)
	}
}

func TestATierThatThePoolNoLongerHasIsReplaced(t *testing.T) {
	w := newLadder(t)
	w.rates(after(1), "95.0")
	w.inTier(after(1), "Gold")
	w.pool0().Spec.Tiers = []v1alpha1.Tier{{Name: "Junior"}, {Name: "Senior", MinScore: 70}}
	if m := w.inTier(after(9), "Senior"); !m.TierSince.Time.Equal(after(9)) || w.told() != "TierReplaced" {
		t.Errorf("the worker is in Senior since %v, with the news %v; expected it to be replaced when the pool was edited", m.TierSince, w.last.News)
	}
}

func TestEditedTiersApplyAtOnceToTheScoreAsItStands(t *testing.T) {
	w := newLadder(t)
	w.rates(after(1), "85.0") // its lower bound is 75.2
	score := w.inTier(after(1), "Silver").Score
	gold := &w.pool0().Spec.Tiers[2]

	gold.MinScore = 75
	if m := w.inTier(after(5), "Gold"); !m.TierSince.Time.Equal(after(5)) || w.told() != "Promoted" {
		t.Errorf("the worker is in the tier since %v, with the news %v; expected the edit to promote", m.TierSince, w.last.News)
	}
	gold.MinScore = 90
	if m := w.inTier(after(6), "Gold"); m.Demotion == nil || m.Demotion.To != "Silver" || w.told() != "DemotionProposed" {
		t.Errorf("the demotion is %+v, with the news %v; expected the edit to propose it", m.Demotion, w.last.News)
	}
	w.pool0().Spec.Hysteresis = 15
	if m := w.inTier(after(7), "Gold"); m.Demotion != nil {
		t.Errorf("the demotion is %+v, expected the hysteresis to take it back", m.Demotion)
	}
	w.pool0().Spec.Hysteresis, w.pool0().Spec.Demotion = 0, v1alpha1.DemotionAutomatic
	m := w.inTier(after(8), "Silver")
	if diff := cmp.Diff(score, m.Score); diff != "" {
		t.Errorf("edits of the tiers moved the score (-before +now):\n%s", diff)
	}
}
