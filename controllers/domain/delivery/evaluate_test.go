package delivery

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// The work goes on from day 0 to day 30; "logo" is due on day 10 for 2000, "assets" on day 20 for 1000.
var start = time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC)

func day(n float64) time.Time {
	return start.Add(time.Duration(n * 24 * float64(time.Hour)))
}

func statement(changes ...func(*v1alpha1.StatementOfWork)) *v1alpha1.StatementOfWork {
	sow := &v1alpha1.StatementOfWork{
		Start:  metav1.NewTime(start),
		End:    metav1.NewTime(day(30)),
		Budget: v1alpha1.Money{Currency: "USD", Amount: "5000"},
		Deliverables: []v1alpha1.Deliverable{
			{Name: "logo", Due: metav1.NewTime(day(10)), Amount: "2000", Points: 8, MaxRounds: ptr.To[int32](1)},
			{Name: "assets", Due: metav1.NewTime(day(20)), Amount: "1000", Points: 5},
		},
	}
	for _, change := range changes {
		change(sow)
	}
	return sow
}

// said is one statement about "logo".
type said struct {
	day     float64
	who     string
	verdict v1alpha1.Verdict
	detail  string // a cause or an amount
}

func records(statements ...said) []v1alpha1.AttestationRecord {
	var list []v1alpha1.AttestationRecord
	for _, s := range statements {
		r := v1alpha1.AttestationRecord{Claim: Claim("logo"), Verdict: s.verdict, Author: s.who, At: metav1.NewTime(day(s.day))}
		switch s.verdict {
		case v1alpha1.VerdictPartlyAccepted:
			r.Amount = s.detail
		case v1alpha1.VerdictRevise:
			r.Cause = v1alpha1.ReviseCause(s.detail)
		default:
		}
		list = append(list, r)
	}
	return list
}

const (
	submitted = v1alpha1.VerdictSubmitted
	disputed  = v1alpha1.VerdictDisputed
	accepts   = v1alpha1.VerdictAccepted
	part      = v1alpha1.VerdictPartlyAccepted
	revise    = v1alpha1.VerdictRevise
)

// summary is a status in one line: state, rounds, on time or late, amount.
func summary(s v1alpha1.DeliverableStatus) string {
	words := []string{string(s.State)}
	if s.Rounds > 0 {
		words = append(words, fmt.Sprintf("rounds=%d", s.Rounds))
	}
	if s.ClientRounds > 0 {
		words = append(words, fmt.Sprintf("client=%d", s.ClientRounds))
	}
	if s.OnTime != nil {
		words = append(words, map[bool]string{true: "on-time", false: "late"}[*s.OnTime])
	}
	if s.AcceptedAmount != "" {
		words = append(words, s.AcceptedAmount)
	}
	return strings.Join(words, " ")
}

func of(t *testing.T, r Result, name string) v1alpha1.DeliverableStatus {
	t.Helper()
	i := slices.IndexFunc(r.Deliverables, func(s v1alpha1.DeliverableStatus) bool { return s.Name == name })
	if i < 0 {
		t.Fatalf("deliverable %s has a status", name)
	}
	return r.Deliverables[i]
}

