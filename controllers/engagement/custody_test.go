package engagement

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

// aKit is a laptop that it-desk hands out, from onboarding on.
func aKit() *profileBuilder {
	return aProfile("kit", v1alpha1.AvailableFromOnboarding).Item("laptop", "Laptop 14\"", user("it-desk")).Only()
}

// equipped is hired, and waits for a laptop.
func equipped(t *testing.T, changes ...func(*v1alpha1.EngagementSpec)) *world {
	t.Helper()
	eng := anEngagement("designer").Access("kit")
	for _, change := range changes {
		eng.With(change)
	}
	return aMarketingTeam(t).add(aKit(), eng).hire()
}

func ofTheLaptop(v v1alpha1.Verdict) *attestationBuilder {
	return anAttestation("access/custody.laptop").By("it-desk").Says(v)
}

func handsOut() *attestationBuilder  { return ofTheLaptop(v1alpha1.VerdictHandedOut) }
func checks() *attestationBuilder    { return ofTheLaptop(v1alpha1.VerdictChecked) }
func takesBack() *attestationBuilder { return ofTheLaptop(v1alpha1.VerdictReturned) }

// custodyOf is what is kept of a grant's custody, in words.
func (w *world) custodyOf(profile string) []string {
	w.t.Helper()
	var said []string
	for _, c := range w.grant(profile).Spec.Custody {
		said = append(said, fmt.Sprintf("%s %s by %s at %s", c.Entitlement, c.Verdict, c.By, c.At.UTC().Format(time.DateTime)))
	}
	return said
}

func (w *world) expectCustody(profile string, want ...string) *world {
	w.t.Helper()
	if diff := cmp.Diff(want, w.custodyOf(profile)); diff != "" {
		w.t.Fatalf("what custodians attested of %s is to be kept in its grant (-expected +got):\n%s", profile, diff)
	}
	return w
}

// expectAsked expects a custodian to be waited for, with what each part of the message says.
func (w *world) expectAsked(who string, since string, parts ...string) *world {
	w.t.Helper()
	for _, wait := range w.status().WaitingFor {
		if wait.What != "access/custody.laptop" {
			continue
		}
		if wait.Who != v1alpha1.ActorCustodian || wait.Subject == nil || wait.Subject.Name != who || !wait.Since.Time.Equal(on(since)) {
			w.t.Fatalf("custodian %s is waited for since %s, but: %+v", who, since, wait)
		}
		for _, part := range parts {
			if !strings.Contains(wait.Message, part) {
				w.t.Fatalf("the custodian is told %q, expected it to contain %q", wait.Message, part)
			}
		}
		return w
	}
	w.t.Fatalf("the custodian is to be waited for, but it waits for %v", w.waits())
	return w
}

func TestAnItemIsHadOnceItsCustodianHandedItOut(t *testing.T) {
	w := equipped(t).expectWaits("access/custody.laptop: Custodian")
	w.expectAsked("it-desk", "2026-11-20 08:00", "User it-desk hands out Laptop 14\"", "attests access/custody.laptop HandedOut")
	w.expectStalled("").expectCondition(v1alpha1.ConditionReady, metav1.ConditionTrue).expectCondition(v1alpha1.ConditionReconciling, metav1.ConditionFalse)
	w.expectCondition(v1alpha1.ConditionAccessReady, metav1.ConditionFalse)
	w.until("2026-12-01 08:00").expectPhase(v1alpha1.PhaseOnboarding).expectNoWait("start/confirmed")

	w.after(time.Hour).say(handsOut().Evidence("https://stores.example/receipt/1")).expectAccess("kit", v1alpha1.GrantGranted)
	w.expectCustody("kit", "laptop HandedOut by it-desk at 2026-12-01 09:00:00")
	if got := w.grant("kit").Spec.Custody[0].Evidence; len(got) != 1 || got[0].URI != "https://stores.example/receipt/1" {
		t.Errorf("the evidence is kept with the statement, but is %v", got)
	}
	w.expectWaits("start/confirmed: Manager").say(done("start/confirmed", "max")).expectPhase(v1alpha1.PhaseAssigned)
	ready := w.expectCondition(v1alpha1.ConditionAccessReady, metav1.ConditionTrue).status()
	if got := condition(ready.Conditions, v1alpha1.ConditionAccessReady).Message; !strings.Contains(got, "attested as handed out") {
		t.Errorf("what was handed out was not read back, and AccessReady says so, but says %q", got)
	}
}

