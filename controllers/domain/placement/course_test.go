package placement

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// said is a verdict in a second after monday.
type said struct {
	second  int
	verdict v1alpha1.Verdict
	cause   v1alpha1.ReviseCause
}

func records(all []said) []v1alpha1.AttestationRecord {
	var rs []v1alpha1.AttestationRecord
	for i, s := range all {
		rs = append(rs, v1alpha1.AttestationRecord{UID: types.UID(rune('a' + i)), Verdict: s.verdict, Cause: s.cause, At: metav1.NewTime(monday.Add(time.Duration(s.second) * time.Second))})
	}
	return rs
}

func TestTheCourseOfAnAssignmentFollowsFromWhatWasStated(t *testing.T) {
	const (
		started, submitted, accepted = v1alpha1.VerdictStarted, v1alpha1.VerdictSubmitted, v1alpha1.VerdictAccepted
		revise, disputed, declined   = v1alpha1.VerdictRevise, v1alpha1.VerdictDisputed, v1alpha1.VerdictDeclined
	)
	for _, c := range []struct {
		name   string
		said   []said
		state  v1alpha1.AssignmentState
		rounds int32
	}{
		{"nothing was said", nil, v1alpha1.AssignmentAssigned, 0},
		{"begun", []said{{1, started, ""}}, v1alpha1.AssignmentStarted, 0},
		{"begun after it was submitted says nothing", []said{{1, submitted, ""}, {2, started, ""}}, v1alpha1.AssignmentSubmitted, 0},
		{"submitted without having been begun", []said{{1, submitted, ""}}, v1alpha1.AssignmentSubmitted, 0},
		{"accepted in the second of the submission", []said{{1, accepted, ""}, {1, submitted, ""}}, v1alpha1.AssignmentAccepted, 0},
		{"accepted before it was submitted", []said{{1, accepted, ""}, {2, submitted, ""}}, v1alpha1.AssignmentSubmitted, 0},
		{"sent back", []said{{1, submitted, ""}, {2, revise, ""}}, v1alpha1.AssignmentRevise, 1},
		{"sent back by two", []said{{1, submitted, ""}, {2, revise, ""}, {3, revise, ""}}, v1alpha1.AssignmentRevise, 1},
		{"sent back, by two, once for the client", []said{{1, submitted, ""}, {2, revise, ""}, {3, revise, v1alpha1.CauseClient}}, v1alpha1.AssignmentRevise, 0},
		{"sent back for the client", []said{{1, submitted, ""}, {2, revise, v1alpha1.CauseClient}, {3, submitted, ""}}, v1alpha1.AssignmentSubmitted, 0},
		{"two rounds", []said{{1, submitted, ""}, {2, revise, ""}, {3, submitted, ""}, {4, revise, ""}, {5, submitted, ""}, {6, accepted, ""}}, v1alpha1.AssignmentAccepted, 2},
		{"accepted as it is after all: no round", []said{{1, submitted, ""}, {2, revise, ""}, {3, accepted, ""}}, v1alpha1.AssignmentAccepted, 0},
		{"accepted and sent back in one second", []said{{1, submitted, ""}, {2, accepted, ""}, {2, revise, ""}}, v1alpha1.AssignmentRevise, 1},
		{"sent back after it was accepted says nothing", []said{{1, submitted, ""}, {2, accepted, ""}, {3, revise, ""}}, v1alpha1.AssignmentAccepted, 0},
		{"submitted after it was accepted says nothing", []said{{1, submitted, ""}, {2, accepted, ""}, {3, submitted, ""}}, v1alpha1.AssignmentAccepted, 0},
		{"a disputed revision is no round yet", []said{{1, submitted, ""}, {2, revise, ""}, {3, disputed, ""}}, v1alpha1.AssignmentSubmitted, 0},
		{"insisted on after a dispute", []said{{1, submitted, ""}, {2, revise, ""}, {3, disputed, ""}, {4, revise, ""}}, v1alpha1.AssignmentRevise, 1},
		{"disputed without a revision", []said{{1, submitted, ""}, {2, disputed, ""}}, v1alpha1.AssignmentSubmitted, 0},
		{"given back by whoever had it before", []said{{1, declined, ""}}, v1alpha1.AssignmentAssigned, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			all := records(c.said)
			want := Follow(all)
			if want.State != c.state || want.Rounds != c.rounds {
				t.Errorf("expected %s with %d rounds, got %s with %d", c.state, c.rounds, want.State, want.Rounds)
			}
			shuffle(rand.New(rand.NewPCG(1, 1)), all)
			if diff := cmp.Diff(want, Follow(all), cmp.AllowUnexported(Course{})); diff != "" {
				t.Errorf("expected the order in which statements are read not to matter (- first, + shuffled):\n%s", diff)
			}
		})
	}
}

