package worker

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

func TestAStatementThatDoesNotCountSaysWhy(t *testing.T) {
	for _, tc := range []struct {
		name  string
		state func(*world) *v1alpha1.Attestation
		// reason is empty for a statement that counts.
		reason  string
		message string
	}{
		{"a step by its attestor", func(w *world) *v1alpha1.Attestation { return w.state(after(1), "omar", "screening/interview", done) }, "", ""},
		{"a step by anybody, where it lists nobody", func(w *world) *v1alpha1.Attestation {
			return w.state(after(1), "integration", "screening/identity", done)
		}, "", ""},
		{"a step by the worker, where it is theirs", func(w *world) *v1alpha1.Attestation { return w.state(after(1), "ada.l", "screening/identity", done) }, "", ""},
		{"a step by somebody whom it does not list", func(w *world) *v1alpha1.Attestation { return w.state(after(1), "tess", "screening/interview", done) }, "NotAnAttestor", "under attestors"},
		{"a step that is not there", func(w *world) *v1alpha1.Attestation { return w.state(after(1), "tess", "screening/juggling", done) }, "UnknownStep", `no step "juggling"`},
		{"a check", func(w *world) *v1alpha1.Attestation { return w.state(after(1), "tess", "screening/basics", done) }, "NotAttestable", "of type Check"},
		{"an interview by the worker", func(w *world) *v1alpha1.Attestation {
			return w.state(after(1), "ada.l", "screening/open-interview", done)
		}, "SelfDealing", "their own interview"},
		{"an interview by the worker, under an account that access is given to", func(w *world) *v1alpha1.Attestation {
			w.Worker.Spec.Identities = []v1alpha1.Identity{{Provider: "cluster", Subject: "ada-at-work"}}
			return w.state(after(1), "ada-at-work", "screening/open-interview", done)
		}, "SelfDealing", "their own interview"},
		{"an interview on the worker's behalf", func(w *world) *v1alpha1.Attestation {
			return w.state(after(1), "integration", "screening/open-interview", done, onBehalfOf("ada"))
		}, "SelfDealing", "their own interview"},
		{"a step with a scorecard by a reviewer", func(w *world) *v1alpha1.Attestation {
			return w.state(after(1), "tess", "screening/portfolio", done, withScore(90))
		}, "", ""},
		{"a step with a scorecard by the worker", func(w *world) *v1alpha1.Attestation {
			return w.state(after(1), "ada.l", "screening/portfolio", done, withScore(100))
		}, "SelfDealing", "nobody judges themselves"},
		{"a step with a scorecard on the worker's behalf", func(w *world) *v1alpha1.Attestation {
			return w.state(after(1), "integration", "screening/portfolio", done, withScore(100), onBehalfOf("ada"))
		}, "SelfDealing", "nobody judges themselves"},
		{"a pool that is not there", func(w *world) *v1alpha1.Attestation {
			return w.state(after(1), "omar", "screening/interview", done, about("writers"))
		}, "UnknownPool", `no TalentPool "writers"`},
		{"a pool to which the worker does not belong", func(w *world) *v1alpha1.Attestation {
			return w.state(after(1), "omar", "screening/interview", done, about("testers"))
		}, "NotAMember", "does not belong to pool testers"},
		{"a pool without screening", func(w *world) *v1alpha1.Attestation {
			return w.state(after(1), "omar", "screening/interview", done, about("everybody"))
		}, "NotAsked", "asks for no screening"},
		{"older than the worker", func(w *world) *v1alpha1.Attestation {
			return w.state(after(-1), "omar", "screening/interview", done)
		}, "BeforeSubject", "state it again"},
		{"by nobody", func(w *world) *v1alpha1.Attestation { return w.state(after(1), "", "screening/interview", done) }, "NoAuthor", "no author"},
		{"a waiver", func(w *world) *v1alpha1.Attestation {
			return w.state(after(1), "zoe", "waiver/screening.interview", waived)
		}, "", ""},
		{"a waiver of a check", func(w *world) *v1alpha1.Attestation {
			return w.state(after(1), "zoe", "waiver/screening.basics", waived)
		}, "", ""},
		{"a waiver by the worker", func(w *world) *v1alpha1.Attestation {
			return w.state(after(1), "ada.l", "waiver/screening.interview", waived)
		}, "SelfDealing", "cannot waive"},
		{"a waiver by the worker's other account", func(w *world) *v1alpha1.Attestation {
			return w.state(after(1), "ada@agency", "waiver/screening.interview", waived)
		}, "SelfDealing", "cannot waive"},
		{"a waiver on the worker's behalf", func(w *world) *v1alpha1.Attestation {
			return w.state(after(1), "integration", "waiver/screening.interview", waived, onBehalfOf("ada"))
		}, "SelfDealing", "cannot waive"},
		{"a waiver of a step that is not there", func(w *world) *v1alpha1.Attestation {
			return w.state(after(1), "zoe", "waiver/screening.juggling", waived)
		}, "UnknownStep", `no step "juggling"`},
		{"a waiver of an engagement's step", func(w *world) *v1alpha1.Attestation {
			return w.state(after(1), "zoe", "waiver/onboarding.nda", waived)
		}, "UnknownClaim", "waived of the Engagement"},
		{"a rehire approved", func(w *world) *v1alpha1.Attestation {
			return w.state(after(1), "zoe", "approval/rehire", v1alpha1.VerdictApproved)
		}, "", ""},
		{"a rehire approved by the worker", func(w *world) *v1alpha1.Attestation {
			return w.state(after(1), "ada.l", "approval/rehire", v1alpha1.VerdictApproved)
		}, "SelfDealing", "their own rehire"},
		{"a demotion", func(w *world) *v1alpha1.Attestation {
			return w.state(after(1), "zoe", "approval/demotion", v1alpha1.VerdictApproved)
		}, "NotAsked", "no demotion of the worker is proposed"},
		{"a demotion by the worker", func(w *world) *v1alpha1.Attestation {
			return w.state(after(1), "ada.l", "approval/demotion", v1alpha1.VerdictRejected)
		}, "SelfDealing", "their own demotion"},
		{"an approval of something else", func(w *world) *v1alpha1.Attestation {
			return w.state(after(1), "zoe", "approval/engagement", v1alpha1.VerdictApproved)
		}, "UnknownClaim", "approved of the Engagement"},
		{"a claim of an engagement", func(w *world) *v1alpha1.Attestation {
			return w.state(after(1), "zoe", "start/confirmed", done)
		}, "UnknownClaim", "cannot be made of a worker"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t, attestation("identity"), interview("interview", "omar"), interview("open-interview"), check("basics", "1 == 1"),
				scored(attestation("portfolio"), "rubric"))
			w.Scorecards["rubric"] = rubric(70, 0)
			w.havePool("everybody", "").Spec = v1alpha1.TalentPoolSpec{}
			w.havePool("testers", "funnel").Spec.WorkerSelector.MatchLabels["craft"] = "test"
			other := v1alpha1.Worker{ObjectMeta: named("ada-at-the-agency")}
			other.Spec.Username = "ada@agency"
			w.Person = []v1alpha1.Worker{*w.Worker, other}
			w.look(after(0))
			att := tc.state(w)
			w.look(after(2))
			recorded := len(w.Worker.Status.Attestations) == 1
			if tc.reason == "" {
				if att.Status != nil || !recorded || len(att.OwnerReferences) != 1 {
					t.Errorf("the statement has the standing %+v, is recorded: %v, and bound %d times; expected it to count, to be recorded and bound once", att.Status, recorded, len(att.OwnerReferences))
				}
				return
			}
			if att.Status == nil || att.Status.State != v1alpha1.StandingIgnored || att.Status.Reason != tc.reason || !strings.Contains(att.Status.Message, tc.message) {
				t.Errorf("the statement has the standing %+v, expected Ignored/%s with %q", att.Status, tc.reason, tc.message)
			}
			if recorded || len(att.OwnerReferences) > 0 {
				t.Errorf("the statement is recorded or bound, expected neither: it does not count")
			}
			if strings.Contains(att.Status.Message, "omar") || strings.Contains(att.Status.Message, "ada.l") {
				t.Errorf("the message %q names a person, and it is told in an event", att.Status.Message)
			}
		})
	}
}

