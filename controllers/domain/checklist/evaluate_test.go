package checklist

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

const day = 24 * time.Hour

// line is a step's status as a person would read it out: name, state, since when in hours from the start, what decided it, attempts and score.
func line(s *v1alpha1.StepStatus) string {
	text := s.Name + " " + string(s.State)
	if s.Since != nil {
		text += fmt.Sprintf(" @%g", s.Since.Sub(start).Hours())
	}
	if s.Attempts > 0 {
		text += fmt.Sprintf(" attempts=%d", s.Attempts)
	}
	if s.Score != nil {
		text += fmt.Sprintf(" score=%d", *s.Score)
	}
	return text
}

func lines(r Result) []string {
	var all []string
	for i := range r.Steps {
		all = append(all, line(&r.Steps[i]))
	}
	return all
}

func TestStepsOpenByEachOtherAndByTime(t *testing.T) {
	gate := steps(step("nda"), step("tour", after("nda")), step("review", after("tour"), notBefore(72*time.Hour)))
	tests := []struct {
		name    string
		reason  string
		in      Input
		want    []string
		waiting []string
		next    float64
	}{
		{
			name:   "the first is open, the others are not",
			reason: "a step opens when what it depends on is settled",
			in:     onboarding(hours(1), gate),
			want:   []string{"nda Open @0", "tour Pending @0", "review Pending @0"}, waiting: []string{"nda"},
		},
		{
			name:   "done opens the next",
			reason: "the next has been open since the statement, not since somebody looked",
			in:     onboarding(hours(9), gate, done("nda", hours(2))),
			want:   []string{"nda Done @2", "tour Open @2", "review Pending @0"}, waiting: []string{"tour"},
		},
		{
			name:   "time opens the last",
			reason: "72 hours count from the phase's start, and the reconciler is told when",
			in:     onboarding(hours(9), gate, done("nda", hours(2)), done("tour", hours(3))),
			want:   []string{"nda Done @2", "tour Done @3", "review Pending @0"}, next: 72,
		},
		{
			name:   "to the moment",
			reason: "a step is open at its notBefore, not after it",
			in:     onboarding(hours(72), gate, done("nda", hours(2)), done("tour", hours(3))),
			want:   []string{"nda Done @2", "tour Done @3", "review Open @72"}, waiting: []string{"review"},
		},
		{
			name:   "a statement ahead of the opening is kept",
			reason: "it counts once the step opens, and is not lost before",
			in:     onboarding(hours(1), gate, done("tour", hours(0.5))),
			want:   []string{"nda Open @0", "tour Pending @0", "review Pending @0"}, waiting: []string{"nda"},
		},
		{
			name:   "and counts from the opening",
			reason: "tour was over when nda was done",
			in:     onboarding(hours(5), gate, done("tour", hours(0.5)), done("nda", hours(2))),
			want:   []string{"nda Done @2", "tour Done @2", "review Pending @0"}, next: 72,
		},
		{
			name:   "a waiver opens what depends on its step",
			reason: "that is what it is for; and it lets nothing else pass",
			in:     onboarding(hours(5), gate, waived("nda", hours(4))),
			want:   []string{"nda Waived @4", "tour Open @4", "review Pending @0"}, waiting: []string{"tour"},
		},
		{
			name:   "a waiver need not wait for the opening",
			reason: "nothing is left to be done about a waived step",
			in:     onboarding(hours(5), gate, waived("tour", hours(4))),
			want:   []string{"nda Open @0", "tour Waived @4", "review Pending @0"}, waiting: []string{"nda"}, next: 72,
		},
		{
			name:   "a waiver after it was done",
			reason: "what was done stays done, from when it was",
			in:     onboarding(hours(5), steps(step("nda")), done("nda", hours(2)), waived("nda", hours(4))),
			want:   []string{"nda Done @2"},
		},
		{
			name:   "done after a waiver",
			reason: "what depends on the step opened with the waiver and must not move",
			in:     onboarding(hours(5), steps(step("nda")), done("nda", hours(4)), waived("nda", hours(2))),
			want:   []string{"nda Waived @2"},
		},
		{
			name:   "a step that failed later closes what it opened",
			reason: "the state follows from the facts alone, and a Failed that is the newest stands",
			in:     onboarding(hours(9), gate, done("nda", hours(2)), done("tour", hours(3)), failing("nda", hours(4))),
			want:   []string{"nda Failed @4", "tour Pending @0", "review Pending @0"},
		},
		{
			name:   "an unknown dependency",
			reason: "the checklist is not Ready, and until it is nobody passes",
			in:     onboarding(hours(9), steps(step("a", after("nobody"))), done("a", hours(1))),
			want:   []string{"a Pending @0"},
		},
		{
			name:   "a cycle",
			reason: "it waits, and does not hang",
			in:     onboarding(hours(9), steps(step("a", after("b")), step("b", after("a")))),
			want:   []string{"a Pending @0", "b Pending @0"},
		},
		{
			name:   "a waiver in a cycle",
			reason: "a person can get an engagement out of a broken checklist",
			in:     onboarding(hours(9), steps(step("a", after("b")), step("b", after("a"))), waived("b", hours(3))),
			want:   []string{"a Open @3", "b Waived @3"}, waiting: []string{"a"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := Evaluate(tt.in)
			if diff := cmp.Diff(tt.want, lines(r)); diff != "" {
				t.Errorf("the steps differ from what is true, because %s (-want +got):\n%s", tt.reason, diff)
			}
			var waiting []string
			for _, w := range r.Waiting {
				waiting = append(waiting, w.Step)
			}
			if diff := cmp.Diff(tt.waiting, waiting); diff != "" {
				t.Errorf("who is waited for differs (-want +got):\n%s", diff)
			}
			if got := r.Next; tt.next == 0 && got != nil || tt.next != 0 && (got == nil || !got.Equal(hours(tt.next))) {
				t.Errorf("time changes the answer next at %v; want hour %g", got, tt.next)
			}
		})
	}
}

