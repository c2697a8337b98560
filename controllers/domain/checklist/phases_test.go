package checklist

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

func TestWindDownStepsOpenAheadOfThePlannedEnd(t *testing.T) {
	exit := steps(step("handover", beforeEnd(5*day)), step("ip", after("handover"), beforeEnd(5*day)), step("interview", dueAfter(day)))
	end := start.Add(20 * day)
	claim := func(name string, at time.Time) v1alpha1.AttestationRecord {
		r := done(name, at)
		r.Claim = Offboarding.Claim(name)
		return r
	}
	days := func(n float64) float64 { return n * 24 }
	tests := []struct {
		name    string
		reason  string
		in      Input
		want    []string
		due     time.Time
		overdue []string
		next    time.Time
	}{
		{
			name: "long before", reason: "nothing opens yet, and the moment is known",
			in:   Input{Now: hours(days(1)), End: &end},
			want: []string{"handover Pending", "ip Pending", "interview Pending"}, next: hours(days(15)),
		},
		{
			name: "five days before", reason: "handover opens ahead and is due at the end; the interview is of offboarding",
			in:   Input{Now: hours(days(15)), End: &end},
			want: []string{"handover Open @360", "ip Pending", "interview Pending"}, due: end, next: end,
		},
		{
			name: "done ahead", reason: "what depends on it opens ahead as well",
			in:   Input{Now: hours(days(17)), End: &end, Records: []v1alpha1.AttestationRecord{claim("handover", hours(days(16)))}},
			want: []string{"handover Done @384", "ip Open @384", "interview Pending"}, next: end,
		},
		{
			name: "at the end", reason: "undone then, it is overdue; the phase has begun for the rest",
			in:   Input{Now: end, End: &end, Open: true, StartedAt: end},
			want: []string{"handover Open @360", "ip Pending @480", "interview Open @480"}, due: end, overdue: []string{"handover"}, next: end.Add(day),
		},
		{
			name: "an end that nobody planned", reason: "all opens with the phase",
			in:   Input{Now: hours(days(3)), Open: true, StartedAt: hours(days(3))},
			want: []string{"handover Open @72", "ip Pending @72", "interview Open @72"}, next: hours(days(4)),
		},
		{
			name: "an end that comes before its opening", reason: "the phase opens it if it begins first",
			in:   Input{Now: hours(days(3)), End: &end, Open: true, StartedAt: hours(days(3))},
			want: []string{"handover Open @72", "ip Pending @72", "interview Open @72"}, next: hours(days(4)),
		},
		{
			name: "work that is shorter than beforeEnd", reason: "nobody was waited for before they were engaged",
			in:   Input{Now: hours(days(18)), End: &end, Earliest: hours(days(17))},
			want: []string{"handover Open @408", "ip Pending", "interview Pending"}, due: end, next: end,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.in.Area, tt.in.Steps = Offboarding, exit
			r := Evaluate(tt.in)
			if diff := cmp.Diff(tt.want, lines(r)); diff != "" {
				t.Errorf("the steps differ from what is true, because %s (-want +got):\n%s", tt.reason, diff)
			}
			if got := r.Steps[0].Due; tt.due.IsZero() != (got == nil) || got != nil && !got.Time.Equal(tt.due) {
				t.Errorf("handover is due at %v; want %v", got, tt.due)
			}
			if diff := cmp.Diff(tt.overdue, r.Overdue); diff != "" {
				t.Errorf("what is overdue differs (-want +got):\n%s", diff)
			}
			if r.Next == nil || !r.Next.Equal(tt.next) {
				t.Errorf("time changes the answer next at %v; want %v", r.Next, tt.next)
			}
		})
	}
}

func TestTheBeginningOfThePhaseDoesNotMoveWhatOpenedAhead(t *testing.T) {
	end := start.Add(20 * day)
	in := Input{Area: Offboarding, FastTrack: true, End: &end, Now: hours(16 * 24),
		Steps: steps(step("inventory", beforeEnd(5*day)), step("handover", fast(), after("inventory"), beforeEnd(5*day)))}
	before := lines(Evaluate(in))[1]
	in.Open, in.StartedAt, in.Now = true, hours(19*24), hours(19*24)
	if after := lines(Evaluate(in))[1]; before != "handover Open @360" || after != before {
		t.Errorf("ahead of the phase it is %q, in it %q; it has been open since five days before the end", before, after)
	}
}

