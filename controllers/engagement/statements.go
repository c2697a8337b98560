package engagement

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/checklist"
	"github.com/longshore-dev/longshore/controllers/domain/delivery"
	"github.com/longshore-dev/longshore/controllers/domain/scoring"
)

// The record of statements is bounded by the schema. The last places are kept for what ends access, so that no flood of feedback can delay a revocation.
const (
	maxRecords         = 1024
	recordsKeptForEnds = 64
	maxIgnoredRecords  = 128
	maxEvaluations     = 256
)

// The areas of a claim.
const (
	areaApproval      = "approval"
	areaSelection     = "selection"
	areaOffer         = "offer"
	areaScreening     = "screening"
	areaOnboarding    = "onboarding"
	areaOffboarding   = "offboarding"
	areaStart         = "start"
	areaDeliverable   = "deliverable"
	areaFeedback      = "feedback"
	areaEnd           = "end"
	areaAccess        = "access"
	areaRehire        = "rehire"
	areaDetermination = "determination"
	areaWaiver        = "waiver"
)

// Claims with a fixed item.
const (
	claimStart      = "start/confirmed"
	claimEnd        = "end/engagement"
	claimWithdraw   = "access/withdraw"
	claimApproval   = "approval/engagement"
	claimAmendment  = "approval/amendment"
	claimRehire     = "rehire/decision"
	prefixPreexist  = "access/preexisting."
	prefixStage     = "approval/stage."
	prefixAccess    = "approval/access."
	reasonSelfDeal  = "SelfDealing"
	reasonUnknown   = "UnknownClaim"
	reasonOther     = "OtherTerms"
	reasonNotNow    = "NotNow"
	reasonNotAsked  = "NotAsked"
	reasonTooLate   = "TooLate"
	reasonDuplicate = "Duplicate"
)

// readStatements binds and records every attestation that counts, and says of every other why it does not.
// A statement is judged once: it is either recorded in status, which only the operator writes, or marked. Until the last look
// those that do not count yet are left alone.
func (p *pass) readStatements(last bool) {
	known := map[string]bool{}
	for _, r := range p.st.Attestations {
		known[string(r.UID)] = true
	}
	atts := slices.Clone(p.Attestations)
	slices.SortFunc(atts, func(a, b v1alpha1.Attestation) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.UID, b.UID))
	})
	for i := range atts {
		att := &atts[i]
		if known[string(att.UID)] {
			if (att.Status == nil || att.Status.State == "") && !p.bound(att.OwnerReferences) {
				p.acts.BindAttestations[att.Name] = true
			}
			continue
		}
		if att.Status != nil && att.Status.State != "" {
			continue
		}
		if p.boundElsewhere(att.OwnerReferences) {
			continue // the garbage collector removes it with the object it was said of
		}
		rec := recordOf(att)
		standing := p.judge(att, rec)
		if standing == nil {
			standing = p.roomFor(rec)
		}
		if standing != nil && !last {
			continue
		}
		if standing != nil {
			p.acts.IgnoreAttestations[att.Name] = *standing
			if p.roomForIgnored() {
				rec.Ignored = standing.Reason
				p.st.Attestations = append(p.st.Attestations, rec)
			}
			continue
		}
		p.st.Attestations = append(p.st.Attestations, rec)
		p.acts.BindAttestations[att.Name] = true
	}
}

func (p *pass) roomFor(rec v1alpha1.AttestationRecord) *v1alpha1.Standing {
	limit := maxRecords - recordsKeptForEnds
	area, _, _ := strings.Cut(rec.Claim, "/")
	if area == areaEnd || area == areaAccess {
		limit = maxRecords
	}
	if len(p.st.Attestations) < limit {
		return nil
	}
	return ignored(v1alpha1.ReasonTooManyAttestations, "this engagement already has %d recorded attestations, the most it can keep; end it and continue in a new one", len(p.st.Attestations))
}

// roomForIgnored bounds how many statements that do not count are kept for the sealed file; further ones are only marked.
func (p *pass) roomForIgnored() bool {
	n := 0
	for _, r := range p.st.Attestations {
		if r.Ignored != "" {
			n++
		}
	}
	return n < maxIgnoredRecords && p.st.Phase != v1alpha1.PhaseClosed && len(p.st.Attestations) < maxRecords-recordsKeptForEnds
}

