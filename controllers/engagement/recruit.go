package engagement

import (
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/matching"
	"github.com/longshore-dev/longshore/controllers/domain/terms"
)

// recruit looks for a worker: one offer at a time, until a screened, compliant worker has accepted.
func (p *pass) recruit() bool {
	if p.closeUnfilled() {
		return true
	}
	if p.st.Recruitment == nil {
		p.st.Recruitment = &v1alpha1.RecruitmentStatus{}
	}
	p.escalate()
	if !p.mayRecruit() {
		p.dropOffer()
		return false
	}
	if p.st.Recruitment.Offer != nil && p.settleOffer() {
		return true
	}
	if p.st.Recruitment.Offer == nil && !p.Engagement.Spec.Suspend {
		p.look()
		if p.st.Recruitment.Offer == nil && p.st.Recruitment.Eligible == 0 {
			p.waitForCandidates(p.Members...)
		}
	}
	if offer := p.st.Recruitment.Offer; offer != nil && p.answer(offer) == nil {
		p.until(offer.ExpiresAt.Time)
		p.wait(areaOffer+"/"+offer.Worker, v1alpha1.ActorWorker, offer.OfferedAt.Time, &offer.ExpiresAt.Time,
			fmt.Sprintf("%s answers the offer: attest offer/%s Accepted or Declined with terms %s", offer.Worker, offer.Worker, offer.Hash))
	}
	return false
}

// escalate tells the Manager once fillBy has passed; recruiting goes on.
func (p *pass) escalate() {
	r := p.Engagement.Spec.Recruitment
	if r == nil || r.FillBy == nil {
		return
	}
	if r.FillBy.After(p.Now) {
		p.until(r.FillBy.Time)
		return
	}
	message := fmt.Sprintf("nobody accepted by %s; recruiting goes on until the end. Widen requirements, raise the rate, or end the engagement", r.FillBy.UTC().Format(time.RFC3339))
	p.stall(v1alpha1.ReasonNoCandidates, message)
	p.wait("recruitment/fill", v1alpha1.RoleManager, r.FillBy.Time, nil, message)
}

// dropOffer takes an open offer back. Whoever had it is asked again when the terms stand again.
func (p *pass) dropOffer() { p.st.Recruitment.Offer = nil }

// settleOffer looks for an answer to the open offer. It says whether the phase was left.
func (p *pass) settleOffer() bool {
	offer := p.st.Recruitment.Offer
	current, err := terms.OfferHash(proposedHash(p.st), offer.Worker, offer.WorkerUID, offer.Rate)
	w := p.workerNamed(offer.Worker)
	if err != nil || current != offer.Hash || w == nil || w.UID != offer.WorkerUID {
		p.dropOffer()
		return false
	}
	if ref := p.Engagement.Spec.WorkerRef; ref != nil && ref.Name != offer.Worker {
		p.dropOffer()
		return false
	}
	switch answer := p.answer(offer); {
	case answer != nil && answer.Verdict == v1alpha1.VerdictDeclined:
		p.refuse(offer, v1alpha1.CandidateDeclined, answer.At)
	case answer != nil && p.accept(offer, w, answer.At):
		return true
	case !offer.ExpiresAt.After(p.Now):
		p.refuse(offer, v1alpha1.CandidateTimedOut, offer.ExpiresAt)
	}
	return false
}

// answer to an offer, or nil: the newest statement about exactly what was offered; in the same second the refusing one.
func (p *pass) answer(offer *v1alpha1.Offer) *v1alpha1.AttestationRecord {
	var newest *v1alpha1.AttestationRecord
	for i := range p.st.Attestations {
		r := &p.st.Attestations[i]
		if r.Ignored == "" && r.Claim == areaOffer+"/"+offer.Worker && r.Terms == offer.Hash && !r.At.Before(&offer.OfferedAt) && (newest == nil || supersedes(*r, *newest)) {
			newest = r
		}
	}
	return newest
}

func (p *pass) accept(offer *v1alpha1.Offer, w *v1alpha1.Worker, at metav1.Time) bool {
	if why := p.unfit(w); why != "" {
		if !offer.ExpiresAt.After(p.Now) {
			return false
		}
		p.until(offer.ExpiresAt.Time)
		message := fmt.Sprintf("%s accepted, and cannot be engaged now: %s. The next candidate is asked at %s", offer.Worker, why, offer.ExpiresAt.UTC().Format(time.RFC3339))
		p.stall(v1alpha1.ReasonNoCandidates, message)
		p.waitForCandidates(*w)
		p.wait("recruitment/accepted", v1alpha1.RoleManager, at.Time, &offer.ExpiresAt.Time, message)
		return false
	}
	p.st.Worker = &v1alpha1.EngagedWorker{Name: w.Name, Namespace: w.Namespace, UID: w.UID, PersonKey: w.Spec.PersonKey, Username: w.Spec.Username, Tier: offer.Tier, Jurisdiction: w.Spec.Jurisdiction}
	inherited, _ := p.takeOver() // the gate has seen to the problems
	p.st.Terms = terms.Accept(&p.Engagement.Spec, w.Name, offer.Rate, proposedHash(p.st), offer.Hash, at)
	p.st.Terms.Inherited = inherited
	p.carryOver()
	p.setCandidate(w.Name, v1alpha1.CandidateAccepted)
	p.enter(v1alpha1.PhaseOnboarding)
	return true
}

