package worker

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/scoring"
	"github.com/longshore-dev/longshore/controllers/index"
)

// maxRated is how many evaluations a score's ledger keeps, the newest.
const maxRated = 50

// rating is what a worker's work in one pool was rated, and the tier that follows. It lives in the membership alone: somebody who
// leaves the pool and comes back is rated anew, from the engagements that still exist, by the pool's settings of that day.
type rating struct {
	pool     *v1alpha1.TalentPool
	score    *v1alpha1.WorkerScore
	standing scoring.TierStanding
	// unasked are decisions about a demotion that was not proposed by then, and why they do not count.
	unasked map[types.UID]v1alpha1.Standing
	// problem says why new evaluations cannot be scored.
	problem *finding
}

// rate takes up the score and the tier as they were stored. Only new evaluations of the worker's own are scored, with the pool's
// settings and its prior as they are now; without one the score stays as it is, however much time passes and whatever others
// are rated. Evaluations and decisions are followed in the order of time, so that the tier is the same whether the operator
// was there or away.
func (p *pass) rate(sc *screening) *rating {
	r := &rating{pool: sc.pool, unasked: map[types.UID]v1alpha1.Standing{}, standing: scoring.TierStanding{Tier: lowestTier(sc.pool)}}
	if m := sc.previous; m != nil && m.Score != nil {
		r.score = m.Score.DeepCopy()
		r.standing = scoring.TierStanding{Tier: m.Tier, Demotion: m.Demotion.DeepCopy()}
		if m.TierSince != nil {
			r.standing.Since = &m.TierSince.Time
		}
	}
	gained := gainedSince(r.score, p.rated(sc.pool))
	for _, decided := range bySecond(p.demotionDecisions(r), recorded) {
		for len(gained) > 0 && gained[0].At.Unix() <= decided[0].At.Unix() {
			r.gain(gained[0])
			gained = gained[1:]
		}
		r.decide(decided)
	}
	for _, work := range gained {
		r.gain(work)
	}
	if r.score != nil {
		// The pool's tiers may have been edited.
		r.standing = scoring.NextTier(&sc.pool.Spec, r.standing, r.score, nil, p.Now)
	}
	return r
}

// rated are the evaluations of the worker's engagements in a pool. What is about a screening is no work.
func (p *pass) rated(pool *v1alpha1.TalentPool) []v1alpha1.RatedWork {
	var works []v1alpha1.RatedWork
	for i := range p.Engagements {
		e := &p.Engagements[i]
		if !p.engagedIn(e) || !of(e, pool) {
			continue
		}
		for _, eval := range e.Status.Evaluations {
			if eval.Kind == v1alpha1.EvaluationPeriodic || eval.Kind == v1alpha1.EvaluationFinal {
				works = append(works, v1alpha1.RatedWork{UID: eval.UID, Engagement: e.Namespace + "/" + e.Name, Name: eval.Name, Score: eval.Score, At: eval.At})
			}
		}
	}
	return works
}

// of says whether an engagement is of a pool.
func of(e *v1alpha1.Engagement, pool *v1alpha1.TalentPool) bool {
	return index.PoolNamespace(e) == pool.Namespace && e.Spec.PoolRef.Name == pool.Name
}

// gainedSince are the works that the score's ledger does not have and that are among the newest that it keeps, in the order of time.
func gainedSince(score *v1alpha1.WorkerScore, works []v1alpha1.RatedWork) []v1alpha1.RatedWork {
	var ledger []v1alpha1.RatedWork
	if score != nil {
		ledger = slices.Clone(score.Evaluations)
	}
	known := map[types.UID]bool{}
	for _, work := range ledger {
		known[work.UID] = true
	}
	isNew := map[types.UID]bool{}
	for _, work := range works {
		if !known[work.UID] {
			known[work.UID], isNew[work.UID] = true, true
			ledger = append(ledger, work)
		}
	}
	slices.SortFunc(ledger, func(a, b v1alpha1.RatedWork) int {
		return cmp.Or(cmp.Compare(a.At.Unix(), b.At.Unix()), cmp.Compare(a.UID, b.UID))
	})
	newest := ledger[max(0, len(ledger)-maxRated):]
	return slices.DeleteFunc(newest, func(work v1alpha1.RatedWork) bool { return !isNew[work.UID] })
}

// gain scores the worker anew with one more evaluation, and moves them to the tier that they have from then on.
func (r *rating) gain(work v1alpha1.RatedWork) {
	if r.problem != nil {
		return
	}
	ledger := []v1alpha1.RatedWork{work}
	if r.score != nil {
		ledger = append(ledger, r.score.Evaluations...)
	}
	prior, halfLife := scoring.Apply(&r.pool.Spec, r.pool.Status.Prior)
	score, err := scoring.ScoreWorker(ledger, prior, halfLife)
	if err != nil {
		r.problem = &finding{v1alpha1.ReasonInvalid, fmt.Sprintf("new evaluations of the worker in pool %s cannot be scored: %v; mend spec.scoring of the pool", r.pool.Name, err)}
		return
	}
	r.score = score
	r.standing = scoring.NextTier(&r.pool.Spec, r.standing, score, nil, score.At.Time)
}

