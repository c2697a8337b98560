package engagement

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/checklist"
	"github.com/longshore-dev/longshore/controllers/domain/delivery"
	"github.com/longshore-dev/longshore/controllers/domain/terms"
)

// pending holds an engagement until what it names exists, its terms make sense, compliance holds and approvals stand.
func (p *pass) pending() bool {
	if p.closeUnfilled() {
		return true
	}
	if !p.mayRecruit() {
		return false
	}
	p.enter(v1alpha1.PhaseRecruiting)
	return true
}

// mayRecruit says whether somebody may be looked for, and notes whom that waits for. While it does not hold, no offer is made or stands.
func (p *pass) mayRecruit() bool {
	if p.gate != nil {
		return len(p.gate) == 0
	}
	p.gate = []finding{}
	p.gate = append(p.gate, p.brokenReferences()...)
	for _, problem := range terms.Problems(&p.Engagement.Spec) {
		p.gate = append(p.gate, finding{v1alpha1.ReasonTermsInvalid, problem})
	}
	for _, f := range p.gate {
		p.stall(f.Reason, f.Message)
		p.wait(whatIsHeld(f.Reason), v1alpha1.ActorRequester, p.since(whatIsHeld(f.Reason)), nil, f.Message)
	}
	held := p.complianceHolds()
	for _, f := range held {
		p.stall(f.Reason, f.Message)
	}
	p.waitForCompliance(held, v1alpha1.ActorRequester)
	p.gate = append(p.gate, held...)
	if !p.approved() {
		p.gate = append(p.gate, finding{v1alpha1.ReasonWaiting, "approvals are outstanding"})
	}
	return len(p.gate) == 0
}

func whatIsHeld(reason string) string {
	if reason == v1alpha1.ReasonTermsInvalid {
		return "spec/terms"
	}
	return "spec/references"
}

// brokenReferences lists what the spec names and does not exist, or may not be used.
func (p *pass) brokenReferences() []finding {
	var found []finding
	missing := func(format string, args ...any) {
		found = append(found, finding{v1alpha1.ReasonReferenceNotFound, fmt.Sprintf(format, args...)})
	}
	spec := &p.Engagement.Spec
	if broken := p.brokenPool(); len(broken) > 0 {
		return broken // what else is in its namespace is not for everyone to know
	}
	if spec.WorkerRef != nil && p.Pool != nil && p.workerNamed(spec.WorkerRef.Name) == nil {
		missing("spec.workerRef: namespace %s has no Worker %s; create it or name another", p.poolNamespace(), spec.WorkerRef.Name)
	}
	if o := spec.Onboarding; o != nil && o.ChecklistRef != nil {
		found = append(found, p.brokenChecklist("spec.onboarding.checklistRef", o.ChecklistRef.Name, p.OnboardingChecklist)...)
	}
	if o := spec.Offboarding; o != nil && o.ChecklistRef != nil {
		found = append(found, p.brokenChecklist("spec.offboarding.checklistRef", o.ChecklistRef.Name, p.OffboardingChecklist)...)
	}
	for _, name := range scorecardNames(p.Engagement, p.OnboardingChecklist, p.OffboardingChecklist) {
		if p.Scorecards[name] == nil {
			missing("namespace %s has no Scorecard %s, which spec.evaluation or a checklist step names; create it or name another", p.Engagement.Namespace, name)
		}
	}
	found = append(found, p.accessTooLate()...)
	for _, a := range spec.Access {
		if p.Profiles[a.Name] == nil {
			missing("spec.access: there is no AccessProfile %s; ask security to create it or name another", a.Name)
		}
	}
	return append(found, p.brokenPredecessor()...)
}

func (p *pass) brokenPool() []finding {
	ref := p.Engagement.Spec.PoolRef
	if p.Pool == nil {
		return []finding{{v1alpha1.ReasonReferenceNotFound, fmt.Sprintf("spec.poolRef: namespace %s has no TalentPool %s; create it or name another", p.poolNamespace(), ref.Name)}}
	}
	if p.Pool.Namespace != p.Engagement.Namespace && !slices.Contains(p.Pool.Spec.AllowedNamespaces, p.Engagement.Namespace) && !slices.Contains(p.Pool.Spec.AllowedNamespaces, "*") {
		return []finding{{v1alpha1.ReasonReferenceNotAllowed, fmt.Sprintf("spec.poolRef: pool %s/%s does not allow namespace %s; ask its owners to add it to allowedNamespaces", p.Pool.Namespace, ref.Name, p.Engagement.Namespace)}}
	}
	return nil
}