func TestACertificateCountsAheadOfTheEndFromWhenItsStepBegins(t *testing.T) {
	end := start.Add(20 * day)
	in := Input{Area: Offboarding, End: &end, Now: hours(1), Certificates: []v1alpha1.Certificate{{Name: "privacy", EarnedAt: *moment(hours(-100))}},
		Steps: steps(step("inventory", beforeEnd(day)), step("privacy", after("inventory"), beforeEnd(5*day), training(v1alpha1.Training{Certificate: "privacy"})))}
	if r := Evaluate(in); r.Next == nil || !r.Next.Equal(hours(15*24)) {
		t.Errorf("time changes the answer next at %v; want five days before the end, when the certificate is asked for", r.Next)
	}
	in.Now = hours(15 * 24)
	if got := lines(Evaluate(in))[1]; got != "privacy Done @360" {
		t.Errorf("got %q; want the training carried over by then, whatever it depends on", got)
	}
}

func TestOpenStepsAreOverdueFromTheirDueTime(t *testing.T) {
	procedure := steps(step("nda", dueAfter(day)), step("tour", dueAfter(2*day), optional()), step("chat", after("nda"), dueAfter(day)))
	at := func(now time.Time, records ...v1alpha1.AttestationRecord) Result {
		return Evaluate(onboarding(now, procedure, records...))
	}
	if r := at(hours(23)); len(r.Overdue) != 0 || !r.Next.Equal(hours(24)) {
		t.Errorf("an hour before it is due: overdue %v, next %v; want nothing, and a look at hour 24", r.Overdue, r.Next)
	}
	if r := at(hours(24)); !cmp.Equal(r.Overdue, []string{"nda"}) {
		t.Errorf("when due: overdue %v; want nda, and not chat, which is not open", r.Overdue)
	}
	if r := at(hours(60), done("nda", hours(59))); !cmp.Equal(r.Overdue, []string{"chat"}) {
		t.Errorf("overdue %v; want chat, which opened late, and not tour, which is optional", r.Overdue)
	}
	r := at(hours(60))
	if len(r.Waiting) != 2 || r.Waiting[0].Due == nil || !r.Waiting[0].Due.Equal(hours(24)) || r.Waiting[1].Required {
		t.Errorf("waiting is %+v; want nda with its due time, and tour as optional", r.Waiting)
	}
}

func TestASealedFileHasNothingOpen(t *testing.T) {
	in := onboarding(hours(9), steps(step("nda"), step("tour", after("nda")), step("chat"), step("gdpr", training(v1alpha1.Training{PassScore: 80})), step("desk")),
		done("chat", hours(1)), done("gdpr", hours(2), 10), waived("desk", hours(3)))
	in.Sealed, in.SealedAt = true, hours(8)
	r := Evaluate(in)
	if diff := cmp.Diff([]string{"nda NotDone @8", "tour NotDone @8", "chat Done @1", "gdpr Failed @2 attempts=1 score=10", "desk Waived @3"}, lines(r)); diff != "" {
		t.Errorf("what is undone is sealed as NotDone, the rest as it is (-want +got):\n%s", diff)
	}
	if len(r.Waiting)+len(r.Overdue) != 0 || r.Next != nil {
		t.Errorf("waiting %v, overdue %v, next %v; nobody is waited for any more", r.Waiting, r.Overdue, r.Next)
	}
	if r.Complete(in.Steps, Onboarding) {
		t.Error("a procedure with steps NotDone is not complete")
	}
	in.SealedAt = time.Time{}
	in.Previous = r.Steps
	in.Now = hours(50)
	if again := lines(Evaluate(in)); again[0] != "nda NotDone @8" {
		t.Errorf("looked at again: %q; want the moment that was stored", again[0])
	}
}

