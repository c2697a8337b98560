package engagement

import (
	"slices"
	"strings"
	"time"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/checklist"
	"github.com/longshore-dev/longshore/controllers/domain/dossier"
	"github.com/longshore-dev/longshore/controllers/domain/policy"
)

// offboarding waits until every revocation is proven, every required step is done and every submitted deliverable is decided; then the file is sealed.
// On deletion only revocation is waited for.
func (p *pass) offboarding() bool {
	p.st.Outcome, p.st.Rehire = "", ""
	p.noteReviews(false)
	p.runOffboarding()
	if !p.deleting() {
		p.noteWaiting(p.offboard, "offboarding")
		p.noteUndecided()
	}
	done := p.deleting() || (p.offboard.complete(v1alpha1.BlocksClosing) && len(p.delivery.Undecided) == 0)
	if !done || !p.accessGone() {
		return false
	}
	p.st.Outcome, p.st.Rehire = p.outcome(), p.rehire()
	p.noteReviews(true)
	p.seal()
	return true
}

// adoptOffboarding keeps the offboarding checklist as it is at the start of work. Until then it follows every edit, but not a deletion: an exit procedure that
// was agreed on is never lost.
func (p *pass) adoptOffboarding() {
	if p.st.Offboarding == nil {
		p.st.Offboarding = &v1alpha1.ProcedureStatus{}
	}
	if p.OffboardingChecklist != nil && p.Engagement.Status.Phase.Before(v1alpha1.PhaseAssigned) {
		adopt(p.st.Offboarding, p.OffboardingChecklist)
	}
}

// runOffboarding brings status.offboarding up to date. Until the work has ended only the steps that open ahead of the end are open.
func (p *pass) runOffboarding() {
	p.adoptOffboarding()
	proc := p.st.Offboarding
	open := p.st.Phase == v1alpha1.PhaseOffboarding
	if open && proc.StartedAt == nil {
		proc.StartedAt = metaTime(p.enteredAt(v1alpha1.PhaseOffboarding))
	}
	if p.deleting() {
		open = true
	}
	in := checklist.Input{Area: checklist.Offboarding, Open: open, End: timePtr(p.foreseenEnd()), Sealed: p.deleting(), Records: p.records(areaOffboarding), Earliest: p.st.Terms.AcceptedAt.Time}
	if p.deleting() {
		in.SealedAt = earlier(p.Engagement.DeletionTimestamp.Time, p.Now)
	}
	if proc.StartedAt != nil {
		in.StartedAt = proc.StartedAt.Time
	}
	p.offboard = p.run(in, proc)
}

// foreseenEnd is the end ahead of which wind-down steps open. Where the work ended otherwise than people could prepare for, it stays the planned one: what they
// had begun to wind down stays begun, and the rest opens with Offboarding.
func (p *pass) foreseenEnd() time.Time {
	switch {
	case p.ended() && (p.st.Ending.Cause == v1alpha1.EndPlanned || p.st.Ending.NoticedAt.Before(p.st.EndedAt)):
		return p.st.EndedAt.Time
	case !p.ended() && p.st.Ending != nil:
		return p.st.Ending.At.Time
	}
	return p.plannedEnd()
}

// noteUndecided asks for what is left to do about what was submitted in time.
func (p *pass) noteUndecided() {
	for _, w := range p.delivery.Waiting {
		if slices.Contains(p.delivery.Undecided, w.Deliverable) {
			p.wait(areaDeliverable+"/"+w.Deliverable, w.Who, w.Since, w.Due, w.Message)
		}
	}
}

// accessGone says whether every entitlement ever granted is proven gone, held by another live grant, attested, decided upon or abandoned.
func (p *pass) accessGone() bool {
	for i := range p.Grants {
		if g := &p.Grants[i]; !concluded(g, p.deleting()) || p.strands(g) || !p.keeps(g) {
			return false
		}
	}
	return true
}

// concluded says whether nothing is owed on a grant that is to be gone. On deletion nobody is waited for who would decide on access that was there before: in a
// namespace that goes nobody could state it.
func concluded(g *v1alpha1.AccessGrant, deleting bool) bool {
	if g.Spec.Withdraw == "" || g.Status.ObservedGeneration != g.Generation || g.Status.Owed > 0 {
		return false
	}
	for _, e := range g.Status.Entitlements {
		switch e.State {
		case v1alpha1.GrantRevoked, v1alpha1.GrantStillHeld, v1alpha1.GrantAttested, v1alpha1.GrantAbandoned:
		case v1alpha1.GrantPreexisting:
			if !deleting && !decided(g, e.Name) {
				return false
			}
		case v1alpha1.GrantPending:
			if e.GrantedAt != nil {
				return false
			}
		default:
			return false
		}
	}
	return true
}

func decided(g *v1alpha1.AccessGrant, entitlement string) bool {
	return slices.ContainsFunc(g.Spec.Preexisting, func(d v1alpha1.PreexistingDecision) bool {
		return d.Entitlement == entitlement && d.Decision == v1alpha1.VerdictKeep
	})
}

// seal asks for the Dossier, or closes the engagement if it has been written.
func (p *pass) seal() {
	if p.Dossier == nil {
		p.acts.Seal = &dossier.Facts{Outcome: p.st.Outcome, Rehire: p.st.Rehire, SealedAt: *metaTime(p.Now)}
		if until, by := policy.Retention(p.Policies, p.caseOf(inForce, p.judgedWith()), p.st.EndedAt.Time); until != nil {
			p.acts.Seal.RetainUntil, p.acts.Seal.RetainedBy = metaTime(*until), by
		}
		return
	}
	p.close()
}

func (p *pass) close() {
	p.st.Dossier = &v1alpha1.DossierReference{Name: p.Dossier.Name, Hash: p.Dossier.Spec.Hash}
	p.st.Outcome, p.st.Rehire = p.Dossier.Spec.Record.Outcome, p.Dossier.Spec.Record.Rehire
	p.enter(v1alpha1.PhaseClosed)
}

// preexistingUndecided names the entitlements that existed before and wait for a person's decision.
func (p *pass) preexistingUndecided() []string {
	var names []string
	for i := range p.Grants {
		for _, e := range p.Grants[i].Status.Entitlements {
			if e.State == v1alpha1.GrantPreexisting && !slices.ContainsFunc(p.Grants[i].Spec.Preexisting, func(d v1alpha1.PreexistingDecision) bool { return d.Entitlement == e.Name }) {
				names = append(names, e.Name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func joined(names []string) string { return strings.Join(names, ", ") }
