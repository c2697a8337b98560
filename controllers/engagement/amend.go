package engagement

import (
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/terms"
)

// amend takes changed terms through both sides' consent. Until an amendment stands the accepted terms stay in force, and access follows the narrower of both.
func (p *pass) amend() {
	if !p.engaged() {
		return
	}
	if p.ended() || p.st.Terms.Proposed == proposedHash(p.st) {
		p.clearAmendment()
		return
	}
	if a := p.st.Amendment; a != nil && a.Hash == proposedHash(p.st) && (a.State == v1alpha1.AmendmentRefused || a.State == v1alpha1.AmendmentUnanswered) {
		p.refuseAmendment(a.State, a.Message) // until the spec changes
		return
	}
	change := terms.Compare(p.st.Terms, &p.Engagement.Spec, p.st.Deliverables)
	a := p.amendment(change)
	if len(change.Refused) > 0 {
		p.refuseAmendment(v1alpha1.AmendmentInvalid, strings.Join(change.Refused, "; "))
		return
	}
	if problems := terms.Problems(&p.Engagement.Spec); len(problems) > 0 {
		p.refuseAmendment(v1alpha1.AmendmentInvalid, strings.Join(problems, "; "))
		return
	}
	if held := p.newlyHeld(change); held != "" {
		a.ExpiresAt = nil // people's time to answer begins once the policies let it pass
		p.refuseAmendment(v1alpha1.AmendmentInvalid, held)
		return
	}
	if a.ExpiresAt == nil {
		a.ExpiresAt = metaTime(p.Now.Add(p.offerTimeout()).Truncate(time.Second))
	}
	p.until(a.ExpiresAt.Time)
	if a.NeedsApproval && !p.amendmentApproved(a) {
		return
	}
	p.askWorker(a, change)
}

// clearAmendment forgets an amendment whose terms were taken back, and the offer that went with it.
func (p *pass) clearAmendment() {
	if p.st.Amendment != nil && p.st.Recruitment != nil {
		p.st.Recruitment.Offer = nil
	}
	p.st.Amendment = nil
}

// amendment under way for the terms that are proposed now.
func (p *pass) amendment(change terms.Change) *v1alpha1.AmendmentStatus {
	if a := p.st.Amendment; a == nil || a.Hash != proposedHash(p.st) {
		p.clearAmendment()
		p.st.Amendment = &v1alpha1.AmendmentStatus{Hash: proposedHash(p.st), Since: metav1.NewTime(p.Now), ExpiresAt: metaTime(p.Now.Add(p.offerTimeout()).Truncate(time.Second))}
	}
	a := p.st.Amendment
	a.State = v1alpha1.AmendmentAwaitingApproval
	a.NeedsApproval = change.Dearer || change.Longer || change.MoreAccess || change.OtherForm || len(p.verdictOfAmendment().Approvals) > 0
	a.Message = truncate(change.Words, 1024)
	return a
}

func (p *pass) refuseAmendment(state v1alpha1.AmendmentState, why string) {
	p.st.Amendment.State, p.st.Amendment.Message = state, truncate(why, 1024)
	message := fmt.Sprintf("the changed terms do not stand: %s. Change the spec again, or back to the accepted terms in status.terms", why)
	p.stall(v1alpha1.ReasonAmendmentRefused, message)
	p.wait("amendment/terms", v1alpha1.ActorRequester, p.since("amendment/terms"), nil, message)
	if p.st.Recruitment != nil {
		p.st.Recruitment.Offer = nil
	}
}

