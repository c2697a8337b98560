package engagement

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/terms"
)

// The schema's bounds on what is summed up.
const (
	maxGrants      = 64
	maxPreexisting = 16
	maxFindings    = 64
	maxRequesters  = 64
)

// grantName is stable for one engagement and one profile, and differs for an engagement that is made again under the same name.
func grantName(eng *v1alpha1.Engagement, profile string) string {
	sum := sha256.Sum256([]byte(string(eng.UID) + "/" + profile))
	suffix := "-" + hex.EncodeToString(sum[:])[:8]
	name := eng.Name + "-" + profile
	return name[:min(len(name), 253-len(suffix))] + suffix
}

// decideAccess says which grants there should be, until when, and which are to be withdrawn.
func (p *pass) decideAccess() {
	if p.st.Phase == v1alpha1.PhaseClosed && p.Engagement.Status.Phase == v1alpha1.PhaseClosed {
		return // sealed: nothing about access changes any more
	}
	if !p.engaged() {
		return
	}
	p.noteHolds()
	if p.Engagement.Status.Terms == nil {
		return // first the accepted terms are stored: were that write to fail, the terms could still change under the access
	}
	inForce := terms.Narrower(p.st.Terms, &p.Engagement.Spec)
	withdrawn := p.withdrawn()
	for _, profile := range inForce.Access {
		p.decideGrant(profile, inForce, withdrawn)
	}
	for i := range p.Grants {
		g := &p.Grants[i]
		if slices.Contains(inForce.Access, g.Spec.Profile) {
			continue
		}
		spec := g.Spec.DeepCopy()
		spec.Withdraw = cmp.Or(withdrawn, v1alpha1.WithdrawalNarrowed)
		spec.Hold, spec.Preexisting, spec.Custody = "", p.preexistingDecisions(g), p.custody(g)
		p.acts.Grants = append(p.acts.Grants, grant{Name: g.Name, Spec: *spec})
	}
}

// withdrawn says why all access is to be withdrawn now, or nothing. What cannot be lifted again comes first.
func (p *pass) withdrawn() v1alpha1.Withdrawal {
	switch {
	case p.deleting():
		return v1alpha1.WithdrawalDeleted
	case p.ended() && (p.forCause() || p.endsByRule() || p.verdict().Ends() != nil):
		return v1alpha1.WithdrawalEnded
	case p.withdrawnByPeople():
		return v1alpha1.WithdrawalWithdrawn
	case p.worker() == nil:
		return v1alpha1.WithdrawalWorkerGone
	case p.Engagement.Spec.Suspend:
		return v1alpha1.WithdrawalSuspended
	}
	return ""
}

func (p *pass) withdrawnByPeople() bool {
	return p.withdrawal() != nil
}

// withdrawal is a standing withdrawal of access by attestation, or nil. Whoever withdrew can lift it, and so can somebody who is
// neither a requester nor the worker: what security took away the requester does not give back.
func (p *pass) withdrawal() *v1alpha1.AttestationRecord {
	said := p.counted()
	for i := range said {
		done := &said[i]
		if done.Claim != claimWithdraw || done.Verdict != v1alpha1.VerdictDone {
			continue
		}
		lifted := slices.ContainsFunc(said, func(r v1alpha1.AttestationRecord) bool {
			independent := !p.requesters()[r.Author] && !p.isWorker(r.Author, r.OnBehalfOf)
			return r.Claim == claimWithdraw && r.Verdict == v1alpha1.VerdictLifted && supersedes(r, *done) && (r.Author == done.Author || independent)
		})
		if !lifted {
			return done
		}
	}
	return nil
}

