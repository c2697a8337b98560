package engagement

import (
	"cmp"
	"slices"
	"time"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/terms"
)

// decision is what a pass found: the status as it should be, what is to be done, and when to look again.
type decision struct {
	Status  *v1alpha1.EngagementStatus
	Actions actions
	// Next is the earliest moment at which time alone changes the answer; zero if never.
	Next time.Time
}

// decide says what a scope means. It is a pure function: the same scope gives the same decision.
func decide(s *scope) (*decision, error) {
	p := newPass(s)
	if s.Engagement.Status.Phase == v1alpha1.PhaseClosed {
		return p.closed(), nil
	}
	hash, err := terms.ProposedHash(&s.Engagement.Spec)
	if err != nil {
		return nil, err
	}
	p.st.Proposed = &v1alpha1.ProposedTerms{Hash: hash, Classification: classificationHash(&s.Engagement.Spec.Classification)}
	p.noteRequester()
	if p.st.Phase == "" {
		p.enter(v1alpha1.PhasePending)
	}
	p.followWorker()
	p.live()
	p.noteCompliance()
	p.decideAccess()
	p.summariseAccess()
	p.score()
	p.summarise()
	return &decision{Status: p.st, Actions: p.acts, Next: p.next}, nil
}

// live takes in what was said and goes as far as that allows, until nothing more follows: what came while the operator was away
// is judged in the light of what came before it. Only what means nothing in the end is marked as such.
func (p *pass) live() {
	for known := -1; known != p.said(); {
		known = p.said()
		p.waits, p.stalls, p.gate, p.holds, p.held = nil, nil, nil, nil, false
		p.acts.Plan, p.candidacies = nil, nil
		p.readStatements(false)
		p.readEvaluations(false)
		p.amend()
		p.findEnding()
		p.advance()
	}
	p.readStatements(true)
	p.readEvaluations(true)
	// What was said in one second has one order, whichever of it a pass saw first.
	slices.SortStableFunc(p.st.Attestations, func(a, b v1alpha1.AttestationRecord) int {
		return cmp.Or(a.At.Compare(b.At.Time), cmp.Compare(a.UID, b.UID))
	})
	slices.SortStableFunc(p.st.Evaluations, func(a, b v1alpha1.EvaluationRecord) int {
		return cmp.Or(a.At.Compare(b.At.Time), cmp.Compare(a.UID, b.UID))
	})
}

// said counts the statements that are recorded.
func (p *pass) said() int { return len(p.st.Attestations) + len(p.st.Evaluations) }

// phases is what each phase waits for and does, in order. Each says whether it was left.
var phases = map[v1alpha1.Phase]func(*pass) bool{
	v1alpha1.PhasePending:     (*pass).pending,
	v1alpha1.PhaseRecruiting:  (*pass).recruit,
	v1alpha1.PhaseOnboarding:  (*pass).onboard,
	v1alpha1.PhaseAssigned:    (*pass).assign,
	v1alpha1.PhaseEvaluating:  (*pass).evaluate,
	v1alpha1.PhaseOffboarding: (*pass).offboarding,
}

// advance goes through as many phases as the facts allow, so that a pass ends in the same phase however many facts came at once.
func (p *pass) advance() {
	waits, stalls := len(p.waits), len(p.stalls)
	for range v1alpha1.Phases {
		if p.engaged() {
			p.runDelivery()
			if !p.st.Phase.Before(v1alpha1.PhaseAssigned) {
				p.runOnboarding()
			}
		}
		before := p.st.Phase
		step := phases[p.st.Phase]
		if step == nil || !step(p) || p.st.Phase == before {
			return
		}
		p.waits, p.stalls, p.gate = p.waits[:waits], p.stalls[:stalls], nil // what the phase before waited for is settled
		p.holds, p.held = nil, false
	}
}

// closed is what is left to do of an engagement whose file is sealed: ties are cut, and nothing else changes.
func (p *pass) closed() *decision {
	p.readStatements(true)
	p.readEvaluations(true)
	p.acts.Release = true
	p.summarise()
	return &decision{Status: p.st, Actions: p.acts}
}

func (p *pass) noteRequester() {
	if r := p.Engagement.Spec.Requester; r != nil && !slices.Contains(p.st.Requesters, r.Username) && len(p.st.Requesters) < maxRequesters {
		p.st.Requesters = append(p.st.Requesters, r.Username)
	}
}

// followWorker keeps status.worker on the object that stands for the person, when it was made again.
func (p *pass) followWorker() {
	if w := p.worker(); w != nil && p.st.Worker != nil {
		p.st.Worker.Name, p.st.Worker.UID, p.st.Worker.Username, p.st.Worker.Jurisdiction = w.Name, w.UID, w.Spec.Username, w.Spec.Jurisdiction
	}
}