func TestAServiceAccountOrAGroupCanBeAnAttestor(t *testing.T) {
	for _, tc := range []struct {
		name    string
		subject v1alpha1.Subject
		author  string
		want    bool
	}{
		{"a service account in short", v1alpha1.Subject{Kind: v1alpha1.SubjectServiceAccount, Name: "academy:courses"}, "system:serviceaccount:academy:courses", true},
		{"a service account in full", v1alpha1.Subject{Kind: v1alpha1.SubjectServiceAccount, Name: "system:serviceaccount:academy:courses"}, "system:serviceaccount:academy:courses", true},
		{"another service account", v1alpha1.Subject{Kind: v1alpha1.SubjectServiceAccount, Name: "academy:courses"}, "system:serviceaccount:academy:other", false},
		{"a group, of which only the API server knows", v1alpha1.Subject{Kind: v1alpha1.SubjectGroup, Name: "interviewers"}, "anybody", true},
		{"another user", v1alpha1.Subject{Kind: v1alpha1.SubjectUser, Name: "omar"}, "tess", false},
	} {
		if got := listed([]v1alpha1.Subject{tc.subject}, tc.author); got != tc.want {
			t.Errorf("%s: listed is %v, expected %v", tc.name, got, tc.want)
		}
	}
}

func TestAStatementOfAnotherObjectOfTheSameNameNeverCounts(t *testing.T) {
	w := newWorld(t, interview("interview"))
	att := w.state(after(1), "omar", "screening/interview", done)
	att.OwnerReferences = []metav1.OwnerReference{{Kind: "Worker", Name: "ada", UID: "the-former-ada"}}
	w.stands(after(2), v1alpha1.ScreeningInProgress, after(2))
	if att.Status != nil || len(w.Worker.Status.Attestations) > 0 {
		t.Errorf("the statement was judged (%+v), expected it to be left to the garbage collector", att.Status)
	}
}