func TestClosingWaitsUntilWhatWasHandedOutIsBack(t *testing.T) {
	w := equipped(t, func(s *v1alpha1.EngagementSpec) { s.Access = append(s.Access, v1alpha1.AccessRequest{Name: "chat"}) })
	w.say(handsOut().Evidence("https://stores.example/receipt/1")).start().until("2027-01-01 08:00").expectPhase(v1alpha1.PhaseOffboarding)
	w.expectAccess("chat", v1alpha1.GrantRevoked) // a laptop keeps nobody's access open
	w.expectWaits("access/custody.laptop: Custodian")
	w.expectAsked("it-desk", "2027-01-01 08:00", "User it-desk takes Laptop 14\", handed out at 2026-11-20T08:00:00Z, back", "attests access/custody.laptop Returned")
	w.expectStalled("").expectCondition(v1alpha1.ConditionReconciling, metav1.ConditionFalse).expectCondition(v1alpha1.ConditionAccessRevoked, metav1.ConditionFalse)

	w.after(returnWithin - time.Second).expectStalled("")
	w.after(time.Second).expectStalled(v1alpha1.ReasonStepOverdue).expectPhase(v1alpha1.PhaseOffboarding)
	w.say(takesBack().Evidence("https://stores.example/receipt/2")).expectOutcome(v1alpha1.OutcomeCompleted)
	w.expectCustody("kit", "laptop HandedOut by it-desk at 2026-11-20 08:00:00", "laptop Returned by it-desk at 2027-01-06 08:00:00")
	if got := condition(w.status().Conditions, v1alpha1.ConditionAccessRevoked).Message; !strings.Contains(got, "attested as returned") {
		t.Errorf("what came back was not read back, and AccessRevoked says so, but says %q", got)
	}
	w.expectSealedAsAttested("HandedOut it-desk https://stores.example/receipt/1", "Returned it-desk https://stores.example/receipt/2")
}

// expectSealedAsAttested expects the laptop's file to say who attested what, with which evidence.
func (w *world) expectSealedAsAttested(want ...string) {
	w.t.Helper()
	sealed := values(w.dossiers)[0].Spec
	for _, a := range sealed.Record.Access {
		if a.Entitlement != "laptop" {
			continue
		}
		if a.State != v1alpha1.GrantAttested || a.VerifiedAt != nil || a.RevokedAt != nil || !strings.HasPrefix(a.Evidence, "attested") || strings.Contains(a.Evidence, "read back") {
			w.t.Fatalf("what nothing could read back is sealed as attested, but as %+v", a)
		}
		for i, c := range a.Custody {
			who := ""
			for _, p := range sealed.Personal {
				if p.Key == c.By.Key {
					who = p.Value
				}
			}
			got := c.Verdict + " " + who
			for _, e := range c.Evidence {
				got += " " + e.URI
			}
			if i >= len(want) || want[i] != got {
				w.t.Fatalf("the file says %q of the laptop, expected %v", got, want)
			}
		}
		if len(a.Custody) != len(want) {
			w.t.Fatalf("the file has %d statements about the laptop, expected %v", len(a.Custody), want)
		}
		return
	}
	w.t.Fatal("the file says nothing of the laptop")
}

func TestWhatWasNeverHandedOutKeepsNothingOpen(t *testing.T) {
	w := equipped(t).until("2027-01-01 08:00").expectOutcome(v1alpha1.OutcomeCompleted)
	w.expectAccess("kit", v1alpha1.GrantAttested).expectCustody("kit")
}

