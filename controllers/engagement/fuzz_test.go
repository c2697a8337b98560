package engagement

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

// FuzzDecide lets anything happen to two engagements: statements by anybody about anything, edits, what they name coming and going, time. Each byte is one thing
// that happens; the status is always one that decisions led to. Nothing panics, everything comes to rest, and all that the world checks after every pass holds.
func FuzzDecide(f *testing.F) {
	for seed := range uint64(60) {
		rnd := rand.New(rand.NewPCG(seed, 3))
		script := make([]byte, 120)
		for i := range script {
			script[i] = byte(rnd.UintN(256))
		}
		f.Add(script)
	}
	// The straight way: approved, accepted, onboarded, at work.
	f.Add([]byte{0, 1, 2, 2, 2, 3, 3, 4, 4, 5, 5, 5, 6, 6, 7, 7, 7, 8})
	f.Fuzz(func(t *testing.T, script []byte) {
		c := chaosOf(t, script)
		for len(c.script) > 0 {
			c.happen()
		}
		c.wait(on("2027-06-01"))
		c.w.settle()
	})
}

// chaos reads what happens from a script; at its end it reads zeros.
type chaos struct {
	w      *world
	script []byte
	n      int
}

func chaosOf(t *testing.T, script []byte) *chaos {
	exit := aChecklist("exit", aStep("handover", v1alpha1.StepDocument, beforeEnd(120*time.Hour)), aStep("laptop", v1alpha1.StepAttestation))
	w := aMarketingTeam(t).add(exit, designerOnboarding(), aKit())
	c := &chaos{w: w, script: script[:min(len(script), 400)]}
	first := anEngagement("designer").Deliverable("logo", "2026-12-14 17:00", "2000").Onboarding("intro").Offboarding("exit").Access("chat", "drive", "kit").
		Evaluated("creative", 7*day, 120*time.Hour).Notice("P7D").Grace(time.Duration(c.pick(3)) * 24 * time.Hour)
	second := anEngagement("next").From("2026-12-10 08:00", "2027-02-01 08:00").Deliverable("site", "2027-01-20", "100").Access("chat", "kit")
	switch c.pick(3) {
	case 0:
		second.Replaces("designer", "logo")
	case 1:
		second.Pinned("ada").Continues("designer").Onboarding("intro")
	}
	w.add(first, second)
	w.rnd, w.noise, w.closeLooks = rand.New(rand.NewPCG(uint64(c.pick(256)), 5)), c.pick(2) == 0, 4
	return c
}

// pick reads a number below n.
func (c *chaos) pick(n int) int {
	if len(c.script) == 0 {
		return 0
	}
	b := c.script[0]
	c.script = c.script[1:]
	return int(b) % n
}

func oneOf[T any](c *chaos, choices ...T) T { return choices[c.pick(len(choices))] }

func (c *chaos) happen() {
	name := oneOf(c, "designer", "next")
	if c.w.engagements[name] == nil {
		c.pass()
		return
	}
	c.w.subject = name
	switch c.pick(9) {
	case 0, 1:
		c.asTold(name)
	case 2, 3, 4:
		c.anything(name)
	case 5:
		c.edit(name)
	case 6:
		c.comeAndGo()
	case 7:
		c.wait(c.w.now.Add(oneOf(c, time.Second, time.Hour, 20*time.Hour, 5*day, 12*day)))
	case 8:
		if c.pick(8) == 0 {
			c.w.remove(name)
		}
		c.pass()
	}
}

// wait lets time pass. A refused review is made again every minute, and a month of such minutes shows no more than the first twenty hours: then the right is given.
func (c *chaos) wait(until time.Time) {
	if bored := c.w.now.Add(20 * time.Hour); c.w.mayNotGrant["chat"] && bored.Before(until) {
		c.w.untilTime(bored)
		c.w.mayNotGrant["chat"] = false
	}
	c.w.untilTime(until)
}

func (c *chaos) pass() {
	if c.pick(2) == 0 {
		c.w.settle()
	} else if len(c.w.engagements) > 0 {
		c.w.anything()
	}
}

