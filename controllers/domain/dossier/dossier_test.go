package dossier

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

var closedAt = time.Date(2027, 1, 6, 9, 0, 0, 0, time.UTC)

func at(hours int) metav1.Time { return metav1.NewTime(closedAt.Add(time.Duration(hours) * time.Hour)) }

func ptrAt(hours int) *metav1.Time { t := at(hours); return &t }

// closed is an engagement as it is left: ada worked for mia, ben reviewed.
func closed() Facts {
	e := &v1alpha1.Engagement{ObjectMeta: metav1.ObjectMeta{Namespace: "marketing", Name: "spring-campaign", UID: "11111111-2222-3333-4444-555555555555"}}
	e.Spec.PoolRef = v1alpha1.PoolReference{Name: "designers", Namespace: "talent"}
	e.Status = v1alpha1.EngagementStatus{
		Worker:     &v1alpha1.EngagedWorker{Name: "ada", Namespace: "talent", PersonKey: "person-7", Username: "ada.lovelace"},
		Requesters: []string{"mia"},
		Terms:      &v1alpha1.AcceptedTerms{Hash: "sha256:terms", StatementOfWork: v1alpha1.StatementOfWork{Start: at(-700), End: at(-100)}},
		Ending:     &v1alpha1.Ending{Cause: v1alpha1.EndPlanned, At: at(-100)},
		EndedAt:    ptrAt(-100),
		Phases:     []v1alpha1.PhaseTime{{Name: v1alpha1.PhasePending, EnteredAt: at(-800), LeftAt: ptrAt(-790)}, {Name: v1alpha1.PhaseClosed, EnteredAt: at(0)}},
		Onboarding: &v1alpha1.ProcedureStatus{Steps: []v1alpha1.StepStatus{{Name: "nda", State: v1alpha1.StepDone, Since: ptrAt(-750), Message: "thanks to ada"}}},
		Offboarding: &v1alpha1.ProcedureStatus{Steps: []v1alpha1.StepStatus{
			{Name: "handover", State: v1alpha1.StepDone, Since: ptrAt(-110)}, {Name: "exit-talk", State: v1alpha1.StepNotDone},
		}},
		Deliverables: []v1alpha1.DeliverableStatus{{Name: "logo-set", State: v1alpha1.DeliverableAccepted, AcceptedAmount: "2000"}},
		Evaluations: []v1alpha1.EvaluationRecord{
			{UID: "e-2", Name: "final", Kind: v1alpha1.EvaluationFinal, Evaluator: "ben", Score: "82.5", At: at(-50)},
			{UID: "e-1", Name: "first", Kind: v1alpha1.EvaluationPeriodic, Period: "1", Evaluator: "ben", Score: "80.0", At: at(-400)},
		},
		Score: "81.3",
		Spend: &v1alpha1.Spend{Currency: "USD", Committed: "0", Accepted: "2000", Remaining: "3000"},
		Attestations: []v1alpha1.AttestationRecord{
			{UID: "a-2", Name: "nda", Claim: "onboarding/nda", Verdict: v1alpha1.VerdictDone, Author: "ben", At: at(-750)},
			{UID: "a-1", Name: "chosen", Claim: "selection/ada", Verdict: v1alpha1.VerdictChosen, Author: "mia", At: at(-780)},
			{UID: "a-3", Name: "accepted", Claim: "offer/ada", Verdict: v1alpha1.VerdictAccepted, Author: "ada.lovelace", At: at(-770)},
			{UID: "a-5", Name: "handed", Claim: "offboarding/handover", Verdict: v1alpha1.VerdictDone, Author: "integration", OnBehalfOf: "ada", At: at(-110),
				Evidence: []v1alpha1.Evidence{{URI: "https://drive.example/ada.lovelace/handover", SHA256: strings.Repeat("ab", 32)}, {URI: "https://wiki.example/canada"}}},
			{UID: "a-4", Name: "waived", Claim: "waiver/onboarding.nda", Verdict: v1alpha1.VerdictWaived, Author: "mia", At: at(-760), Ignored: "SelfDealing"},
		},
	}
	grant := v1alpha1.AccessGrant{ObjectMeta: metav1.ObjectMeta{Namespace: "marketing", Name: "spring-campaign-tools-x", UID: "g-1"}}
	grant.Spec.Profile = "design-tools"
	grant.Status.Entitlements = []v1alpha1.EntitlementStatus{
		{Key: "k2", Name: "editor", Provider: "cluster", Target: "rolebinding/marketing/edit", Subject: "ada.lovelace", State: v1alpha1.GrantRevoked,
			GrantedAt: ptrAt(-700), VerifiedAt: ptrAt(-99), RevokedAt: ptrAt(-99), Evidence: "no binding of User ada.lovelace to edit in marketing"},
		{Key: "k1", Name: "chat", Provider: "cluster", Target: "rolebinding/chat/guest", Subject: "ada.lovelace", State: v1alpha1.GrantStillHeld, Evidence: "still held by another engagement"},
	}
	return Facts{Engagement: e, Grants: []v1alpha1.AccessGrant{grant}, SealedAt: at(0), RetainUntil: ptrAt(24 * 365 * 7), RetainedBy: "tax-records (a tax code)", Outcome: v1alpha1.OutcomeCompleted, Rehire: v1alpha1.RehireEligible}
}