func TestWhoAttestsWhatWasHandedOut(t *testing.T) {
	names := func(kind v1alpha1.SubjectKind, name string) func(*world) {
		return func(w *world) {
			w.add(aProfile("kit", v1alpha1.AvailableFromOnboarding).Item("laptop", "Laptop 14\"", v1alpha1.Subject{Kind: kind, Name: name}).Only()).settle()
		}
	}
	as := func(author string) func(*attestationBuilder) {
		return func(b *attestationBuilder) { b.By(author) }
	}
	onBehalfOf := func(worker string) func(*attestationBuilder) {
		return func(b *attestationBuilder) { b.OnBehalfOf(worker) }
	}
	nothing := func(*world) {}
	for _, test := range []struct {
		who, because string
		given        func(*world)
		how          func(*attestationBuilder)
		ignored      string
	}{
		{"the custodian", "the profile names them", nothing, as("it-desk"), ""},
		{"somebody else", "the verb alone is not enough", nothing, as("ben"), "NotTheCustodian"},
		{"the requester", "who asked for it does not hand it out", nothing, as("mia"), "NotTheCustodian"},
		{"the worker", "nobody attests what was handed to themselves", nothing, as("ada"), "SelfDealing"},
		{"the worker, named as custodian", "nor if the profile says so", names(v1alpha1.SubjectUser, "ada"), as("ada"), "SelfDealing"},
		{"the custodian on the worker's behalf", "it counts as said by both", nothing, onBehalfOf("ada"), "SelfDealing"},
		{"the new custodian", "the profile names another now", names(v1alpha1.SubjectUser, "ivo"), as("ivo"), ""},
		{"the former custodian", "they left", names(v1alpha1.SubjectUser, "ivo"), as("it-desk"), "NotTheCustodian"},
		{"a member of the group", "whom the API server let pass by the verb", names(v1alpha1.SubjectGroup, "it"), as("ben"), ""},
		{"the worker, of the group", "a group does not change who has the laptop", names(v1alpha1.SubjectGroup, "it"), as("ada"), "SelfDealing"},
		{"the inventory's account", "a service account by its short name", names(v1alpha1.SubjectServiceAccount, "it:inventory"), as("system:serviceaccount:it:inventory"), ""},
		{"another account", "not that one", names(v1alpha1.SubjectServiceAccount, "it:inventory"), as("system:serviceaccount:it:other"), "NotTheCustodian"},
	} {
		t.Run(test.who, func(t *testing.T) {
			w := equipped(t)
			test.given(w)
			handedOut := handsOut()
			test.how(handedOut)
			w.say(handedOut).expectIgnored(handedOut, test.ignored)
			w = equipped(t).say(handsOut()).start()
			test.given(w)
			returned := takesBack()
			test.how(returned)
			w.say(returned).expectIgnored(returned, test.ignored)
		})
	}
}

func TestWhatTheProfileDoesNotNameAnyMoreStillComesBack(t *testing.T) {
	for reason, change := range map[string]func(*world){
		"the profile is gone": func(w *world) { delete(w.profiles, "kit") },
		"the item was taken out of the profile": func(w *world) {
			w.add(aProfile("kit", v1alpha1.AvailableFromOnboarding))
		},
	} {
		t.Run(reason, func(t *testing.T) {
			w := equipped(t).say(handsOut()).start()
			change(w)
			w.settle().expectCustody("kit", "laptop HandedOut by it-desk at 2026-11-20 08:00:00")
			again := handsOut().At("2026-12-01 08:00")
			w.say(again).expectIgnored(again, "NotNow")
			w.until("2027-01-01 08:00").expectPhase(v1alpha1.PhaseOffboarding)
			for _, wait := range w.status().WaitingFor {
				if wait.What == "access/custody.laptop" && (wait.Subject != nil || !strings.Contains(wait.Message, "somebody with the verb attest, other than the worker, takes Laptop 14\"")) {
					t.Errorf("with nobody named, whoever holds the verb is asked, but: %+v", wait)
				}
			}
			own := takesBack().By("ada")
			w.say(own).expectIgnored(own, "SelfDealing").expectPhase(v1alpha1.PhaseOffboarding)
			w.say(takesBack().By("ben")).expectOutcome(v1alpha1.OutcomeCompleted)
		})
	}
}

func TestAnEntitlementThatWasRenamedKeepsItsCustodian(t *testing.T) {
	w := equipped(t).say(handsOut()).start()
	w.add(aProfile("kit", v1alpha1.AvailableFromOnboarding).Item("notebook", "Laptop 14\"", user("it-desk")).Only()).until("2027-01-01 08:00")
	w.expectAsked("it-desk", "2027-01-01 08:00", "attests access/custody.laptop Returned")
	other := takesBack().By("ben")
	w.say(other).expectIgnored(other, "NotTheCustodian").say(takesBack()).expectOutcome(v1alpha1.OutcomeCompleted)
}

