package engagement

import (
	"fmt"
	"slices"
	"strings"
	"time"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/account"
	"github.com/longshore-dev/longshore/controllers/domain/checklist"
	"github.com/longshore-dev/longshore/controllers/domain/delivery"
)

func ignored(reason, format string, args ...any) *v1alpha1.Standing {
	return &v1alpha1.Standing{State: v1alpha1.StandingIgnored, Reason: reason, Message: truncate(fmt.Sprintf(format, args...), 1024)}
}

func invalid(reason, format string, args ...any) *v1alpha1.Standing {
	s := ignored(reason, format, args...)
	s.State = v1alpha1.StandingInvalid
	return s
}

// undecided is the judgement on a statement that cannot be judged now; it is looked at again.
var undecided = &v1alpha1.Standing{}

func selfDealing(format string, args ...any) *v1alpha1.Standing {
	return ignored(reasonSelfDeal, format, args...)
}

// judge says why an attestation does not count, or nil if it does. Identity and verbs were checked by the API server; what is checked here is what it cannot know.
func (p *pass) judge(att *v1alpha1.Attestation, rec v1alpha1.AttestationRecord) *v1alpha1.Standing {
	switch {
	case p.predates(att):
		return ignored("BeforeSubject", "it was created before the engagement it names; state it again of this one")
	case rec.Author == "":
		return ignored("NoAuthor", "it has no author, because it was created while the admission policies were not installed; install config/admission and state it again")
	case p.st.Phase == v1alpha1.PhaseClosed:
		return ignored("Closed", "the engagement is closed and its file sealed; nothing can be added")
	}
	area, item, _ := strings.Cut(rec.Claim, "/")
	switch area {
	case areaApproval:
		return p.judgeApproval(rec, item)
	case areaSelection:
		return p.judgeSelection(rec, item)
	case areaOffer:
		return p.judgeOffer(rec, item)
	case areaOnboarding:
		return p.judgeStep(rec, area, p.onboardingSteps(), item)
	case areaOffboarding:
		return p.judgeStep(rec, area, p.offboardingSteps(), item)
	case areaWaiver:
		return p.judgeWaiver(rec, item)
	case areaStart:
		return p.judgeStart(rec)
	case areaDeliverable:
		return p.judgeDeliverable(rec, item)
	case areaEnd:
		return p.judgeEnd(rec)
	case areaAccess:
		return p.judgeAccess(rec, item)
	case areaRehire:
		if !p.engaged() {
			return ignored(reasonNotNow, "nobody has been engaged yet, so there is nobody to decide about")
		}
		if p.isWorker(rec.Author, rec.OnBehalfOf) {
			return selfDealing("nobody decides on their own rehire; somebody else with the verb accept must")
		}
	case areaDetermination:
		return p.judgeDetermination(rec)
	case areaFeedback:
	default:
		return ignored(reasonUnknown, "claim %q cannot be made of an engagement", rec.Claim)
	}
	return nil
}

// judgeStart lets a worker confirm their own start, but not say of anybody that they did not turn up: that ends an engagement, and those who compete for work hold
// the verb attest beside those who manage it.
func (p *pass) judgeStart(rec v1alpha1.AttestationRecord) *v1alpha1.Standing {
	if !p.engaged() || p.st.EndedAt != nil {
		return ignored(reasonNotNow, "the start is confirmed while somebody is engaged and the work has not ended")
	}
	manager := p.contact(v1alpha1.RoleManager)
	manages := manager != nil && manager.Kind != v1alpha1.SubjectGroup && listed([]v1alpha1.Subject{*manager}, rec.Author)
	byWorker := rec.OnBehalfOf != "" || p.Colleagues[rec.Author] || p.isWorker(rec.Author, "")
	if rec.Verdict == v1alpha1.VerdictNoShow && byWorker && !manages && !p.requesters()[rec.Author] {
		return ignored("NotIndependent", "a worker does not say who did not turn up; the Manager contact, a requester, or somebody with the verb attest who is no worker of the pool must")
	}
	return nil
}

