package engagement

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/terms"
)

const maxWaits = 512

// summarise computes everything in status that follows from the rest: what is waited for, and every condition.
func (p *pass) summarise() {
	p.st.ObservedGeneration = p.Engagement.Generation
	p.notePreexisting()
	p.notePaused()
	slices.SortStableFunc(p.waits, func(a, b v1alpha1.WaitingFor) int { return cmp.Compare(a.What, b.What) })
	p.st.WaitingFor = p.waits[:min(len(p.waits), maxWaits)]
	p.st.Waiting = p.waitingLine()

	p.setCompliant()
	p.setApproved()
	p.setRecruited()
	p.setOnboarded()
	p.setAccess()
	p.setDelivered()
	p.setEvaluated()
	p.setOffboarded()
	p.setOverall()
}

// waitingLine is the wait that people look at first, and how many more there are; or until when nobody is waited for.
func (p *pass) waitingLine() string {
	switch {
	case len(p.waits) > 0:
	case p.st.Phase == v1alpha1.PhaseClosed || p.next.IsZero():
		return ""
	default:
		return "nobody until " + p.next.UTC().Format(time.RFC3339)
	}
	first := p.waits[0]
	for _, w := range p.waits[1:] {
		if first.Who == v1alpha1.ActorOperator && w.Who != v1alpha1.ActorOperator {
			first = w
		}
	}
	who := first.Who
	if first.Subject != nil {
		who = fmt.Sprintf("%s %s", first.Who, first.Subject.Name)
	}
	line := fmt.Sprintf("%s (%s)", first.What, who)
	if n := len(p.waits) - 1; n > 0 {
		line += fmt.Sprintf(" +%d", n)
	}
	return truncate(line, 256)
}

func (p *pass) notePreexisting() {
	if p.deleting() {
		return
	}
	for _, name := range p.preexistingUndecided() {
		what := prefixPreexist + name
		message := fmt.Sprintf("access %s existed before this engagement: somebody with the verb grant on the profile attests %s Keep or Remove", name, what)
		p.wait(what, v1alpha1.ActorApprover, p.since(what), nil, message)
		if p.st.Phase == v1alpha1.PhaseOffboarding {
			p.stall(v1alpha1.ReasonAccessPreexisting, message)
		}
	}
}

// notePaused says who can end what somebody paused.
func (p *pass) notePaused() {
	if p.ended() || p.st.Phase == v1alpha1.PhaseClosed {
		return
	}
	if p.Engagement.Spec.Suspend {
		p.wait("spec/suspend", v1alpha1.ActorRequester, p.since("spec/suspend"), nil, "suspended: access is withdrawn and work pauses until spec.suspend is lifted")
	}
	if p.withdrawnByPeople() {
		p.wait(claimWithdraw, v1alpha1.RoleManager, p.withdrawal().At.Time, nil, "access was withdrawn: it comes back when whoever withdrew it, or somebody with the verb end who is no requester, attests access/withdraw Lifted")
	}
}

func (p *pass) set(kind string, status metav1.ConditionStatus, reason, message string) {
	meta.SetStatusCondition(&p.st.Conditions, metav1.Condition{
		Type: kind, Status: status, Reason: reason, Message: truncate(message, 2048), ObservedGeneration: p.Engagement.Generation,
		LastTransitionTime: metav1.NewTime(p.Now),
	})
}

// isClosed says whether the file was sealed in an earlier pass: conditions that spoke of the living engagement stay as they were.
func (p *pass) isClosed() bool { return p.Engagement.Status.Phase == v1alpha1.PhaseClosed }

func (p *pass) setApproved() {
	switch {
	case p.isClosed():
	case p.engaged():
		p.set(v1alpha1.ConditionApproved, metav1.ConditionTrue, v1alpha1.ReasonHolds, "the accepted terms were approved")
	case p.stalledBy(v1alpha1.ReasonApprovalRejected) != nil:
		p.set(v1alpha1.ConditionApproved, metav1.ConditionFalse, v1alpha1.ReasonApprovalRejected, p.stalledBy(v1alpha1.ReasonApprovalRejected).Message)
	case p.waitsFor(areaApproval+"/") != nil:
		p.set(v1alpha1.ConditionApproved, metav1.ConditionFalse, v1alpha1.ReasonWaiting, p.waitsFor(areaApproval+"/").Message)
	case p.ended():
		p.set(v1alpha1.ConditionApproved, metav1.ConditionFalse, v1alpha1.ReasonDeadlinePassed, "it ended before it was approved or filled")
	default:
		p.set(v1alpha1.ConditionApproved, metav1.ConditionTrue, v1alpha1.ReasonHolds, "every approval stands for the proposed terms")
	}
}