func (p *pass) decideGrant(profile string, inForce terms.InForce, withdrawn v1alpha1.Withdrawal) {
	name := grantName(p.Engagement, profile)
	existing := p.grantOf(name)
	if existing == nil && !p.mayGive(profile, withdrawn) {
		return
	}
	spec := v1alpha1.AccessGrantSpec{
		EngagementRef: v1alpha1.EngagementReference{Name: p.Engagement.Name, UID: p.Engagement.UID},
		WorkerRef:     v1alpha1.WorkerReference{Name: p.st.Worker.Name, Namespace: p.st.Worker.Namespace, PersonKey: p.st.Worker.PersonKey},
		Profile:       profile, NotBefore: metav1.NewTime(p.enteredAt(v1alpha1.Phase(p.availableFrom(profile)))), ExpiresAt: metav1.NewTime(p.expiry(profile, inForce)), Withdraw: withdrawn,
	}
	if w := p.worker(); w != nil {
		spec.WorkerRef.Name = w.Name
	}
	if existing != nil {
		spec.NotBefore = existing.Spec.NotBefore
		spec.Preexisting, spec.Custody = p.preexistingDecisions(existing), p.custody(existing)
	}
	if p.ended() && spec.Withdraw == "" && (!spec.ExpiresAt.After(p.Now) || existing != nil && existing.Spec.Withdraw == v1alpha1.WithdrawalEnded) {
		spec.Withdraw = v1alpha1.WithdrawalEnded // what the end took away nothing gives back
	}
	if p.ended() && spec.ExpiresAt.After(p.Now) {
		p.until(spec.ExpiresAt.Time)
	}
	if len(p.holds) > 0 && spec.Withdraw == "" {
		spec.Hold = truncate(p.holds[0].Message, 256)
	}
	if widens(existing, &spec) && (len(p.holds) > 0 || !p.permitted(profile)) {
		if existing == nil {
			return
		}
		narrower := existing.Spec.DeepCopy()
		narrower.Preexisting, narrower.Custody, narrower.Hold = spec.Preexisting, spec.Custody, spec.Hold
		if spec.ExpiresAt.Before(&narrower.ExpiresAt) {
			narrower.ExpiresAt = spec.ExpiresAt
		}
		if spec.Withdraw != "" {
			narrower.Withdraw = spec.Withdraw
		}
		spec = *narrower
	}
	p.acts.Grants = append(p.acts.Grants, grant{Name: name, Spec: spec})
}

func (p *pass) grantOf(name string) *v1alpha1.AccessGrant {
	for i := range p.Grants {
		if p.Grants[i].Name == name {
			return &p.Grants[i]
		}
	}
	return nil
}

// mayGive says whether a profile's time has come. A renewal keeps what its predecessor gave from Onboarding on, so that access has no gap.
func (p *pass) mayGive(profile string, withdrawn v1alpha1.Withdrawal) bool {
	if withdrawn != "" || p.ended() || len(p.holds) > 0 || p.Profiles[profile] == nil {
		return false
	}
	if p.availableFrom(profile) == v1alpha1.AvailableFromAssigned {
		return !p.st.Phase.Before(v1alpha1.PhaseAssigned)
	}
	return !p.st.Phase.Before(v1alpha1.PhaseOnboarding) && p.onboarding.complete(v1alpha1.BlocksAccess)
}

func (p *pass) availableFrom(profile string) v1alpha1.AvailableFrom {
	if p.renewsAssigned() && p.Predecessor.Status.Terms != nil && slices.ContainsFunc(p.Predecessor.Status.Terms.Access, func(a v1alpha1.AccessRequest) bool { return a.Name == profile }) {
		return v1alpha1.AvailableFromOnboarding
	}
	if ap := p.Profiles[profile]; ap != nil && ap.Spec.AvailableFrom != "" {
		return ap.Spec.AvailableFrom
	}
	return v1alpha1.AvailableFromAssigned
}

// expiry is the end, with the smaller of both graces, and at the latest the tenure limit. There is no grace for cause, or where a rule of compliance ends the work.
func (p *pass) expiry(profile string, inForce terms.InForce) time.Time {
	end := inForce.End
	if e := p.st.Ending; e != nil && e.At.Time.Before(end) {
		end = e.At.Time
	}
	if p.st.EndedAt != nil && p.st.EndedAt.Time.Before(end) {
		end = p.st.EndedAt.Time
	}
	var maxGrace time.Duration
	if ap := p.Profiles[profile]; ap != nil && ap.Spec.MaxGrace != nil {
		maxGrace = ap.Spec.MaxGrace.Duration
	}
	return terms.GrantExpiry(end, inForce.Grace, maxGrace, p.forCause() || p.endsByRule(), p.tenureLimit()).Truncate(time.Second)
}