// demotionDecisions are the decisions on the worker's demotion in the pool that have not been followed: those that nobody has looked at before, and where
// the worker is rated from the beginning, all of them. What was looked at before is in the stored tier already.
func (p *pass) demotionDecisions(r *rating) []v1alpha1.WorkerAttestation {
	unfollowed := p.fresh
	if r.score == nil {
		unfollowed = slices.Concat(p.Worker.Status.Attestations, p.fresh)
	}
	return slices.DeleteFunc(slices.Clone(unfollowed), func(a v1alpha1.WorkerAttestation) bool {
		return a.Pool != r.pool.Name || a.Claim != claimDemotion || a.Ignored != ""
	})
}

// decide follows what was decided within one second, where nobody knows what was first: the refusing decision counts.
func (r *rating) decide(decided []v1alpha1.WorkerAttestation) {
	at, proposal := decided[0].At, r.standing.Demotion
	if proposal == nil || proposal.RejectedAt != nil || at.Before(&proposal.Since) {
		for i := range decided {
			r.unasked[decided[i].UID] = *r.notProposed()
		}
		return
	}
	rejected := slices.ContainsFunc(decided, func(a v1alpha1.WorkerAttestation) bool { return a.Verdict == v1alpha1.VerdictRejected })
	r.standing = scoring.NextTier(&r.pool.Spec, r.standing, r.score, &scoring.DemotionDecision{Approved: !rejected, At: at.Time}, at.Time)
}

// notProposed says why there is no demotion to decide about.
func (r *rating) notProposed() *v1alpha1.Standing {
	switch proposal := r.standing.Demotion; {
	case proposal == nil:
		return ignored(reasonNotAsked, "no demotion of the worker is proposed in pool %s, where they are in tier %s: there is nothing to decide", r.pool.Name, r.standing.Tier)
	case proposal.RejectedAt != nil:
		return ignored(reasonNotAsked, "it was decided against the demotion in pool %s at %s; the worker's next evaluation there may propose one again", r.pool.Name, proposal.RejectedAt.UTC().Format(time.RFC3339))
	default:
		return ignored(reasonNotAsked, "it was stated before the demotion to %s was proposed in pool %s, at %s; decide again, of what is proposed now", proposal.To, r.pool.Name, proposal.Since.UTC().Format(time.RFC3339))
	}
}

// put writes the rating into the membership.
func (r *rating) put(m *v1alpha1.PoolMembership) {
	m.Tier, m.TierSince, m.Demotion, m.Score = r.standing.Tier, nil, r.standing.Demotion, r.score
	if r.standing.Since != nil {
		m.TierSince = &metav1.Time{Time: r.standing.Since.UTC().Truncate(time.Second)}
	}
}

// undecided is the demotion that waits for a person's decision, if there is one.
func (r *rating) undecided() *v1alpha1.ProposedDemotion {
	if d := r.standing.Demotion; d != nil && d.RejectedAt == nil {
		return d
	}
	return nil
}

// waits is who has to decide on a demotion.
func (r *rating) waits() []v1alpha1.WaitingFor {
	d := r.undecided()
	if d == nil {
		return nil
	}
	return []v1alpha1.WaitingFor{{What: claimDemotion, Who: v1alpha1.ActorApprover, Since: d.Since, Message: truncate(d.Message + " (pool " + r.pool.Name + ")")}}
}

// news is something that people are told of.
type news struct {
	kind, reason, message string
}

// news of the tier since the membership was stored. Messages name tiers and pools, never people.
func (r *rating) news(previous *v1alpha1.PoolMembership) []news {
	if previous == nil {
		return nil
	}
	var told []news
	rank := func(name string) int {
		return slices.IndexFunc(r.pool.Spec.Tiers, func(tier v1alpha1.Tier) bool { return tier.Name == name })
	}
	from, to := previous.Tier, r.standing.Tier
	move := fmt.Sprintf("pool %s: from tier %s to %s", r.pool.Name, from, to)
	switch {
	case from == to:
	case rank(from) < 0:
		told = append(told, news{kind: corev1.EventTypeNormal, reason: "TierReplaced", message: move + ", since the pool has the former no more"})
	case rank(to) > rank(from):
		told = append(told, news{kind: corev1.EventTypeNormal, reason: "Promoted", message: move})
	default:
		told = append(told, news{kind: corev1.EventTypeNormal, reason: "Demoted", message: move})
	}
	if d := r.undecided(); d != nil && (previous.Demotion == nil || previous.Demotion.RejectedAt != nil || previous.Demotion.To != d.To) {
		told = append(told, news{kind: corev1.EventTypeNormal, reason: "DemotionProposed", message: fmt.Sprintf("pool %s: from tier %s to %s; status.waitingFor says who decides, and how", r.pool.Name, to, d.To)})
	}
	return told
}