func (p *pass) brokenChecklist(field, name string, cl *v1alpha1.Checklist) []finding {
	if cl == nil {
		return []finding{{v1alpha1.ReasonReferenceNotFound, fmt.Sprintf("%s: namespace %s has no Checklist %s; create it or name another", field, p.Engagement.Namespace, name)}}
	}
	if err := checklist.Validate(cl.Spec.Steps); err != nil {
		return []finding{{v1alpha1.ReasonChecklistInvalid, fmt.Sprintf("%s: checklist %s: %v", field, name, err)}}
	}
	if raw, err := json.Marshal(cl.Spec.Steps); err != nil || len(raw) > maxProcedureBytes {
		return []finding{{v1alpha1.ReasonChecklistInvalid, fmt.Sprintf("%s: checklist %s has %d bytes of steps, more than the %d that an engagement can keep; shorten its texts and lists of attestors", field, name, len(raw), maxProcedureBytes)}}
	}
	return nil
}

// maxProcedureBytes bounds a checklist in force, of which an engagement keeps two: etcd refuses objects over 1.5 MiB.
const maxProcedureBytes = 128 << 10

func (p *pass) brokenPredecessor() []finding {
	spec := &p.Engagement.Spec
	switch {
	case spec.Replaces != nil && p.Predecessor == nil:
		return []finding{{v1alpha1.ReasonReferenceNotFound, fmt.Sprintf("spec.replaces: there is no Engagement %s in this namespace", spec.Replaces.Name)}}
	case spec.Continues != nil && p.Predecessor == nil:
		return []finding{{v1alpha1.ReasonReferenceNotFound, fmt.Sprintf("spec.continues: there is no Engagement %s in this namespace", spec.Continues.Name)}}
	case spec.Continues != nil && p.Predecessor.Status.Worker == nil:
		return []finding{{v1alpha1.ReasonReferenceNotAllowed, fmt.Sprintf("spec.continues: nobody is engaged in %s yet, so there is nothing to renew", spec.Continues.Name)}}
	case spec.Continues != nil && spec.WorkerRef != nil && p.workerNamed(spec.WorkerRef.Name) != nil && p.workerNamed(spec.WorkerRef.Name).Spec.PersonKey != p.Predecessor.Status.Worker.PersonKey:
		return []finding{{v1alpha1.ReasonReferenceNotAllowed, fmt.Sprintf("spec.continues: a renewal keeps the worker of %s; set workerRef to them, or use replaces", spec.Continues.Name)}}
	}
	inherited, problems := p.takeOver()
	if _, err := delivery.Spend(&spec.StatementOfWork, inherited, nil); len(inherited) > 0 && err != nil {
		problems = append(problems, err.Error())
	}
	var found []finding
	for _, problem := range problems {
		found = append(found, finding{v1alpha1.ReasonTermsInvalid, "spec.replaces: " + problem})
	}
	return found
}

// accessTooLate finds steps that wait in onboarding for what is given only after it.
func (p *pass) accessTooLate() []finding {
	if p.OnboardingChecklist == nil {
		return nil
	}
	fast := p.Engagement.Spec.Onboarding.Mode == v1alpha1.OnboardingFastTrack
	var found []finding
	for i := range p.OnboardingChecklist.Spec.Steps {
		step := &p.OnboardingChecklist.Spec.Steps[i]
		if fast && !step.FastTrack || step.Access == nil || !step.IsRequired() || !p.asksFor(step.Access.Profile) || p.availableFrom(step.Access.Profile) != v1alpha1.AvailableFromAssigned {
			continue
		}
		if profile := step.Access.Profile; p.Profiles[profile] != nil && checklist.Blocks(step, checklist.Onboarding) != v1alpha1.BlocksClosing {
			found = append(found, finding{v1alpha1.ReasonChecklistInvalid, fmt.Sprintf("spec.onboarding.checklistRef: step %s waits for access to %s, which is given only when onboarding is over; make the profile available from Onboarding, or drop the step", step.Name, profile)})
		}
	}
	return found
}