// salted is a source of salts that gives the same ones each time.
func salted() io.Reader { return rand.NewChaCha8([32]byte{1}) }

func mustSeal(t *testing.T, head Head, f Facts) *v1alpha1.Dossier {
	t.Helper()
	d, err := Seal(head, f, salted())
	if err != nil {
		t.Fatalf("sealing: %v", err)
	}
	return d
}

func recordJSON(t *testing.T, d *v1alpha1.Dossier) string {
	t.Helper()
	raw, err := json.Marshal(d.Spec.Record)
	if err != nil {
		t.Fatalf("encoding the record: %v", err)
	}
	return string(raw)
}

func inClear(d *v1alpha1.Dossier, key string) string {
	for _, p := range d.Spec.Personal {
		if p.Key == key {
			return p.Value
		}
	}
	return ""
}

func TestADossierSaysWhatHappened(t *testing.T) {
	d := mustSeal(t, Head{}, closed())
	r := d.Spec.Record
	if d.Name != "0000000001" || r.Sequence != 1 {
		t.Errorf("the first dossier is %s with sequence %d, expected 0000000001 and 1", d.Name, r.Sequence)
	}
	if want := "sha256:" + strings.Repeat("0", 64); d.Spec.Previous != want {
		t.Errorf("the first dossier names %s as the one before it, expected %s", d.Spec.Previous, want)
	}
	for _, is := range []struct{ what, got, want string }{
		{"namespace", r.Namespace, "marketing"}, {"engagement", r.Engagement, "spring-campaign"}, {"uid", string(r.UID), "11111111-2222-3333-4444-555555555555"},
		{"outcome", string(r.Outcome), "Completed"}, {"rehire", string(r.Rehire), "Eligible"}, {"pool", r.Pool, "talent/designers"},
		{"terms", r.Terms, "sha256:terms"}, {"score", r.Score, "81.3"}, {"accepted", r.Spend.Accepted, "2000"},
		{"person", inClear(d, r.Person.Key), "person-7"},
	} {
		if is.got != is.want {
			t.Errorf("the record's %s is %q, expected %q", is.what, is.got, is.want)
		}
	}
	var steps []string
	for _, s := range r.Steps {
		steps = append(steps, s.Name+" "+string(s.State))
	}
	if diff := cmp.Diff([]string{"onboarding/nda Done", "offboarding/handover Done", "offboarding/exit-talk NotDone"}, steps); diff != "" {
		t.Errorf("the steps differ from how they were left (-expected +got):\n%s", diff)
	}
	var statements []string
	for _, s := range slices.Concat(r.Attestations, r.Evaluations) {
		statements = append(statements, fmt.Sprintf("%s %s by %s %s", s.Claim, s.Verdict, inClear(d, s.Author.Key), s.Ignored))
	}
	want := []string{
		"selection/{worker} Chosen by mia ", "offer/{worker} Accepted by ada.lovelace ", "waiver/onboarding.nda Waived by mia SelfDealing",
		"onboarding/nda Done by ben ", "offboarding/handover Done by integration ", "Periodic/1 80.0 by ben ", "Final 82.5 by ben ",
	}
	if diff := cmp.Diff(want, statements); diff != "" {
		t.Errorf("the statements are not those that were recorded, in order of time (-expected +got):\n%s", diff)
	}
	var access []string
	for _, a := range r.Access {
		access = append(access, fmt.Sprintf("%s/%s %s %s of %s: %s", a.Profile, a.Entitlement, a.Target, a.State, inClear(d, a.Subject.Key), a.Evidence))
	}
	want = []string{
		"design-tools/chat rolebinding/chat/guest StillHeld of ada.lovelace: still held by another engagement",
		"design-tools/editor rolebinding/marketing/edit Revoked of ada.lovelace: no binding of User {subject} to edit in marketing",
	}
	if diff := cmp.Diff(want, access); diff != "" {
		t.Errorf("the access evidence is not what was read back (-expected +got):\n%s", diff)
	}
	wantEvidence := []v1alpha1.Evidence{{URI: "https://drive.example/{worker}/handover", SHA256: strings.Repeat("ab", 32)}, {URI: "https://wiki.example/canada"}}
	if diff := cmp.Diff(wantEvidence, r.Evidence); diff != "" {
		t.Errorf("the evidence of the handover is not what was stated (-expected +got):\n%s", diff)
	}
	if len(r.Folded) > 0 {
		t.Errorf("%v is folded, expected an ordinary file to be kept whole", r.Folded)
	}
}