// asTold does what the engagement waits for, so that scripts get far.
func (c *chaos) asTold(name string) {
	w := c.w
	w.settle()
	eng := w.engagements[name]
	if eng == nil || len(eng.Status.WaitingFor) == 0 {
		return
	}
	people := &cast{w: w, answered: map[string]bool{}, tried: map[string]int{"": c.pick(2)}}
	wait := eng.Status.WaitingFor[c.pick(len(eng.Status.WaitingFor))]
	if wait.Who == v1alpha1.ActorCustodian {
		c.n++
		verdict := oneOf(c, v1alpha1.VerdictHandedOut, v1alpha1.VerdictReturned)
		w.state(anAttestation(wait.What).By(oneOf(c, "it-desk", "ivo")).Says(verdict).Named(fmt.Sprintf("said-%d", c.n)))
		w.settle()
		return
	}
	for _, known := range []string{"approval/engagement", "approval/amendment", "offer/", "onboarding/", "offboarding/", "start/", "deliverable/", "evaluation/"} {
		if wait.Who == v1alpha1.ActorOperator || len(wait.What) < len(known) || wait.What[:len(known)] != known || wait.What == "onboarding/failed" || wait.What == "offboarding/failed" {
			continue
		}
		if known == "approval/amendment" {
			w.state(anAttestation(known).By("dana").Says(v1alpha1.VerdictApproved).Terms(eng.Status.Proposed.Hash))
		} else {
			people.reaction(eng, wait).do()
		}
		w.settle()
	}
}

// anything is said by anybody about anything.
func (c *chaos) anything(name string) {
	w := c.w
	c.n++
	if c.pick(6) == 0 {
		kind := oneOf(c, v1alpha1.EvaluationFinal, v1alpha1.EvaluationPeriodic)
		eval := anEvaluation(kind, oneOf(c, "rosa", "rita", "ada", "mia"), oneOf(c, "1", "5", "7", "x"))
		eval.Spec.Period = oneOf(c, "", "1", "2", "9")
		if c.pick(8) == 0 {
			eval.Spec.Author = nil
		}
		w.evaluate(eval)
		return
	}
	claim := oneOf(c, "approval/engagement", "approval/amendment", "approval/access.chat", "approval/stage.Budget", "selection/leo", "offer/ada", "offer/leo", "onboarding/nda",
		"onboarding/brand", "onboarding/contacts", "onboarding/nothing", "offboarding/handover", "offboarding/laptop", "waiver/onboarding.brand", "waiver/offboarding.laptop",
		"start/confirmed", "deliverable/logo", "deliverable/site", "end/engagement", "access/withdraw", "access/preexisting.chat", "access/custody.chat", "access/custody.laptop", "rehire/decision",
		"determination/classification", "feedback/pay", "assignment/x", "screening/x")
	verdict := oneOf(c, v1alpha1.VerdictDone, v1alpha1.VerdictApproved, v1alpha1.VerdictRejected, v1alpha1.VerdictAccepted, v1alpha1.VerdictDeclined, v1alpha1.VerdictFailed,
		v1alpha1.VerdictSubmitted, v1alpha1.VerdictRevise, v1alpha1.VerdictDisputed, v1alpha1.VerdictPartlyAccepted, v1alpha1.VerdictWaived, v1alpha1.VerdictNoShow,
		v1alpha1.VerdictResigned, v1alpha1.VerdictEndAt, v1alpha1.VerdictEndNow, v1alpha1.VerdictLifted, v1alpha1.VerdictKeep, v1alpha1.VerdictRemove,
		v1alpha1.VerdictChosen, v1alpha1.VerdictIneligible, v1alpha1.VerdictHandedOut, v1alpha1.VerdictChecked, v1alpha1.VerdictReturned)
	b := anAttestation(claim).By(oneOf(c, "ada", "leo", "mia", "max", "ben", "dana", "sam", "hr-sync")).Says(verdict).Named(fmt.Sprintf("said-%d", c.n))
	switch c.pick(6) {
	case 0:
		b.OnBehalfOf(oneOf(c, "ada", "leo"))
	case 1:
		b.Amount(oneOf(c, "0", "500", "99999", "1.2.3")).Score(int32(c.pick(101)))
	case 2:
		b.Effective(oneOf(c, "2026-11-01", "2026-12-20", "2027-01-01 08:00", "2030-01-01"))
	case 3:
		b.At(oneOf(c, "2026-11-19", "2026-11-20 08:00"))
	}
	if st := &w.eng(b.subjectOr(w.subject)).Status; st.Proposed != nil {
		b.Terms(st.Proposed.Hash)
		if offer := offerOf(st); offer != nil && c.pick(2) == 0 {
			b.Terms(offer.Hash)
		}
	}
	w.state(b)
}

func (b *attestationBuilder) subjectOr(name string) string {
	if b.Spec.SubjectRef.Name != "" {
		return b.Spec.SubjectRef.Name
	}
	return name
}