func TestTheNewestStatementDecides(t *testing.T) {
	plain := steps(step("nda"))
	tests := []struct {
		name    string
		reason  string
		records []v1alpha1.AttestationRecord
		want    string
	}{
		{"two by one author", "they changed their mind", []v1alpha1.AttestationRecord{failing("nda", hours(1)), says("ben", "nda", v1alpha1.VerdictDone, hours(2))}, "nda Done @2"},
		{"a newer Failed by another", "it stands until a newer Done", []v1alpha1.AttestationRecord{done("nda", hours(1)), failing("nda", hours(2))}, "nda Failed @2"},
		{"an older Failed by another", "a Done that is newer was said knowing of it", []v1alpha1.AttestationRecord{failing("nda", hours(1)), done("nda", hours(2))}, "nda Done @2"},
		{"the same second", "the one that refuses wins", []v1alpha1.AttestationRecord{failing("nda", hours(1)), done("nda", hours(1))}, "nda Failed @1"},
		{"Done again", "it has been done since it first was", []v1alpha1.AttestationRecord{done("nda", hours(1)), says("ben", "nda", v1alpha1.VerdictDone, hours(2))}, "nda Done @1"},
		{"another step's, another area's, another verdict", "a statement counts for its claim only", []v1alpha1.AttestationRecord{
			done("chat", hours(1)),
			{Claim: "offboarding/nda", Verdict: v1alpha1.VerdictDone}, {Claim: "onboarding/nda", Verdict: v1alpha1.VerdictAccepted},
			{Claim: "waiver/offboarding.nda", Verdict: v1alpha1.VerdictWaived}, {Claim: "waiver/onboarding.nda", Verdict: v1alpha1.VerdictDone},
		}, "nda Open @0"},
		{"one that is ignored", "it is kept and does not count", []v1alpha1.AttestationRecord{{Claim: "onboarding/nda", Verdict: v1alpha1.VerdictDone, Ignored: "SelfDealing"}}, "nda Open @0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := lines(Evaluate(onboarding(hours(9), plain, tt.records...)))[0]; got != tt.want {
				t.Errorf("got %q, want %q, because %s", got, tt.want, tt.reason)
			}
		})
	}
}

