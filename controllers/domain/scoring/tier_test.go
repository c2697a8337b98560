package scoring

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// metals is a pool with three tiers and a hysteresis of 5 points.
func metals(change ...func(*v1alpha1.TalentPoolSpec)) *v1alpha1.TalentPoolSpec {
	pool := &v1alpha1.TalentPoolSpec{
		Tiers:      []v1alpha1.Tier{{Name: "Bronze"}, {Name: "Silver", MinScore: 60, MinEvaluations: 2}, {Name: "Gold", MinScore: 80, MinEvaluations: 5}},
		Hysteresis: 5,
	}
	for _, c := range change {
		c(pool)
	}
	return pool
}

func automatic(pool *v1alpha1.TalentPoolSpec) { pool.Demotion = v1alpha1.DemotionAutomatic }

// bounded is a score with a lower bound and a sample, of an evaluation so many days after monday.
func bounded(low string, sample int32, day int) *v1alpha1.WorkerScore {
	return &v1alpha1.WorkerScore{Value: "99.0", Low: low, High: "100.0", Sample: sample, At: metav1.NewTime(monday.AddDate(0, 0, day))}
}

// in is a standing: the tier, and the demotion that was proposed or rejected.
func in(tier string, demotion ...*v1alpha1.ProposedDemotion) TierStanding {
	began := monday.AddDate(-1, 0, 0)
	s := TierStanding{Tier: tier, Since: &began}
	for _, d := range demotion {
		s.Demotion = d
	}
	return s
}

func proposed(to string, day int) *v1alpha1.ProposedDemotion {
	return &v1alpha1.ProposedDemotion{To: to, Since: metav1.NewTime(monday.AddDate(0, 0, day))}
}

func turnedDown(to string, day, at int) *v1alpha1.ProposedDemotion {
	d := proposed(to, day)
	d.RejectedAt = ptr.To(metav1.NewTime(monday.AddDate(0, 0, at)))
	return d
}

func decided(approved bool, day int) *DemotionDecision {
	return &DemotionDecision{Approved: approved, At: monday.AddDate(0, 0, day)}
}

