package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// answer is what one person does about one wait.
type answer struct {
	// by is the person's username.
	by string
	// after is the earliest moment: people hand work in shortly before it is due, not when it is asked for.
	after time.Time
	// object is the statement, an Attestation or an Evaluation.
	object client.Object
}

// office is what people know besides the object that waits for them: who holds which role, the rubric, the calendar.
type office struct {
	roster     roster
	scorecards map[client.ObjectKey]*v1alpha1.Scorecard
	checklists map[client.ObjectKey]*v1alpha1.Checklist
	calendar   calendar
	talent     talent
}

// answerEngagement says what is to be done about one entry of an engagement's waitingFor, and by whom. It looks at nothing
// but what the API shows to everyone concerned: an entry that it cannot answer would leave a person at a loss, too.
func (o *office) answerEngagement(e *v1alpha1.Engagement, w v1alpha1.WaitingFor) (answer, bool) {
	area, item, _ := strings.Cut(w.What, "/")
	a := answer{by: o.who(e, w), after: w.Since.Time}
	if a.by == "" {
		return a, false
	}
	s := &v1alpha1.AttestationSpec{SubjectRef: v1alpha1.SubjectReference{Kind: "Engagement", Name: e.Name}, Claim: w.What}
	switch area {
	case "approval":
		s.Verdict, s.Terms = v1alpha1.VerdictApproved, e.Status.Proposed.Hash
	case "selection":
		s.Claim, s.Verdict = "selection/"+firstChoice(e), v1alpha1.VerdictChosen
	case "offer":
		s.Verdict, s.Terms = answerToOffer(e), e.Status.Recruitment.Offer.Hash
	case "onboarding":
		if !o.answerStep(s, e.Status.Onboarding, w, e) {
			return a, false
		}
	case "offboarding":
		if !o.answerStep(s, e.Status.Offboarding, w, e) {
			return a, false
		}
	case "start":
		s.Verdict = v1alpha1.VerdictDone
	case "deliverable":
		a.after = o.answerDeliverable(s, e, w, item)
	case "access":
		if !answerCustody(s, e, item) {
			return a, false
		}
	case "evaluation":
		a.object = o.evaluation(e, item)
		return a, a.object != nil
	default:
		return a, false
	}
	// An attestor speaks for himself; whoever else answers in the place of a worker without an account passes their word on.
	if w.Who == v1alpha1.ActorWorker && w.Subject == nil && attestorOf(e, w) == "" {
		s.OnBehalfOf = &v1alpha1.OnBehalfOf{Kind: "Worker", Name: workerName(e)}
	}
	for _, r := range e.Status.Attestations {
		if r.Claim == s.Claim && nextSecond(r.At.Time).After(a.after) {
			a.after = nextSecond(r.At.Time)
		}
	}
	a.object = attestation(e.Namespace, e.Name, s)
	return a, true
}

func attestation(namespace, of string, s *v1alpha1.AttestationSpec) *v1alpha1.Attestation {
	return &v1alpha1.Attestation{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, GenerateName: of + "-"}, Spec: *s}
}

// who answers: the person that the wait names or, where it names only a role, somebody who holds it.
func (o *office) who(e *v1alpha1.Engagement, w v1alpha1.WaitingFor) string {
	if attestor := attestorOf(e, w); attestor != "" {
		return attestor
	}
	if w.Subject != nil {
		return w.Subject.Name
	}
	switch w.Who {
	case v1alpha1.ActorApprover:
		return o.approver(e, strings.TrimPrefix(w.What, "approval/stage."))
	case v1alpha1.ActorReviewer:
		if card := o.scorecards[key(e.Namespace, e.Spec.Evaluation.ScorecardRef.Name)]; card != nil && card.Spec.Reviewers != nil {
			return firstUser(card.Spec.Reviewers.Subjects)
		}
		return o.roster.holder(e.Namespace, "longshore-reviewer")
	case v1alpha1.ActorWorker:
		// A worker without an account: an integration says it for them.
		return o.roster.holder(e.Namespace, "longshore-coordinator", contacts(e)...)
	}
	return ""
}