func TestWhenSomethingCanBeHandedOut(t *testing.T) {
	unsigned := func(t *testing.T) *world { // access waits for the NDA
		return aMarketingTeam(t).add(designerOnboarding(), aKit(), anEngagement("designer").Onboarding("intro").Access("kit", "chat")).hire()
	}
	atWork := func(t *testing.T) *world { return equipped(t).say(handsOut()).start() }
	after := func(t *testing.T) *world { // offboarding is kept open by a step
		exit := aChecklist("exit", aStep("exit-talk", v1alpha1.StepMeeting))
		w := aMarketingTeam(t).add(exit, aKit(), anEngagement("designer").Offboarding("exit").Access("kit")).hire()
		return w.until("2027-01-01 08:00").expectPhase(v1alpha1.PhaseOffboarding)
	}
	for _, test := range []struct {
		what, because string
		given         func(*testing.T) *world
		said          *attestationBuilder
		ignored       string
	}{
		{"handed out before its time", "access has not begun", unsigned, handsOut(), "NotNow"},
		{"handed out before the grant", "it was said before", func(t *testing.T) *world {
			later := aProfile("kit", v1alpha1.AvailableFromAssigned).Item("laptop", "Laptop", user("it-desk")).Only()
			return aMarketingTeam(t).add(later, anEngagement("designer").Access("kit")).hire().start()
		}, handsOut().At("2026-12-01 07:59:59"), "NotNow"},
		{"handed out after the end", "access has ended", after, handsOut(), "TooLate"},
		{"handed out while suspended", "access is withdrawn", func(t *testing.T) *world {
			return equipped(t).edit("designer", suspended(true)).settle()
		}, handsOut(), "NotNow"},
		{"returned, and never handed out", "there is nothing to return", func(t *testing.T) *world { return equipped(t) }, takesBack(), "NotHandedOut"},
		{"checked, and never handed out", "there is nothing to check", func(t *testing.T) *world { return equipped(t) }, checks(), "NotHandedOut"},
		{"checked", "it is out", atWork, checks(), ""},
		{"returned in the middle of the work", "it is out", atWork, takesBack(), ""},
		{"returned in the second of the hand-out", "nobody knows what came first", func(t *testing.T) *world {
			return equipped(t).say(handsOut())
		}, takesBack(), "NotHandedOut"},
		{"something else", "no profile has it", atWork, anAttestation("access/custody.car").By("it-desk").Says(v1alpha1.VerdictHandedOut), "UnknownClaim"},
		{"an account in a target system", "it is not handed out by people", func(t *testing.T) *world {
			return aMarketingTeam(t).add(anEngagement("designer").Access("chat")).hire()
		}, anAttestation("access/custody.chat").By("it-desk").Says(v1alpha1.VerdictReturned), "UnknownClaim"},
	} {
		t.Run(test.what, func(t *testing.T) {
			w := test.given(t)
			w.say(test.said).expectIgnored(test.said, test.ignored)
		})
	}
}

func TestTheNewestOfEachVerdictIsKept(t *testing.T) {
	first := handsOut()
	for i := range maxCustodyEvidence + 2 {
		first.Evidence(fmt.Sprintf("https://stores.example/%d", i))
	}
	w := equipped(t).say(first).start().until("2026-12-10")
	if got := len(w.grant("kit").Spec.Custody[0].Evidence); got != maxCustodyEvidence {
		t.Errorf("%d pieces of evidence are kept, expected the %d that the grant has room for", got, maxCustodyEvidence)
	}
	w.say(checks()).after(time.Hour).say(checks()).expectAccess("kit", v1alpha1.GrantGranted)
	w.until("2026-12-11").say(takesBack()).expectAccess("kit", v1alpha1.GrantPending)
	w.expectAsked("it-desk", "2026-12-11 00:00", "hands out") // the work goes on without it
	w.until("2026-12-11 10:00").say(handsOut()).expectAccess("kit", v1alpha1.GrantGranted).expectNoWait("access/custody.laptop")
	clear(w.atts) // deleting statements undoes nothing
	w.settle().expectCustody("kit", "laptop HandedOut by it-desk at 2026-12-11 10:00:00", "laptop Checked by it-desk at 2026-12-10 01:00:00", "laptop Returned by it-desk at 2026-12-11 00:00:00")
}

