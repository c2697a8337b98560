package engagement

import (
	"fmt"
	"slices"
	"strings"
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
		p.wait("recruitment/accepted", v1alpha1.RoleManager, at.Time, &offer.ExpiresAt.Time, message)
		return false
	}
	p.st.Worker = &v1alpha1.EngagedWorker{Name: w.Name, Namespace: w.Namespace, UID: w.UID, PersonKey: w.Spec.PersonKey, Username: w.Spec.Username, Tier: offer.Tier}
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
	if held := p.complianceHolds(w.Spec.Jurisdiction); len(held) > 0 {
		return held[0].Message
	}
	return ""
}

func (p *pass) refuse(offer *v1alpha1.Offer, state v1alpha1.CandidateState, at metav1.Time) {
	r := p.st.Recruitment
	r.Refusals = append(r.Refusals, v1alpha1.Refusal{Worker: offer.Worker, Hash: offer.Hash, State: state, At: at})
	if n := len(r.Refusals); n > 200 {
		r.Refusals = r.Refusals[n-200:]
	}
	p.dropOffer()
}

// look ranks the pool and makes the next offer, or puts the shortlist before a person.
func (p *pass) look() {
	request := p.request()
	ranked := matching.Rank(request, p.candidates())
	p.st.Recruitment.Candidates = p.markSelected(ranked.Candidates)
	p.st.Recruitment.Considered, p.st.Recruitment.Eligible = ranked.Considered, ranked.Eligible

	eligible := ranked.Ranked
	if request.Pinned != "" {
		eligible = slices.DeleteFunc(slices.Clone(eligible), func(name string) bool { return name != request.Pinned })
	}
	if len(eligible) == 0 {
		p.noCandidates(request)
		return
	}
	if request.Pinned != "" || p.selectionMode() == v1alpha1.SelectionAutomatic {
		p.offer(eligible[0])
		return
	}
	if chosen := p.chosen(eligible); chosen != "" {
		p.offer(chosen)
		return
	}
	shortlist := eligible[:min(len(eligible), p.shortlist())]
	for _, name := range shortlist {
		p.setCandidate(name, v1alpha1.CandidateShortlisted)
	}
	p.wait("selection/candidate", v1alpha1.ActorRequester, p.since("selection/candidate"), p.fillBy(),
		fmt.Sprintf("choose from the shortlist %v: attest selection/<worker> Chosen", shortlist))
}

func (p *pass) noCandidates(request matching.Request) {
	message := fmt.Sprintf("nobody in pool %s can do the work: %d considered, none left. See status.recruitment.candidates for why; widen requirements, raise the rate, or add workers", p.Engagement.Spec.PoolRef.Name, p.st.Recruitment.Considered)
	if request.Pinned != "" {
		why := p.whyNot(request.Pinned)
		if !slices.ContainsFunc(p.Members, func(w v1alpha1.Worker) bool { return w.Name == request.Pinned }) {
			why = fmt.Sprintf(": pool %s does not select them", p.Engagement.Spec.PoolRef.Name)
		}
		message = fmt.Sprintf("the pinned worker %s cannot be offered the work%s; change workerRef, the terms, or the worker", request.Pinned, why)
	}
	p.stall(v1alpha1.ReasonNoCandidates, message)
	p.wait("recruitment/candidates", v1alpha1.RoleManager, p.since("recruitment/candidates"), p.fillBy(), message)
}

func (p *pass) whyNot(worker string) string {
	for _, c := range p.st.Recruitment.Candidates {
		if c.Worker == worker && c.Reason != "" {
			return ": " + c.Reason
		}
	}
	return ""
}

func (p *pass) fillBy() *time.Time {
	if r := p.Engagement.Spec.Recruitment; r != nil && r.FillBy != nil && r.FillBy.After(p.Now) {
		return &r.FillBy.Time
	}
	return nil
}

func (p *pass) request() matching.Request {
	r := matching.Request{
		Requirements: p.Engagement.Spec.Requirements, StatementOfWork: &p.Engagement.Spec.StatementOfWork, Pool: &p.Pool.Spec, Exclude: map[string]string{},
	}
	if ref := p.Engagement.Spec.WorkerRef; ref != nil {
		r.Pinned = ref.Name
	}
	for _, refusal := range p.st.Recruitment.Refusals {
		if !p.refusedTheseTerms(refusal) {
			continue
		}
		r.Exclude[refusal.Worker] = "did not answer the offer of these terms in time"
		if refusal.State == v1alpha1.CandidateDeclined {
			r.Exclude[refusal.Worker] = "declined the offer of these terms"
		}
	}
	for i := range p.Members {
		w := &p.Members[i]
		if a := p.latest(areaSelection + "/" + w.Name); a != nil && a.Verdict == v1alpha1.VerdictPassed {
			r.Exclude[w.Name] = "passed over by a person"
		}
		if p.Engagement.Spec.Replaces != nil && p.Predecessor.Status.Worker != nil && p.Predecessor.Status.Worker.PersonKey == w.Spec.PersonKey {
			r.Exclude[w.Name] = "is the one who is replaced"
		}
		if p.approvedBefore(w) {
			r.Exclude[w.Name] = "approved these terms, and nobody approves their own engagement"
		}
		if held := p.complianceHolds(w.Spec.Jurisdiction); len(held) > 0 {
			r.Exclude[w.Name] = "held by compliance: " + held[0].Message
		}
	}
	p.complianceHolds(p.jurisdictionOfPinned()) // leaves the engagement's own findings in status
	return r
}