func TestADeletedStatementStillCounts(t *testing.T) {
	w := newWorld(t, interview("interview"))
	w.state(after(1), "omar", "screening/interview", done)
	w.look(after(1))
	w.Attestations = nil
	w.stands(after(2), v1alpha1.ScreeningPassed, after(1))
}

func TestNotesAreNotKept(t *testing.T) {
	w := newWorld(t, interview("interview"))
	w.state(after(1), "omar", "screening/interview", done, func(s *v1alpha1.AttestationSpec) { s.Note = "between us" })
	if text := fmt.Sprintf("%+v", *w.look(after(1))); strings.Contains(text, "between us") {
		t.Error("the status has the note, expected notes to be copied nowhere")
	}
}

func TestAStatementThatWasRecordedButNotBoundIsBound(t *testing.T) {
	w := newWorld(t, interview("interview"))
	att := w.state(after(1), "omar", "screening/interview", done)
	w.look(after(1))
	att.OwnerReferences = nil
	w.look(after(2))
	if len(att.OwnerReferences) != 1 {
		t.Error("the statement is not bound, expected the next pass to bind it")
	}
}

func TestAFullRecordTurnsFurtherStatementsDownAndSaysSo(t *testing.T) {
	w := newWorld(t, interview("interview"))
	w.look(after(0))
	for i := range maxRecords {
		w.Worker.Status.Attestations = append(w.Worker.Status.Attestations, v1alpha1.WorkerAttestation{
			AttestationRecord: v1alpha1.AttestationRecord{UID: named(fmt.Sprint(i)).UID, Claim: "approval/rehire"}, Pool: "designers",
		})
	}
	att := w.state(after(1), "omar", "screening/interview", done)
	w.look(after(1))
	if att.Status == nil || att.Status.Reason != v1alpha1.ReasonTooManyAttestations {
		t.Errorf("the statement has the standing %+v, expected TooManyAttestations", att.Status)
	}
	if ready := w.Worker.Status.Conditions[0]; ready.Reason != v1alpha1.ReasonTooManyAttestations || ready.Status != metav1.ConditionFalse {
		t.Errorf("Ready is %s/%s, expected it to say that the record is full", ready.Status, ready.Reason)
	}
}