// counted are the recorded statements that count.
func (p *pass) counted() []v1alpha1.AttestationRecord {
	return slices.DeleteFunc(slices.Clone(p.st.Attestations), func(r v1alpha1.AttestationRecord) bool { return r.Ignored != "" })
}

func recordOf(att *v1alpha1.Attestation) v1alpha1.AttestationRecord {
	s := att.Spec
	rec := v1alpha1.AttestationRecord{
		UID: att.UID, Name: att.Name, Claim: s.Claim, Verdict: s.Verdict, At: att.CreationTimestamp, Terms: s.Terms,
		Cause: s.Cause, Effective: s.Effective, WorkerType: s.WorkerType, Score: s.Score, Amount: s.Amount, Evidence: s.Evidence,
	}
	if s.Author != nil {
		rec.Author = s.Author.Username
	}
	if s.OnBehalfOf != nil {
		rec.OnBehalfOf = s.OnBehalfOf.Name
	}
	return rec
}

func ignored(reason, format string, args ...any) *v1alpha1.Standing {
	return &v1alpha1.Standing{State: v1alpha1.StandingIgnored, Reason: reason, Message: truncate(fmt.Sprintf(format, args...), 1024)}
}

func invalid(reason, format string, args ...any) *v1alpha1.Standing {
	s := ignored(reason, format, args...)
	s.State = v1alpha1.StandingInvalid
	return s
}

func selfDealing(format string, args ...any) *v1alpha1.Standing {
	return ignored(reasonSelfDeal, format, args...)
}