func TestARecordNamesNobody(t *testing.T) {
	d := mustSeal(t, Head{}, closed())
	text := recordJSON(t, d)
	for _, name := range []string{"ada.lovelace", `/ada"`, "mia", `"ben"`, "integration", "person-7", "thanks"} {
		if strings.Contains(text, name) {
			t.Errorf("the record shows %q, expected nobody to be named outside personal:\n%s", name, text)
		}
	}
	values := map[string]int{}
	for _, p := range d.Spec.Personal {
		values[p.Value]++
	}
	if diff := cmp.Diff(map[string]int{"person-7": 1, "ada.lovelace": 1, "mia": 1, "ben": 1, "integration": 1}, values); diff != "" {
		t.Errorf("personal does not hold each value once (-expected +got):\n%s", diff)
	}
}

func TestANoteNeverReachesADossier(t *testing.T) {
	f := closed()
	f.Engagement.Spec.Termination = &v1alpha1.Termination{Note: "a secret note"}
	if text := recordJSON(t, mustSeal(t, Head{}, f)); strings.Contains(text, "secret") {
		t.Errorf("the record shows a note:\n%s", text)
	}
}

func TestTheSameFactsGiveTheSameDossier(t *testing.T) {
	want := mustSeal(t, Head{}, closed())
	for seed := range uint64(20) {
		f := closed()
		r := rand.New(rand.NewPCG(seed, 0))
		shuffle(r, f.Engagement.Status.Attestations)
		shuffle(r, f.Engagement.Status.Evaluations)
		shuffle(r, f.Grants[0].Status.Entitlements)
		if diff := cmp.Diff(want, mustSeal(t, Head{}, f)); diff != "" {
			t.Fatalf("the same facts in another order gave another dossier (-first +second):\n%s", diff)
		}
	}
}

func shuffle[T any](r *rand.Rand, rows []T) {
	r.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
}