func (p *pass) judgeApproval(rec v1alpha1.AttestationRecord, item string) *v1alpha1.Standing {
	switch {
	case item == "engagement":
		if stages := p.stages(); len(stages) > 0 {
			return ignored(reasonNotAsked, "this engagement is approved in stages; approve %s%s", prefixStage, stages[0].Name)
		}
	case strings.HasPrefix(item, "stage."):
		stage := p.stage(strings.TrimPrefix(item, "stage."))
		if stage == nil {
			return ignored(reasonUnknown, "spec.approvals has no stage %q", strings.TrimPrefix(item, "stage."))
		}
		if !listed(stage.Subjects, rec.Author) {
			return ignored("NotAnApprover", "stage %s is approved by the people it lists in spec.approvals.stages", stage.Name)
		}
	case strings.HasPrefix(item, "access."):
		if !p.asksFor(strings.TrimPrefix(item, "access.")) {
			return ignored(reasonUnknown, "spec.access does not list the profile %q", strings.TrimPrefix(item, "access."))
		}
		if isServiceAccount(rec.Author) {
			return ignored("NotAPerson", "a person answers for handing out a profile, and a service account is nobody in particular; somebody with the verb grant on accessprofiles/%s must, under their own account", strings.TrimPrefix(item, "access."))
		}
	case item == "amendment":
		if !p.engaged() {
			return ignored(reasonNotNow, "there is nothing to amend before somebody has accepted; approve the engagement")
		}
		if rec.Terms == p.st.Terms.Proposed {
			return ignored(reasonOther, "the terms it speaks of are in force, and no amendment to them is proposed; what is to be approved of them is in status.waitingFor")
		}
	default:
		return ignored(reasonUnknown, "of an engagement, approve engagement, stage.<name>, access.<profile> or amendment")
	}
	if p.requesters()[rec.Author] {
		return selfDealing("a requester of the engagement cannot decide its approval; somebody else with the verb approve must")
	}
	if p.isWorker(rec.Author, rec.OnBehalfOf) || p.isCandidate(rec.Author, rec.OnBehalfOf) {
		return selfDealing("the worker cannot decide the approval of their own engagement; somebody else with the verb approve must")
	}
	inForce := p.engaged() && rec.Terms == p.st.Terms.Proposed && p.unsettled() != nil // a rule asks for one more approval of what was accepted
	if rec.Terms != p.st.Proposed.Hash && !inForce {
		return ignored(reasonOther, "it speaks of terms that are not the ones proposed now; read the engagement again and state it with terms: %s", proposedHash(p.st))
	}
	return nil
}

func (p *pass) judgeDetermination(rec v1alpha1.AttestationRecord) *v1alpha1.Standing {
	if rec.Claim != claimDetermination {
		return ignored(reasonUnknown, "of an engagement, determine %s", claimDetermination)
	}
	if p.requesters()[rec.Author] {
		return selfDealing("a requester of the engagement cannot determine its classification; somebody else with the verb classify must")
	}
	if p.isWorker(rec.Author, rec.OnBehalfOf) || p.isCandidate(rec.Author, rec.OnBehalfOf) {
		return selfDealing("the worker cannot determine the classification of their own engagement; somebody else with the verb classify must")
	}
	accepted := p.engaged() && rec.Terms == classificationHash(&p.st.Terms.Classification) // determined again while another is proposed
	if rec.Terms == "" {
		// Older than the rule that asks for it: what was read may have been edited since.
		return ignored(reasonOther, "it does not say which classification was read; read spec.classification again and state it with terms: %s", p.st.Proposed.Classification)
	}
	if rec.Terms != p.st.Proposed.Classification && !accepted {
		return ignored(reasonOther, "it speaks of a classification that is not the one proposed now; read spec.classification again and state it with terms: %s", p.st.Proposed.Classification)
	}
	return nil
}

func proposedHash(st *v1alpha1.EngagementStatus) string {
	if st.Proposed == nil {
		return ""
	}
	return st.Proposed.Hash
}

func (p *pass) judgeSelection(rec v1alpha1.AttestationRecord, name string) *v1alpha1.Standing {
	if p.engaged() || p.ended() {
		return ignored(reasonNotNow, "nobody is being looked for")
	}
	w := p.workerNamed(name)
	if w == nil {
		return ignored("UnknownWorker", "the pool's namespace has no Worker %q", name)
	}
	if account.Has(&w.Spec, rec.Author) || rec.OnBehalfOf == name {
		return selfDealing("nobody chooses themselves; somebody else with the verb accept must")
	}
	return nil
}