func (o *office) approver(e *v1alpha1.Engagement, stage string) string {
	if e.Spec.Approvals != nil {
		for _, s := range e.Spec.Approvals.Stages {
			if s.Name == stage && len(s.Subjects) > 0 {
				return firstUser(s.Subjects)
			}
		}
	}
	return o.roster.holder(e.Namespace, "longshore-approver", e.Status.Requesters...)
}

// attestorOf is who may state a step, where its checklist lists somebody else than the one who does it.
func attestorOf(e *v1alpha1.Engagement, w v1alpha1.WaitingFor) string {
	step := stepOf(e, w.What)
	if step == nil || len(step.Attestors) == 0 {
		return ""
	}
	if w.Subject != nil && slices.ContainsFunc(step.Attestors, func(s v1alpha1.Subject) bool { return s.Name == w.Subject.Name }) {
		return w.Subject.Name
	}
	return firstUser(step.Attestors)
}

func stepOf(e *v1alpha1.Engagement, what string) *v1alpha1.ChecklistStep {
	area, name, _ := strings.Cut(what, "/")
	procedure := e.Status.Onboarding
	if area == "offboarding" {
		procedure = e.Status.Offboarding
	}
	if procedure == nil || (area != "onboarding" && area != "offboarding") {
		return nil
	}
	for i := range procedure.Definition {
		if procedure.Definition[i].Name == name {
			return &procedure.Definition[i]
		}
	}
	return nil
}

func firstUser(subjects []v1alpha1.Subject) string {
	for _, s := range subjects {
		if s.Kind == v1alpha1.SubjectUser {
			return s.Name
		}
	}
	return ""
}

func contacts(e *v1alpha1.Engagement) []string {
	var names []string
	for _, c := range e.Spec.Contacts {
		names = append(names, c.Subject.Name)
	}
	return names
}

// workerName is who is engaged or, before that, who has the offer.
func workerName(e *v1alpha1.Engagement) string {
	if e.Status.Worker != nil {
		return e.Status.Worker.Name
	}
	if r := e.Status.Recruitment; r != nil && r.Offer != nil {
		return r.Offer.Worker
	}
	return ""
}

// firstChoice is the best of the shortlist.
func firstChoice(e *v1alpha1.Engagement) string {
	for _, c := range e.Status.Recruitment.Candidates {
		if c.State == v1alpha1.CandidateShortlisted {
			return c.Worker
		}
	}
	return ""
}

func answerToOffer(e *v1alpha1.Engagement) v1alpha1.Verdict {
	if declines[e.Name] == e.Status.Recruitment.Offer.Worker {
		return v1alpha1.VerdictDeclined
	}
	return v1alpha1.VerdictAccepted
}

// answerStep states a step as done, with the evidence or the score that its type asks for.
func (o *office) answerStep(s *v1alpha1.AttestationSpec, p *v1alpha1.ProcedureStatus, w v1alpha1.WaitingFor, e *v1alpha1.Engagement) bool {
	s.Verdict = v1alpha1.VerdictDone
	step := stepOf(e, w.What)
	if step == nil {
		return false
	}
	switch step.Type {
	case v1alpha1.StepDocument:
		s.Evidence = []v1alpha1.Evidence{evidence(e, w.What)}
	case v1alpha1.StepTraining:
		attempt := int32(0)
		for _, st := range p.Steps {
			if st.Name == step.Name {
				attempt = st.Attempts
			}
		}
		s.Score = ptr.To(o.talent.mark(workerName(e), step.Name, attempt))
	}
	return true
}

// answerCustody has the custodian hand an item out or, when they have done so, take it back.
func answerCustody(s *v1alpha1.AttestationSpec, e *v1alpha1.Engagement, item string) bool {
	if !strings.HasPrefix(item, "custody.") {
		return false
	}
	s.Verdict = v1alpha1.VerdictHandedOut
	for _, r := range e.Status.Attestations {
		if r.Claim == s.Claim && r.Verdict == v1alpha1.VerdictHandedOut {
			s.Verdict = v1alpha1.VerdictReturned
		}
	}
	s.Evidence = []v1alpha1.Evidence{evidence(e, s.Claim+"/"+strings.ToLower(string(s.Verdict)))}
	return true
}