// widens says whether a grant gives more than the one there is.
func widens(old *v1alpha1.AccessGrant, spec *v1alpha1.AccessGrantSpec) bool {
	if spec.Withdraw != "" {
		return false
	}
	return old == nil || old.Spec.Withdraw != "" || spec.ExpiresAt.After(old.Spec.ExpiresAt.Time) || spec.WorkerRef.Name != old.Spec.WorkerRef.Name
}

// reviewAgain is how soon a refused review is made again: nothing tells of a change of RBAC.
const reviewAgain = time.Minute

// permitted says whether the requester may hand the profile out, as the operator itself reviewed it at this moment.
func (p *pass) permitted(profile string) bool {
	requester := p.Engagement.Spec.Requester
	if requester == nil {
		message := "spec.requester is empty, because the engagement was created while the admission policies were not installed: have whoever asks for it set spec.requester to their own username"
		p.stall(v1alpha1.ReasonGrantNotPermitted, message)
		p.wait("access/"+profile, v1alpha1.RoleManager, p.since("access/"+profile), nil, message)
		return false
	}
	switch p.mayHandOut(requester.Username, profile) {
	case rightHeld:
		return p.accessApproved(profile)
	case rightUnknown:
		return false
	case rightMissing:
	}
	message := fmt.Sprintf("the requester may not hand out the profile %s: have security bind the verb grant on accessprofiles/%s to their user, or have somebody with that verb widen the request", profile, profile)
	p.stall(v1alpha1.ReasonGrantNotPermitted, message)
	p.wait("access/"+profile, v1alpha1.ActorRequester, p.since("access/"+profile), nil, message)
	p.until(p.Now.Add(reviewAgain))
	return false
}

// accessApproved says whether nobody rejects handing the profile out and, where the requester's account is shared, somebody approved it.
func (p *pass) accessApproved(profile string) bool {
	if slices.Contains(p.accessToApprove(), profile) {
		return p.approvedBy(prefixAccess+profile, 1, "access to "+profile, "")
	}
	return p.rejection(prefixAccess+profile) == nil
}

// mayHandOut looks a review up, or asks for it.
func (p *pass) mayHandOut(username, profile string) right {
	asked := handOut{Username: username, Profile: profile}
	answer, reviewed := p.MayGrant[asked]
	if !reviewed && !slices.Contains(p.acts.Review, asked) {
		p.acts.Review = append(p.acts.Review, asked)
	}
	return answer
}

// noteHolds collects what forbids to give anything new or wider.
func (p *pass) noteHolds() {
	if p.held {
		return
	}
	p.held = true
	hold := func(reason, message string) {
		p.holds = append(p.holds, finding{reason, message})
		p.stall(reason, message)
	}
	if len(p.AdmissionMissing) > 0 {
		hold(v1alpha1.ReasonAdmissionMissing, fmt.Sprintf("nothing is granted while admission policies are missing: %s; apply config/admission", joined(p.AdmissionMissing)))
		p.wait("access/admission", v1alpha1.ActorOperator, p.since("access/admission"), nil, "somebody who administers the cluster applies config/admission")
	}
	if p.ended() {
		return
	}
	held := p.complianceHolds()
	for _, f := range held {
		hold(f.Reason, f.Message)
	}
	p.waitForCompliance(held, v1alpha1.RoleManager)
	if o := p.unsettled(); o != nil {
		hold(v1alpha1.ReasonApprovalRequired, o.message)
		p.wait(o.claim, v1alpha1.ActorApprover, p.since(o.claim), nil, o.message)
	}
	for _, a := range p.st.Terms.Access {
		if p.Profiles[a.Name] == nil {
			p.stall(v1alpha1.ReasonReferenceNotFound, fmt.Sprintf("AccessProfile %s is gone: what it gave is kept until its expiry and revoked then, nothing new is granted; create it again or drop it from spec.access", a.Name))
			p.wait("access/"+a.Name, v1alpha1.ActorRequester, p.since("access/"+a.Name), nil, "create the AccessProfile again, or drop it from spec.access")
		}
	}
	if p.worker() == nil {
		message := fmt.Sprintf("the Worker object of %s is gone: access is withdrawn until a Worker with the same personKey is there again in namespace %s, or until the end", p.st.Worker.Name, p.st.Worker.Namespace)
		p.stall(v1alpha1.ReasonWorkerGone, message)
		p.wait("worker/object", v1alpha1.RoleManager, p.since("worker/object"), nil, message)
	}
}