func TestAnotherCustodianDoesNotTakeTheLaptopBack(t *testing.T) {
	w := equipped(t).say(handsOut()).start()
	w.add(aProfile("kit", v1alpha1.AvailableFromOnboarding).Item("laptop", "Laptop 14\"", user("ivo")).Only()).settle()
	w.expectAccess("kit", v1alpha1.GrantGranted).expectCustody("kit", "laptop HandedOut by it-desk at 2026-11-20 08:00:00").expectNoWait("access/custody.laptop")
	w.until("2027-01-01 08:00").expectAsked("ivo", "2027-01-01 08:00", "User ivo takes").say(takesBack().By("ivo")).expectOutcome(v1alpha1.OutcomeCompleted)
}

func TestARenewalNeedsNoSecondHandOut(t *testing.T) {
	w := equipped(t).say(handsOut()).start().until("2026-12-20")
	w.add(anEngagement("next").Continues("designer").Pinned("ada").From("2027-01-01 08:00", "2027-03-01 08:00").Access("kit")).hire().expectAccess("kit", v1alpha1.GrantGranted)
	w.until("2027-01-01 08:00").expectPhase(v1alpha1.PhaseAssigned).expectCustody("kit")
	if got := w.eng("designer").Status.Phase; got != v1alpha1.PhaseClosed {
		t.Errorf("the laptop stays with the person for the renewal, which keeps nothing of the first one open, but that is %s", got)
	}
	w.until("2027-03-01 08:00").expectPhase(v1alpha1.PhaseOffboarding)
	w.expectAsked("it-desk", "2027-03-01 08:00", "takes Laptop 14\" back") // no statement of this one says when it was handed out
	w.after(time.Hour).say(takesBack()).expectOutcome(v1alpha1.OutcomeCompleted)
}

func TestASuspensionAsksForTheLaptop(t *testing.T) {
	w := equipped(t).say(handsOut()).start().edit("designer", suspended(true)).settle()
	w.expectWaits("access/custody.laptop: Custodian", "spec/suspend: Requester").expectAsked("it-desk", "2026-12-01 08:00", "Returned")
	w.edit("designer", suspended(false)).settle().expectAccess("kit", v1alpha1.GrantGranted).expectNoWait("access/custody.laptop")
	t.Run("and what came back is handed out again", func(t *testing.T) {
		w.edit("designer", suspended(true)).settle().after(time.Hour).say(takesBack()).expectAccess("kit", v1alpha1.GrantAttested)
		w.edit("designer", suspended(false)).settle().expectAsked("it-desk", "2026-12-01 09:00", "HandedOut")
		w.after(time.Hour).say(handsOut()).expectAccess("kit", v1alpha1.GrantGranted)
	})
}

func TestDeletionWaitsForWhatWasHandedOut(t *testing.T) {
	w := equipped(t).say(handsOut()).start().remove("designer").settle()
	w.expectWaits("access/custody.laptop: Custodian")
	t.Run("in a namespace that goes, people are told what is left to do", func(t *testing.T) {
		w.namespaces["marketing"] = &corev1.Namespace{ObjectMeta: objectMeta("", "marketing")}
		w.namespaces["marketing"].DeletionTimestamp = metaTime(w.now)
		w.settle().expectAsked("it-desk", "2026-12-01 08:00", "the namespace is being deleted", "decommissioned")
	})
	if w.after(time.Hour).say(takesBack()); w.engagements["designer"] != nil || len(w.dossiers) != 1 {
		t.Error("once it is back the file is sealed and the engagement let go")
	}
}

func TestWhatWasHandedOutInTheMomentOfTheEndIsNotForgotten(t *testing.T) {
	exit := aChecklist("exit", aStep("exit-talk", v1alpha1.StepMeeting))
	w := aMarketingTeam(t).add(exit, aKit(), anEngagement("designer").Offboarding("exit").Access("kit")).hire().until("2027-01-01 08:00").expectAccess("kit", v1alpha1.GrantAttested)
	late := handsOut().At("2027-01-01 07:59:59") // the cache brings it when access has been closed
	w.say(late).expectIgnored(late, "").expectAsked("it-desk", "2027-01-01 08:00", "takes Laptop 14\", handed out at 2027-01-01T07:59:59Z, back")
	w.after(time.Hour).say(done("offboarding/exit-talk", "max")).expectPhase(v1alpha1.PhaseOffboarding).expectWaits("access/custody.laptop: Custodian")
	w.say(takesBack()).expectOutcome(v1alpha1.OutcomeCompleted)
}