// evidence stands for a document that is kept elsewhere.
func evidence(e *v1alpha1.Engagement, what string) v1alpha1.Evidence {
	uri := fmt.Sprintf("https://docs.example.com/%s/%s/%s", e.Namespace, e.Name, what)
	sum := sha256.Sum256([]byte(uri))
	return v1alpha1.Evidence{URI: uri, SHA256: hex.EncodeToString(sum[:])}
}

// answerDeliverable submits, accepts or sends back. It returns the earliest moment for it.
func (o *office) answerDeliverable(s *v1alpha1.AttestationSpec, e *v1alpha1.Engagement, w v1alpha1.WaitingFor, name string) time.Time {
	if w.Who == v1alpha1.ActorWorker {
		s.Verdict = v1alpha1.VerdictSubmitted
		s.Evidence = []v1alpha1.Evidence{evidence(e, w.What)}
		if round(e, w.What) > 0 || w.Due == nil {
			return w.Since.Time // what was sent back is mended at once
		}
		return w.Due.Add(-o.calendar.span(wholeDay))
	}
	s.Verdict = v1alpha1.VerdictAccepted
	if sentBack[e.Name] == name && round(e, w.What) == 1 {
		s.Verdict, s.Cause, s.Note = v1alpha1.VerdictRevise, v1alpha1.CauseWorker, "The logo is lost on a dark ground."
	}
	return w.Since.Time
}

// round is how often something was submitted.
func round(e *v1alpha1.Engagement, claim string) int {
	n := 0
	for _, r := range e.Status.Attestations {
		if r.Claim == claim && r.Verdict == v1alpha1.VerdictSubmitted {
			n++
		}
	}
	return n
}

// nextSecond is when a statement is sure to count after another about the same: they are ordered by whole seconds, and of
// two in the same second the refusing one counts.
func nextSecond(t time.Time) time.Time { return t.Add(1100 * time.Millisecond) }

// evaluation fills in the scorecard.
func (o *office) evaluation(e *v1alpha1.Engagement, item string) client.Object {
	card := o.scorecards[key(e.Namespace, e.Spec.Evaluation.ScorecardRef.Name)]
	if card == nil {
		return nil
	}
	spec := v1alpha1.EvaluationSpec{
		EngagementRef: &v1alpha1.LocalReference{Name: e.Name}, ScorecardRef: e.Spec.Evaluation.ScorecardRef, Kind: v1alpha1.EvaluationFinal,
	}
	if period, periodic := strings.CutPrefix(item, "period-"); periodic {
		spec.Kind, spec.Period = v1alpha1.EvaluationPeriodic, period
	}
	fillIn(&spec, card, e, item, o.talent)
	return &v1alpha1.Evaluation{ObjectMeta: metav1.ObjectMeta{Namespace: e.Namespace, GenerateName: e.Name + "-"}, Spec: spec}
}

// fillIn fills in what a scorecard asks a reviewer for.
func fillIn(spec *v1alpha1.EvaluationSpec, card *v1alpha1.Scorecard, e *v1alpha1.Engagement, item string, t talent) {
	for i := range card.Spec.Criteria {
		c := &card.Spec.Criteria[i]
		spec.Scores = append(spec.Scores, v1alpha1.CriterionScore{Name: c.Name, Score: t.judge(e, c, item)})
	}
	for i := range card.Spec.KPIs {
		if k := &card.Spec.KPIs[i]; k.Source == v1alpha1.KPIReported {
			spec.KPIs = append(spec.KPIs, t.report(e, k, item))
		}
	}
}

func key(namespace, name string) client.ObjectKey {
	return client.ObjectKey{Namespace: namespace, Name: name}
}
