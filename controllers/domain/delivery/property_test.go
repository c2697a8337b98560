package delivery

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/terms"
)

// decode makes an Input of any bytes: four to a statement, so that authors, seconds and verdicts often coincide.
func decode(data []byte, endsAt, now int16) Input {
	var (
		authors  = []string{"ada", "mia", "ben"}
		verdicts = []v1alpha1.Verdict{submitted, submitted, revise, accepts, part, disputed, v1alpha1.VerdictDone}
		amounts  = []string{"1", "800", "2000", "2001", "0", "-1", ""}
		causes   = []v1alpha1.ReviseCause{"", v1alpha1.CauseClient, v1alpha1.CauseWorker}
		claims   = []string{Claim("logo"), Claim("logo"), Claim("logo"), Claim("assets"), Claim("icons"), Claim("none"), "onboarding/nda"}
	)
	in := Input{
		StatementOfWork: statement(),
		Inherited:       []v1alpha1.Deliverable{{Name: "icons", Due: metav1.NewTime(day(4)), Amount: "300"}},
		Now:             start.Add(time.Duration(now) * time.Hour),
	}
	if endsAt > 0 {
		end := start.Add(time.Duration(endsAt) * time.Hour)
		in.EndedAt = &end
	}
	if endsAt%2 == 1 {
		in.HandedOver = []string{"assets"}
	}
	for ; len(data) >= 4 && len(in.Records) < 64; data = data[4:] {
		in.Records = append(in.Records, v1alpha1.AttestationRecord{
			At:      metav1.NewTime(start.Add(time.Duration(data[0]) * 6 * time.Hour)),
			Author:  authors[int(data[1])%len(authors)],
			Verdict: verdicts[int(data[2])%len(verdicts)],
			Amount:  amounts[int(data[3])%len(amounts)],
			Cause:   causes[int(data[3])%len(causes)],
			Claim:   claims[int(data[1]/3)%len(claims)],
		})
	}
	return in
}

func FuzzDelivery(f *testing.F) {
	for seed := range uint64(40) {
		random := rand.New(rand.NewPCG(seed, 7))
		data := make([]byte, 4*(seed+1))
		for i := range data {
			data[i] = byte(random.UintN(256))
		}
		f.Add(data, int16(random.IntN(900)-200), int16(random.IntN(1200)), seed)
	}
	f.Fuzz(func(t *testing.T, data []byte, endsAt, now int16, seed uint64) {
		in := decode(data, endsAt, now)
		random := rand.New(rand.NewPCG(seed, 1))
		want := Evaluate(in)

		anyOrder(t, in, want, random)
		sound(t, in, want)
		stillUntilNext(t, in, want, random)
		paid(t, in, want)
	})
}

func anyOrder(t *testing.T, in Input, want Result, random *rand.Rand) {
	t.Helper()
	for range 3 {
		shuffled := append([]v1alpha1.AttestationRecord{}, in.Records...)
		random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		again := in
		again.Records = slices.Repeat(shuffled, 2)
		if diff := cmp.Diff(want, Evaluate(again)); diff != "" {
			t.Fatalf("neither the order of the records nor repeating them changes anything (-first +again):\n%s", diff)
		}
	}
}

func sound(t *testing.T, in Input, r Result) {
	t.Helper()
	if r.Next != nil && !r.Next.After(in.Now) {
		t.Fatalf("the next moment %s lies after now, %s", r.Next, in.Now)
	}
	left, accepted := 0, 0
	for _, s := range r.Deliverables {
		switch s.State {
		case v1alpha1.DeliverableAccepted, v1alpha1.DeliverablePartlyAccepted:
			accepted++
			if s.AcceptedAt == nil || s.SubmittedAt == nil || s.AcceptedAt.Before(s.SubmittedAt) || s.AcceptedAmount == "" {
				t.Fatalf("what is accepted was submitted before and has an amount: %+v", s)
			}
		case v1alpha1.DeliverableHandedOver:
		default:
			left++
			if s.AcceptedAt != nil || s.AcceptedAmount != "" {
				t.Fatalf("what is not accepted has no amount: %+v", s)
			}
		}
	}
	if r.AllAccepted != (accepted > 0 && left == 0) {
		t.Fatalf("all accepted: %+v", r)
	}
	ended := in.EndedAt != nil && !in.Now.Before(*in.EndedAt)
	for _, w := range r.Waiting {
		if w.Message == "" || w.Since.IsZero() || w.Who == "" {
			t.Fatalf("a wait says for whom, since when and what to do: %+v", w)
		}
	}
	if ended && len(r.Waiting) != len(r.Undecided) {
		t.Fatalf("after the end exactly what is undecided waits: %+v", r)
	}
}

// stillUntilNext holds the promise behind requeueing at Next: until then, time changes nothing.
func stillUntilNext(t *testing.T, in Input, want Result, random *rand.Rand) {
	t.Helper()
	until := in.Now.Add(10_000 * time.Hour)
	if want.Next != nil {
		until = want.Next.Add(-1)
	}
	for _, later := range []time.Time{until, in.Now.Add(time.Duration(random.Int64N(int64(until.Sub(in.Now)) + 1)))} {
		again := in
		again.Now = later
		if diff := cmp.Diff(want, Evaluate(again)); diff != "" {
			t.Fatalf("between %s and the next moment %v nothing changes, but at %s (-now +then):\n%s", in.Now, want.Next, later, diff)
		}
	}
}

func paid(t *testing.T, in Input, r Result) {
	t.Helper()
	spend, err := Spend(in.StatementOfWork, in.Inherited, r.Deliverables)
	var over *OverBudgetError
	if err != nil && !errors.As(err, &over) {
		t.Fatalf("sound amounts can be added: %v", err)
	}
	if negative := spend.Remaining[0] == '-'; negative != (err != nil) {
		t.Fatalf("a negative remainder comes with an error, and only then: %+v, %v", spend, err)
	}
	for _, amount := range []string{spend.Committed, spend.Accepted} {
		if got, err := terms.ParseAmount(amount); err != nil || got > 3_300_000 {
			t.Fatalf("no more than the deliverables cost is committed or accepted: %+v, %v", spend, err)
		}
	}
}