func TestOtherSaltsGiveOtherDigestsOfTheSamePeople(t *testing.T) {
	first := mustSeal(t, Head{}, closed())
	second, err := Seal(Head{}, closed(), rand.NewChaCha8([32]byte{2}))
	if err != nil {
		t.Fatalf("sealing: %v", err)
	}
	if first.Spec.Record.Person.Digest == second.Spec.Record.Person.Digest {
		t.Error("two dossiers show the same digest of one person, expected salts to keep them apart")
	}
	if inClear(first, "p1") != inClear(second, "p1") {
		t.Errorf("the first value is %q and %q, expected salts to change nothing else", inClear(first, "p1"), inClear(second, "p1"))
	}
}

func TestASealedFileSaysUntilWhenAndByWhichPolicyItIsKept(t *testing.T) {
	f := closed()
	f.RetainedBy = strings.Repeat("§", 2000)
	r := mustSeal(t, Head{}, f).Spec.Record
	if !r.RetainUntil.Equal(f.RetainUntil) || utf8.RuneCountInString(r.RetainedBy) != maxRetainedBy {
		t.Errorf("kept until %s by a policy whose source is longer than the record takes, but the record says %s by %d characters", f.RetainUntil, r.RetainUntil, utf8.RuneCountInString(r.RetainedBy))
	}
	f.RetainUntil, f.RetainedBy = nil, ""
	if r := mustSeal(t, Head{}, f).Spec.Record; r.RetainUntil != nil || r.RetainedBy != "" {
		t.Errorf("no policy demands that it be kept, but the record says until %s by %q", r.RetainUntil, r.RetainedBy)
	}
}

func TestSealingChangesNoFact(t *testing.T) {
	f, want := closed(), closed()
	d := mustSeal(t, Head{}, f)
	d.Spec.Record.Phases[0].Name = "Changed"
	d.Spec.Record.Deliverables[0].Name = "changed"
	d.Spec.Record.RetainUntil.Time = closedAt
	if diff := cmp.Diff(want, f); diff != "" {
		t.Errorf("sealing, or changing what was sealed, changed the facts (-expected +got):\n%s", diff)
	}
}

func TestADossierSurvivesTheWayThroughTheAPIServer(t *testing.T) {
	f := closed()
	f.SealedAt = metav1.NewTime(closedAt.Add(123456789).In(time.FixedZone("", 3600)))
	d := mustSeal(t, Head{}, f)
	raw, err := json.Marshal(d)
	if err != nil {
		t.Fatalf("encoding: %v", err)
	}
	var stored v1alpha1.Dossier
	if err := json.Unmarshal(raw, &stored); err != nil {
		t.Fatalf("decoding: %v", err)
	}
	if err := Verify([]v1alpha1.Dossier{stored}); err != nil {
		t.Errorf("the stored dossier does not verify: %v", err)
	}
}

func TestAnEngagementThatNobodyAcceptedIsSealedToo(t *testing.T) {
	e := &v1alpha1.Engagement{ObjectMeta: metav1.ObjectMeta{Namespace: "marketing", Name: "unfilled", UID: "u"}}
	e.Spec.PoolRef.Name = "designers"
	d := mustSeal(t, Head{}, Facts{Engagement: e, SealedAt: at(0), Outcome: v1alpha1.OutcomeUnfilled})
	if d.Spec.Record.Pool != "marketing/designers" || d.Spec.Record.Person != nil || len(d.Spec.Personal) > 0 {
		t.Errorf("the record of an unfilled engagement is %+v, expected a pool and no person", d.Spec.Record)
	}
	if err := Verify([]v1alpha1.Dossier{*d}); err != nil {
		t.Errorf("it does not verify: %v", err)
	}
}

func TestWithoutAnEngagementOrSaltsNothingIsSealed(t *testing.T) {
	if _, err := Seal(Head{}, Facts{}, salted()); err == nil {
		t.Error("a dossier of no engagement was sealed")
	}
	_, err := Seal(Head{Sequence: 4, Hash: "sha256:x"}, closed(), bytes.NewReader(make([]byte, 20)))
	if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "0000000005") || !strings.Contains(err.Error(), "marketing/spring-campaign") {
		t.Errorf("without enough salts sealing gave %v, expected an error that names the dossier and the engagement", err)
	}
}