func TestWhatPeopleSayDecidesTheState(t *testing.T) {
	for _, c := range []struct {
		reason string
		said   []said
		now    float64
		want   string
	}{
		{"nothing was said", nil, 5, "Open"},
		{"nothing was said when it was due", nil, 10, "Open"},
		{"nothing was said and it is late", nil, 11, "Open late"},
		{"submitted", []said{{5, "ada", submitted, ""}}, 6, "Submitted on-time"},
		{"submitted in the second in which it is due", []said{{10, "ada", submitted, ""}}, 11, "Submitted on-time"},
		{"submitted late", []said{{10.5, "ada", submitted, ""}}, 11, "Submitted late"},
		{"accepted", []said{{5, "ada", submitted, ""}, {6, "mia", accepts, ""}}, 7, "Accepted on-time 2000"},
		{"accepted in the second of the submission, which the API server cannot order", []said{{5, "ada", submitted, ""}, {5, "mia", accepts, ""}}, 7, "Accepted on-time 2000"},
		{"accepted before anything was submitted means nothing", []said{{4, "mia", accepts, ""}, {5, "ada", submitted, ""}}, 6, "Submitted on-time"},
		{"an acceptance does not stand past a later submission", []said{{5, "ada", submitted, ""}, {6, "mia", accepts, ""}, {7, "ada", submitted, ""}}, 8, "Submitted on-time"},
		{"a part is accepted", []said{{5, "ada", submitted, ""}, {6, "mia", part, "800"}}, 7, "PartlyAccepted on-time 800"},
		{"the whole as a part", []said{{5, "ada", submitted, ""}, {6, "mia", part, "2000"}}, 7, "PartlyAccepted on-time 2000"},
		{"more than the whole is no part", []said{{5, "ada", submitted, ""}, {6, "mia", part, "2000.001"}}, 7, "Submitted on-time"},
		{"nothing is no part", []said{{5, "ada", submitted, ""}, {6, "mia", part, "0"}}, 7, "Submitted on-time"},
		{"to be revised, by default for the worker's cause", []said{{5, "ada", submitted, ""}, {6, "mia", revise, ""}}, 7, "Revise rounds=1 on-time"},
		{"to be revised for the client's cause", []said{{5, "ada", submitted, ""}, {6, "mia", revise, "Client"}}, 7, "Revise client=1 on-time"},
		{"a resubmission past the due date stays on time", []said{{5, "ada", submitted, ""}, {6, "mia", revise, "Client"}, {12, "ada", submitted, ""}}, 13, "Submitted client=1 on-time"},
		{"two rounds, then accepted", []said{{5, "ada", submitted, ""}, {6, "mia", revise, "Worker"}, {7, "ada", submitted, ""}, {8, "mia", revise, "Client"}, {9, "ada", submitted, ""}, {9.5, "mia", accepts, ""}}, 10, "Accepted rounds=1 client=1 on-time 2000"},
		{"a revision that was taken back is no round", []said{{5, "ada", submitted, ""}, {6, "mia", revise, ""}, {7, "mia", accepts, ""}}, 8, "Accepted on-time 2000"},
		{"several say so: still one round", []said{{5, "ada", submitted, ""}, {6, "mia", revise, ""}, {6.5, "ben", revise, ""}, {7, "ada", submitted, ""}}, 8, "Submitted rounds=1 on-time"},
		{"one of several says the client caused it", []said{{5, "ada", submitted, ""}, {6, "mia", revise, ""}, {6.5, "ben", revise, "Client"}}, 8, "Revise client=1 on-time"},
		{"of one author the newest counts", []said{{5, "ada", submitted, ""}, {6, "mia", accepts, ""}, {7, "mia", revise, ""}}, 8, "Revise rounds=1 on-time"},
		{"in one second the refusing one counts", []said{{5, "ada", submitted, ""}, {6, "mia", accepts, ""}, {6, "mia", revise, ""}}, 8, "Revise rounds=1 on-time"},
		{"in one second a part counts before the whole", []said{{5, "ada", submitted, ""}, {6, "mia", accepts, ""}, {6, "mia", part, "5"}}, 8, "PartlyAccepted on-time 5"},
		{"another's standing revision blocks an acceptance", []said{{5, "ada", submitted, ""}, {6, "ben", revise, ""}, {7, "mia", accepts, ""}}, 8, "Revise rounds=1 on-time"},
		{"until that author takes it back", []said{{5, "ada", submitted, ""}, {6, "ben", revise, ""}, {7, "mia", accepts, ""}, {8, "ben", accepts, ""}}, 9, "Accepted on-time 2000"},
		{"of two parts the smaller", []said{{5, "ada", submitted, ""}, {6, "ben", part, "900"}, {7, "mia", part, "800"}}, 8, "PartlyAccepted on-time 800"},
		{"a revision is disputed", []said{{5, "ada", submitted, ""}, {6, "mia", revise, ""}, {7, "ada", disputed, ""}}, 8, "Disputed on-time"},
		{"an acceptance is disputed: it is not accepted", []said{{5, "ada", submitted, ""}, {6, "mia", accepts, ""}, {7, "zoe", disputed, ""}}, 8, "Disputed on-time"},
		{"in one second the dispute has the last word", []said{{5, "ada", submitted, ""}, {6, "mia", accepts, ""}, {6, "zoe", disputed, ""}}, 8, "Disputed on-time"},
		{"a dispute is settled by a later acceptance, whoever asked for the revision", []said{{5, "ada", submitted, ""}, {6, "ben", revise, ""}, {7, "ada", disputed, ""}, {8, "mia", accepts, ""}}, 9, "Accepted on-time 2000"},
		{"a dispute is settled by insisting, in the same round", []said{{5, "ada", submitted, ""}, {6, "mia", revise, ""}, {7, "ada", disputed, ""}, {8, "mia", revise, ""}}, 9, "Revise rounds=1 on-time"},
		{"a worker who disputes and then revises has been through a round", []said{{5, "ada", submitted, ""}, {6, "mia", revise, ""}, {7, "ada", disputed, ""}, {8, "ada", submitted, ""}}, 9, "Submitted rounds=1 on-time"},
		{"disputed before it was submitted", []said{{5, "ada", disputed, ""}}, 6, "Disputed"},
		{"submitting ends the dispute", []said{{5, "ada", disputed, ""}, {6, "ada", submitted, ""}}, 7, "Submitted on-time"},
		{"the client changed what is wanted before anything was submitted: never late", []said{{8, "mia", revise, "Client"}, {12, "ada", submitted, ""}}, 13, "Submitted"},
		{"nor is it late while it is open", []said{{8, "mia", revise, "Client"}}, 13, "Open"},
		{"yet it can be on time", []said{{8, "mia", revise, "Client"}, {9, "ada", submitted, ""}}, 13, "Submitted on-time"},
		{"a revision for the worker's cause excuses nothing before a submission", []said{{8, "mia", revise, "Worker"}, {12, "ada", submitted, ""}}, 13, "Submitted late"},
		{"a client's revision afterwards does not undo a late submission", []said{{12, "ada", submitted, ""}, {13, "mia", revise, "Client"}}, 14, "Revise client=1 late"},
	} {
		t.Run(c.reason, func(t *testing.T) {
			got := Evaluate(Input{StatementOfWork: statement(), Records: records(c.said...), Now: day(c.now)})
			if s := summary(of(t, got, "logo")); s != c.want {
				t.Errorf("want %q, got %q", c.want, s)
			}
			if s := summary(of(t, got, "assets")); s != "Open" {
				t.Errorf("nothing was said of the other deliverable, yet it is %q", s)
			}
		})
	}
}