func TestFactsAreThoseOfAMoment(t *testing.T) {
	submittedAt := func(days int, more ...said) func(*pending) {
		return func(a *pending) {
			a.Status.Attestations = records(append([]said{{days * 86400, v1alpha1.VerdictSubmitted, ""}}, more...))
		}
	}
	points := func(a *pending) { a.Spec.Load = &v1alpha1.Load{Points: 3} }
	for _, c := range []struct {
		name string
		a    *pending
		days int
		want Facts
	}{
		{"not due yet", anAssignment("x", due(2, 8)), 1, Facts{}},
		{"late", anAssignment("x", due(2, 8)), 3, Facts{Due: 1}},
		{"in time", anAssignment("x", due(2, 8), submittedAt(1)), 1, Facts{OnTime: 1, Due: 1, Submitted: 1}},
		{"submitted later than this moment", anAssignment("x", due(2, 8), submittedAt(3)), 1, Facts{}},
		{"submitted too late", anAssignment("x", due(2, 8), submittedAt(3)), 4, Facts{Due: 1, Submitted: 1}},
		{"given after it was due: nobody's fault", anAssignment("x", due(-1, 8), submittedAt(1)), 1, Facts{Submitted: 1}},
		{"without a due time", anAssignment("x", submittedAt(1)), 1, Facts{Submitted: 1}},
		{"a shift is due when its window ends", aShift("x", "", 1, 8, 8), 2, Facts{Due: 1}},
		{"accepted", anAssignment("x", points, submittedAt(1, said{86400 + 60, v1alpha1.VerdictAccepted, ""})), 2, Facts{Submitted: 1, Points: 3}},
		{"accepted later", anAssignment("x", points, submittedAt(1, said{86400 + 60, v1alpha1.VerdictAccepted, ""})), 1, Facts{Submitted: 1}},
		{"sent back", anAssignment("x", submittedAt(1, said{86400 + 60, v1alpha1.VerdictRevise, ""})), 2, Facts{Submitted: 1, Rounds: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := had(c.a, engaged("ada")).Assignment
			a.Status.Attestations = append(a.Status.Attestations, v1alpha1.AttestationRecord{Verdict: v1alpha1.VerdictSubmitted, Ignored: "GivenBack", At: metav1.NewTime(monday)})
			if diff := cmp.Diff(c.want, FactsAt([]v1alpha1.Assignment{*a}, monday.AddDate(0, 0, c.days))); diff != "" {
				t.Errorf("after %d days (- want, + got):\n%s", c.days, diff)
			}
		})
	}
}

func TestWhoGivesOverdueWorkBackIsNotCountedAsLate(t *testing.T) {
	a := had(anAssignment("x", due(2, 8)), engaged("ada")).Assignment
	moment := monday.AddDate(0, 0, 3)
	if got := FactsAt([]v1alpha1.Assignment{*a}, moment); got.Due != 1 {
		t.Fatalf("expected the work to be late while ada has it, got %+v", got)
	}
	// As the statement leaves it: only what an engagement has is summed up, and the guide says so.
	a.Status = v1alpha1.AssignmentStatus{State: v1alpha1.AssignmentPending, Declined: []string{"ada"}, Attestations: records([]said{{3 * 86400, v1alpha1.VerdictDeclined, ""}})}
	if diff := cmp.Diff(Facts{}, FactsAt([]v1alpha1.Assignment{*a}, moment)); diff != "" {
		t.Errorf("expected work that nobody has to count for nobody (- want, + got):\n%s", diff)
	}
}