// preexistingDecisions are what people decided on access that existed before.
func (p *pass) preexistingDecisions(g *v1alpha1.AccessGrant) []v1alpha1.PreexistingDecision {
	var decisions []v1alpha1.PreexistingDecision
	seen := map[string]bool{}
	for _, e := range g.Status.Entitlements {
		if !e.Preexisted || seen[e.Name] {
			continue
		}
		seen[e.Name] = true
		if r := p.latest(prefixPreexist + e.Name); r != nil {
			decisions = append(decisions, v1alpha1.PreexistingDecision{Entitlement: e.Name, Decision: r.Verdict, By: r.Author})
		}
	}
	decisions = decisions[:min(len(decisions), maxPreexisting)]
	slices.SortFunc(decisions, func(a, b v1alpha1.PreexistingDecision) int { return cmp.Compare(a.Entitlement, b.Entitlement) })
	return decisions
}

// accessReady says whether every profile available from a phase is verified in its target, or attested as handed out. What is not is noted
// as waited for.
func (p *pass) accessReady(from v1alpha1.AvailableFrom) bool {
	p.noteHolds()
	ready := true
	for _, profile := range terms.Narrower(p.st.Terms, &p.Engagement.Spec).Access {
		if from == v1alpha1.AvailableFromOnboarding && p.availableFrom(profile) != from {
			continue
		}
		g := p.grantOf(grantName(p.Engagement, profile))
		if g != nil && given(g) {
			continue
		}
		ready = false
		if len(p.holds) > 0 || p.withdrawn() != "" || g != nil && p.leftToCustodians(g) {
			continue // whoever can end that is waited for
		}
		who, message := v1alpha1.ActorOperator, fmt.Sprintf("access to %s is granted and read back", profile)
		if g != nil {
			if c := condition(g.Status.Conditions, v1alpha1.ConditionReady); c != nil && c.Status == metav1.ConditionFalse {
				message = c.Message
				if needsPeople(c.Reason) {
					who = v1alpha1.RoleManager
				}
			}
		}
		p.wait("access/"+profile, who, p.since("access/"+profile), nil, message)
	}
	return ready
}

// given says whether the worker has everything that a grant asks for: as it was verified in its target, attested as handed out, or there before.
func given(g *v1alpha1.AccessGrant) bool {
	if len(g.Status.Entitlements) == 0 || g.Spec.Withdraw != "" {
		return false
	}
	for i := range g.Status.Entitlements {
		if !settled(&g.Status.Entitlements[i]) {
			return false
		}
	}
	switch g.Status.State {
	case v1alpha1.GrantVerified, v1alpha1.GrantPreexisting, v1alpha1.GrantGranted:
		return true
	default:
		return false
	}
}

// settled says whether the worker has what a row stands for, or it is an older one that was replaced.
func settled(row *v1alpha1.EntitlementStatus) bool {
	switch row.State {
	case v1alpha1.GrantRevoked, v1alpha1.GrantStillHeld, v1alpha1.GrantAbandoned, v1alpha1.GrantAttested:
		return true
	default:
		return row.Had()
	}
}