func TestTheEndLeavesWhatWasSubmittedAWhileToBeAccepted(t *testing.T) {
	// The work ends on day 12; what is undecided lapses on day 17.
	for _, c := range []struct {
		reason    string
		said      []said
		now       float64
		want      string
		undecided bool
	}{
		{"never submitted: lapsed at the end, and late, for it was due", nil, 12, "Lapsed late", false},
		{"submitted in the last second", []said{{12, "ada", submitted, ""}}, 12.5, "Submitted late", true},
		{"first submitted after the end", []said{{12.1, "ada", submitted, ""}}, 12.5, "Lapsed late", false},
		{"submitted in time", []said{{5, "ada", submitted, ""}}, 16.9, "Submitted on-time", true},
		{"undecided for too long", []said{{5, "ada", submitted, ""}}, 17, "Lapsed on-time", false},
		{"accepted after the end", []said{{5, "ada", submitted, ""}, {16, "mia", accepts, ""}}, 18, "Accepted on-time 2000", false},
		{"accepted too late", []said{{5, "ada", submitted, ""}, {17, "mia", accepts, ""}}, 18, "Lapsed on-time", false},
		{"a revision is open at the end", []said{{5, "ada", submitted, ""}, {11, "mia", revise, ""}}, 13, "Revise rounds=1 on-time", true},
		{"and lapses, keeping its round", []said{{5, "ada", submitted, ""}, {11, "mia", revise, ""}}, 17, "Lapsed rounds=1 on-time", false},
		{"revised after the end and accepted", []said{{5, "ada", submitted, ""}, {11, "mia", revise, ""}, {13, "ada", submitted, ""}, {14, "mia", accepts, ""}}, 18, "Accepted rounds=1 on-time 2000", false},
		{"what is accepted cannot be taken back after the end", []said{{5, "ada", submitted, ""}, {6, "mia", accepts, ""}, {13, "mia", revise, ""}}, 14, "Accepted on-time 2000", false},
		{"nor be made less", []said{{5, "ada", submitted, ""}, {6, "mia", accepts, ""}, {13, "mia", part, "1"}}, 14, "Accepted on-time 2000", false},
		{"nor be voided by submitting again", []said{{5, "ada", submitted, ""}, {6, "mia", accepts, ""}, {13, "eve", submitted, ""}}, 14, "Accepted on-time 2000", false},
		{"it can become more", []said{{5, "ada", submitted, ""}, {6, "mia", part, "800"}, {13, "mia", accepts, ""}}, 14, "Accepted on-time 2000", false},
		{"a disputed part waits", []said{{5, "ada", submitted, ""}, {6, "mia", part, "800"}, {13, "ada", disputed, ""}}, 14, "Disputed on-time", true},
		{"and costs nobody that part", []said{{5, "ada", submitted, ""}, {6, "mia", part, "800"}, {13, "ada", disputed, ""}}, 17, "PartlyAccepted on-time 800", false},
		{"not even by insisting on less", []said{{5, "ada", submitted, ""}, {6, "mia", part, "800"}, {13, "ada", disputed, ""}, {14, "mia", revise, ""}}, 17, "PartlyAccepted on-time 800", false},
		{"insisting on the same settles it", []said{{5, "ada", submitted, ""}, {6, "mia", part, "800"}, {13, "ada", disputed, ""}, {14, "mia", part, "800"}}, 15, "PartlyAccepted on-time 800", false},
		{"a disputed revision lapses", []said{{5, "ada", submitted, ""}, {11, "mia", revise, ""}, {11.5, "ada", disputed, ""}}, 17, "Lapsed on-time", false},
		{"a dispute about nothing submitted does not outlast the end", []said{{5, "ada", disputed, ""}}, 12, "Lapsed late", false},
	} {
		t.Run(c.reason, func(t *testing.T) {
			end := day(12)
			got := Evaluate(Input{StatementOfWork: statement(), Records: records(c.said...), EndedAt: &end, Now: day(c.now)})
			if s := summary(of(t, got, "logo")); s != c.want {
				t.Errorf("want %q, got %q", c.want, s)
			}
			if slices.Contains(got.Undecided, "logo") != c.undecided {
				t.Errorf("undecided: want %v, got %v", c.undecided, got.Undecided)
			}
			if got.LapseAt == nil || !got.LapseAt.Equal(day(17)) {
				t.Errorf("undecided work lapses on day 17, five days after the end, not %v", got.LapseAt)
			}
			if s := summary(of(t, got, "assets")); s != "Lapsed" {
				t.Errorf("a deliverable that was due after an early end lapses without being late, not %q", s)
			}
			if len(got.Overdue) > 0 {
				t.Errorf("after the end nobody can submit what is overdue: %v", got.Overdue)
			}
		})
	}
}