// edit changes what the API server would let pass: what is frozen by its policies stays.
func (c *chaos) edit(name string) {
	w := c.w
	started := w.eng(name).Status.Terms != nil
	change := oneOf(c,
		func(s *v1alpha1.EngagementSpec) { s.Suspend = !s.Suspend },
		func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.Budget.Amount = oneOf(c, "4000", "6000", "1") },
		func(s *v1alpha1.EngagementSpec) {
			s.StatementOfWork.End = *metaTime(on(oneOf(c, "2026-12-15", "2027-01-01 08:00", "2027-03-01", "2026-12-02")))
		},
		func(s *v1alpha1.EngagementSpec) { s.Access = s.Access[:min(len(s.Access), c.pick(3))] },
		func(s *v1alpha1.EngagementSpec) { s.Access = []v1alpha1.AccessRequest{{Name: "drive"}, {Name: "chat"}} },
		func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.Deliverables = nil },
		func(s *v1alpha1.EngagementSpec) {
			s.Requester = &v1alpha1.Author{Username: oneOf(c, "mia", "max", "ada")}
		},
		func(s *v1alpha1.EngagementSpec) { s.Requester = nil },
		func(s *v1alpha1.EngagementSpec) { s.Evaluation = nil },
		func(s *v1alpha1.EngagementSpec) { s.Offboarding = nil },
		func(s *v1alpha1.EngagementSpec) { s.Onboarding = nil },
		func(s *v1alpha1.EngagementSpec) { s.Contacts = nil },
		func(s *v1alpha1.EngagementSpec) { s.Replaces, s.Continues = nil, nil },
		func(s *v1alpha1.EngagementSpec) { s.Termination = nil },
		func(s *v1alpha1.EngagementSpec) {
			s.Termination = &v1alpha1.Termination{Reason: oneOf(c, v1alpha1.TerminationOther, v1alpha1.TerminationMisconduct, v1alpha1.TerminationConverted), By: oneOf(c, "", v1alpha1.ByWorker)}
			if c.pick(2) == 0 {
				s.Termination.Effective = metaTime(on(oneOf(c, "2026-11-01", "2026-12-18", "2027-05-01")))
			}
		},
		func(s *v1alpha1.EngagementSpec) {
			if !started {
				s.WorkerRef = &v1alpha1.LocalReference{Name: oneOf(c, "ada", "leo", "nobody")}
			}
		},
		func(s *v1alpha1.EngagementSpec) {
			s.Approvals = &v1alpha1.Approvals{Required: int32(c.pick(3)), Stages: []v1alpha1.ApprovalStage{stage("Budget")}[:c.pick(2)]}
		},
	)
	w.edit(name, change)
}

// comeAndGo takes away or brings back what engagements name.
func (c *chaos) comeAndGo() {
	w := c.w
	switch c.pick(10) {
	case 9:
		delete(w.profiles, "kit")
		if c.pick(3) > 0 {
			w.add(aProfile("kit", v1alpha1.AvailableFromOnboarding).Item("laptop", "Laptop 14\"", user(oneOf(c, "it-desk", "ivo"))).Only())
		}
	case 0:
		delete(w.workers, "marketing/ada")
	case 1:
		w.add(aWorker(oneOf(c, "ada", "ada-2"), "designers").Person("person-of-ada"))
	case 2:
		delete(w.profiles, oneOf(c, "chat", "drive"))
	case 3:
		w.add(aProfile(oneOf(c, "chat", "drive"), oneOf(c, v1alpha1.AvailableFromOnboarding, v1alpha1.AvailableFromAssigned)).MaxGrace(48 * time.Hour))
	case 4:
		delete(w.checklists, "marketing/"+oneOf(c, "intro", "exit"))
	case 5:
		delete(w.scorecards, "marketing/creative")
	case 6:
		w.add(aScorecard("creative", "rosa", "rita"), designerOnboarding())
	case 7:
		w.policies = nil
		if c.pick(2) == 0 {
			w.add(c.policy())
		}
	case 8:
		w.brokenTargets, w.mayNotGrant["chat"] = c.pick(4) == 0, c.pick(3) == 0
		w.preexisting["drive"], w.admissionMissing = c.pick(3) == 0, []string{"longshore-grant"}[:c.pick(2)]
	}
}

// policy is another one after everything that is said.
func (c *chaos) policy() *policyBuilder {
	policies := []*policyBuilder{
		aPolicy("uk-law", "GB").Unreadable(),
		aPolicy("uk-law", "GB").Rule(v1alpha1.EnforceDeny, "milli(engagement.spec.statementOfWork.budget.amount) <= 5000000"),
		aPolicy("uk-law", "GB").Rule(v1alpha1.EnforceRequireApproval, "!has(engagement.spec.access)").Tenure("P9W", "", ""),
		aPolicy("uk-law", "GB").Rule(v1alpha1.EnforceEnd, "now < timestamp('2026-12-24T12:00:00Z') || worker.spec.username != 'ada'"),
		aPolicy("uk-law", "GB").Rule(v1alpha1.EnforceWarn, "tenure.engagements.size() == 0").Determination("P2W"),
	}
	return policies[c.n%len(policies)]
}
