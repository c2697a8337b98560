package delivery

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/terms"
)

// The rules by which statements become a state, where the contract leaves room:
//
//   - Statements are taken in the order of the seconds at which they were made, which is all that the API server records. Within
//     one second a submission comes first, then verdicts, then disputes, so that the refusing statement has the last word.
//   - A submission begins a round anew: no verdict and no dispute from before it stands, not even an acceptance.
//   - Of each author the newest verdict since then counts, in one second the more refusing one (Revise, then the smaller part,
//     then the whole). Of several authors the most refusing one counts: a standing Revise blocks another's acceptance.
//   - A dispute stands until the next submission, or until a verdict that is stated after it. What was said before a dispute
//     is what is disputed, and blocks nobody's later verdict. While it stands nothing is accepted; left undecided until the
//     time to accept is over, what was disputed stands, so that disputing a part acceptance costs nobody that part.
//   - A round of revision is one from Revise to the next submission, however many say Revise in it; it is the client's if
//     anybody who asks for it says so. A Revise that was taken back or overruled is no round.
//   - Once the work has ended, its worker can no longer answer as before: work can be submitted only if it had been submitted
//     by the end, and what is accepted can become more but never less.
//   - A Revise caused by the client before anything was submitted asks for no revision: it says that the client changed what
//     is wanted, and the first submission is then never late.

// decision is what the verdicts that stand amount to: Submitted (none stands), Revise, PartlyAccepted or Accepted.
type decision struct {
	state  v1alpha1.DeliverableState
	amount terms.Amount
	cause  v1alpha1.ReviseCause
}

func (d decision) accepts() bool {
	return d.state == v1alpha1.DeliverableAccepted || d.state == v1alpha1.DeliverablePartlyAccepted
}

// moreRefusing orders decisions: the more refusing first.
func moreRefusing(a, b decision) int {
	refusal := func(d decision) int {
		switch d.state {
		case v1alpha1.DeliverableRevise:
			return 0
		case v1alpha1.DeliverablePartlyAccepted:
			return 1
		default:
			return 2
		}
	}
	return cmp.Or(cmp.Compare(refusal(a), refusal(b)), cmp.Compare(a.amount, b.amount), cmp.Compare(a.cause, b.cause))
}

// history is what the statements about one deliverable come to.
type history struct {
	price  terms.Amount
	priced bool
	// end is when the work ended, lapse when accepting it did; nil while it goes on.
	end, lapse *time.Time

	first, latest *time.Time // submissions that count
	standing      map[string]decision
	decided       decision
	since         time.Time // when decided came to be
	disputed      *time.Time
	excused       bool

	rounds, clientRounds int32
}

// moment holds everything that was said within one second.
type moment struct {
	at        time.Time
	submitted bool
	disputed  bool
	verdicts  map[string]decision
}

func (h *history) read(records []v1alpha1.AttestationRecord) {
	for _, m := range h.moments(records) {
		if h.lapse != nil && !m.at.Before(*h.lapse) {
			return
		}
		if m.submitted && h.maySubmit(m.at) {
			h.submit(m.at)
		}
		h.judge(m)
		if m.disputed && h.mayDispute(m.at) && h.disputed == nil {
			h.disputed = &m.at
		}
	}
}

func (h *history) moments(records []v1alpha1.AttestationRecord) []*moment {
	bySecond := map[int64]*moment{}
	for i := range records {
		r := &records[i]
		at := r.At.UTC().Truncate(time.Second)
		m := bySecond[at.Unix()]
		if m == nil {
			m = &moment{at: at, verdicts: map[string]decision{}}
			bySecond[at.Unix()] = m
		}
		switch r.Verdict {
		case v1alpha1.VerdictSubmitted:
			m.submitted = true
		case v1alpha1.VerdictDisputed:
			m.disputed = true
		case v1alpha1.VerdictAccepted, v1alpha1.VerdictPartlyAccepted, v1alpha1.VerdictRevise:
			d := h.decision(r)
			if other, said := m.verdicts[r.Author]; !said || moreRefusing(d, other) < 0 {
				m.verdicts[r.Author] = d
			}
		default: // Means nothing for a deliverable.
		}
	}
	moments := make([]*moment, 0, len(bySecond))
	for _, m := range bySecond {
		moments = append(moments, m)
	}
	slices.SortFunc(moments, func(a, b *moment) int { return a.at.Compare(b.at) })
	return moments
}

// decision expects a record without a Problem.
func (h *history) decision(r *v1alpha1.AttestationRecord) decision {
	switch r.Verdict {
	case v1alpha1.VerdictRevise:
		if r.Cause == v1alpha1.CauseClient {
			return decision{state: v1alpha1.DeliverableRevise, cause: v1alpha1.CauseClient}
		}
		return decision{state: v1alpha1.DeliverableRevise, cause: v1alpha1.CauseWorker}
	case v1alpha1.VerdictPartlyAccepted:
		amount, err := terms.ParseAmount(r.Amount)
		if err != nil {
			amount = 0
		}
		return decision{state: v1alpha1.DeliverablePartlyAccepted, amount: amount}
	default:
		return decision{state: v1alpha1.DeliverableAccepted, amount: h.price}
	}
}

func (h *history) ended(at time.Time) bool {
	return h.end != nil && at.After(*h.end)
}

func (h *history) maySubmit(at time.Time) bool {
	return !h.ended(at) || h.first != nil && !h.decided.accepts()
}

func (h *history) mayDispute(at time.Time) bool {
	return !h.ended(at) || h.first != nil
}

func (h *history) submit(at time.Time) {
	h.rounds, h.clientRounds = h.roundsSoFar()
	if h.first == nil {
		h.first = &at
	}
	h.latest = &at
	h.standing = map[string]decision{}
	h.decided, h.since = decision{state: v1alpha1.DeliverableSubmitted}, at
	h.disputed = nil
}

// roundsSoFar counts the round under way as well.
func (h *history) roundsSoFar() (worker, client int32) {
	worker, client = h.rounds, h.clientRounds
	switch {
	case h.decided.state != v1alpha1.DeliverableRevise:
	case h.decided.cause == v1alpha1.CauseClient:
		client++
	default:
		worker++
	}
	return worker, client
}

func (h *history) judge(m *moment) {
	for author, d := range m.verdicts {
		if h.first == nil {
			h.excused = h.excused || d.cause == v1alpha1.CauseClient && !h.ended(m.at)
			delete(m.verdicts, author)
			continue
		}
		if h.ended(m.at) && h.decided.accepts() && (!d.accepts() || d.amount < h.decided.amount) {
			delete(m.verdicts, author)
		}
	}
	if len(m.verdicts) == 0 {
		return
	}
	before := h.decided
	// The dispute is from an earlier second, for this second's comes after its verdicts.
	settles := h.disputed != nil
	if settles {
		h.standing = map[string]decision{}
		h.disputed = nil
	}
	maps.Copy(h.standing, m.verdicts)
	h.decided = mostRefusing(h.standing)
	if settles || h.decided.state != before.state || h.decided.amount != before.amount {
		h.since = m.at
	}
}

// mostRefusing expects at least one verdict. Of revisions the one caused by the client comes first, for "Client" sorts before "Worker".
func mostRefusing(standing map[string]decision) decision {
	var most *decision
	for _, d := range standing {
		if most == nil || moreRefusing(d, *most) < 0 {
			most = &d
		}
	}
	return *most
}