func TestAPlannedEndThatIsAlsoTheDueDateFindsWhatIsMissingLate(t *testing.T) {
	end := day(20)
	got := Evaluate(Input{StatementOfWork: statement(), EndedAt: &end, Now: end})
	if s := summary(of(t, got, "assets")); s != "Lapsed late" {
		t.Errorf("what was due at the end and never came is late, not %q", s)
	}
}

func TestInheritedAndHandedOverDeliverables(t *testing.T) {
	inherited := []v1alpha1.Deliverable{
		{Name: "icons", Due: metav1.NewTime(day(-5)), Amount: "300"},
		{Name: "logo", Due: metav1.NewTime(day(1)), Amount: "1"},
	}
	got := Evaluate(Input{StatementOfWork: statement(), Inherited: inherited, Now: day(5)})
	if len(got.Deliverables) != 3 || got.Deliverables[2].Name != "icons" {
		t.Fatalf("own deliverables come first, then inherited ones that are not defined anew: %v", got.Deliverables)
	}
	if len(got.Overdue) != 0 {
		t.Errorf("a date that had passed before the work began, or is defined anew, makes nothing overdue: %v", got.Overdue)
	}
	if got := Evaluate(Input{StatementOfWork: statement(), Inherited: inherited, Now: day(31)}); !slices.Contains(got.Overdue, "icons") {
		t.Errorf("it is due at the end instead: %v", got.Overdue)
	}

	both := append(records(said{5, "ada", submitted, ""}, said{6, "mia", accepts, ""}), v1alpha1.AttestationRecord{
		Claim: Claim("assets"), Verdict: submitted, Author: "ada", At: metav1.NewTime(day(7)),
	})
	got = Evaluate(Input{StatementOfWork: statement(), HandedOver: []string{"logo", "assets"}, Records: both, Now: day(8)})
	if s := summary(of(t, got, "logo")); s != "Accepted on-time 2000" {
		t.Errorf("what was accepted stays accepted, not %q", s)
	}
	if s := summary(of(t, got, "assets")); s != "HandedOver on-time" {
		t.Errorf("what was not accepted is handed over, not %q", s)
	}
	if !got.AllAccepted || len(got.Undecided)+len(got.Waiting)+len(got.Overdue) > 0 {
		t.Errorf("nothing is left to do for the predecessor: %+v", got)
	}
}