func TestAStatementIsAboutEveryGrantThatHasTheItem(t *testing.T) {
	second := func(custodian string) *profileBuilder {
		return aProfile("spare-kit", v1alpha1.AvailableFromOnboarding).Item("laptop", "Spare laptop", user(custodian)).Only()
	}
	w := aMarketingTeam(t).add(aKit(), second("it-desk"), anEngagement("designer").Access("kit", "spare-kit")).hire().expectWaits("access/custody.laptop: Custodian")
	for _, profile := range []string{"kit", "spare-kit"} {
		w.say(handsOut()).expectAccess(profile, v1alpha1.GrantGranted).expectCustody(profile, "laptop HandedOut by it-desk at 2026-11-20 08:00:00")
	}
	t.Run("and who names two custodians for one name is told", func(t *testing.T) {
		w := aMarketingTeam(t).add(aKit(), second("ivo"), anEngagement("designer").Access("kit", "spare-kit")).hire()
		one, other := handsOut(), handsOut().By("ivo")
		w.say(one, other).expectIgnored(one, "NotTheCustodian").expectIgnored(other, "NotTheCustodian")
	})
}

func TestAnAccessStepWaitsForTheCustodianToo(t *testing.T) {
	steps := aChecklist("intro", aStep("kit", v1alpha1.StepAccess, waitingForAccess("kit")))
	w := aMarketingTeam(t).add(steps, aKit(), anEngagement("designer").Onboarding("intro").Access("kit")).hire()
	w.expectWaits("access/custody.laptop: Custodian").expectStep("onboarding", "kit", v1alpha1.StepOpen)
	w.say(handsOut()).expectStep("onboarding", "kit", v1alpha1.StepDone).expectNoWait("access/custody.laptop")
}

func TestAProfileOfBothKindsWaitsForBoth(t *testing.T) {
	both := aProfile("kit", v1alpha1.AvailableFromOnboarding).Item("laptop", "Laptop", user("it-desk"))
	w := aMarketingTeam(t).add(both, anEngagement("designer").Access("kit"))
	w.brokenTargets = true
	w.hire().expectWaits("access/kit: Operator", "access/custody.laptop: Custodian")
	w.brokenTargets = false
	w.settle().expectWaits("access/custody.laptop: Custodian")
	w.say(handsOut()).start()
	w.brokenTargets = true
	w.until("2027-01-01 08:00").expectWaits("access/revoke-kit: Operator", "access/custody.laptop: Custodian")
	w.say(takesBack()).expectWaits("access/revoke-kit: Operator")
	w.brokenTargets = false
	w.settle().expectOutcome(v1alpha1.OutcomeCompleted)
}

func TestAHandOutThatTakesTooLongIsOverdue(t *testing.T) {
	w := equipped(t).until("2026-12-02 07:59:59").expectStalled("")
	w.until("2026-12-02 08:00").expectStalled(v1alpha1.ReasonStepOverdue).say(handsOut()).expectStalled("")
}

func TestWhatIsKeptOfAGrantIsWhatIsApplied(t *testing.T) {
	w := equipped(t).say(handsOut().Evidence("https://stores.example/receipt")).start().say(anAttestation("access/withdraw").By("sam").Done())
	want := w.grant("kit").Spec
	want.Custody[0].Evidence[0].SHA256, want.Hold = strings.Repeat("ab", 32), "held"
	config := (&Reconciler{}).grantConfiguration(w.eng("designer"), grant{Name: "kit", Spec: want})
	raw, err := json.Marshal(config.Spec)
	if err != nil {
		t.Fatalf("encoding what is applied: %v", err)
	}
	var got v1alpha1.AccessGrantSpec
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatalf("reading what is applied: %v", err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("every field of a grant is applied (-decided +applied):\n%s", diff)
	}
}