// accessStates gives, for Access steps, how far each profile that is asked for is, and since when.
func (p *pass) accessStates() (map[string]v1alpha1.GrantState, map[string]time.Time) {
	states, since := map[string]v1alpha1.GrantState{}, map[string]time.Time{}
	if !p.engaged() {
		return states, since
	}
	for _, profile := range terms.Narrower(p.st.Terms, &p.Engagement.Spec).Access {
		states[profile] = v1alpha1.GrantPending
		if g := p.grantOf(grantName(p.Engagement, profile)); g != nil && given(g) {
			states[profile] = v1alpha1.GrantVerified
			for _, e := range g.Status.Entitlements {
				at := cmp.Or(e.VerifiedAt, e.Since) // what was handed out is not verified
				if e.Had() && at != nil && at.After(since[profile]) {
					since[profile] = at.Time
				}
			}
		}
	}
	return states, since
}

// summariseAccess brings status.access up to date, and notes what is owed or failing.
func (p *pass) summariseAccess() {
	if !p.engaged() && len(p.Grants) == 0 {
		return
	}
	access := &v1alpha1.AccessStatus{}
	if p.st.Phase != v1alpha1.PhaseClosed {
		if p.engaged() {
			access.Withdrawn = string(p.withdrawn())
		}
		if p.ended() {
			access.Withdrawn = string(cmp.Or(p.withdrawn(), v1alpha1.WithdrawalEnded))
		}
	} else if p.st.Access != nil {
		access.Withdrawn = p.st.Access.Withdrawn
	}
	for _, g := range p.grantsByName() {
		access.Grants = append(access.Grants, v1alpha1.GrantSummary{Name: g.Name, Profile: g.Spec.Profile, State: g.Status.State, ExpiresAt: cmp.Or(g.Status.ExpiresAt, &g.Spec.ExpiresAt)})
		access.Owed += g.Status.Owed
		p.noteGrant(g)
	}
	access.Grants = access.Grants[:min(len(access.Grants), maxGrants)]
	p.st.Access = access
}

func (p *pass) noteGrant(g *v1alpha1.AccessGrant) {
	if p.st.Phase == v1alpha1.PhaseClosed {
		return
	}
	ready := condition(g.Status.Conditions, v1alpha1.ConditionReady)
	if ready != nil && ready.Status == metav1.ConditionFalse && (ready.Reason == v1alpha1.ReasonProviderFailed || needsPeople(ready.Reason)) {
		message := fmt.Sprintf("access to %s: %s", g.Spec.Profile, ready.Message)
		p.stall(ready.Reason, message)
		p.wait("access/"+g.Spec.Profile, v1alpha1.RoleManager, ready.LastTransitionTime.Time, nil, message)
	}
	p.noteCustody(g)
	if owed := g.Status.Owed - p.returning(g); owed > 0 {
		since := p.since("access/revoke-" + g.Spec.Profile)
		if g.Status.OwedSince != nil {
			since = g.Status.OwedSince.Time
		}
		p.wait("access/revoke-"+g.Spec.Profile, v1alpha1.ActorOperator, since, nil, fmt.Sprintf("%d revocations of %s are proven in their targets", owed, g.Spec.Profile))
	}
	if e := g.Status.ExpiresAt; e != nil && !p.ended() && g.Spec.Withdraw == "" {
		p.until(e.Time)
		if !e.After(p.Now) {
			message := fmt.Sprintf("access to %s expired at %s, its longest duration, before the end; renew the engagement by one that continues it, or end it", g.Spec.Profile, e.UTC().Format(time.RFC3339))
			p.stall(v1alpha1.ReasonAccessExpired, message)
			p.wait("access/"+g.Spec.Profile, v1alpha1.RoleManager, e.Time, nil, message)
		}
	}
}

// needsPeople says whether a grant is not given for a reason that only people can mend.
func needsPeople(reason string) bool {
	switch reason {
	case v1alpha1.ReasonReferenceNotFound, v1alpha1.ReasonReferenceNotAllowed, v1alpha1.ReasonInvalid:
		return true
	}
	return false
}

func condition(conditions []metav1.Condition, kind string) *metav1.Condition {
	for i := range conditions {
		if conditions[i].Type == kind {
			return &conditions[i]
		}
	}
	return nil
}