func (p *pass) amendmentApproved(a *v1alpha1.AmendmentStatus) bool {
	standing := p.standing(claimAmendment, func(r v1alpha1.AttestationRecord) bool { return r.Terms == a.Hash })
	approvers := 0
	for _, author := range sortedKeys(standing) {
		if p.requesters()[author] {
			continue
		}
		switch standing[author].Verdict {
		case v1alpha1.VerdictRejected:
			p.refuseAmendment(v1alpha1.AmendmentRefused, "an approver rejected them")
			return false
		case v1alpha1.VerdictApproved:
			approvers++
		}
	}
	v := p.verdictOfAmendment()
	need := p.approvers(v)
	if approvers >= need && p.addedAccessApproved() {
		return true
	}
	if !a.ExpiresAt.After(p.Now) {
		p.refuseAmendment(v1alpha1.AmendmentUnanswered, "nobody approved them in time")
		return false
	}
	p.wait(claimAmendment, v1alpha1.ActorApprover, a.Since.Time, &a.ExpiresAt.Time, fmt.Sprintf("%d of %d approvals of the change (%s): attest %s Approved or Rejected with terms %s%s", approvers, need, a.Message, claimAmendment, a.Hash, whyMore(v)))
	return false
}

// addedAccessApproved asks for the approval of each profile where the requester's account is shared.
func (p *pass) addedAccessApproved() bool {
	ok := true
	for _, profile := range p.accessToApprove() {
		if !p.approvedBy(prefixAccess+profile, 1, "access to "+profile, "") {
			ok = false
		}
	}
	return ok
}

// askWorker offers the changed terms to the worker: every change needs their acceptance.
func (p *pass) askWorker(a *v1alpha1.AmendmentStatus, change terms.Change) {
	a.State = v1alpha1.AmendmentAwaitingWorker
	rate := terms.AmendedRate(p.st.Terms, &p.Engagement.Spec)
	hash, err := terms.OfferHash(a.Hash, p.st.Worker.Name, p.st.Worker.UID, rate)
	if err != nil {
		p.refuseAmendment(v1alpha1.AmendmentInvalid, err.Error())
		return
	}
	if p.st.Recruitment == nil {
		p.st.Recruitment = &v1alpha1.RecruitmentStatus{}
	}
	offer := p.st.Recruitment.Offer
	if offer == nil || offer.Hash != hash {
		offer = &v1alpha1.Offer{Worker: p.st.Worker.Name, WorkerUID: p.st.Worker.UID, Rate: rate, Tier: p.st.Worker.Tier, Hash: hash, OfferedAt: metav1.NewTime(p.Now), ExpiresAt: metav1.NewTime(p.Now.Add(p.offerTimeout()).Truncate(time.Second))}
		if old := p.latestOffer(hash); old != nil {
			offer.OfferedAt = old.At
		}
		p.st.Recruitment.Offer = offer
		a.ExpiresAt = offer.ExpiresAt.DeepCopy()
	}
	answer := p.answer(offer)
	switch {
	case answer != nil && answer.Verdict == v1alpha1.VerdictAccepted:
		inherited := p.st.Terms.Inherited
		p.st.Terms = terms.Accept(&p.Engagement.Spec, p.st.Worker.Name, rate, a.Hash, hash, answer.At)
		p.st.Terms.Inherited = inherited
		p.st.Amendment = nil
	case answer != nil:
		p.refuseAmendment(v1alpha1.AmendmentRefused, "the worker declined them")
	case !offer.ExpiresAt.After(p.Now):
		p.refuseAmendment(v1alpha1.AmendmentUnanswered, "the worker did not answer in time")
	default:
		p.until(offer.ExpiresAt.Time)
		p.wait(areaOffer+"/"+offer.Worker, v1alpha1.ActorWorker, offer.OfferedAt.Time, &offer.ExpiresAt.Time, fmt.Sprintf("answer the changed terms (%s): attest offer/%s Accepted or Declined with terms %s", change.Words, offer.Worker, offer.Hash))
	}
}

// latestOffer finds an answer that was given to these very terms before, so that going back and forth in Git does not ask twice.
func (p *pass) latestOffer(hash string) *v1alpha1.AttestationRecord {
	for i := range p.st.Attestations {
		r := &p.st.Attestations[i]
		if r.Ignored == "" && r.Terms == hash && strings.HasPrefix(r.Claim, areaOffer+"/") {
			return r
		}
	}
	return nil
}