func (p *pass) setRecruited() {
	switch {
	case p.isClosed():
	case p.engaged():
		p.set(v1alpha1.ConditionRecruited, metav1.ConditionTrue, v1alpha1.ReasonHolds, "a screened worker accepted")
	case p.stalledBy(v1alpha1.ReasonNoCandidates) != nil:
		p.set(v1alpha1.ConditionRecruited, metav1.ConditionFalse, v1alpha1.ReasonNoCandidates, p.stalledBy(v1alpha1.ReasonNoCandidates).Message)
	case p.st.Phase == v1alpha1.PhaseRecruiting:
		p.set(v1alpha1.ConditionRecruited, metav1.ConditionFalse, v1alpha1.ReasonWaiting, "looking for a worker")
	default:
		p.set(v1alpha1.ConditionRecruited, metav1.ConditionFalse, v1alpha1.ReasonNotYet, "recruiting has not begun")
	}
}

func (p *pass) setOnboarded() {
	switch {
	case p.isClosed():
	case !p.enteredAt(v1alpha1.PhaseAssigned).IsZero():
		p.set(v1alpha1.ConditionOnboarded, metav1.ConditionTrue, v1alpha1.ReasonHolds, "every step that blocks work was done, and the start was confirmed")
	case p.st.Phase == v1alpha1.PhaseOnboarding:
		message := "waiting for the start"
		if o := p.st.Onboarding; o != nil && o.Done < o.Total {
			message = fmt.Sprintf("%d of %d required steps are done", o.Done, o.Total)
		}
		p.set(v1alpha1.ConditionOnboarded, metav1.ConditionFalse, v1alpha1.ReasonWaiting, message)
	case p.ended():
		p.set(v1alpha1.ConditionOnboarded, metav1.ConditionFalse, v1alpha1.ReasonDeadlinePassed, "it ended before work began")
	default:
		p.set(v1alpha1.ConditionOnboarded, metav1.ConditionFalse, v1alpha1.ReasonNotYet, "nobody is engaged yet")
	}
}

func (p *pass) setAccess() {
	if p.isClosed() {
		return
	}
	asked := len(p.Engagement.Spec.Access) > 0 || len(p.Grants) > 0
	switch {
	case !asked:
		p.set(v1alpha1.ConditionAccessReady, metav1.ConditionTrue, v1alpha1.ReasonNotAsked, "no access is asked for")
	case !p.engaged():
		p.set(v1alpha1.ConditionAccessReady, metav1.ConditionFalse, v1alpha1.ReasonNotYet, "nobody is engaged yet")
	case p.ended():
		p.set(v1alpha1.ConditionAccessReady, metav1.ConditionFalse, v1alpha1.ReasonDeadlinePassed, "the work has ended, so access is withdrawn")
	case p.withdrawn() != "":
		p.set(v1alpha1.ConditionAccessReady, metav1.ConditionFalse, string(p.withdrawn()), "access is withdrawn")
	default:
		p.setAccessReady()
	}
	switch {
	case !p.engaged() && len(p.Grants) == 0:
		p.set(v1alpha1.ConditionAccessRevoked, metav1.ConditionTrue, v1alpha1.ReasonHolds, "nothing was granted")
	case p.accessGone() && (p.ended() || p.withdrawn() != "" || len(p.Grants) == 0):
		p.set(v1alpha1.ConditionAccessRevoked, metav1.ConditionTrue, v1alpha1.ReasonHolds, "every entitlement ever granted is proven gone"+p.attestedIn(v1alpha1.GrantAttested, ", or attested as returned by its custodian"))
	case p.st.Access != nil && p.st.Access.Owed > 0:
		p.set(v1alpha1.ConditionAccessRevoked, metav1.ConditionFalse, v1alpha1.ReasonOwed, fmt.Sprintf("%d revocations are not yet proven", p.st.Access.Owed)+p.attestedIn(v1alpha1.GrantRevoking, ", or not yet attested by custodians"))
	default:
		p.set(v1alpha1.ConditionAccessRevoked, metav1.ConditionFalse, v1alpha1.ReasonHeld, "access is held")
	}
}