func TestTheNextTier(t *testing.T) {
	now := monday.AddDate(0, 0, 30)
	moved := func(tier string) TierStanding { return TierStanding{Tier: tier, Since: &now} }
	tests := []struct {
		name     string
		reason   string
		pool     *v1alpha1.TalentPoolSpec
		present  TierStanding
		score    *v1alpha1.WorkerScore
		decision *DemotionDecision
		want     TierStanding
	}{
		{"a newcomer", "everybody begins in the lowest tier, since no time in particular", metals(), TierStanding{}, nil, nil, TierStanding{Tier: "Bronze"}},
		{"a newcomer, looked at again", "nothing changed", metals(), TierStanding{Tier: "Bronze"}, nil, nil, TierStanding{Tier: "Bronze"}},
		{"a score that earns the lowest", "nothing changed", metals(), TierStanding{Tier: "Bronze"}, bounded("59.9", 9, 0), nil, TierStanding{Tier: "Bronze"}},
		{"the lower bound reaches the next tier", "promotion at once", metals(), TierStanding{Tier: "Bronze"}, bounded("60.0", 9, 0), nil, moved("Silver")},
		{"the lower bound reaches two tiers further", "promotion over several tiers", metals(), TierStanding{Tier: "Bronze"}, bounded("80.0", 5, 0), nil, moved("Gold")},
		{"a newcomer with a score from elsewhere", "promotion from no tier at all", metals(), TierStanding{}, bounded("80.0", 5, 0), nil, moved("Gold")},
		{"a high bound of too few evaluations", "the minimum sample holds back from the higher tier only", metals(), TierStanding{Tier: "Bronze"}, bounded("95.0", 4, 0), nil, moved("Silver")},
		{"one evaluation", "and from the next tier as well", metals(), TierStanding{Tier: "Bronze"}, bounded("95.0", 1, 0), nil, TierStanding{Tier: "Bronze"}},
		{"the value reaches, the bound does not", "it is the lower bound that counts", metals(), TierStanding{Tier: "Bronze"}, bounded("59.9", 9, 0), nil, TierStanding{Tier: "Bronze"}},
		{"a score that cannot be read", "moves nobody", metals(), in("Gold"), bounded("low", 9, 0), nil, in("Gold")},

		{"below the tier's minimum by less than the hysteresis", "hysteresis keeps it", metals(), in("Gold"), bounded("75.1", 9, 0), nil, in("Gold")},
		{"below by exactly the hysteresis", "it is lost below that only", metals(), in("Gold"), bounded("75.0", 9, 0), nil, in("Gold")},
		{"below by more", "it is proposed for the tier that is earned", metals(), in("Gold"), bounded("74.9", 9, 0), nil, in("Gold", proposed("Silver", 0))},
		{"below two tiers", "the proposal goes over several tiers too", metals(), in("Gold"), bounded("40.0", 9, 0), nil, in("Gold", proposed("Bronze", 0))},
		{"the hysteresis does not help up", "a tier is earned by its minimum itself", metals(), in("Silver"), bounded("79.9", 9, 0), nil, in("Silver")},
		{"without hysteresis", "a tenth below is below", metals(func(p *v1alpha1.TalentPoolSpec) { p.Hysteresis = 0 }), in("Gold"), bounded("79.9", 9, 0), nil, in("Gold", proposed("Silver", 0))},
		{"a hysteresis larger than the minimum", "nothing is below nothing", metals(func(p *v1alpha1.TalentPoolSpec) { p.Hysteresis = 50; p.Tiers[1].MinScore = 40 }), in("Silver"), bounded("0.0", 9, 0), nil, in("Silver")},
		{"too few evaluations for a tier that is held", "a tier is lost by the score alone", metals(), in("Gold"), bounded("85.0", 1, 0), nil, in("Gold")},
		{"no score for a tier that is held", "nothing says that it is lost", metals(), in("Gold"), nil, nil, in("Gold")},
		{"the lowest tier", "there is none below", metals(func(p *v1alpha1.TalentPoolSpec) { p.Tiers[0].MinScore = 30; p.Hysteresis = 0 }), in("Bronze"), bounded("0.0", 9, 0), nil, in("Bronze")},

		{"proposed and undecided", "it waits, since the same evaluation", metals(), in("Gold", proposed("Silver", 0)), bounded("70.0", 9, 0), nil, in("Gold", proposed("Silver", 0))},
		{"undecided, and a newer evaluation is no better", "it has waited since the first", metals(), in("Gold", proposed("Silver", 0)), bounded("40.0", 9, 3), nil, in("Gold", proposed("Bronze", 0))},
		{"undecided, and the score recovers into the hysteresis", "the proposal is withdrawn", metals(), in("Gold", proposed("Silver", 0)), bounded("76.0", 9, 3), nil, in("Gold")},
		{"undecided, and the score earns the tier again", "the proposal is withdrawn", metals(), in("Gold", proposed("Silver", 0)), bounded("81.0", 9, 3), nil, in("Gold")},
		{"undecided, and the score earns a higher one", "promotion withdraws it too", metals(), in("Silver", proposed("Bronze", 0)), bounded("81.0", 9, 3), nil, moved("Gold")},
		{"approved", "the tier moves", metals(), in("Gold", proposed("Silver", 0)), bounded("70.0", 9, 0), decided(true, 1), moved("Silver")},
		{"approved in the second in which it was proposed", "what is not before it, is after", metals(), in("Gold", proposed("Silver", 0)), bounded("70.0", 9, 0), decided(true, 0), moved("Silver")},
		{"approved before it was proposed", "nobody decides what is not proposed", metals(), in("Gold", proposed("Silver", 2)), bounded("70.0", 9, 2), decided(true, 1), in("Gold", proposed("Silver", 2))},
		{"approved, and nothing is proposed", "nobody decides what is not proposed", metals(), in("Gold"), bounded("85.0", 9, 0), decided(true, 1), in("Gold")},
		{"approved of an earlier proposal, and proposed anew", "the earlier decision does not decide the new proposal", metals(), in("Silver"), bounded("40.0", 9, 0), decided(true, 1),
			in("Silver", &v1alpha1.ProposedDemotion{To: "Bronze", Since: metav1.NewTime(monday.AddDate(0, 0, 1).Add(time.Second))})},
		{"approved while a worse evaluation came in", "what was approved is what was proposed; the rest is another decision", metals(), in("Gold", proposed("Silver", 0)), bounded("40.0", 9, 2), decided(true, 3),
			TierStanding{Tier: "Silver", Since: &now, Demotion: &v1alpha1.ProposedDemotion{To: "Bronze", Since: metav1.NewTime(monday.AddDate(0, 0, 3).Add(time.Second))}}},
		{"approved for a tier that is gone", "they go to the one that the score earns", metals(), in("Gold", proposed("Copper", 0)), bounded("70.0", 9, 0), decided(true, 1), moved("Silver")},
		{"rejected", "the tier stays, until the next evaluation", metals(), in("Gold", proposed("Silver", 0)), bounded("70.0", 9, 0), decided(false, 1), in("Gold", turnedDown("Silver", 0, 1))},
		{"rejected after a second evaluation", "the decision covers both", metals(), in("Gold", proposed("Silver", 0)), bounded("70.0", 9, 2), decided(false, 3), in("Gold", turnedDown("Silver", 2, 3))},
		{"rejected, looked at again", "it is not proposed again", metals(), in("Gold", turnedDown("Silver", 0, 1)), bounded("70.0", 9, 0), decided(false, 1), in("Gold", turnedDown("Silver", 0, 1))},
		{"rejected, then approved", "nothing is proposed any more", metals(), in("Gold", turnedDown("Silver", 0, 1)), bounded("70.0", 9, 0), decided(true, 2), in("Gold", turnedDown("Silver", 0, 1))},
		{"rejected, and a newer evaluation is no better", "it is proposed again", metals(), in("Gold", turnedDown("Silver", 0, 1)), bounded("70.0", 9, 4), decided(false, 1), in("Gold", proposed("Silver", 4))},
		{"rejected, and a newer evaluation is better", "nothing is proposed", metals(), in("Gold", turnedDown("Silver", 0, 1)), bounded("78.0", 9, 4), decided(false, 1), in("Gold")},

		{"lost where demotion is automatic", "at once", metals(automatic), in("Gold"), bounded("70.0", 9, 0), nil, moved("Silver")},
		{"within the hysteresis where it is automatic", "hysteresis holds there too", metals(automatic), in("Gold"), bounded("76.0", 9, 0), nil, in("Gold")},
		{"proposed, and the pool becomes automatic", "nothing is left to decide", metals(automatic), in("Gold", proposed("Silver", 0)), bounded("70.0", 9, 0), nil, moved("Silver")},
		{"rejected, and the pool becomes automatic", "a person's decision holds until the next evaluation", metals(automatic), in("Gold", turnedDown("Silver", 0, 1)), bounded("70.0", 9, 0), nil, in("Gold", turnedDown("Silver", 0, 1))},
		{"rejected, the pool automatic, and a newer evaluation", "and no longer", metals(automatic), in("Gold", turnedDown("Silver", 0, 1)), bounded("70.0", 9, 2), nil, moved("Silver")},

		{"a tier that the pool no longer has", "nobody can keep it: the one that is earned, at once, even where demotion needs approval", metals(), in("Platinum"), bounded("70.0", 9, 0), nil, moved("Silver")},
		{"such a tier without a score", "the lowest, at once", metals(), in("Platinum"), nil, nil, moved("Bronze")},
		{"such a tier with a proposal", "the proposal goes with it", metals(), in("Platinum", proposed("Gold", 0)), bounded("70.0", 9, 0), decided(false, 1), moved("Silver")},
		{"the lowest tier has a new name", "who began there is where everybody begins", metals(), TierStanding{Tier: v1alpha1.DefaultTier}, nil, nil, TierStanding{Tier: "Bronze"}},
		{"a pool without tiers", "there is one", &v1alpha1.TalentPoolSpec{}, TierStanding{}, bounded("95.0", 50, 0), nil, TierStanding{Tier: v1alpha1.DefaultTier}},
		{"a pool that gives up its tiers", "there is one", &v1alpha1.TalentPoolSpec{}, in("Gold"), bounded("95.0", 50, 0), nil, moved(v1alpha1.DefaultTier)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := NextTier(tt.pool, tt.present, tt.score, tt.decision, now)
			if got.Demotion != nil {
				got.Demotion = got.Demotion.DeepCopy()
				got.Demotion.Message = ""
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("expected another standing, because %s (-want +got):\n%s", tt.reason, diff)
			}
		})
	}
}