func TestAProcedureIsCompleteByWhatItsStepsBlock(t *testing.T) {
	procedure := steps(step("nda", blocking(v1alpha1.BlocksAccess)), step("tour"), step("survey", optional()), step("exit", blocking(v1alpha1.BlocksClosing)))
	tests := []struct {
		name   string
		area   Area
		done   []v1alpha1.AttestationRecord
		blocks []v1alpha1.StepBlocks
		want   bool
		ready  float64
	}{
		{name: "access waits for nda", area: Onboarding, blocks: []v1alpha1.StepBlocks{v1alpha1.BlocksAccess}},
		{name: "nda lets access pass", area: Onboarding, done: []v1alpha1.AttestationRecord{done("nda", hours(1))}, blocks: []v1alpha1.StepBlocks{v1alpha1.BlocksAccess}, want: true, ready: 1},
		{name: "a step of onboarding blocks the assignment unless it says otherwise", area: Onboarding, done: []v1alpha1.AttestationRecord{done("nda", hours(1))}, blocks: []v1alpha1.StepBlocks{v1alpha1.BlocksAccess, v1alpha1.BlocksAssignment}},
		{name: "ready when the last of them was done", area: Onboarding, done: []v1alpha1.AttestationRecord{done("nda", hours(5)), done("tour", hours(2))}, blocks: []v1alpha1.StepBlocks{v1alpha1.BlocksAccess, v1alpha1.BlocksAssignment}, want: true, ready: 5},
		{name: "without blocks every required step counts", area: Onboarding, done: []v1alpha1.AttestationRecord{done("nda", hours(1)), done("tour", hours(2))}},
		{name: "and no optional one", area: Onboarding, done: []v1alpha1.AttestationRecord{done("nda", hours(1)), done("tour", hours(2)), done("exit", hours(3))}, want: true, ready: 3},
		{name: "a step of offboarding blocks closing unless it says otherwise", area: Offboarding, done: []v1alpha1.AttestationRecord{done("exit", hours(3))}, blocks: []v1alpha1.StepBlocks{v1alpha1.BlocksClosing}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			// The claims are of onboarding; the area of the question is another matter.
			r := Evaluate(onboarding(hours(9), procedure, tt.done...))
			if got := r.Complete(procedure, tt.area, tt.blocks...); got != tt.want {
				t.Errorf("complete: %v, want %v", got, tt.want)
			}
			if at, _ := r.ReadyAt(procedure, tt.area, tt.blocks...); tt.want && !at.Equal(hours(tt.ready)) {
				t.Errorf("ready at %v, want hour %g", at, tt.ready)
			}
		})
	}
}

func TestWaitsSayForWhomAndWhatToDo(t *testing.T) {
	tests := []struct {
		name    string
		step    v1alpha1.ChecklistStep
		who     string
		message string
	}{
		{"an attestation is the manager's", step("accounts"), "Manager", "attest onboarding/accounts"},
		{"or its actor's", step("accounts", by("Buddy")), "Buddy", "attest onboarding/accounts"},
		{"training is the worker's", step("gdpr", training(v1alpha1.Training{URI: "https://academy.example/gdpr", PassScore: 80})), "Worker", "take the training https://academy.example/gdpr, then attest onboarding/gdpr with the score, at least 80"},
		{"a document is the worker's", step("nda", ofType(v1alpha1.StepDocument)), "Worker", "sign or read the document, then attest onboarding/nda"},
		{"a meeting names who takes part", step("sync", meetings(v1alpha1.Meeting{With: []string{"Manager", "Buddy"}, Every: length(day)})), "Manager", "hold the meeting with Manager, Buddy, then attest"},
		{"a first task", step("first", ofType(v1alpha1.StepAssignment)), "Manager", "first task"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := Evaluate(onboarding(hours(1), steps(tt.step)))
			if len(r.Waiting) != 1 || r.Waiting[0].Who != tt.who || !strings.Contains(r.Waiting[0].Message, tt.message) || !r.Waiting[0].Since.Equal(start) {
				t.Errorf("waiting is %+v; want %s since the start, told %q", r.Waiting, tt.who, tt.message)
			}
		})
	}
}

func TestMessagesFitTheStatus(t *testing.T) {
	long := step("nda", ofType(v1alpha1.StepDocument))
	long.Document = &v1alpha1.Document{URI: "https://files.example/" + strings.Repeat("ü", 1000)}
	message := Evaluate(onboarding(hours(1), steps(long))).Steps[0].Message
	if n := utf8.RuneCountInString(message); n > stepMessageLength || !utf8.ValidString(message) {
		t.Errorf("the message has %d characters; the status has room for %d", n, stepMessageLength)
	}
	if !strings.HasSuffix(message, "then attest onboarding/nda") {
		t.Errorf("the message is %q; however long the URI, it says what to do", message)
	}
}
