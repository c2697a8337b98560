// Package matching says who of a talent pool can do the work of an engagement, in which order, and why the others cannot.
package matching

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

const (
	// maxCandidates is how many candidates an engagement's status keeps.
	maxCandidates = 50
	// maxReason is the longest reason that a candidate can carry, in bytes.
	maxReason = 256
)

// Worker is a member of the pool with what is known of them at the moment.
type Worker struct {
	Name string
	// PersonKey joins the Worker objects of one person in a plan; a ranking does not read it.
	PersonKey string
	Spec      *v1alpha1.WorkerSpec
	// Screening is how far the pool's screening is; only Passed will do.
	Screening v1alpha1.ScreeningState
	// Tier in the pool. A name that the pool does not have counts as its lowest tier.
	Tier string
	// Performance is the score in the pool in tenths of a point, 0 to 1000; of one without evaluations, what the pool expects of a new one.
	Performance int32
	// Engaged is how many engagements the person holds now, Offered how many offers to them wait for an answer.
	Engaged, Offered int32
	// HoursTaken is how many hours a week both take.
	HoursTaken int32
	// Rehire is the latest decision for the person; empty if there is none.
	Rehire v1alpha1.Rehire
	// RehireApproved says that engaging a person WithReview was approved for this engagement.
	RehireApproved bool
	// Tenure is the nearest limit on how long the person may be engaged; nil if there is none.
	Tenure *Tenure
}

// Tenure is a limit that the person reaches if engaged without a gap.
type Tenure struct {
	// Policy by name, which sets the limit.
	Policy string
	// Limit is when it is reached.
	Limit time.Time
}

// Request is what is looked for. StatementOfWork and Pool are required.
type Request struct {
	Requirements    *v1alpha1.Requirements
	StatementOfWork *v1alpha1.StatementOfWork
	Pool            *v1alpha1.TalentPoolSpec
	// Exclude gives a reason for each worker, by name, whom the engagement itself rules out.
	Exclude map[string]string
	// Pinned names the one worker who is wanted. Only they are considered, and the requirements are not held against them;
	// screening, rehire decisions, the pool's limits and a rate that can be offered are.
	Pinned string
}

// Result says who can do the work.
type Result struct {
	// Candidates are the best first, then the excluded with their reasons, by name; 50 at most.
	Candidates []v1alpha1.Candidate
	// Ranked are all who can do it, the best first.
	Ranked []Ranked
	// Considered is how many workers were looked at, Eligible how many of them can do it.
	Considered, Eligible int32
}

// Ranked is a worker who can do the work.
type Ranked struct {
	Name, PersonKey string
	// Tenths is the score in tenths of a point, 0 to 1000.
	Tenths int32
	// Busier is by how many tenths the score were lower, had they one more engagement like this one.
	Busier int32
	// Places is how many more engagements the pool's limit leaves the person.
	Places int32
}

// Names of all who can do it, the best first.
func (r Result) Names() []string {
	names := make([]string, 0, len(r.Ranked))
	for _, w := range r.Ranked {
		names = append(names, w.Name)
	}
	return names
}

// Rank filters the workers and puts those who remain in order of score, equal scores in order of name. The order of the
// input does not matter. It reads nothing but its arguments and the time-zone database.
func Rank(req Request, workers []Worker) Result {
	if req.Pinned != "" {
		workers = pinned(req.Pinned, workers)
		if workers == nil {
			return Result{Candidates: []v1alpha1.Candidate{excluded(req.Pinned, []string{"is not a member of the pool"})}}
		}
	}
	m := newMatch(req)
	var eligible []scored
	var rest []v1alpha1.Candidate
	for i := range workers {
		w := &workers[i]
		if reasons := m.reasons(w); len(reasons) > 0 {
			rest = append(rest, excluded(w.Name, reasons))
			continue
		}
		eligible = append(eligible, m.score(w))
	}
	slices.SortFunc(eligible, func(a, b scored) int {
		return cmp.Or(cmp.Compare(b.Tenths, a.Tenths), strings.Compare(a.Name, b.Name))
	})
	slices.SortFunc(rest, func(a, b v1alpha1.Candidate) int { return strings.Compare(a.Worker, b.Worker) })

	result := Result{Considered: int32(len(workers)), Eligible: int32(len(eligible))} //nolint:gosec // A pool has fewer members than 2³¹.
	for _, s := range eligible {
		result.Ranked = append(result.Ranked, s.Ranked)
	}
	for _, s := range eligible[:min(len(eligible), maxCandidates)] {
		result.Candidates = append(result.Candidates, s.candidate())
	}
	result.Candidates = append(result.Candidates, rest[:min(len(rest), maxCandidates-len(result.Candidates))]...)
	return result
}

// match is what one ranking knows of the request, worked out once for all workers.
type match struct {
	Request
	requirements v1alpha1.Requirements
	tiers        []v1alpha1.Tier
	weights      v1alpha1.MatchingWeights
	overlaps     *overlaps
	rates        rates
	// atOwnRate is the statement of work without its rate: what a worker would ask for of themselves.
	atOwnRate v1alpha1.StatementOfWork
}

func newMatch(req Request) *match {
	m := &match{Request: req, tiers: req.Pool.Tiers, rates: rates{}, atOwnRate: *req.StatementOfWork}
	m.atOwnRate.Rate = nil
	if len(m.tiers) == 0 {
		m.tiers = []v1alpha1.Tier{{Name: v1alpha1.DefaultTier}}
	}
	if req.Pool.Matching != nil && req.Pool.Matching.Weights != nil {
		m.weights = *req.Pool.Matching.Weights
	}
	if req.Requirements != nil {
		m.requirements = *req.Requirements
	}
	if asked := m.requirements.TimeZoneOverlap; asked != nil {
		m.overlaps = newOverlaps(asked.Zone, req.StatementOfWork.Start.Time, req.StatementOfWork.End.Time)
	}
	return m
}

// tier is a worker's tier in the pool.
func (m *match) tier(name string) *v1alpha1.Tier {
	return &m.tiers[max(m.tierIndex(name), 0)]
}

// tierIndex is the rank of a tier, 0 the lowest, or -1 if the pool does not have it.
func (m *match) tierIndex(name string) int {
	return slices.IndexFunc(m.tiers, func(t v1alpha1.Tier) bool { return t.Name == name })
}

func pinned(name string, workers []Worker) []Worker {
	for i := range workers {
		if workers[i].Name == name {
			return workers[i : i+1]
		}
	}
	return nil
}

func excluded(name string, reasons []string) v1alpha1.Candidate {
	return v1alpha1.Candidate{Worker: name, State: v1alpha1.CandidateExcluded, Reason: clip(strings.Join(reasons, "; "))}
}

// clip shortens a reason to what a candidate can carry, between two characters.
func clip(reason string) string {
	const more = "…"
	if len(reason) <= maxReason {
		return reason
	}
	return strings.ToValidUTF8(reason[:maxReason-len(more)], "") + more
}
