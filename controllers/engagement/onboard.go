package engagement

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/runtime"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/checklist"
	"github.com/longshore-dev/longshore/controllers/domain/terms"
)

// procedure is a checklist in force and how far it is.
type procedure struct {
	area   checklist.Area
	steps  []v1alpha1.ChecklistStep
	result checklist.Result
}

// complete says whether every required step that blocks one of these is done.
func (c procedure) complete(blocks ...v1alpha1.StepBlocks) bool {
	return len(c.steps) == 0 || c.result.Complete(c.steps, c.area, blocks...)
}

// onboard passes the onboarding checklist, brings the access that work needs, and waits for the start.
func (p *pass) onboard() bool {
	p.runOnboarding()
	p.adoptOffboarding()
	if p.ended() {
		p.enter(v1alpha1.PhaseOffboarding)
		return true
	}
	p.noteWaiting(p.onboarding, "onboarding")
	if p.Engagement.Spec.Suspend {
		return false
	}
	if !p.onboarding.complete(v1alpha1.BlocksAccess, v1alpha1.BlocksAssignment) || !p.accessReady(v1alpha1.AvailableFromOnboarding) {
		return false
	}
	if p.st.Onboarding.ReadyAt == nil {
		p.st.Onboarding.ReadyAt = metaTime(p.Now)
	}
	return p.startWork()
}

// startWork waits for the start and for somebody to confirm that the worker turned up.
func (p *pass) startWork() bool {
	start := p.statementOfWork().Start.Time
	if start.After(p.Now) {
		p.until(start)
		return false
	}
	if p.renewsAssigned() {
		p.enter(v1alpha1.PhaseAssigned) // the predecessor's start was confirmed, and the work goes on
		return true
	}
	from := start
	if p.st.Onboarding.ReadyAt.After(from) {
		from = p.st.Onboarding.ReadyAt.Time
	}
	deadline := from.Add(p.startGrace())
	confirmed := p.latest(claimStart)
	switch {
	case confirmed != nil && confirmed.Verdict == v1alpha1.VerdictDone:
		p.enter(v1alpha1.PhaseAssigned)
		return true
	case confirmed != nil:
		p.end(v1alpha1.Ending{Cause: v1alpha1.EndNoShow, At: confirmed.At})
		p.enter(v1alpha1.PhaseOffboarding)
		return true
	case !deadline.After(p.Now):
		p.end(v1alpha1.Ending{Cause: v1alpha1.EndNoShow, At: *metaTime(deadline)})
		p.enter(v1alpha1.PhaseOffboarding)
		return true
	}
	p.wait(claimStart, v1alpha1.RoleManager, from, &deadline, "confirm that the worker has started: attest start/confirmed Done or NoShow")
	return false
}

func (p *pass) startGrace() time.Duration {
	return terms.StartGrace(p.statementOfWork())
}

func (p *pass) renewsAssigned() bool {
	if p.Engagement.Spec.Continues == nil || p.Predecessor == nil || p.Predecessor.Status.Worker == nil || p.st.Worker == nil || p.Predecessor.Status.Worker.PersonKey != p.st.Worker.PersonKey {
		return false
	}
	return slices.ContainsFunc(p.Predecessor.Status.Phases, func(t v1alpha1.PhaseTime) bool { return t.Name == v1alpha1.PhaseAssigned })
}

// runOnboarding brings status.onboarding up to date. The procedure is kept as it was when the phase began, so that an edit of the Checklist changes nothing midway.
func (p *pass) runOnboarding() {
	if p.st.Onboarding == nil {
		p.st.Onboarding = &v1alpha1.ProcedureStatus{StartedAt: p.st.Terms.AcceptedAt.DeepCopy(), Mode: v1alpha1.OnboardingFull}
		if o := p.Engagement.Spec.Onboarding; o != nil && o.Mode != "" {
			p.st.Onboarding.Mode = o.Mode
		}
		if p.OnboardingChecklist != nil {
			adopt(p.st.Onboarding, p.OnboardingChecklist)
		}
	}
	proc := p.st.Onboarding
	if p.ended() && p.st.Phase != v1alpha1.PhaseOnboarding {
		p.onboarding = procedure{checklist.Onboarding, proc.Definition, checklist.Result{Steps: proc.Steps}}
		return
	}
	if p.Engagement.Spec.Replaces != nil && p.Predecessor != nil {
		proc.Handover = handover(p.Predecessor)
	}
	p.onboarding = p.run(checklist.Input{
		Area: checklist.Onboarding, FastTrack: proc.Mode == v1alpha1.OnboardingFastTrack, Open: true, Sealed: p.ended(), SealedAt: p.endedAt(), StartedAt: proc.StartedAt.Time,
		Certificates: p.certificates(), Records: p.records(areaOnboarding),
	}, proc)
}

func adopt(proc *v1alpha1.ProcedureStatus, cl *v1alpha1.Checklist) {
	proc.Checklist = &v1alpha1.ObjectVersion{Name: cl.Name, UID: cl.UID, Generation: cl.Generation}
	proc.Definition = cl.DeepCopy().Spec.Steps
}

// run evaluates a procedure and stores how far it is.
func (p *pass) run(in checklist.Input, proc *v1alpha1.ProcedureStatus) procedure {
	in.Steps, in.Previous, in.Now = proc.Definition, proc.Steps, p.Now
	in.Access, in.AccessSince = p.accessStates()
	in.PassMarks = map[string]int32{}
	for name, sc := range p.Scorecards {
		in.PassMarks[name] = sc.Spec.PassMark
	}
	in.Engagement, in.Worker = p.variables()
	result := checklist.Evaluate(in)
	proc.Steps, proc.Done, proc.Total = result.Steps, result.Done, result.Total
	if result.Next != nil {
		p.until(*result.Next)
	}
	return procedure{in.Area, proc.Definition, result}
}