// approvedBefore says whether a worker had a part in approving what is proposed now, before anybody knew that they might be the one.
func (p *pass) approvedBefore(w *v1alpha1.Worker) bool {
	return slices.ContainsFunc(p.counted(), func(r v1alpha1.AttestationRecord) bool {
		theirs := r.OnBehalfOf == w.Name || (w.Spec.Username != "" && r.Author == w.Spec.Username)
		return theirs && strings.HasPrefix(r.Claim, areaApproval+"/") && r.Verdict == v1alpha1.VerdictApproved && r.Terms == proposedHash(p.st)
	})
}

// refusedTheseTerms says whether a refusal is of what would be offered now.
func (p *pass) refusedTheseTerms(refusal v1alpha1.Refusal) bool {
	w := p.workerNamed(refusal.Worker)
	if w == nil {
		return false
	}
	rate, err := p.rateFor(w)
	if err != nil {
		return false
	}
	hash, err := terms.OfferHash(proposedHash(p.st), w.Name, w.UID, rate)
	return err == nil && hash == refusal.Hash
}

func (p *pass) candidates() []matching.Worker {
	workers := make([]matching.Worker, 0, len(p.Members))
	for i := range p.Members {
		w := &p.Members[i]
		c := matching.Worker{Name: w.Name, UID: w.UID, PersonKey: w.Spec.PersonKey, Spec: &w.Spec, Tier: v1alpha1.DefaultTier}
		if m := membership(w, p.Engagement.Spec.PoolRef.Name); m != nil {
			c.Screening, c.Tier = m.Screening, m.Tier
		}
		l := p.Load[w.Spec.PersonKey]
		c.Engaged, c.HoursTaken, c.Rehire = l.Engagements, l.Hours, l.Rehire
		c.RehireApproved = p.rehireApproved(w, l.RehireAt)
		workers = append(workers, c)
	}
	return workers
}

// rehireApproved says whether engaging a person again was approved since it was decided that it needs a review.
func (p *pass) rehireApproved(w *v1alpha1.Worker, since time.Time) bool {
	approved := false
	for _, r := range w.Status.Attestations {
		if r.Ignored == "" && r.Pool == p.Engagement.Spec.PoolRef.Name && r.Claim == "approval/rehire" && !r.At.Time.Before(since) && !p.requesters()[r.Author] {
			if r.Verdict == v1alpha1.VerdictRejected {
				return false
			}
			approved = true
		}
	}
	return approved
}

func membership(w *v1alpha1.Worker, pool string) *v1alpha1.PoolMembership {
	for i := range w.Status.Pools {
		if w.Status.Pools[i].Name == pool {
			return &w.Status.Pools[i]
		}
	}
	return nil
}

// chosen is the eligible candidate whom a person chose last.
func (p *pass) chosen(eligible []string) string {
	var best *v1alpha1.AttestationRecord
	name := ""
	for _, worker := range eligible {
		r := p.latest(areaSelection + "/" + worker)
		if r != nil && r.Verdict == v1alpha1.VerdictChosen && (best == nil || supersedes(*r, *best)) {
			best, name = r, worker
		}
	}
	return name
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
	tier := v1alpha1.DefaultTier
	if m := membership(w, p.Engagement.Spec.PoolRef.Name); m != nil && m.Tier != "" {
		tier = m.Tier
	}
	p.setCandidate(name, v1alpha1.CandidateOffered)
	p.st.Recruitment.Offer = &v1alpha1.Offer{
		Worker: name, WorkerUID: w.UID, Rate: rate, Tier: tier, Hash: hash,
		OfferedAt: metav1.NewTime(p.Now), ExpiresAt: metav1.NewTime(p.Now.Add(p.offerTimeout()).Truncate(time.Second)),
	}
}

// rateFor is what is offered to a worker: the statement of work's rate or else their own, times their tier's multiplier.
func (p *pass) rateFor(w *v1alpha1.Worker) (*v1alpha1.Rate, error) {
	multiplier := ""
	if m := membership(w, p.Engagement.Spec.PoolRef.Name); m != nil && p.Pool != nil {
		for _, t := range p.Pool.Spec.Tiers {
			if t.Name == m.Tier {
				multiplier = t.RateMultiplier
			}
		}
	}
	return terms.OfferRate(&p.Engagement.Spec.StatementOfWork, w.Spec.Rate, multiplier)
}

func (p *pass) setCandidate(worker string, state v1alpha1.CandidateState) {
	for i := range p.st.Recruitment.Candidates {
		if c := &p.st.Recruitment.Candidates[i]; c.Worker == worker {
			c.State, c.Reason = state, ""
		}
	}
}

// markSelected shows on each candidate what became of them before.
func (p *pass) markSelected(candidates []v1alpha1.Candidate) []v1alpha1.Candidate {
	for i := range candidates {
		c := &candidates[i]
		if a := p.latest(areaSelection + "/" + c.Worker); a != nil && a.Verdict == v1alpha1.VerdictPassed {
			c.State = v1alpha1.CandidatePassed
		}
		for _, refusal := range p.st.Recruitment.Refusals {
			if refusal.Worker == c.Worker && p.refusedTheseTerms(refusal) {
				c.State = refusal.State
			}
		}
	}
	return candidates
}

func (p *pass) selectionMode() v1alpha1.Selection {
	if r := p.Engagement.Spec.Recruitment; r != nil && r.Selection != "" {
		return r.Selection
	}
	return v1alpha1.SelectionRequester
}

func (p *pass) shortlist() int {
	if r := p.Engagement.Spec.Recruitment; r != nil && r.Shortlist > 0 {
		return int(r.Shortlist)
	}
	return defaultShortlist
}
