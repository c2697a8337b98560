package engagement

import (
	"fmt"
	"strings"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/policy"
)

// askedApprovals is how many approvers the spec itself asks for.
func (p *pass) askedApprovals() int {
	if a := p.Engagement.Spec.Approvals; a != nil && a.Required > 0 {
		return int(a.Required)
	}
	return 1
}

// approvers is how many distinct people have to approve each stage or, without stages, the whole: as many as the spec or a policy asks for, and one more where a
// rule that requires approval does not hold.
func (p *pass) approvers(verdicts ...*policy.Verdict) int {
	need, more := p.askedApprovals(), 0
	for _, v := range verdicts {
		need = max(need, int(v.RequiredApprovals))
		if len(v.Approvals) > 0 {
			more = 1
		}
	}
	return need + more
}

// whyMore says why a policy asks for one approver more, as the end of a message; or nothing.
func whyMore(v *policy.Verdict) string {
	if len(v.Approvals) == 0 {
		return ""
	}
	var messages []string
	for _, f := range v.Approvals {
		messages = append(messages, f.Message)
	}
	return "; one more than otherwise, because " + strings.Join(messages, "; ")
}

// shortage is an approval that some terms lack.
type shortage struct {
	claim, hash string
	have, need  int
	rejected    bool
}

func (s *shortage) ask() string {
	if s.rejected {
		return fmt.Sprintf("%s was rejected: have whoever rejected it attest %s Approved with terms %s, or end the engagement", strings.TrimPrefix(s.claim, areaApproval+"/"), s.claim, s.hash)
	}
	return fmt.Sprintf("%d of %d approvals are there: somebody else with the verb approve attests %s Approved or Rejected with terms %s", s.have, s.need, s.claim, s.hash)
}

// shortOf is the first stage or, without stages, the whole, that fewer distinct people approve than are needed; nil if none. Approvals of an amendment
// count for the terms that it brought, and for no others: one statement would settle every stage of what nobody amended.
func (p *pass) shortOf(need int, hash string) *shortage {
	claims := []string{claimApproval}
	if stages := p.stages(); len(stages) > 0 {
		claims = nil
		for _, s := range stages {
			claims = append(claims, prefixStage+s.Name)
		}
	}
	for _, claim := range claims {
		have, rejected := p.consent(hash, claim, claimAmendment)
		if rejected || have < need {
			return &shortage{claim: claim, hash: hash, have: have, need: need, rejected: rejected}
		}
	}
	return nil
}

// brought says whether an approval of an amendment had a part in bringing the terms in force: it was given while somebody was engaged already, and before
// the worker accepted these terms.
func (p *pass) brought(r v1alpha1.AttestationRecord) bool {
	return p.engaged() && r.Terms == p.st.Terms.Proposed && !r.At.Time.Before(p.enteredAt(v1alpha1.PhaseOnboarding)) && !r.At.After(p.st.Terms.AcceptedAt.Time)
}

// consent counts the distinct people who approve terms under any of some claims, and says whether anybody rejects them. Whoever became a requester since then no
// longer counts as independent.
func (p *pass) consent(hash string, claims ...string) (approvers int, rejected bool) {
	approving := people{}
	for _, claim := range claims {
		for author, r := range p.standing(claim, func(r v1alpha1.AttestationRecord) bool {
			return r.Terms == hash && (claim != claimAmendment || p.brought(r))
		}) {
			switch {
			case p.requesters()[author]:
			case r.Verdict == v1alpha1.VerdictRejected:
				rejected = true
			case r.Verdict == v1alpha1.VerdictApproved:
				approving[author] = true
			}
		}
	}
	return len(approving), rejected
}

// outstanding is an approval that a rule requires of terms that were accepted already.
type outstanding struct {
	claim, message string
}

// unsettled is what is to be approved of the terms in force before anything new or wider is granted, or nil. What was approved before counts.
func (p *pass) unsettled() *outstanding {
	if !p.engaged() || p.ended() {
		return nil
	}
	v := p.verdict()
	if len(v.Approvals) == 0 {
		return nil
	}
	short := p.shortOf(p.approvers(v), p.st.Terms.Proposed)
	if short == nil {
		return nil
	}
	return &outstanding{short.claim, short.ask() + whyMore(v)}
}

// approvalsOutstanding says whether what a rule requires to be approved is not, yet.
func (p *pass) approvalsOutstanding(v *policy.Verdict) bool {
	if p.engaged() {
		return p.unsettled() != nil
	}
	return len(v.Approvals) > 0 && !p.ended() && p.shortOf(p.approvers(v), proposedHash(p.st)) != nil
}