func (p *pass) setAccessReady() {
	var outstanding []string
	for _, profile := range terms.Narrower(p.st.Terms, &p.Engagement.Spec).Access {
		if g := p.grantOf(grantName(p.Engagement, profile)); g == nil || !given(g) {
			outstanding = append(outstanding, profile)
		}
	}
	if len(outstanding) == 0 {
		p.set(v1alpha1.ConditionAccessReady, metav1.ConditionTrue, v1alpha1.ReasonHolds, "every profile is granted and read back"+p.attestedIn(v1alpha1.GrantGranted, ", or attested as handed out by its custodian"))
		return
	}
	reason := v1alpha1.ReasonNotYet
	for _, r := range []string{v1alpha1.ReasonAdmissionMissing, v1alpha1.ReasonGrantNotPermitted, v1alpha1.ReasonProviderFailed, v1alpha1.ReasonAccessExpired} {
		if p.stalledBy(r) != nil {
			reason = r
			break
		}
	}
	words := "not yet granted and read back"
	if w := p.waitsFor(prefixCustody); w != nil {
		words = "not yet granted and read back, or handed out"
		if reason == v1alpha1.ReasonNotYet {
			reason = v1alpha1.ReasonWaiting
		}
	}
	p.set(v1alpha1.ConditionAccessReady, metav1.ConditionFalse, reason, words+": "+joined(outstanding))
}

func (p *pass) setDelivered() {
	switch {
	case p.isClosed():
	case len(p.st.Deliverables) == 0:
		p.set(v1alpha1.ConditionDelivered, metav1.ConditionTrue, v1alpha1.ReasonNotAsked, "no deliverables are agreed")
	case p.delivery.AllAccepted:
		p.set(v1alpha1.ConditionDelivered, metav1.ConditionTrue, v1alpha1.ReasonHolds, "every deliverable was accepted")
	case p.stalledBy(v1alpha1.ReasonDeliverableOverdue) != nil:
		p.set(v1alpha1.ConditionDelivered, metav1.ConditionFalse, v1alpha1.ReasonDeliverableOverdue, p.stalledBy(v1alpha1.ReasonDeliverableOverdue).Message)
	default:
		accepted := 0
		for _, d := range p.st.Deliverables {
			if d.State == v1alpha1.DeliverableAccepted || d.State == v1alpha1.DeliverablePartlyAccepted {
				accepted++
			}
		}
		p.set(v1alpha1.ConditionDelivered, metav1.ConditionFalse, v1alpha1.ReasonWaiting, fmt.Sprintf("%d of %d deliverables accepted", accepted, len(p.st.Deliverables)))
	}
}

func (p *pass) setEvaluated() {
	switch {
	case p.isClosed():
	case p.Engagement.Spec.Evaluation == nil:
		p.set(v1alpha1.ConditionEvaluated, metav1.ConditionTrue, v1alpha1.ReasonNotAsked, "no evaluation is asked for")
	case !p.ended():
		p.set(v1alpha1.ConditionEvaluated, metav1.ConditionFalse, v1alpha1.ReasonNotYet, "the final evaluation is given after the end")
	case p.finalGiven():
		p.set(v1alpha1.ConditionEvaluated, metav1.ConditionTrue, v1alpha1.ReasonHolds, "the final evaluation stands")
	case !p.finalBy().After(p.Now):
		p.set(v1alpha1.ConditionEvaluated, metav1.ConditionFalse, v1alpha1.ReasonDeadlinePassed, "no final evaluation was given in time")
	default:
		p.until(p.finalBy())
		p.set(v1alpha1.ConditionEvaluated, metav1.ConditionFalse, v1alpha1.ReasonWaiting, "the final evaluation is awaited")
	}
}