func (p *pass) judgeOffer(rec v1alpha1.AttestationRecord, name string) *v1alpha1.Standing {
	r := p.st.Recruitment
	if r == nil || r.Offer == nil || r.Offer.Worker != name || (p.engaged() && p.st.Terms.Hash == r.Offer.Hash) {
		return ignored("NoOffer", "no offer to %s is open", name)
	}
	if rec.Terms != r.Offer.Hash {
		return ignored(reasonOther, "it answers another offer than the one that is open; read status.recruitment.offer again and answer with terms: %s", r.Offer.Hash)
	}
	w := p.workerNamed(name)
	themselves := w != nil && w.Spec.Username != "" && rec.Author == w.Spec.Username
	if !themselves && rec.OnBehalfOf != name {
		return ignored("NotTheWorker", "an offer is answered by the worker under their own account, or on their behalf (onBehalfOf: {kind: Worker, name: %s}) by somebody with the verb attest-for", name)
	}
	if p.requesters()[rec.Author] {
		return selfDealing("a requester cannot answer the offer, not even on the worker's behalf; the worker or a named integration must")
	}
	if rec.At.After(r.Offer.ExpiresAt.Time) {
		return ignored(reasonTooLate, "the offer expired at %s", r.Offer.ExpiresAt.UTC().Format(time.RFC3339))
	}
	return nil
}

func (p *pass) judgeStep(rec v1alpha1.AttestationRecord, area string, steps []v1alpha1.ChecklistStep, name string) *v1alpha1.Standing {
	step := findStep(steps, name)
	if step == nil {
		return unknownStep(area, steps, name)
	}
	if step.Type == v1alpha1.StepCheck || step.Type == v1alpha1.StepAccess {
		return ignored("NotAttestable", "step %s is of type %s: the operator sees for itself when it is done", name, step.Type)
	}
	if !p.engaged() {
		return ignored(reasonNotNow, "nobody is engaged yet")
	}
	if !listed(step.Attestors, rec.Author) {
		return ignored("NotAnAttestor", "step %s is attested by the people that the checklist lists under attestors", name)
	}
	return nil
}

func unknownStep(area string, steps []v1alpha1.ChecklistStep, name string) *v1alpha1.Standing {
	if len(steps) == 0 {
		return ignored("UnknownStep", "no %s checklist is in force, so there is no step %q; spec.%s.checklistRef names the checklist", area, name, area)
	}
	return ignored("UnknownStep", "the checklist in force has no step %q", name)
}

func (p *pass) judgeWaiver(rec v1alpha1.AttestationRecord, item string) *v1alpha1.Standing {
	area, name, _ := strings.Cut(item, ".")
	var steps []v1alpha1.ChecklistStep
	switch area {
	case areaOnboarding:
		steps = p.onboardingSteps()
	case areaOffboarding:
		steps = p.offboardingSteps()
	default:
		return ignored(reasonUnknown, "of an engagement, waive onboarding.<step> or offboarding.<step>; screening is waived of the Worker")
	}
	step := findStep(steps, name)
	if step == nil {
		return unknownStep(area, steps, name)
	}
	if !p.engaged() {
		return ignored(reasonNotNow, "nobody is engaged yet, and until then nobody knows whether the author will be")
	}
	if p.requesters()[rec.Author] {
		return selfDealing("a requester cannot waive a step; somebody else with the verb waive must")
	}
	if p.isWorker(rec.Author, rec.OnBehalfOf) {
		return selfDealing("the worker cannot waive a step of their own engagement; somebody else with the verb waive must")
	}
	if actor := p.subject(checklist.Actor(step)); actor != nil && actor.Kind != v1alpha1.SubjectGroup && listed([]v1alpha1.Subject{*actor}, rec.Author) {
		return selfDealing("step %s is for its author to do; somebody else with the verb waive must waive it", name)
	}
	return nil
}

func (p *pass) judgeDeliverable(rec v1alpha1.AttestationRecord, name string) *v1alpha1.Standing {
	if !p.engaged() {
		return ignored(reasonNotNow, "nobody is engaged yet")
	}
	if p.deliverable(name) == nil {
		return ignored("UnknownDeliverable", "the accepted terms have no deliverable %q", name)
	}
	if p.handedOverBefore(name, rec.At) {
		return ignored("HandedOver", "%s was handed over; state it of the engagement that took it over", name)
	}
	switch rec.Verdict {
	case v1alpha1.VerdictSubmitted:
		if p.st.EndedAt != nil && rec.At.After(p.st.EndedAt.Time) && !p.submittedByEnd(rec.Claim) {
			return ignored(reasonTooLate, "the work ended at %s; only what was submitted by then can be accepted", p.st.EndedAt.UTC().Format(time.RFC3339))
		}
		return nil
	case v1alpha1.VerdictDisputed:
		return nil
	}
	submitted := false
	for _, r := range p.counted() {
		if r.Claim != rec.Claim || r.Verdict != v1alpha1.VerdictSubmitted || r.At.After(rec.At.Time) {
			continue
		}
		submitted = true
		if r.Author == rec.Author {
			return selfDealing("whoever submitted %s cannot accept it; somebody else with the verb accept must", name)
		}
	}
	if p.isWorker(rec.Author, rec.OnBehalfOf) {
		return selfDealing("the worker cannot accept their own work; somebody else with the verb accept must")
	}
	if !submitted {
		return ignored("NothingSubmitted", "%s has not been submitted; it is accepted after a submission", name)
	}
	if p.st.EndedAt != nil && rec.At.After(p.acceptBy()) {
		return ignored(reasonTooLate, "%s lapsed at %s, acceptWithin after the end", name, p.acceptBy().UTC().Format(time.RFC3339))
	}
	if problem := delivery.Problem(p.statementOfWork(), p.inherited(), &rec); problem != "" {
		return invalid("AmountInvalid", "%s", problem)
	}
	return nil
}

