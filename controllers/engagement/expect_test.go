package engagement

import (
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

// aMarketingTeam is a world with a pool of three designers who may all be engaged, and the profiles chat (from onboarding) and drive (from the start).
func aMarketingTeam(t testing.TB) *world {
	t.Helper()
	return newWorld(t, "2026-11-20 08:00").add(
		aPool("designers"), aWorker("ada", "designers"), aWorker("leo", "designers"), aWorker("zoe", "designers"),
		aProfile("chat", v1alpha1.AvailableFromOnboarding), aProfile("drive", v1alpha1.AvailableFromAssigned),
		aScorecard("creative", "rosa", "rita"),
	)
}

// approve has dana approve what is proposed now.
func (w *world) approve() *world {
	w.t.Helper()
	w.settle()
	w.state(anAttestation("approval/engagement").By("dana").Says(v1alpha1.VerdictApproved).Terms(w.proposed()))
	return w.settle()
}

func (w *world) proposed() string {
	w.t.Helper()
	return proposedHash(&w.eng(w.subject).Status)
}

// offered is the open offer; there must be one.
func (w *world) offered() *v1alpha1.Offer {
	w.t.Helper()
	offer := offerOf(&w.eng(w.subject).Status)
	if offer == nil {
		w.t.Fatalf("%s has no open offer; it waits for %s", w.subject, w.eng(w.subject).Status.Waiting)
	}
	return offer
}

// answer is what the worker who holds the open offer says of it.
func (w *world) answer(v v1alpha1.Verdict) *attestationBuilder {
	w.t.Helper()
	offer := w.offered()
	return anAttestation("offer/" + offer.Worker).By(offer.Worker).Says(v).Terms(offer.Hash)
}

// hire takes the engagement to Onboarding: approved by dana, accepted by whoever is offered it.
func (w *world) hire() *world {
	w.t.Helper()
	w.approve()
	return w.say(w.answer(v1alpha1.VerdictAccepted)).expectPhase(v1alpha1.PhaseOnboarding)
}

// start takes a hired engagement to Assigned, at its start, confirmed by max.
func (w *world) start() *world {
	w.t.Helper()
	w.untilTime(w.eng(w.subject).Spec.StatementOfWork.Start.Time)
	return w.say(anAttestation("start/confirmed").By("max").Done()).expectPhase(v1alpha1.PhaseAssigned)
}

// say has people state things now, and lets the world settle.
func (w *world) say(statements ...*attestationBuilder) *world {
	w.t.Helper()
	for _, s := range statements {
		w.state(s)
	}
	return w.settle()
}

func (w *world) give(evaluations ...*evaluationBuilder) *world {
	w.t.Helper()
	for _, e := range evaluations {
		w.evaluate(e)
	}
	return w.settle()
}

// status of the engagement that the test is about.
func (w *world) status() *v1alpha1.EngagementStatus {
	w.t.Helper()
	return &w.eng(w.subject).Status
}

func (w *world) expectPhase(want v1alpha1.Phase) *world {
	w.t.Helper()
	if got := w.status().Phase; got != want {
		stalled := condition(w.status().Conditions, v1alpha1.ConditionStalled)
		w.t.Fatalf("%s is %s at %s, expected %s; it waits for %v; stalled: %s", w.subject, got, w.now.Format(time.DateTime), want, w.waits(), stalled.Message)
	}
	return w
}

func (w *world) expectOutcome(want v1alpha1.Outcome) *world {
	w.t.Helper()
	w.expectPhase(v1alpha1.PhaseClosed)
	if got := w.status().Outcome; got != want {
		w.t.Fatalf("%s closed as %s, expected %s; it ended by %+v", w.subject, got, want, w.status().Ending)
	}
	return w
}

// waits are what the engagement waits for, each as "what: who".
func (w *world) waits() []string {
	w.t.Helper()
	var all []string
	for _, wait := range w.status().WaitingFor {
		all = append(all, wait.What+": "+wait.Who)
	}
	return all
}

// expectWaits expects exactly these waits, each as "what: who".
func (w *world) expectWaits(want ...string) *world {
	w.t.Helper()
	slices.Sort(want)
	got := w.waits()
	slices.Sort(got)
	if !slices.Equal(got, want) {
		w.t.Fatalf("%s is %s at %s and waits for %v, expected %v", w.subject, w.status().Phase, w.now.Format(time.DateTime), got, want)
	}
	return w
}

func (w *world) expectNoWait(what string) *world {
	w.t.Helper()
	for _, wait := range w.status().WaitingFor {
		if wait.What == what {
			w.t.Fatalf("%s waits for %s by %s (%s), but nobody needs to do that", w.subject, what, wait.Who, wait.Message)
		}
	}
	return w
}

// expectStalled expects the reason to be the first of why it is stalled; an empty one, that it is not.
func (w *world) expectStalled(reason string) *world {
	w.t.Helper()
	c := condition(w.status().Conditions, v1alpha1.ConditionStalled)
	switch {
	case reason == "" && c.Status == metav1.ConditionTrue:
		w.t.Fatalf("%s is stalled at %s for %s (%s), and should not be", w.subject, w.now.Format(time.DateTime), c.Reason, c.Message)
	case reason != "" && (c.Status != metav1.ConditionTrue || c.Reason != reason):
		w.t.Fatalf("%s should be stalled at %s for %s, but Stalled is %s for %s (%s)", w.subject, w.now.Format(time.DateTime), reason, c.Status, c.Reason, c.Message)
	}
	return w
}

func (w *world) expectCondition(kind string, status metav1.ConditionStatus) *world {
	w.t.Helper()
	if c := condition(w.status().Conditions, kind); c == nil || c.Status != status {
		w.t.Fatalf("%s should be %s=%s, but is %+v", w.subject, kind, status, c)
	}
	return w
}

// expectIgnored expects the statement to be kept and marked with a reason; an empty one, that it counts.
func (w *world) expectIgnored(b *attestationBuilder, reason string) *world {
	w.t.Helper()
	kept := w.atts[b.Name]
	got := ""
	if kept.Status != nil {
		got = kept.Status.Reason
	}
	if got != reason {
		w.t.Fatalf("%s %s by %+v should be ignored for %q, but is for %q (%+v)", b.Spec.Claim, b.Spec.Verdict, b.Spec.Author, reason, got, kept.Status)
	}
	bound := len(kept.OwnerReferences) > 0
	if bound != (reason == "") {
		w.t.Fatalf("what counts is bound to its subject and nothing else is, but %s %s: counts %v, bound %v", b.Spec.Claim, b.Spec.Verdict, reason == "", bound)
	}
	return w
}

func (w *world) expectStep(area, name string, want v1alpha1.StepState) *world {
	w.t.Helper()
	proc := w.status().Onboarding
	if area == areaOffboarding {
		proc = w.status().Offboarding
	}
	for _, s := range proc.Steps {
		if s.Name == name {
			if s.State != want {
				w.t.Fatalf("step %s/%s of %s is %s (%s), expected %s", area, name, w.subject, s.State, s.Message, want)
			}
			return w
		}
	}
	w.t.Fatalf("%s has no step %s/%s", w.subject, area, name)
	return w
}

func (w *world) deliverable(name string) v1alpha1.DeliverableStatus {
	w.t.Helper()
	for _, d := range w.status().Deliverables {
		if d.Name == name {
			return d
		}
	}
	w.t.Fatalf("%s has no deliverable %s", w.subject, name)
	return v1alpha1.DeliverableStatus{}
}

func (w *world) expectDeliverable(name string, want v1alpha1.DeliverableState) *world {
	w.t.Helper()
	if got := w.deliverable(name).State; got != want {
		w.t.Fatalf("deliverable %s of %s is %s, expected %s", name, w.subject, got, want)
	}
	return w
}

// grant of the engagement for a profile, or nil.
func (w *world) grant(profile string) *v1alpha1.AccessGrant {
	w.t.Helper()
	for _, g := range values(w.grants) {
		if g.Spec.Profile == profile && g.Spec.EngagementRef.UID == w.eng(w.subject).UID {
			return g
		}
	}
	return nil
}

// expectAccess expects the state of the profile's entitlement in its target; an empty one, that nothing was ever asked for.
func (w *world) expectAccess(profile string, want v1alpha1.GrantState) *world {
	w.t.Helper()
	g := w.grant(profile)
	got := v1alpha1.GrantState("")
	if g != nil {
		got = g.Status.State
	}
	if got != want {
		w.t.Fatalf("access of %s to %s is %q at %s, expected %q", w.subject, profile, got, w.now.Format(time.DateTime), want)
	}
	return w
}

func (w *world) expectEnded(moment string, cause v1alpha1.EndingCause) *world {
	w.t.Helper()
	st := w.status()
	if st.EndedAt == nil || !st.EndedAt.Time.Equal(on(moment)) || st.Ending.Cause != cause {
		w.t.Fatalf("%s should have ended at %s by %s, but: endedAt %v, ending %+v", w.subject, moment, cause, st.EndedAt, st.Ending)
	}
	return w
}