func (p *pass) setOffboarded() {
	switch {
	case p.isClosed():
	case p.st.Phase == v1alpha1.PhaseClosed:
		p.set(v1alpha1.ConditionOffboarded, metav1.ConditionTrue, v1alpha1.ReasonClosed, "the file is sealed")
	case p.st.Phase == v1alpha1.PhaseOffboarding:
		message := "revocations are being proven and the file sealed"
		if o := p.st.Offboarding; o != nil && o.Done < o.Total {
			message = fmt.Sprintf("%d of %d required steps are done", o.Done, o.Total)
		}
		p.set(v1alpha1.ConditionOffboarded, metav1.ConditionFalse, v1alpha1.ReasonWaiting, message)
	default:
		p.set(v1alpha1.ConditionOffboarded, metav1.ConditionFalse, v1alpha1.ReasonNotYet, "offboarding has not begun")
	}
}

// setOverall computes Ready, Reconciling and Stalled as GitOps tools read them: an ordinary human wait within its due time is Ready, and only Stalled fails.
func (p *pass) setOverall() {
	if p.st.Phase == v1alpha1.PhaseClosed {
		p.set(v1alpha1.ConditionStalled, metav1.ConditionFalse, v1alpha1.ReasonClosed, "closed")
		p.set(v1alpha1.ConditionReconciling, metav1.ConditionFalse, v1alpha1.ReasonClosed, "closed")
		p.set(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonClosed, fmt.Sprintf("closed: %s", p.st.Outcome))
		return
	}
	p.noteOverdueWaits()
	busy := p.operatorBusy()
	switch {
	case len(p.stalls) > 0:
		// Never beside Stalled: kstatus goes by whichever of the two comes first.
		p.set(v1alpha1.ConditionReconciling, metav1.ConditionFalse, p.stalls[0].Reason, "stalled; what the operator itself still has to do, if anything, is in status.waitingFor")
	case busy != "":
		p.set(v1alpha1.ConditionReconciling, metav1.ConditionTrue, v1alpha1.ReasonProgressing, busy)
	default:
		p.set(v1alpha1.ConditionReconciling, metav1.ConditionFalse, v1alpha1.ReasonHolds, "nothing is left for the operator to do now")
	}
	if len(p.stalls) > 0 {
		messages := make([]string, 0, len(p.stalls))
		for _, s := range p.stalls {
			if !slices.Contains(messages, s.Message) {
				messages = append(messages, s.Message)
			}
		}
		p.set(v1alpha1.ConditionStalled, metav1.ConditionTrue, p.stalls[0].Reason, strings.Join(messages, "; "))
		p.set(v1alpha1.ConditionReady, metav1.ConditionFalse, p.stalls[0].Reason, messages[0])
		return
	}
	p.set(v1alpha1.ConditionStalled, metav1.ConditionFalse, v1alpha1.ReasonHolds, "nothing is overdue or blocked")
	switch {
	case busy != "":
		p.set(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonProgressing, busy)
	case p.Engagement.Spec.Suspend:
		p.set(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSuspended, "suspended by spec.suspend")
	case len(p.waits) > 0:
		p.set(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonWaiting, "waiting for "+p.st.Waiting)
	default:
		p.set(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonProgressing, string(p.st.Phase))
	}
}

// noteOverdueWaits stalls on any wait whose time has passed and that no phase has spoken of.
func (p *pass) noteOverdueWaits() {
	for _, w := range p.waits {
		if strings.HasPrefix(w.What, areaDeliverable+"/") {
			continue // what is handed in within the second in which it is due is in time
		}
		if w.Due != nil && !w.Due.After(p.Now) && len(p.stalls) == 0 {
			p.stall(v1alpha1.ReasonStepOverdue, fmt.Sprintf("%s is overdue since %s: %s", w.What, w.Due.UTC().Format(time.RFC3339), w.Message))
		}
	}
}

// operatorBusy says what the operator itself still has to do now, if anything.
func (p *pass) operatorBusy() string {
	if p.acts.Seal != nil {
		return "sealing the file"
	}
	for _, w := range p.waits {
		if w.Who == v1alpha1.ActorOperator && w.What != "access/admission" {
			return w.Message
		}
	}
	return ""
}

func (p *pass) stalledBy(reason string) *finding {
	for i := range p.stalls {
		if p.stalls[i].Reason == reason {
			return &p.stalls[i]
		}
	}
	return nil
}

func (p *pass) waitsFor(prefix string) *v1alpha1.WaitingFor {
	for i := range p.waits {
		if strings.HasPrefix(p.waits[i].What, prefix) {
			return &p.waits[i]
		}
	}
	return nil
}