// submittedByEnd says whether a deliverable was first submitted before the work ended: then it can still be revised and submitted again.
func (p *pass) submittedByEnd(claim string) bool {
	return slices.ContainsFunc(p.counted(), func(r v1alpha1.AttestationRecord) bool {
		return r.Claim == claim && r.Verdict == v1alpha1.VerdictSubmitted && !r.At.After(p.st.EndedAt.Time)
	})
}

func (p *pass) judgeEnd(rec v1alpha1.AttestationRecord) *v1alpha1.Standing {
	if p.ended() {
		return ignored(reasonTooLate, "the engagement has already ended")
	}
	if rec.Verdict == v1alpha1.VerdictEndAt && rec.Effective == nil {
		return invalid("NoTime", "EndAt says when; state it again with effective")
	}
	if rec.Verdict != v1alpha1.VerdictResigned {
		return nil
	}
	if !p.engaged() {
		return ignored(reasonNotNow, "nobody is engaged yet; an offer is declined with offer/<worker>")
	}
	if !p.speaksAsWorker(rec.Author, rec.OnBehalfOf) {
		return ignored("NotTheWorker", "a resignation is stated by the worker under their own account, or on their behalf by somebody with the verb attest-for; to end the engagement say EndNow or EndAt")
	}
	return nil
}

func (p *pass) judgeAccess(rec v1alpha1.AttestationRecord, item string) *v1alpha1.Standing {
	if item == "withdraw" {
		return nil
	}
	if entitlement, is := strings.CutPrefix(rec.Claim, prefixCustody); is {
		return p.judgeCustody(rec, entitlement)
	}
	name, found := strings.CutPrefix(item, "preexisting.")
	if !found {
		return ignored(reasonUnknown, "of access, state access/withdraw, access/preexisting.<entitlement> or access/custody.<entitlement>")
	}
	if p.isWorker(rec.Author, rec.OnBehalfOf) {
		return selfDealing("the worker cannot decide on their own access; somebody else with the verb grant on the profile must")
	}
	if profile := p.preexistingProfile(name); profile != "" {
		// The API server cannot know which profile an entitlement belongs to, so the verb is checked here.
		switch p.mayHandOut(rec.Author, profile) {
		case rightHeld:
			return nil
		case rightUnknown:
			return undecided
		case rightMissing:
		}
		return ignored("NotPermitted", "access from before is decided upon by somebody with the verb grant on accessprofiles/%s, bound to their user", profile)
	}
	return ignored(reasonUnknown, "no entitlement %q of this engagement existed before it", name)
}

// listed says whether an author is among the subjects. Without subjects everyone is, and who is in a group only the API server knows: there the verb decides.
func listed(subjects []v1alpha1.Subject, author string) bool {
	if len(subjects) == 0 {
		return true
	}
	for _, s := range subjects {
		switch s.Kind {
		case v1alpha1.SubjectGroup:
			return true
		case v1alpha1.SubjectServiceAccount:
			if author == s.Name || author == "system:serviceaccount:"+s.Name {
				return true
			}
		default:
			if author == s.Name {
				return true
			}
		}
	}
	return false
}

func findStep(steps []v1alpha1.ChecklistStep, name string) *v1alpha1.ChecklistStep {
	for i := range steps {
		if steps[i].Name == name {
			return &steps[i]
		}
	}
	return nil
}

// preexistingProfile is the profile whose entitlement the worker had before the first grant, or nothing.
func (p *pass) preexistingProfile(entitlement string) string {
	for i := range p.Grants {
		for _, e := range p.Grants[i].Status.Entitlements {
			if e.Name == entitlement && e.Preexisted {
				return p.Grants[i].Spec.Profile
			}
		}
	}
	return ""
}