func TestTrainingIsPassedByAScore(t *testing.T) {
	gdpr := v1alpha1.Training{Certificate: "gdpr", PassScore: 80, MaxAttempts: 2, ValidFor: "P1Y"}
	tests := []struct {
		name     string
		reason   string
		training v1alpha1.Training
		records  []v1alpha1.AttestationRecord
		want     string
		message  string
		retry    bool
		forGood  bool
		earned   bool
	}{
		{name: "enough", reason: "80 of 80 passes", training: gdpr, records: []v1alpha1.AttestationRecord{done("gdpr", hours(1), 80)}, want: "gdpr Done @1 attempts=1 score=80", earned: true},
		{name: "too little", reason: "Done below the bar is a failed attempt", training: gdpr, records: []v1alpha1.AttestationRecord{done("gdpr", hours(1), 79)},
			want: "gdpr Failed @1 attempts=1 score=79", message: "failed with 79 of at least 80 on attempt 1 of 2: try again", retry: true},
		{name: "the second attempt", reason: "failed training may be tried again", training: gdpr, records: []v1alpha1.AttestationRecord{done("gdpr", hours(1), 60), done("gdpr", hours(2), 92)},
			want: "gdpr Done @2 attempts=2 score=92", earned: true},
		{name: "no attempt left", reason: "two were allowed", training: gdpr, records: []v1alpha1.AttestationRecord{done("gdpr", hours(1), 60), failing("gdpr", hours(2), 70)},
			want: "gdpr Failed @1 attempts=2 score=70", message: "only a waiver by waiver/onboarding.gdpr", forGood: true},
		{name: "a third of two", reason: "an attempt beyond the last counts for nothing", training: gdpr, records: []v1alpha1.AttestationRecord{done("gdpr", hours(1), 60), done("gdpr", hours(2), 70), done("gdpr", hours(3), 99)},
			want: "gdpr Failed @1 attempts=2 score=70", forGood: true},
		{name: "unlimited attempts", reason: "without maxAttempts one may always try again", training: v1alpha1.Training{PassScore: 80},
			records: []v1alpha1.AttestationRecord{done("gdpr", hours(1), 60), done("gdpr", hours(2), 61), done("gdpr", hours(3), 62)}, want: "gdpr Failed @1 attempts=3 score=62", retry: true},
		{name: "no score", reason: "nobody knows whether it was enough", training: gdpr, records: []v1alpha1.AttestationRecord{done("gdpr", hours(1))},
			want: "gdpr Open @0", message: "without a score: attest onboarding/gdpr with the score, at least 80"},
		{name: "no score after a failure", reason: "it neither passes nor uses up an attempt", training: gdpr, records: []v1alpha1.AttestationRecord{done("gdpr", hours(1), 60), done("gdpr", hours(2))},
			want: "gdpr Failed @1 attempts=1 score=60", message: "since without a score", retry: true},
		{name: "no bar", reason: "without passScore Done passes", training: v1alpha1.Training{}, records: []v1alpha1.AttestationRecord{done("gdpr", hours(1))}, want: "gdpr Done @1 attempts=1"},
		{name: "a newer failure", reason: "of training too, the newest decides", training: gdpr, records: []v1alpha1.AttestationRecord{done("gdpr", hours(1), 90), failing("gdpr", hours(2), 50)},
			want: "gdpr Failed @2 attempts=2 score=50", forGood: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := Evaluate(onboarding(hours(9), steps(step("gdpr", training(tt.training))), tt.records...))
			if got := lines(r)[0]; got != tt.want {
				t.Errorf("got %q, want %q, because %s", got, tt.want, tt.reason)
			}
			if !strings.Contains(r.Steps[0].Message, tt.message) {
				t.Errorf("the message is %q and should say %q", r.Steps[0].Message, tt.message)
			}
			if failed := strings.Contains(tt.want, "Failed"); failed && len(r.Waiting) > 0 != tt.retry {
				t.Errorf("waiting for another attempt: %v; want %v", len(r.Waiting) > 0, tt.retry)
			}
			if len(r.FailedForGood) > 0 != tt.forGood {
				t.Errorf("failed for good: %v; want %v", r.FailedForGood, tt.forGood)
			}
			if len(r.EarnedCertificates) > 0 != tt.earned {
				t.Errorf("earned %v; want a certificate: %v", r.EarnedCertificates, tt.earned)
			}
		})
	}
}

func TestPassingTrainingEarnsACertificateThatExpires(t *testing.T) {
	r := Evaluate(onboarding(hours(9), steps(step("gdpr", training(v1alpha1.Training{Certificate: "gdpr-basic", PassScore: 80, ValidFor: "P1Y"}))), done("gdpr", hours(1), 92)))
	score := int32(92)
	want := []v1alpha1.Certificate{{Name: "gdpr-basic", EarnedAt: *moment(hours(1)), ExpiresAt: moment(time.Date(2027, 12, 1, 9, 0, 0, 0, time.UTC)), Score: &score}}
	if diff := cmp.Diff(want, r.EarnedCertificates); diff != "" {
		t.Errorf("the certificate is of the day it was earned and a year (-want +got):\n%s", diff)
	}
}