func TestEveryWaitSaysForWhomSinceWhenAndWhat(t *testing.T) {
	due := training("safety", "safety", "", 0)
	due.DueAfter = &metav1.Duration{Duration: 48 * time.Hour}
	w := newWorld(t, due, interview("interview", "omar"), attestation("references"))
	w.look(after(0))
	w.look(after(1))
	want := []v1alpha1.WaitingFor{
		{What: "screening/interview", Who: "Manager", Subject: &v1alpha1.Subject{Kind: v1alpha1.SubjectUser, Name: "omar"}, Since: metav1.NewTime(after(0))},
		{What: "screening/references", Who: "Manager", Since: metav1.NewTime(after(0))},
		{What: "screening/safety", Who: "Worker", Subject: &v1alpha1.Subject{Kind: v1alpha1.SubjectUser, Name: "ada.l"}, Since: metav1.NewTime(after(0)), Due: &metav1.Time{Time: after(2)}},
	}
	if diff := cmp.Diff(want, w.Worker.Status.WaitingFor, cmpopts.IgnoreFields(v1alpha1.WaitingFor{}, "Message")); diff != "" {
		t.Errorf("the waits are not those of the open steps (-expected +got):\n%s", diff)
	}
	for _, wait := range w.Worker.Status.WaitingFor {
		if !strings.Contains(wait.Message, wait.What) || !strings.Contains(wait.Message, "pool designers") {
			t.Errorf("the wait for %s says %q, expected what to attest and of which pool", wait.What, wait.Message)
		}
	}
	if ready := w.Worker.Status.Conditions[0]; ready.Status != metav1.ConditionTrue || ready.Reason != v1alpha1.ReasonWaiting {
		t.Errorf("Ready is %s/%s, expected an ordinary wait to be Ready", ready.Status, ready.Reason)
	}
	if !w.last.Next.Equal(after(2)) {
		t.Errorf("the worker is looked at again at %s, expected when the training is overdue", w.last.Next)
	}
	w.look(after(2))
	if ready := w.Worker.Status.Conditions[0]; ready.Status != metav1.ConditionFalse || ready.Reason != v1alpha1.ReasonStepOverdue || !strings.Contains(ready.Message, "safety (pool designers)") {
		t.Errorf("Ready is %s/%s: %q, expected StepOverdue with the step", ready.Status, ready.Reason, ready.Message)
	}
}

func TestTheMessageOfAConditionIsNoLongerThanItMayBe(t *testing.T) {
	var steps []v1alpha1.ChecklistStep
	for i := range 64 {
		step := attestation(fmt.Sprintf("%s-%02d", strings.Repeat("s", 60), i))
		step.DueAfter = &metav1.Duration{Duration: time.Hour}
		steps = append(steps, step)
	}
	w := newWorld(t, steps...)
	for i := range 9 {
		w.havePool(fmt.Sprintf("pool-%d", i), "funnel")
	}
	w.look(after(0))
	ready := w.look(after(1)).Conditions[0]
	if ready.Reason != v1alpha1.ReasonStepOverdue || len(ready.Message) > 32768 || !strings.HasSuffix(ready.Message, "…") {
		t.Errorf("Ready is %s with %d bytes, expected what is overdue in the 32768 that the API allows", ready.Reason, len(ready.Message))
	}
}

func TestTwoPoolsThatWaitForTheSameStepAreToldApart(t *testing.T) {
	w := newWorld(t, interview("interview"), attestation("identity"))
	w.havePool("illustrators", "drawing")
	w.haveChecklist("drawing", interview("interview"), attestation("sketch"))
	w.look(after(0))
	var whats []string
	for _, wait := range w.Worker.Status.WaitingFor {
		whats = append(whats, wait.What)
	}
	if diff := cmp.Diff([]string{"screening/identity", "screening/interview.designers", "screening/interview.illustrators", "screening/sketch"}, whats); diff != "" {
		t.Errorf("the waits are not told apart (-expected +got):\n%s", diff)
	}
}