func TestAllIsAcceptedOnceAtLeastOneIsAndNoneIsLeft(t *testing.T) {
	logo := records(said{5, "ada", submitted, ""}, said{6, "mia", accepts, ""})
	one := func(s *v1alpha1.StatementOfWork) { s.Deliverables = s.Deliverables[:1] }
	none := func(s *v1alpha1.StatementOfWork) { s.Deliverables = nil }
	for _, c := range []struct {
		reason string
		in     Input
		want   bool
	}{
		{"there are no deliverables", Input{StatementOfWork: statement(none)}, false},
		{"one is accepted, one is open", Input{StatementOfWork: statement(), Records: logo}, false},
		{"the only one is accepted", Input{StatementOfWork: statement(one), Records: logo}, true},
		{"the only one is accepted in part", Input{StatementOfWork: statement(one), Records: records(said{5, "ada", submitted, ""}, said{6, "mia", part, "8"})}, true},
		{"all are handed over", Input{StatementOfWork: statement(one), HandedOver: []string{"logo"}}, false},
		{"the acceptance is disputed", Input{StatementOfWork: statement(one), Records: append(records(said{7, "ada", disputed, ""}), logo...)}, false},
		{"an inherited one is open", Input{StatementOfWork: statement(one), Records: logo, Inherited: []v1alpha1.Deliverable{{Name: "icons", Due: metav1.NewTime(day(9))}}}, false},
		{"there is no statement of work", Input{}, false},
	} {
		t.Run(c.reason, func(t *testing.T) {
			c.in.Now = day(8)
			if got := Evaluate(c.in); got.AllAccepted != c.want {
				t.Errorf("all accepted: want %v, got %+v", c.want, got)
			}
		})
	}
}