// unfit says why a worker who accepted cannot be engaged any more.
func (p *pass) unfit(w *v1alpha1.Worker) string {
	if m := membership(w, p.Engagement.Spec.PoolRef.Name); m == nil || m.Screening != v1alpha1.ScreeningPassed {
		return "their screening in the pool does not stand; renew it, or choose somebody else by changing workerRef"
	}
	l := p.Load[w.Spec.PersonKey]
	switch {
	case l.Rehire == v1alpha1.RehireIneligible:
		return "it was decided meanwhile not to engage them again; choose somebody else by changing workerRef"
	case l.Rehire == v1alpha1.RehireWithReview && !p.rehireApproved(w, l.RehireAt):
		return "it was decided meanwhile to engage them again only after a review: attest approval/rehire of the worker"
	}
	if limits := p.Pool.Spec.Limits; limits != nil && limits.MaxConcurrentPerWorker > 0 {
		if engaged, _, _ := l.taken(append(p.renewed(), p.Engagement.UID)...); engaged >= limits.MaxConcurrentPerWorker {
			return fmt.Sprintf("they hold %d of the %d engagements that the pool allows a person at a time by now; end another, or raise the pool's limit", engaged, limits.MaxConcurrentPerWorker)
		}
	}
	if t := p.verdictOn(w).Tenure; t != nil {
		limit := matching.Tenure{Policy: t.Policy, Limit: t.Limit.Time}
		if late := limit.ReachedBefore(p.Engagement.Spec.StatementOfWork.End.Time); late != "" {
			return "this person now " + late + "; choose somebody else by changing workerRef, or end the work earlier"
		}
	}
	return p.heldWith(w)
}

func (p *pass) refuse(offer *v1alpha1.Offer, state v1alpha1.CandidateState, at metav1.Time) {
	r := p.st.Recruitment
	r.Refusals = append(r.Refusals, v1alpha1.Refusal{Worker: offer.Worker, Hash: offer.Hash, State: state, At: at})
	if n := len(r.Refusals); n > 200 {
		r.Refusals = r.Refusals[n-200:]
	}
	p.dropOffer()
}

func (p *pass) offer(name string) {
	w := p.workerNamed(name)
	rate, err := p.rateFor(w)
	if err != nil {
		p.stall(v1alpha1.ReasonTermsInvalid, fmt.Sprintf("no rate can be offered to %s: %v", name, err))
		p.wait("spec/terms", v1alpha1.ActorRequester, p.since("spec/terms"), nil, err.Error())
		return
	}
	hash, err := terms.OfferHash(proposedHash(p.st), w.Name, w.UID, rate)
	if err != nil {
		p.stall(v1alpha1.ReasonTermsInvalid, err.Error())
		return
	}
	p.setCandidate(name, v1alpha1.CandidateOffered)
	p.st.Recruitment.Offer = &v1alpha1.Offer{
		Worker: name, WorkerUID: w.UID, Rate: rate, Tier: p.tierOf(w).Name, Hash: hash,
		OfferedAt: metav1.NewTime(p.Now), ExpiresAt: metav1.NewTime(p.Now.Add(p.offerTimeout()).Truncate(time.Second)),
	}
}

// rateFor is what is offered to a worker: the statement of work's rate or else their own, times their tier's multiplier.
func (p *pass) rateFor(w *v1alpha1.Worker) (*v1alpha1.Rate, error) {
	return terms.OfferRate(&p.Engagement.Spec.StatementOfWork, w.Spec.Rate, p.tierOf(w).RateMultiplier)
}

// tierOf is a worker's tier, as the ranking takes it: whoever is in one that the pool does not have is in its lowest.
func (p *pass) tierOf(w *v1alpha1.Worker) v1alpha1.Tier {
	tier := v1alpha1.Tier{Name: v1alpha1.DefaultTier}
	if p.Pool == nil {
		return tier
	}
	m := membership(w, p.Engagement.Spec.PoolRef.Name)
	for i, t := range p.Pool.Spec.Tiers {
		if i == 0 || m != nil && t.Name == m.Tier {
			tier = t
		}
	}
	return tier
}