// The order in which statements become known, and how often somebody looked in between, changes nothing.
func FuzzAScreeningFollowsFromTheFactsAlone(f *testing.F) {
	for seed := range uint64(100) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		script := func() (*world, *rand.Rand) {
			r := rand.New(rand.NewPCG(seed, 3))
			w := newWorld(t, attestation("identity"), interview("interview", "omar"), training("safety", "safety", "P20D", int32(r.IntN(3))), scored(attestation("portfolio"), "rubric"))
			w.Checklists["funnel"].Spec.Steps[2].DependsOn = []string{"identity"}
			w.Checklists["funnel"].Spec.Steps[3].Required = new(r.IntN(2) == 0)
			w.Scorecards["rubric"] = rubric(70, 1+r.Int32N(2))
			if r.IntN(2) == 0 {
				w.pool0().Spec.Screening.Documents = []string{"insurance"}
				w.brings("insurance", after(float64(r.IntN(90))))
			}
			if r.IntN(3) > 0 {
				w.pool0().Spec.Screening.RetryAfter = "P10D"
			}
			claims := []string{"screening/identity", "screening/interview", "screening/interview", "screening/safety", "screening/safety"}
			for range r.IntN(12) {
				at := after(float64(r.IntN(240)) / 4)
				switch claim := claims[r.IntN(len(claims))]; {
				case r.IntN(8) == 0:
					w.state(at, "zoe", "waiver/"+strings.Replace(claim, "/", ".", 1), waived)
				case r.IntN(4) == 0:
					w.state(at, "omar", claim, failed)
				default:
					w.state(at, "omar", claim, done, withScore(int32(60+r.IntN(40))))
				}
			}
			for range r.IntN(6) {
				w.evaluate(after(float64(r.IntN(240))/4), []string{"tess", "yan"}[r.IntN(2)], fmt.Sprint(5+r.IntN(6)))
			}
			return w, r
		}

		present, _ := script()
		for day := range 81 {
			before := present.last
			status := present.look(after(float64(day)))
			if before != nil && before.Next.After(after(float64(day))) && len(present.last.Bind)+len(present.last.Ignore) == 0 {
				if diff := cmp.Diff(before.Status, status); diff != "" {
					t.Fatalf("on day %d the status changed before the moment for which the next look was asked, %s (-before +now):\n%s", day, before.Next, diff)
				}
			}
		}
		want := *present.look(after(80))
		if len(present.last.Bind)+len(present.last.Ignore) > 0 {
			t.Fatalf("a second look at the same moment finds more to do")
		}

		away, r := script()
		away.look(after(0))
		r.Shuffle(len(away.Attestations), func(i, j int) {
			away.Attestations[i], away.Attestations[j] = away.Attestations[j], away.Attestations[i]
		})
		slices.Reverse(away.Evaluations)
		got := *away.look(after(80))
		// What was awaited, and how a check or a condition came about, may only tell since when it was seen.
		ignore := cmp.Options{cmpopts.IgnoreTypes([]metav1.Condition{}), cmpopts.SortSlices(func(a, b v1alpha1.WorkerAttestation) bool { return a.UID < b.UID })}
		if diff := cmp.Diff(want, got, ignore); diff != "" {
			t.Fatalf("somebody who looked every day and somebody who was away disagree (-daily +away):\n%s", diff)
		}

		crashed, r := script()
		crashed.look(after(0))
		for day := range 81 {
			before := crashed.Worker.Status.DeepCopy()
			crashed.look(after(float64(day)))
			if r.IntN(2) == 0 {
				// Killed before the status was written, and what was bound or marked is.
				crashed.Worker.Status = *before
			}
		}
		if diff := cmp.Diff(want, *crashed.look(after(80)), ignore); diff != "" {
			t.Fatalf("somebody who looked every day and somebody who crashed at every other pass disagree (-daily +crashed):\n%s", diff)
		}
	})
}