func TestEveryWaitSaysForWhomSinceWhenAndWhatToDo(t *testing.T) {
	for _, c := range []struct {
		reason     string
		said       []said
		ended      bool
		now        float64
		who        string
		since, due float64 // -1: no due date
		message    string
	}{
		{"the worker is to submit", nil, false, 5, "Worker", 0, 10, "is due 2026-12-11T08:00:00Z: state deliverable/logo Submitted"},
		{"the client changed what is wanted", []said{{4, "mia", revise, "Client"}}, false, 5, "Worker", 0, -1, "to be handed in"},
		{"the manager is to accept, from the latest submission on", []said{{4, "ada", submitted, ""}, {5, "ada", submitted, ""}}, false, 6, "Manager", 5, 35, "Accepted, PartlyAccepted or Revise; undecided at 2027-01-05T08:00:00Z it lapses"},
		{"the worker is to revise", []said{{4, "ada", submitted, ""}, {5, "mia", revise, ""}}, false, 6, "Worker", 5, 30, "to be revised"},
		{"more rounds than were agreed are put to the manager", []said{{2, "ada", submitted, ""}, {3, "mia", revise, ""}, {4, "ada", submitted, ""}, {5, "mia", revise, ""}}, false, 6, "Manager", 5, 35, "revision 2 of at most 1"},
		{"the client's rounds do not count towards them", []said{{2, "ada", submitted, ""}, {3, "mia", revise, "Client"}, {4, "ada", submitted, ""}, {5, "mia", revise, ""}}, false, 6, "Worker", 5, 30, "to be revised"},
		{"the manager is to settle a dispute", []said{{4, "ada", submitted, ""}, {5, "mia", revise, ""}, {6, "ada", disputed, ""}, {7, "ada", disputed, ""}}, false, 8, "Manager", 6, 35, "disputed: settle it"},
		{"a dispute before the submission", []said{{6, "ada", disputed, ""}}, false, 8, "Manager", 6, 35, "disputed before it was submitted"},
		{"after the end, until it lapses", []said{{4, "ada", submitted, ""}}, true, 13, "Manager", 4, 17, "undecided at 2026-12-18T08:00:00Z it lapses"},
		{"a revision after the end", []said{{4, "ada", submitted, ""}, {5, "mia", revise, ""}}, true, 13, "Worker", 5, 17, "Submitted again by 2026-12-18T08:00:00Z"},
	} {
		t.Run(c.reason, func(t *testing.T) {
			in := Input{StatementOfWork: statement(func(s *v1alpha1.StatementOfWork) { s.Deliverables = s.Deliverables[:1] }), Records: records(c.said...), Now: day(c.now)}
			if c.ended {
				in.EndedAt = ptr.To(day(12))
			}
			got := Evaluate(in).Waiting
			if len(got) != 1 {
				t.Fatalf("one deliverable waits once: %v", got)
			}
			w := got[0]
			if w.Deliverable != "logo" || w.Who != c.who || !w.Since.Equal(day(c.since)) {
				t.Errorf("want logo to wait for %s since %s, got %+v", c.who, day(c.since), w)
			}
			if (w.Due == nil) != (c.due < 0) || w.Due != nil && !w.Due.Equal(day(c.due)) {
				t.Errorf("want it due on day %v, got %v", c.due, w.Due)
			}
			if !strings.Contains(w.Message, c.message) {
				t.Errorf("the message must say %q: %q", c.message, w.Message)
			}
			for _, name := range []string{"ada", "mia"} {
				if strings.Contains(w.Message, name) {
					t.Errorf("the message names nobody: %q", w.Message)
				}
			}
		})
	}
}

