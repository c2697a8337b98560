package scoring

import (
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// TierStanding is in which tier of a pool somebody is.
type TierStanding struct {
	// Tier is its name; empty for somebody who is in none yet.
	Tier string
	// Since when; nil for somebody who began in it.
	Since *time.Time
	// Demotion that is proposed, or was rejected and is not proposed again yet.
	Demotion *v1alpha1.ProposedDemotion
}

// DemotionDecision is what a person decided by approval/demotion.
type DemotionDecision struct {
	// Approved or, if not, rejected.
	Approved bool
	// At is when it was stated. What was stated before a proposal does not decide it.
	At time.Time
}

// NextTier is the tier that somebody is in from now on.
//
// A score earns the highest tier whose minScore its lower bound and whose minEvaluations its sample reach; the lowest tier needs no score. Who earns a
// higher tier is in it at once. Who earns a lower one loses theirs only when the lower bound is below its minScore by more than the pool's hysteresis: at
// once where the pool says Automatic, else it is proposed, and a person decides. A rejected demotion is not proposed again before a newer evaluation. Who earns
// their tier again, or is within the hysteresis, is proposed for nothing. Nobody keeps a tier that the pool no longer has: they are in the one they earn.
//
// Decision is the newest one, whatever its time; nil where there is none.
func NextTier(pool *v1alpha1.TalentPoolSpec, present TierStanding, score *v1alpha1.WorkerScore, decision *DemotionDecision, now time.Time) TierStanding {
	t := ladder{tiers: pool.Tiers, hysteresis: pool.Hysteresis, score: score}
	if len(t.tiers) == 0 {
		t.tiers = []v1alpha1.Tier{{Name: v1alpha1.DefaultTier}}
	}
	if score != nil {
		low, err := Tenths(score.Low)
		if err != nil {
			return present // what cannot be read moves nobody
		}
		t.low = low
	}
	earned, held := t.earned(), t.index(present.Tier)
	switch {
	case held < 0 && earned == 0 && present.Since == nil:
		return TierStanding{Tier: t.tiers[0].Name}
	case held < 0 || earned > held:
		return TierStanding{Tier: t.tiers[earned].Name, Since: &now}
	case !t.lost(held):
		return TierStanding{Tier: present.Tier, Since: present.Since}
	}
	proposal := present.Demotion
	switch {
	case proposal != nil && proposal.RejectedAt != nil && !score.At.After(proposal.Since.Time):
		return present
	case pool.Demotion == v1alpha1.DemotionAutomatic:
		return TierStanding{Tier: t.tiers[earned].Name, Since: &now}
	case proposal == nil || proposal.RejectedAt != nil:
		return t.propose(present, earned, score.At.Time, decision)
	case decision == nil || decision.At.Before(proposal.Since.Time):
		return t.propose(present, earned, proposal.Since.Time, nil)
	case !decision.Approved:
		return t.rejected(present, decision.At)
	case t.index(proposal.To) >= 0 && t.index(proposal.To) < held:
		held = t.index(proposal.To)
	default:
		held = earned
	}
	// What was approved is the tier that was proposed. If a newer evaluation does not earn that one either, it is another decision.
	moved := TierStanding{Tier: t.tiers[held].Name, Since: &now}
	if t.lost(held) && earned < held {
		return t.propose(moved, earned, score.At.Time, decision)
	}
	return moved
}

// ladder is a pool's tiers and the score that is held against them.
type ladder struct {
	tiers      []v1alpha1.Tier
	hysteresis int32
	score      *v1alpha1.WorkerScore
	// low is the lower bound of the score, in tenths.
	low int64
}

// index of a tier; −1 if the pool does not have it.
func (t *ladder) index(name string) int {
	return slices.IndexFunc(t.tiers, func(tier v1alpha1.Tier) bool { return tier.Name == name })
}

func (t *ladder) earned() int {
	if t.score == nil {
		return 0
	}
	for i := len(t.tiers) - 1; i > 0; i-- {
		if t.low >= 10*int64(t.tiers[i].MinScore) && t.score.Sample >= t.tiers[i].MinEvaluations {
			return i
		}
	}
	return 0
}

// lost says whether the score is too low to keep a tier. The lowest one cannot be lost, nor any for want of evaluations.
func (t *ladder) lost(held int) bool {
	return held > 0 && t.score != nil && t.low < 10*int64(t.tiers[held].MinScore-t.hysteresis)
}

// propose a demotion to the tier that is earned. What was decided before this was proposed does not decide it.
func (t *ladder) propose(from TierStanding, earned int, since time.Time, before *DemotionDecision) TierStanding {
	if before != nil && !before.At.Before(since) {
		since = before.At.Add(time.Second)
	}
	from.Demotion = &v1alpha1.ProposedDemotion{
		To:    t.tiers[earned].Name,
		Since: metav1.NewTime(since),
		Message: fmt.Sprintf("%s; an approver decides whether they go to %s: attest approval/demotion of this worker in this pool, Approved or Rejected, with the reason in the note",
			t.why(from.Tier), t.tiers[earned].Name),
	}
	return from
}

// rejected keeps the tier until an evaluation newer than the one that the decision knew.
func (t *ladder) rejected(from TierStanding, at time.Time) TierStanding {
	from.Demotion = &v1alpha1.ProposedDemotion{
		To:         from.Demotion.To,
		Since:      t.score.At,
		RejectedAt: ptr.To(metav1.NewTime(at)),
		Message:    fmt.Sprintf("%s; it was decided against a demotion, and none is proposed before the next evaluation", t.why(from.Tier)),
	}
	return from
}

func (t *ladder) why(held string) string {
	least := t.tiers[t.index(held)].MinScore
	keeps := fmt.Sprintf("the %d that %s asks for", least, held)
	if t.hysteresis > 0 {
		keeps = fmt.Sprintf("%d, which keeps %s (%d less a hysteresis of %d)", least-t.hysteresis, held, least, t.hysteresis)
	}
	return fmt.Sprintf("the score's lower bound, %s, is below %s", FormatTenths(t.low), keeps)
}
