package engagement

import (
	"fmt"
	"slices"
	"strings"
	"time"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/account"
	"github.com/longshore-dev/longshore/controllers/domain/matching"
	"github.com/longshore-dev/longshore/controllers/domain/scoring"
	"github.com/longshore-dev/longshore/controllers/domain/terms"
)

// look ranks the pool and makes the next offer, puts the shortlist before a person, or waits for the plan of all the pool's open engagements.
func (p *pass) look() {
	request := p.request()
	ranked := matching.Rank(request, p.candidates())
	eligible := ranked.Names()
	switch {
	case len(eligible) == 0:
		p.consider(ranked)
		p.noCandidates(request)
	case request.Pinned != "":
		p.consider(ranked)
		p.offer(request.Pinned)
	case p.selectionMode() == v1alpha1.SelectionAutomatic:
		p.followPlan(ranked)
	default:
		p.consider(ranked)
		p.offerOfShortlist(eligible)
	}
}

// consider keeps in status who was considered, and what is known of each.
func (p *pass) consider(ranked matching.Result) {
	p.st.Recruitment.Candidates = p.markSelected(slices.Clone(ranked.Candidates))
	p.st.Recruitment.Considered, p.st.Recruitment.Eligible = ranked.Considered, ranked.Eligible
}

// followPlan offers the work to the worker to whom the plan of all the pool's open engagements gives it. Where there is none for the terms that are proposed now, or
// where that worker cannot do it any more, it asks for one. What was considered is what the plan saw, so that it explains the decision that was made.
func (p *pass) followPlan(ranked matching.Result) {
	plan := p.Planned
	if plan != nil && plan.Hash == proposedHash(p.st) && plan.Worker != "" && slices.Contains(ranked.Names(), plan.Worker) {
		p.consider(plan.Considered)
		p.offer(plan.Worker)
		return
	}
	if plan == nil || plan.Hash != proposedHash(p.st) || plan.Worker != "" || !plan.Unsettled {
		p.acts.Plan = &demand{Hash: proposedHash(p.st), Ranked: ranked, Renews: p.renewedPerson()}
	}
	p.wait(waitPlan, v1alpha1.ActorOperator, p.since(waitPlan), nil, "the open engagements of the pool are being matched with its workers, all together")
}

const waitPlan = "recruitment/plan"

// renewedPerson is the personKey of the one whose engagement this one renews.
func (p *pass) renewedPerson() string {
	if p.Engagement.Spec.Continues == nil || p.Predecessor == nil || p.Predecessor.Status.Worker == nil {
		return ""
	}
	return p.Predecessor.Status.Worker.PersonKey
}

// offerOfShortlist offers the work to whom a person chose, or puts the best before them.
func (p *pass) offerOfShortlist(eligible []string) {
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
	pool, considered := p.Engagement.Spec.PoolRef.Name, p.st.Recruitment.Considered
	message := fmt.Sprintf("nobody in pool %s can do the work: %d considered, none left. See status.recruitment.candidates for why; widen requirements, raise the rate, or add workers", pool, considered)
	switch {
	case considered == 0:
		message = fmt.Sprintf("pool %s selects no worker: mend spec.workerSelector of the pool, or add workers whom it selects", pool)
	case p.onlyTooBusy(request):
		message = fmt.Sprintf("everybody in pool %s who can do the work, %d in all, holds or has been offered as many engagements as limits.maxConcurrentPerWorker of the pool allows, which is %d: wait until one of theirs ends, raise the limit, or add workers",
			pool, considered, p.Pool.Spec.Limits.MaxConcurrentPerWorker)
	}
	if request.Pinned != "" {
		why := p.whyNot(request.Pinned)
		if !slices.ContainsFunc(p.Members, func(w v1alpha1.Worker) bool { return w.Name == request.Pinned }) {
			why = fmt.Sprintf(": pool %s does not select them", pool)
		}
		message = fmt.Sprintf("the pinned worker %s cannot be offered the work%s; change workerRef, the terms, or the worker", request.Pinned, why)
	}
	p.stall(v1alpha1.ReasonNoCandidates, message)
	p.wait("recruitment/candidates", v1alpha1.RoleManager, p.since("recruitment/candidates"), p.fillBy(), message)
}

// onlyTooBusy says whether the pool's limit alone keeps everybody from the work.
func (p *pass) onlyTooBusy(request matching.Request) bool {
	limits, workers := p.Pool.Spec.Limits, p.candidates()
	if limits == nil || limits.MaxConcurrentPerWorker == 0 {
		return false
	}
	if slices.ContainsFunc(workers, func(w matching.Worker) bool { return w.Engaged+w.Offered < limits.MaxConcurrentPerWorker }) {
		return false
	}
	unlimited := *request.Pool
	unlimited.Limits = nil
	request.Pool = &unlimited
	ranked := matching.Rank(request, workers)
	return ranked.Eligible == ranked.Considered
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
		if p.determined(w) {
			r.Exclude[w.Name] = "determined the classification of this engagement, and nobody determines their own"
		}
		if _, out := r.Exclude[w.Name]; out || !p.judgeable(w) {
			continue
		}
		if held := p.heldWith(w); held != "" {
			r.Exclude[w.Name] = "held by compliance: " + held
		}
	}
	return r
}

// judgeable says whether the policies are to be asked about a candidate: a pool may be large, and whoever is not screened, or not pinned where somebody is,
// cannot have the work anyway.
func (p *pass) judgeable(w *v1alpha1.Worker) bool {
	if ref := p.Engagement.Spec.WorkerRef; ref != nil && ref.Name != w.Name {
		return false
	}
	m := membership(w, p.Engagement.Spec.PoolRef.Name)
	return m != nil && m.Screening == v1alpha1.ScreeningPassed
}

// determined says whether a worker determined the classification that is proposed, before anybody knew that they might be the one.
func (p *pass) determined(w *v1alpha1.Worker) bool {
	return slices.ContainsFunc(p.counted(), func(r v1alpha1.AttestationRecord) bool {
		theirs := r.OnBehalfOf == w.Name || account.Has(&w.Spec, r.Author)
		return theirs && r.Claim == claimDetermination && r.Terms == p.st.Proposed.Classification
	})
}

// approvedBefore says whether a worker had a part in approving what is proposed now, before anybody knew that they might be the one.
func (p *pass) approvedBefore(w *v1alpha1.Worker) bool {
	return slices.ContainsFunc(p.counted(), func(r v1alpha1.AttestationRecord) bool {
		theirs := r.OnBehalfOf == w.Name || account.Has(&w.Spec, r.Author)
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
		l := p.Load[w.Spec.PersonKey]
		c := matching.Worker{Name: w.Name, PersonKey: w.Spec.PersonKey, Spec: &w.Spec, Tier: v1alpha1.DefaultTier, Rehire: l.Rehire}
		if p.judgeable(w) {
			if t := p.verdictOn(w).Tenure; t != nil {
				c.Tenure = &matching.Tenure{Policy: t.Policy, Limit: t.Limit.Time}
			}
		}
		m := membership(w, p.Engagement.Spec.PoolRef.Name)
		if m != nil {
			c.Screening, c.Tier = m.Screening, m.Tier
		}
		c.Performance = int32(scoring.Performance(m, p.Pool.Status.Prior)) //nolint:gosec // At most 1000.
		c.Engaged, c.Offered, c.HoursTaken = l.taken(append(p.renewed(), p.Engagement.UID)...)
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