func TestTheNextMomentIsWhenTimeAloneChangesTheAnswer(t *testing.T) {
	everything := append(records(said{5, "ada", submitted, ""}), v1alpha1.AttestationRecord{Claim: Claim("assets"), Verdict: submitted, At: metav1.NewTime(day(6))})
	for _, c := range []struct {
		reason string
		in     Input
		want   *time.Time
	}{
		{"the first due date and a tick", Input{Now: day(5)}, ptr.To(day(10).Add(time.Second))},
		{"in the second of that due date, still", Input{Now: day(10)}, ptr.To(day(10).Add(time.Second))},
		{"the next due date once that has passed", Input{Now: day(10).Add(time.Second)}, ptr.To(day(20).Add(time.Second))},
		{"a date that is met changes nothing", Input{Now: day(7), Records: records(said{5, "ada", submitted, ""})}, ptr.To(day(20).Add(time.Second))},
		{"a date that the client excused makes nothing late", Input{Now: day(7), Records: records(said{5, "mia", revise, "Client"})}, ptr.To(day(20).Add(time.Second))},
		{"everything is submitted", Input{Now: day(7), Records: everything}, nil},
		{"the end that is known", Input{Now: day(7), Records: everything, EndedAt: ptr.To(day(9))}, ptr.To(day(9))},
		{"the lapse", Input{Now: day(10), Records: everything, EndedAt: ptr.To(day(9))}, ptr.To(day(14))},
		{"nothing is left", Input{Now: day(14), Records: everything, EndedAt: ptr.To(day(9))}, nil},
	} {
		t.Run(c.reason, func(t *testing.T) {
			c.in.StatementOfWork = statement()
			if diff := cmp.Diff(c.want, Evaluate(c.in).Next); diff != "" {
				t.Errorf("the next moment (-want +got):\n%s", diff)
			}
		})
	}
}

func TestARecordThatCannotCountSaysWhyAndWhatToDo(t *testing.T) {
	unpriced := statement(func(s *v1alpha1.StatementOfWork) { s.Deliverables[0].Amount = "" })
	for _, c := range []struct {
		reason string
		sow    *v1alpha1.StatementOfWork
		record v1alpha1.AttestationRecord
		want   string // none: it counts
	}{
		{"a submission", statement(), v1alpha1.AttestationRecord{Claim: "deliverable/logo", Verdict: submitted}, ""},
		{"another area", statement(), v1alpha1.AttestationRecord{Claim: "onboarding/logo", Verdict: part}, ""},
		{"an unknown deliverable", statement(), v1alpha1.AttestationRecord{Claim: "deliverable/video", Verdict: submitted}, "has no deliverable video"},
		{"a part", statement(), v1alpha1.AttestationRecord{Claim: "deliverable/logo", Verdict: part, Amount: "1999.999"}, ""},
		{"a part above the whole", statement(), v1alpha1.AttestationRecord{Claim: "deliverable/logo", Verdict: part, Amount: "2001"}, "more than the 2000"},
		{"a part of nothing", statement(), v1alpha1.AttestationRecord{Claim: "deliverable/logo", Verdict: part, Amount: "0.000"}, "nothing of deliverable logo"},
		{"a part without an amount", statement(), v1alpha1.AttestationRecord{Claim: "deliverable/logo", Verdict: part}, "state it again"},
		{"a part of what has no price", unpriced, v1alpha1.AttestationRecord{Claim: "deliverable/logo", Verdict: part, Amount: "5"}, "has no amount of which a part"},
	} {
		t.Run(c.reason, func(t *testing.T) {
			got := Problem(c.sow, nil, &c.record)
			if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
				t.Errorf("want %q, got %q", c.want, got)
			}
		})
	}
	inherited := []v1alpha1.Deliverable{{Name: "icons"}}
	if got := Problem(statement(), inherited, &v1alpha1.AttestationRecord{Claim: "deliverable/icons", Verdict: submitted}); got != "" {
		t.Errorf("an inherited deliverable is one of the engagement's: %q", got)
	}
	ignored := records(said{5, "ada", submitted, ""})
	ignored[0].Ignored = "SelfDealing"
	if s := summary(of(t, Evaluate(Input{StatementOfWork: statement(), Records: ignored, Now: day(6)}), "logo")); s != "Open" {
		t.Errorf("an ignored record counts for nothing, not %q", s)
	}
}