// scorecardNames are the rubrics that an engagement needs: its own, and those of its checklists' steps.
func scorecardNames(eng *v1alpha1.Engagement, checklists ...*v1alpha1.Checklist) []string {
	var names []string
	if e := eng.Spec.Evaluation; e != nil {
		names = append(names, e.ScorecardRef.Name)
	}
	lists := [][]v1alpha1.ChecklistStep{}
	for _, cl := range checklists {
		if cl != nil {
			lists = append(lists, cl.Spec.Steps)
		}
	}
	for _, proc := range []*v1alpha1.ProcedureStatus{eng.Status.Onboarding, eng.Status.Offboarding} {
		if proc != nil {
			lists = append(lists, proc.Definition)
		}
	}
	for _, steps := range lists {
		for _, step := range steps {
			if step.Scorecard != nil {
				names = append(names, step.Scorecard.Name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// approved says whether every approval that is asked for stands, for exactly the terms that are proposed.
func (p *pass) approved() bool {
	if r := p.rejection(areaApproval + "/"); r != nil {
		message := fmt.Sprintf("%s was rejected; change the terms, or have the same approver approve them", strings.TrimPrefix(r.Claim, areaApproval+"/"))
		p.stall(v1alpha1.ReasonApprovalRejected, message)
		p.wait(r.Claim, v1alpha1.ActorRequester, r.At.Time, nil, message)
		return false
	}
	if r := p.Engagement.Spec.Requester; r != nil && !p.requesters()[r.Username] {
		message := fmt.Sprintf("this engagement had %d requesters, the most it can tell apart from its approvers; delete it and request it anew", maxRequesters)
		p.stall(v1alpha1.ReasonApprovalRejected, message)
		p.wait("spec/requester", v1alpha1.ActorRequester, p.since("spec/requester"), nil, message)
		return false
	}
	ok := p.stagesApproved()
	for _, profile := range p.accessToApprove() {
		if !p.approvedBy(prefixAccess+profile, 1, "access to "+profile, "") {
			ok = false
		}
	}
	return ok
}

func (p *pass) stagesApproved() bool {
	v, stages := p.verdict(), p.stages()
	if len(stages) == 0 {
		return p.approvedBy(claimApproval, p.approvers(v), "the engagement", whyMore(v))
	}
	for _, stage := range stages {
		if !p.approvedBy(prefixStage+stage.Name, p.approvers(v), "stage "+stage.Name, whyMore(v)) {
			return false // stages are passed in order: the next is asked when this one is
		}
	}
	return true
}

// accessToApprove lists the profiles that need an approval of their own: all of them where the requester is a service account, whose rights are shared.
func (p *pass) accessToApprove() []string {
	r := p.Engagement.Spec.Requester
	if r == nil || !isServiceAccount(r.Username) {
		return nil
	}
	var profiles []string
	for _, a := range p.Engagement.Spec.Access {
		profiles = append(profiles, a.Name)
	}
	return profiles
}

// isServiceAccount says whether a username is one that the API server gives to a service account.
func isServiceAccount(username string) bool {
	return strings.HasPrefix(username, "system:serviceaccount:")
}

// rejection is a standing rejection, for the terms proposed now, of any claim that begins with a prefix. It counts whether or not its stage is still
// asked for, so that nobody edits it away.
func (p *pass) rejection(prefix string) *v1alpha1.AttestationRecord {
	for _, r := range p.counted() {
		if !strings.HasPrefix(r.Claim, prefix) || r.Verdict != v1alpha1.VerdictRejected || r.Terms != proposedHash(p.st) || p.requesters()[r.Author] {
			continue
		}
		if p.standing(r.Claim, func(o v1alpha1.AttestationRecord) bool { return o.Terms == r.Terms })[r.Author].UID == r.UID {
			return &r
		}
	}
	return nil
}

// approvedBy says whether enough distinct people approve a claim for the terms proposed now. One standing rejection blocks.
func (p *pass) approvedBy(claim string, required int, of, because string) bool {
	if p.rejection(claim) != nil {
		return false
	}
	approvers, _ := p.consent(proposedHash(p.st), claim)
	if approvers >= required {
		return true
	}
	p.wait(claim, v1alpha1.ActorApprover, p.since(claim), nil, fmt.Sprintf("%d of %d approvals of %s: attest %s Approved or Rejected with terms %s%s", approvers, required, of, claim, proposedHash(p.st), because))
	return false
}

func (p *pass) stages() []v1alpha1.ApprovalStage {
	if a := p.Engagement.Spec.Approvals; a != nil {
		return a.Stages
	}
	return nil
}

func (p *pass) stage(name string) *v1alpha1.ApprovalStage {
	for _, s := range p.stages() {
		if s.Name == name {
			return &s
		}
	}
	return nil
}

func (p *pass) asksFor(profile string) bool {
	return slices.ContainsFunc(p.Engagement.Spec.Access, func(a v1alpha1.AccessRequest) bool { return a.Name == profile })
}

// closeUnfilled ends an engagement in which nobody has accepted: there is nothing to wind up.
func (p *pass) closeUnfilled() bool {
	if !p.ended() || p.engaged() {
		return false
	}
	p.st.Outcome = p.outcome()
	p.seal()
	return true
}