func TestAStandingIsReachedInOneStepAndKept(t *testing.T) {
	for _, pool := range []*v1alpha1.TalentPoolSpec{metals(), metals(automatic), {}} {
		for _, tier := range []string{"", "Bronze", "Silver", "Gold", "Platinum"} {
			for low := range 101 {
				score := bounded(fmt.Sprintf("%d.0", low), 9, 0)
				once := NextTier(pool, in(tier), score, nil, monday)
				if twice := NextTier(pool, once, score, nil, monday.Add(time.Hour)); !cmp.Equal(once, twice) {
					t.Fatalf("expected the same score to leave %s where it is; from %s:\n%s", once.Tier, tier, cmp.Diff(once, twice))
				}
			}
		}
	}
}

func TestAProposedDemotionSaysWhyAndHowToDecide(t *testing.T) {
	got := NextTier(metals(), in("Gold"), bounded("70.0", 9, 0), nil, monday)
	want := "the score's lower bound, 70.0, is below 75, which keeps Gold (80 less a hysteresis of 5); an approver decides whether they go to Silver: " +
		"attest approval/demotion of this worker in this pool, Approved or Rejected, with the reason in the note"
	if got.Demotion == nil || got.Demotion.Message != want {
		t.Errorf("expected the message\n%s\ngot\n%+v", want, got.Demotion)
	}
	got = NextTier(metals(), got, bounded("70.0", 9, 0), decided(false, 1), monday)
	if got.Demotion == nil || !strings.Contains(got.Demotion.Message, "none is proposed before the next evaluation") {
		t.Errorf("expected a rejected demotion to say how long it holds; got %+v", got.Demotion)
	}
	pool := metals(func(p *v1alpha1.TalentPoolSpec) { p.Hysteresis = 0 })
	if got := NextTier(pool, in("Gold"), bounded("79.9", 9, 0), nil, monday); !strings.HasPrefix(got.Demotion.Message, "the score's lower bound, 79.9, is below the 80 that Gold asks for;") {
		t.Errorf("expected a message without a hysteresis that is not there; got %s", got.Demotion.Message)
	}
	long := metals(func(p *v1alpha1.TalentPoolSpec) {
		p.Tiers[2].Name, p.Tiers[1].Name = "G"+strings.Repeat("o", 62), "S"+strings.Repeat("i", 62)
	})
	if got := NextTier(long, in(long.Tiers[2].Name), bounded("70.0", 9, 0), nil, monday); len(got.Demotion.Message) > 512 {
		t.Errorf("expected a message of at most 512 bytes, which the API allows; got %d", len(got.Demotion.Message))
	}
}