func TestACertificateCarriesOver(t *testing.T) {
	course := steps(step("nda"), step("gdpr", after("nda"), training(v1alpha1.Training{Certificate: "gdpr", PassScore: 80})), step("tour", after("gdpr")))
	held := func(earnedAt, expires float64) v1alpha1.Certificate {
		c := v1alpha1.Certificate{Name: "gdpr", EarnedAt: *moment(hours(earnedAt))}
		if expires != 0 {
			c.ExpiresAt = moment(hours(expires))
		}
		return c
	}
	tests := []struct {
		name    string
		reason  string
		held    []v1alpha1.Certificate
		records []v1alpha1.AttestationRecord
		want    string
		message string
		next    float64
	}{
		{name: "a valid one", reason: "nothing has to be done again, so it waits for no other step either", held: []v1alpha1.Certificate{held(-100, 500)}, want: "gdpr Done @0", message: "carried over", next: 500},
		{name: "one for good", reason: "without an end it never changes", held: []v1alpha1.Certificate{held(-100, 0)}, want: "gdpr Done @0", message: "carried over"},
		{name: "the longest of two", reason: "the step stays done while any is valid", held: []v1alpha1.Certificate{held(-100, 50), held(-200, 70)}, want: "gdpr Done @0", next: 70},
		{name: "one that expired", reason: "the training has lapsed", held: []v1alpha1.Certificate{held(-100, -1)}, want: "gdpr Pending @0"},
		{name: "one that expired meanwhile", reason: "done by it no longer, the step waits for its turn", held: []v1alpha1.Certificate{held(-100, 5)}, want: "gdpr Pending @0"},
		{name: "another training's", reason: "certificates carry over by name", held: []v1alpha1.Certificate{{Name: "ccpa", EarnedAt: *moment(hours(-1))}}, want: "gdpr Pending @0"},
		{name: "a failure since", reason: "the newer fact counts", held: []v1alpha1.Certificate{held(-100, 500)}, records: []v1alpha1.AttestationRecord{done("nda", hours(1)), done("gdpr", hours(2), 10)}, want: "gdpr Failed @2 attempts=1 score=10"},
		{name: "earned elsewhere after a failure", reason: "the newer fact counts", held: []v1alpha1.Certificate{held(3, 500)}, records: []v1alpha1.AttestationRecord{done("nda", hours(1)), done("gdpr", hours(2), 10)}, want: "gdpr Done @3 attempts=1", message: "carried over", next: 500},
		{name: "the one that was earned here", reason: "it comes back from the worker's status and must change nothing", held: []v1alpha1.Certificate{held(0.5, 500)}, records: []v1alpha1.AttestationRecord{done("nda", hours(1)), done("gdpr", hours(0.5), 90)}, want: "gdpr Done @1 attempts=1 score=90"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := onboarding(hours(9), course, tt.records...)
			in.Certificates = tt.held
			r := Evaluate(in)
			if got := lines(r)[1]; got != tt.want {
				t.Errorf("got %q, want %q, because %s", got, tt.want, tt.reason)
			}
			if tt.message != "" && r.Steps[1].Message != tt.message {
				t.Errorf("the message is %q, want %q", r.Steps[1].Message, tt.message)
			}
			if got := r.Next; tt.next == 0 && got != nil || tt.next != 0 && (got == nil || !got.Equal(hours(tt.next))) {
				t.Errorf("time changes the answer next at %v; want hour %g", got, tt.next)
			}
		})
	}
}

func TestAnOpenStepThatACertificateCoveredIsOpenSinceThatExpired(t *testing.T) {
	in := onboarding(hours(9), steps(step("gdpr", training(v1alpha1.Training{Certificate: "gdpr"}))))
	in.Certificates = []v1alpha1.Certificate{{Name: "gdpr", EarnedAt: *moment(hours(-100)), ExpiresAt: moment(hours(5))}}
	if got := lines(Evaluate(in))[0]; got != "gdpr Open @5" {
		t.Errorf("got %q, want the step open since the certificate expired", got)
	}
}

func TestTheFastTrackKeepsOnlyWhatIsMarkedForIt(t *testing.T) {
	in := onboarding(hours(1), steps(step("tour"), step("nda", fast(), after("tour")), step("sync", after("nda"))))
	in.FastTrack = true
	r := Evaluate(in)
	if diff := cmp.Diff([]string{"tour Dropped @0", "nda Open @0", "sync Dropped @0"}, lines(r)); diff != "" {
		t.Errorf("dropped steps count as done for those that depend on them (-want +got):\n%s", diff)
	}
	if r.Done != 2 || r.Total != 3 {
		t.Errorf("%d of %d are done; dropped ones count: want 2 of 3", r.Done, r.Total)
	}
}