// judge says why an attestation does not count, or nil if it does. Identity and verbs were checked by the API server; what is checked here is what it cannot know.
func (p *pass) judge(att *v1alpha1.Attestation, rec v1alpha1.AttestationRecord) *v1alpha1.Standing {
	switch {
	case att.CreationTimestamp.Time.Before(p.Engagement.CreationTimestamp.Time):
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
		return p.judgeStep(rec, p.onboardingSteps(), item)
	case areaOffboarding:
		return p.judgeStep(rec, p.offboardingSteps(), item)
	case areaWaiver:
		return p.judgeWaiver(rec, item)
	case areaStart:
		if !p.engaged() || p.st.EndedAt != nil {
			return ignored(reasonNotNow, "the start is confirmed while somebody is engaged and the work has not ended")
		}
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
		if p.requesters()[rec.Author] {
			return selfDealing("a requester of the engagement cannot determine its classification; somebody else with the verb classify must")
		}
	case areaFeedback:
	default:
		return ignored(reasonUnknown, "claim %q cannot be made of an engagement", rec.Claim)
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
	case item == "amendment":
		if !p.engaged() {
			return ignored(reasonNotNow, "there is nothing to amend before somebody has accepted; approve the engagement")
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
	if p.st.Proposed == nil || rec.Terms != p.st.Proposed.Hash {
		return ignored(reasonOther, "it speaks of terms that are not the ones proposed now; read the engagement again and state it with terms: %s", proposedHash(p.st))
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
	if rec.Author == w.Spec.Username || rec.OnBehalfOf == name {
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

func (p *pass) judgeStep(rec v1alpha1.AttestationRecord, steps []v1alpha1.ChecklistStep, name string) *v1alpha1.Standing {
	step := findStep(steps, name)
	if step == nil {
		return ignored("UnknownStep", "the checklist in force has no step %q", name)
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
		return ignored("UnknownStep", "the checklist in force has no step %q", name)
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
	if rec.Verdict != v1alpha1.VerdictResigned {
		return nil
	}
	if !p.engaged() {
		return ignored(reasonNotNow, "nobody is engaged yet; an offer is declined with offer/<worker>")
	}
	if !p.isWorker(rec.Author, rec.OnBehalfOf) {
		return ignored("NotTheWorker", "a resignation is stated by the worker under their own account, or on their behalf by somebody with the verb attest-for; to end the engagement say EndNow or EndAt")
	}
	return nil
}

func (p *pass) judgeAccess(rec v1alpha1.AttestationRecord, item string) *v1alpha1.Standing {
	if item == "withdraw" {
		return nil
	}
	name, found := strings.CutPrefix(item, "preexisting.")
	if !found {
		return ignored(reasonUnknown, "no entitlement of this engagement has a custodian")
	}
	if p.isWorker(rec.Author, rec.OnBehalfOf) {
		return selfDealing("the worker cannot decide on their own access; somebody else with the verb grant on the profile must")
	}
	for _, g := range p.Grants {
		for _, e := range g.Status.Entitlements {
			if e.Name == name && e.Preexisted {
				return nil
			}
		}
	}
	return ignored(reasonUnknown, "no entitlement %q of this engagement existed before it", name)
}

// readEvaluations records every evaluation that counts, with its score, and says of every other why it does not.
func (p *pass) readEvaluations(last bool) {
	known := map[string]bool{}
	for _, r := range p.st.Evaluations {
		known[string(r.UID)] = true
	}
	evals := slices.Clone(p.Evaluations)
	slices.SortFunc(evals, func(a, b v1alpha1.Evaluation) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.UID, b.UID))
	})
	for i := range evals {
		eval := &evals[i]
		switch {
		case known[string(eval.UID)]:
			if !p.bound(eval.OwnerReferences) {
				p.acts.BindEvaluations[eval.Name] = true
			}
			continue
		case eval.Status != nil && eval.Status.State != "", p.boundElsewhere(eval.OwnerReferences):
			continue
		case p.scorecard() == nil && p.Engagement.Spec.Evaluation != nil && p.st.Phase != v1alpha1.PhaseClosed:
			continue // judged when the scorecard is there
		}
		standing := p.judgeEvaluation(eval)
		if standing != nil && !last {
			continue
		}
		if standing != nil {
			p.acts.IgnoreEvaluations[eval.Name] = *standing
			continue
		}
		score, err := scoring.Score(&p.scorecard().Spec, &eval.Spec, p.kpisAt(eval.CreationTimestamp.Time))
		if err != nil {
			p.acts.IgnoreEvaluations[eval.Name] = *invalid("NotScorable", "it cannot be scored: %v", err)
			continue
		}
		p.st.Evaluations = append(p.st.Evaluations, v1alpha1.EvaluationRecord{
			UID: eval.UID, Name: eval.Name, Kind: eval.Spec.Kind, Evaluator: eval.Spec.Author.Username, Period: eval.Spec.Period,
			Score: score, At: eval.CreationTimestamp, Digest: digest(eval.Spec),
		})
		p.acts.BindEvaluations[eval.Name] = true
	}
}

func (p *pass) judgeEvaluation(eval *v1alpha1.Evaluation) *v1alpha1.Standing {
	s := eval.Spec
	plan := p.Engagement.Spec.Evaluation
	switch {
	case eval.CreationTimestamp.Time.Before(p.Engagement.CreationTimestamp.Time):
		return ignored("BeforeSubject", "it was created before the engagement it names; give it again for this one")
	case s.Author == nil:
		return ignored("NoAuthor", "it has no author, because it was created while the admission policies were not installed; install config/admission and give it again")
	case p.st.Phase == v1alpha1.PhaseClosed:
		return ignored("Closed", "the engagement is closed and its file sealed; nothing can be added")
	case plan == nil:
		return ignored(reasonNotAsked, "spec.evaluation asks for no evaluation")
	case plan.ScorecardRef.Name != s.ScorecardRef.Name:
		return invalid("OtherScorecard", "the engagement is judged by the scorecard %s, not by %s", plan.ScorecardRef.Name, s.ScorecardRef.Name)
	case !p.engaged():
		return ignored(reasonNotNow, "nobody is engaged yet")
	case p.isWorker(s.Author.Username, ""):
		return selfDealing("the worker cannot evaluate themselves; somebody else with the verb evaluate must")
	case p.scorecard().Spec.Reviewers != nil && !listed(p.scorecard().Spec.Reviewers.Subjects, s.Author.Username):
		return ignored("NotAReviewer", "scorecard %s is filled in by the reviewers it lists", plan.ScorecardRef.Name)
	case len(p.st.Evaluations) >= maxEvaluations:
		return ignored("TooManyEvaluations", "this engagement already has %d evaluations, the most it can keep", len(p.st.Evaluations))
	}
	switch s.Kind {
	case v1alpha1.EvaluationFinal:
		if p.st.EndedAt == nil || eval.CreationTimestamp.Before(p.st.EndedAt) {
			return ignored(reasonNotNow, "the final evaluation is given after the work has ended; give a periodic one until then")
		}
	case v1alpha1.EvaluationPeriodic:
		if standing := p.judgePeriod(s.Period, eval.CreationTimestamp.Time); standing != nil {
			return standing
		}
	default:
		return ignored(reasonUnknown, "kind %s is not for engagements", s.Kind)
	}
	for _, r := range p.st.Evaluations {
		if r.Kind == s.Kind && r.Evaluator == s.Author.Username && (r.Period == s.Period || s.Kind == v1alpha1.EvaluationFinal) {
			return ignored(reasonDuplicate, "%s already counts for this author and period", r.Name)
		}
	}
	if problems := scoring.Validate(&p.scorecard().Spec, &s); len(problems) > 0 {
		return invalid("NotByScorecard", "%s", strings.Join(problems, "; "))
	}
	return nil
}

func (p *pass) judgePeriod(period string, at time.Time) *v1alpha1.Standing {
	plan := p.Engagement.Spec.Evaluation
	assigned := p.enteredAt(v1alpha1.PhaseAssigned)
	if plan.Cadence == nil || plan.Cadence.Duration <= 0 {
		return ignored(reasonNotAsked, "spec.evaluation sets no cadence, so there are no periods; give a Final one at the end")
	}
	if assigned.IsZero() {
		return ignored(reasonNotNow, "work has not begun, so no period has")
	}
	n, err := strconv.Atoi(period)
	if err != nil || n < 1 {
		return invalid("UnknownPeriod", "period %q is not a number from 1", period)
	}
	if p.ended() {
		at = earlier(at, p.st.EndedAt.Time)
	}
	if begun := 1 + int(at.Sub(assigned)/plan.Cadence.Duration); n > begun {
		return invalid("UnknownPeriod", "period %d has not begun; the current one is %d", n, begun)
	}
	return nil
}

// standing gives the newest record of each author on a claim. In the same second the refusing verdict counts.
func (p *pass) standing(claim string, matches func(v1alpha1.AttestationRecord) bool) map[string]v1alpha1.AttestationRecord {
	newest := map[string]v1alpha1.AttestationRecord{}
	for _, r := range p.counted() {
		if r.Claim != claim || (matches != nil && !matches(r)) {
			continue
		}
		if old, found := newest[r.Author]; !found || supersedes(r, old) {
			newest[r.Author] = r
		}
	}
	return newest
}

// latest gives the newest record on a claim, whoever said it.
func (p *pass) latest(claim string) *v1alpha1.AttestationRecord {
	var newest *v1alpha1.AttestationRecord
	for i := range p.st.Attestations {
		r := &p.st.Attestations[i]
		if r.Ignored == "" && r.Claim == claim && (newest == nil || supersedes(*r, *newest)) {
			newest = r
		}
	}
	return newest
}

func supersedes(r, old v1alpha1.AttestationRecord) bool {
	if !r.At.Equal(&old.At) {
		return r.At.After(old.At.Time)
	}
	if refuses(r) != refuses(old) {
		return refuses(r)
	}
	return r.UID > old.UID
}

// refuses says whether a verdict is the one that counts when the opposite was said in the same second: the one that lets less happen.
func refuses(r v1alpha1.AttestationRecord) bool {
	switch r.Verdict {
	case v1alpha1.VerdictRejected, v1alpha1.VerdictDeclined, v1alpha1.VerdictFailed, v1alpha1.VerdictNoShow, v1alpha1.VerdictRevise,
		v1alpha1.VerdictDisputed, v1alpha1.VerdictPassed, v1alpha1.VerdictIneligible, v1alpha1.VerdictEndNow:
		return true
	}
	return r.Claim == claimWithdraw && r.Verdict == v1alpha1.VerdictDone
}

func (p *pass) bound(refs []metav1.OwnerReference) bool {
	for _, ref := range refs {
		if ref.UID == p.Engagement.UID {
			return true
		}
	}
	return false
}

func (p *pass) boundElsewhere(refs []metav1.OwnerReference) bool {
	for _, ref := range refs {
		if ref.Kind == "Engagement" && ref.UID != p.Engagement.UID {
			return true
		}
	}
	return false
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

// kpisAt computes the KPIs from what was known at a moment, so that a score does not depend on when it was first looked at.
func (p *pass) kpisAt(at time.Time) []v1alpha1.KPIValue {
	in := p.deliveryInput()
	in.Now = at
	in.Records = slices.DeleteFunc(slices.Clone(in.Records), func(r v1alpha1.AttestationRecord) bool { return r.At.After(at) })
	return p.computeKPIs(delivery.Evaluate(in).Deliverables, at)
}

// digest of anything that has one JSON form, as sha256:<hex>.
func digest(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(raw)
	return "sha256:" + hex.EncodeToString(sum[:])
}