// noteWaiting notes for whom a procedure waits, and what of it is overdue or failed.
func (p *pass) noteWaiting(proc procedure, area string) {
	p.noteHolds()
	heldUp := len(p.holds) > 0 || p.withdrawn() != "" || !p.onboarding.complete(v1alpha1.BlocksAccess)
	for _, w := range proc.result.Waiting {
		if step := findStep(proc.steps, w.Step); w.Who == v1alpha1.ActorOperator && step.Type == v1alpha1.StepAccess && (heldUp || p.handedOutBy(step)) {
			continue // whoever holds the access up is waited for, not the operator
		}
		p.wait(area+"/"+w.Step, w.Who, w.Since, w.Due, w.Message)
	}
	if late := proc.result.Overdue; len(late) > 0 {
		p.stall(v1alpha1.ReasonStepOverdue, fmt.Sprintf("overdue in %s: %s; see status.waitingFor for whom", area, strings.Join(late, ", ")))
	}
	if failed := proc.result.FailedForGood; len(failed) > 0 {
		message := fmt.Sprintf("failed in %s: %s; have it waived by somebody with the verb waive, or end the engagement", area, strings.Join(failed, ", "))
		p.stall(v1alpha1.ReasonStepFailed, message)
		p.wait(area+"/failed", v1alpha1.RoleManager, p.since(area+"/failed"), nil, message)
	}
}

// records are the statements about the steps of an area, and the waivers of them.
func (p *pass) records(area string) []v1alpha1.AttestationRecord {
	return recordsOf(p.st.Attestations, area)
}

func recordsOf(all []v1alpha1.AttestationRecord, area string) []v1alpha1.AttestationRecord {
	var records []v1alpha1.AttestationRecord
	for _, r := range all {
		if r.Ignored != "" {
			continue
		}
		if strings.HasPrefix(r.Claim, area+"/") || strings.HasPrefix(r.Claim, areaWaiver+"/"+area+".") {
			records = append(records, r)
		}
	}
	return records
}

// carryOver takes into a renewal's own record what was stated of its predecessor's onboarding, before that is removed or renewed again: the person does not sign
// or learn the same thing twice.
func (p *pass) carryOver() {
	if p.Engagement.Spec.Continues == nil || p.Predecessor == nil {
		return
	}
	carried := slices.DeleteFunc(recordsOf(p.Predecessor.Status.Attestations, areaOnboarding), p.outdated)
	room := max(maxRecords-recordsKeptForEnds-len(p.st.Attestations), 0)
	p.st.Attestations = append(p.st.Attestations, carried[:min(len(carried), room)]...)
}

// outdated says whether a record of the predecessor's onboarding is of training that is to be taken again by now.
func (p *pass) outdated(r v1alpha1.AttestationRecord) bool {
	if p.Predecessor.Status.Onboarding == nil {
		return false
	}
	step := findStep(p.Predecessor.Status.Onboarding.Definition, strings.TrimPrefix(r.Claim, areaOnboarding+"/"))
	if step == nil || step.Training == nil || step.Training.ValidFor == "" {
		return false
	}
	expires, err := terms.AddPeriod(r.At.Time, step.Training.ValidFor)
	return err != nil || !expires.After(p.Now)
}

// certificates of the person, whichever Worker object earned them.
func (p *pass) certificates() []v1alpha1.Certificate {
	var all []v1alpha1.Certificate
	for i := range p.Person {
		if p.st.Worker != nil && p.Person[i].Namespace == p.st.Worker.Namespace {
			all = append(all, p.Person[i].Status.Certificates...)
		}
	}
	own := fmt.Sprintf("Engagement/%s/%s", p.Engagement.Namespace, p.Engagement.Name)
	return slices.DeleteFunc(all, func(c v1alpha1.Certificate) bool { return c.Source == own })
}

// handover is what the worker who is replaced left behind, as their offboarding attested it.
func handover(predecessor *v1alpha1.Engagement) []v1alpha1.Evidence {
	var evidence []v1alpha1.Evidence
	for _, r := range predecessor.Status.Attestations {
		if r.Ignored == "" && strings.HasPrefix(r.Claim, areaOffboarding+"/") && r.Verdict == v1alpha1.VerdictDone {
			evidence = append(evidence, r.Evidence...)
		}
	}
	return evidence[:min(len(evidence), 32)]
}

func (p *pass) onboardingSteps() []v1alpha1.ChecklistStep {
	return stepsInForce(p.st.Onboarding, p.OnboardingChecklist)
}

func (p *pass) offboardingSteps() []v1alpha1.ChecklistStep {
	return stepsInForce(p.st.Offboarding, p.OffboardingChecklist)
}

func stepsInForce(proc *v1alpha1.ProcedureStatus, cl *v1alpha1.Checklist) []v1alpha1.ChecklistStep {
	switch {
	case proc != nil:
		return proc.Definition
	case cl != nil:
		return cl.Spec.Steps
	}
	return nil
}

// variables are what a Check step's expression reads.
func (p *pass) variables() (engagement, worker map[string]any) {
	engagement, worker = map[string]any{"spec": unstructured(&p.Engagement.Spec)}, map[string]any{}
	if w := p.worker(); w != nil {
		worker["spec"] = unstructured(&w.Spec)
	}
	return engagement, worker
}

func unstructured(v any) map[string]any {
	m, err := runtime.DefaultUnstructuredConverter.ToUnstructured(v)
	if err != nil {
		return map[string]any{} // every type of the API converts
	}
	return m
}