func TestAccessStepsFollowTheGrant(t *testing.T) {
	tests := []struct {
		state v1alpha1.GrantState
		want  string
	}{
		{"", "tools Open @0"}, {v1alpha1.GrantPending, "tools Open @0"}, {v1alpha1.GrantGranted, "tools Open @0"},
		{v1alpha1.GrantVerified, "tools Done @4"}, {v1alpha1.GrantPreexisting, "tools Done @4"}, {v1alpha1.GrantRevoking, "tools Done @4"},
	}
	for _, tt := range tests {
		in := onboarding(hours(9), steps(step("tools", accessTo("design-tools"))), done("tools", hours(1)))
		in.Access = map[string]v1alpha1.GrantState{"design-tools": tt.state}
		in.AccessSince = map[string]time.Time{"design-tools": hours(4)}
		r := Evaluate(in)
		if got := lines(r)[0]; got != tt.want {
			t.Errorf("with the grant %q: got %q, want %q; nobody can attest it", tt.state, got, tt.want)
		}
		if len(r.Waiting) == 1 && r.Waiting[0].Who != v1alpha1.ActorOperator {
			t.Errorf("access is waited for from %s; the operator gives it", r.Waiting[0].Who)
		}
	}
	r := Evaluate(onboarding(hours(9), steps(step("tools", accessTo("design-tools")))))
	if got := lines(r)[0]; got != "tools Dropped @0" || r.Steps[0].Message != "not in spec.access" {
		t.Errorf("got %q (%s); an access step adds no profile that the engagement does not list", got, r.Steps[0].Message)
	}
}

func TestUndatedStatesAreDatedByWhatWasStored(t *testing.T) {
	in := onboarding(hours(9), steps(step("tools", accessTo("p")), step("skills", checking("worker.ok"))))
	in.Access = map[string]v1alpha1.GrantState{"p": v1alpha1.GrantVerified}
	in.Worker = map[string]any{"ok": true}
	stored := func(state v1alpha1.StepState, at float64) []v1alpha1.StepStatus {
		return []v1alpha1.StepStatus{{Name: "tools", State: state, Since: moment(hours(at))}, {Name: "skills", State: state, Since: moment(hours(at))}}
	}
	tests := []struct {
		reason   string
		previous []v1alpha1.StepStatus
		want     []string
	}{
		{"at first sight a check counts from its opening; when access was verified is not known before now", nil, []string{"tools Done @9", "skills Done @0"}},
		{"they were open until now", stored(v1alpha1.StepOpen, 0), []string{"tools Done @9", "skills Done @9"}},
		{"they were done already", stored(v1alpha1.StepDone, 6), []string{"tools Done @6", "skills Done @6"}},
	}
	for _, tt := range tests {
		in.Previous = tt.previous
		if diff := cmp.Diff(tt.want, lines(Evaluate(in))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.reason, diff)
		}
	}
}

func TestChecksWaitForWhoCanChangeThem(t *testing.T) {
	tests := []struct {
		name    string
		step    v1alpha1.ChecklistStep
		who     string
		message string
	}{
		{"it does not hold", step("skills", checking("worker.level > 3")), v1alpha1.ActorOperator, "does not hold yet"},
		{"it cannot be evaluated", step("skills", checking("worker.rating > 3")), RoleManager, "no such key: rating"},
		{"it cannot be evaluated, and has an actor", step("skills", by("Buddy"), checking("worker.rating > 3")), "Buddy", "no such key: rating"},
		{"it does not compile", step("skills", checking("worker.(")), RoleManager, "cannot be evaluated"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := onboarding(hours(9), steps(tt.step))
			in.Worker = map[string]any{"level": int64(2)}
			r := Evaluate(in)
			if len(r.Waiting) != 1 || r.Waiting[0].Who != tt.who || !strings.Contains(r.Waiting[0].Message, tt.message) {
				t.Errorf("waiting is %+v; want %s told %q", r.Waiting, tt.who, tt.message)
			}
		})
	}
}

func TestInterviewsAreJudgedByTheirScorecard(t *testing.T) {
	seventy := int32(70)
	tests := []struct {
		name      string
		threshold *int32
		score     []int32
		want      string
	}{
		{"above the step's threshold", &seventy, []int32{70}, "talk Done @1 score=70"},
		{"below it", &seventy, []int32{69}, "talk Failed @1 score=69"},
		{"above the scorecard's pass mark", nil, []int32{60}, "talk Done @1 score=60"},
		{"below the scorecard's pass mark", nil, []int32{59}, "talk Failed @1 score=59"},
		{"without a score", &seventy, nil, "talk Open @0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := onboarding(hours(9), steps(step("talk", ofType(v1alpha1.StepInterview), judgedBy("creative", tt.threshold))), done("talk", hours(1), tt.score...))
			in.PassMarks = map[string]int32{"creative": 60}
			if got := lines(Evaluate(in))[0]; got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
