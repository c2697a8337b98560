package dossier

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

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
	return Facts{Engagement: e, Grants: []v1alpha1.AccessGrant{grant}, SealedAt: at(0), RetainUntil: ptrAt(24 * 365 * 7), Outcome: v1alpha1.OutcomeCompleted, Rehire: v1alpha1.RehireEligible}
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

// crowded fills every list of an engagement to its limit with the longest values.
func crowded() Facts {
	f := closed()
	st := &f.Engagement.Status
	long := func(n int) string { return strings.Repeat("x", n) }
	st.Attestations, st.Evaluations, st.Deliverables = nil, nil, nil
	st.Onboarding.Steps, st.Offboarding.Steps = nil, nil
	for i := range 1024 {
		a := v1alpha1.AttestationRecord{
			UID: types.UID(fmt.Sprintf("a-%04d", i)), Claim: "offboarding/" + long(305), Verdict: v1alpha1.VerdictDone,
			Author: fmt.Sprintf("%04d", i) + long(252), At: at(i - 2000),
		}
		for j := range 2 {
			a.Evidence = append(a.Evidence, v1alpha1.Evidence{URI: fmt.Sprintf("https://%04d-%02d/", i, j) + long(1000), SHA256: strings.Repeat("a", 64)})
		}
		st.Attestations = append(st.Attestations, a)
	}
	for i := range 256 {
		st.Evaluations = append(st.Evaluations, v1alpha1.EvaluationRecord{UID: types.UID(fmt.Sprintf("e-%04d", i)), Kind: v1alpha1.EvaluationPeriodic, Period: "99999", Evaluator: fmt.Sprintf("%04d", i) + long(252), Score: "100.0", At: at(i)})
	}
	for i := range 128 {
		on := true
		st.Deliverables = append(st.Deliverables, v1alpha1.DeliverableStatus{Name: fmt.Sprintf("%03d", i) + long(60), State: v1alpha1.DeliverablePartlyAccepted, Rounds: 100, ClientRounds: 100, SubmittedAt: ptrAt(0), AcceptedAt: ptrAt(0), OnTime: &on, AcceptedAmount: "999999999999.999"})
	}
	for i := range 64 {
		step := v1alpha1.StepStatus{Name: fmt.Sprintf("%02d", i) + long(61), State: v1alpha1.StepNotDone, Since: ptrAt(0), Message: long(512)}
		st.Onboarding.Steps, st.Offboarding.Steps = append(st.Onboarding.Steps, step), append(st.Offboarding.Steps, step)
	}
	f.Grants = nil
	for i := range 4 {
		g := v1alpha1.AccessGrant{ObjectMeta: metav1.ObjectMeta{UID: types.UID(fmt.Sprintf("g-%02d", i))}}
		g.Spec.Profile = fmt.Sprintf("%02d", i) + long(61)
		for j := range 512 {
			g.Status.Entitlements = append(g.Status.Entitlements, v1alpha1.EntitlementStatus{
				Key: fmt.Sprintf("%02d-%03d", i, j), Name: long(63), Provider: long(253), Target: long(1024), Subject: fmt.Sprintf("%02d-%03d", i, j) + long(500),
				State: v1alpha1.GrantRevoked, GrantedAt: ptrAt(0), VerifiedAt: ptrAt(0), RevokedAt: ptrAt(0), Evidence: long(1024),
			})
		}
		f.Grants = append(f.Grants, g)
	}
	return f
}

func TestTheLargestEngagementFitsAndAccountsForEveryRow(t *testing.T) {
	f := crowded()
	f.Grants[3].Status.Entitlements[7].State = v1alpha1.GrantAbandoned
	d := mustSeal(t, Head{}, f)
	size, err := storedSize(d)
	if err != nil {
		t.Fatal(err)
	}
	if size > 256<<10 {
		t.Errorf("the dossier takes %d bytes, expected at most 256 KiB", size)
	}
	if size < 128<<10 {
		t.Errorf("the dossier takes %d bytes of 256 KiB, expected no more to be given up than must be", size)
	}
	if len(d.Spec.Personal) > 1200 {
		t.Errorf("personal has %d rows, the schema allows 1200", len(d.Spec.Personal))
	}
	folded := map[string]int{}
	for _, rest := range d.Spec.Record.Folded {
		if !strings.HasPrefix(rest.Digest, "sha256:") {
			t.Errorf("the folded rows of %s have the digest %q", rest.List, rest.Digest)
		}
		folded[rest.List] = int(rest.Count)
	}
	r := d.Spec.Record
	for _, list := range []struct {
		name       string
		kept, rows int
	}{{"attestations", len(r.Attestations), 1024}, {"evaluations", len(r.Evaluations), 256}, {"access", len(r.Access), 4 * 512}, {"evidence", len(r.Evidence), 1024 * 2}} {
		if list.kept+folded[list.name] != list.rows {
			t.Errorf("of %d rows of %s, %d are kept and %d folded: %d are lost", list.rows, list.name, list.kept, folded[list.name], list.rows-list.kept-folded[list.name])
		}
	}
	if !slices.ContainsFunc(r.Access, func(a v1alpha1.SealedAccess) bool { return a.State == v1alpha1.GrantAbandoned }) {
		t.Error("the one entitlement that was not revoked is folded, expected it to be kept before all others")
	}
	if err := Verify([]v1alpha1.Dossier{*d}); err != nil {
		t.Errorf("it does not verify: %v", err)
	}
}

func TestWhatCountedIsKeptBeforeWhatWasIgnored(t *testing.T) {
	f := crowded()
	for i := range f.Engagement.Status.Attestations {
		if i%2 == 1 {
			f.Engagement.Status.Attestations[i].Ignored = "UnknownStep"
		}
	}
	d := mustSeal(t, Head{}, f)
	for _, a := range d.Spec.Record.Attestations {
		if a.Ignored != "" {
			t.Fatalf("an ignored statement is kept while %d that counted are folded", d.Spec.Record.Folded[0].Count)
		}
	}
	if !slices.IsSortedFunc(d.Spec.Record.Attestations, func(a, b v1alpha1.SealedStatement) int { return a.At.Compare(b.At.Time) }) {
		t.Error("the statements that are kept are not in order of time")
	}
}

func TestFoldedRowsCanBeProvenByThoseWhoHaveThem(t *testing.T) {
	d := mustSeal(t, Head{}, crowded())
	f := crowded()
	kept := len(d.Spec.Record.Attestations)
	rest := chronological(f.Engagement.Status.Attestations)[:1024-kept]
	want, err := digest(rest)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(d.Spec.Record.Folded, func(r v1alpha1.SealedRest) bool { return r.List == "attestations" })
	if i < 0 || d.Spec.Record.Folded[i].Digest != want {
		t.Errorf("the folded attestations do not have the digest of the %d oldest", len(rest))
	}
}

// chain is n sealed engagements.
func chain(t *testing.T, n int) []v1alpha1.Dossier {
	t.Helper()
	var dossiers []v1alpha1.Dossier
	for range n {
		dossiers = append(dossiers, *mustSeal(t, HeadOf(dossiers...), closed()))
	}
	return dossiers
}

func TestTheHeadIsTheNewestWhateverTheOrder(t *testing.T) {
	c := chain(t, 3)
	if head := HeadOf(c[1], c[2], c[0]); head.Sequence != 3 || head.Hash != c[2].Spec.Hash {
		t.Errorf("the head is %+v, expected the third", head)
	}
	if head := HeadOf(); head != (Head{}) {
		t.Errorf("the head of nothing is %+v, expected an empty chain", head)
	}
}

func TestAWholeChainVerifies(t *testing.T) {
	c := chain(t, 4)
	shuffle(rand.New(rand.NewPCG(7, 7)), c)
	if err := Verify(c); err != nil {
		t.Errorf("an untouched chain in another order does not verify: %v", err)
	}
	if err := Verify(nil); err != nil {
		t.Errorf("an empty chain does not verify: %v", err)
	}
	c[1].Spec.Personal = nil
	if err := Verify(c); err != nil {
		t.Errorf("a chain with erased personal values does not verify: %v", err)
	}
}

func TestABrokenChainNamesTheFirstBreak(t *testing.T) {
	for _, tc := range []struct {
		name   string
		tamper func([]v1alpha1.Dossier) []v1alpha1.Dossier
		want   string
	}{
		{"the first is gone", func(c []v1alpha1.Dossier) []v1alpha1.Dossier { return c[1:] }, "dossier 0000000001 is missing"},
		{"one in the middle is gone", func(c []v1alpha1.Dossier) []v1alpha1.Dossier { return slices.Delete(c, 1, 2) }, "dossier 0000000002 is missing"},
		{"one is there twice", func(c []v1alpha1.Dossier) []v1alpha1.Dossier { return append(c, c[1]) }, "dossier 0000000002 has sequence number 2, which another one has"},
		{"one has no number", func(c []v1alpha1.Dossier) []v1alpha1.Dossier { c[0].Spec.Record.Sequence = 0; return c }, "dossier 0000000001 has sequence number 0"},
		{"one has another name", func(c []v1alpha1.Dossier) []v1alpha1.Dossier { c[2].Name = "3"; return c }, "dossier 3 has sequence number 3 and would be named 0000000003"},
		{"one names another before it", func(c []v1alpha1.Dossier) []v1alpha1.Dossier { c[2].Spec.Previous = c[0].Spec.Hash; return c }, "dossier 0000000003 names"},
		{"an outcome was changed", func(c []v1alpha1.Dossier) []v1alpha1.Dossier {
			c[1].Spec.Record.Outcome = v1alpha1.OutcomeTerminated
			return c
		}, "dossier 0000000002 was changed"},
		{"an outcome was changed and sealed anew", func(c []v1alpha1.Dossier) []v1alpha1.Dossier {
			c[1].Spec.Record.Outcome = v1alpha1.OutcomeTerminated
			c[1].Spec.Hash, _ = hash(&c[1].Spec)
			return c
		}, "dossier 0000000003 names"},
		{"a person was changed", func(c []v1alpha1.Dossier) []v1alpha1.Dossier { c[1].Spec.Personal[0].Value = "somebody"; return c }, "dossier 0000000002: the personal value p1 was changed"},
		{"a salt was changed", func(c []v1alpha1.Dossier) []v1alpha1.Dossier { c[1].Spec.Personal[1].Salt = "00"; return c }, "dossier 0000000002: the personal value p2 was changed"},
		{"a person was added", func(c []v1alpha1.Dossier) []v1alpha1.Dossier {
			c[1].Spec.Personal = append(c[1].Spec.Personal, v1alpha1.PersonalValue{Key: "p99"})
			return c
		}, "dossier 0000000002: the personal value p99 was added"},
		{"a person was taken out", func(c []v1alpha1.Dossier) []v1alpha1.Dossier {
			c[1].Spec.Personal = slices.Delete(c[1].Spec.Personal, 0, 1)
			return c
		}, "dossier 0000000002: the personal value p1 was taken out"},
		{"two breaks", func(c []v1alpha1.Dossier) []v1alpha1.Dossier {
			c[0].Spec.Record.Score, c[2].Spec.Record.Score = "0.0", "0.0"
			return c
		}, "dossier 0000000001 was changed"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := Verify(tc.tamper(chain(t, 3)))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("verifying gave %v, expected it to say %q", err, tc.want)
			}
		})
	}
}

// Whatever single value of a sealed record is changed, the chain breaks there.
func TestNoValueOfARecordCanBeChangedUnnoticed(t *testing.T) {
	var walk func(v reflect.Value, path string, visit func(reflect.Value, string))
	walk = func(v reflect.Value, path string, visit func(reflect.Value, string)) {
		switch {
		case v.Type() == reflect.TypeFor[metav1.Time]():
			visit(v, path)
		case v.Kind() == reflect.Struct:
			for i := range v.NumField() {
				walk(v.Field(i), path+"."+v.Type().Field(i).Name, visit)
			}
		case v.Kind() == reflect.Pointer && !v.IsNil():
			walk(v.Elem(), path, visit)
		case v.Kind() == reflect.Slice:
			for i := range v.Len() {
				walk(v.Index(i), fmt.Sprintf("%s[%d]", path, i), visit)
			}
		case v.Kind() == reflect.String, v.Kind() == reflect.Bool, v.Kind() == reflect.Int64, v.Kind() == reflect.Int32:
			visit(v, path)
		}
	}
	sealed := mustSeal(t, Head{}, closed())
	changed := 0
	walk(reflect.ValueOf(&sealed.Spec.Record).Elem(), "record", func(v reflect.Value, path string) {
		before := reflect.New(v.Type()).Elem()
		before.Set(v)
		switch value := v.Addr().Interface().(type) {
		case *metav1.Time:
			*value = metav1.NewTime(value.Add(time.Second))
		default:
			switch v.Kind() {
			case reflect.String:
				v.SetString(v.String() + "x")
			case reflect.Bool:
				v.SetBool(!v.Bool())
			default:
				v.SetInt(v.Int() + 1)
			}
		}
		changed++
		if err := Verify([]v1alpha1.Dossier{*sealed}); err == nil {
			t.Errorf("%s was changed and the chain still verifies", path)
		}
		v.Set(before)
	})
	if changed < 50 {
		t.Fatalf("only %d values were tried, expected all of the record", changed)
	}
	if err := Verify([]v1alpha1.Dossier{*sealed}); err != nil {
		t.Fatalf("with every value put back it does not verify: %v", err)
	}
}

func FuzzAMaskHidesANameWhereverItIsAWord(f *testing.F) {
	f.Add("ada", "https://drive.example/ada/x")
	f.Add("ada@example.com", "q=ada%40example.com&canada")
	f.Add("worker", "a worker works")
	f.Add("", "nothing")
	f.Fuzz(func(t *testing.T, name, text string) {
		m := newMask(map[string]string{name: maskedWorker})
		masked := m.apply(text)
		if name == "" && masked != text {
			t.Fatalf("masking nobody changed %q to %q", text, masked)
		}
		rest := strings.ReplaceAll(masked, maskedWorker, "\x00")
		for at := range rest {
			if m.at(rest, at) > 0 {
				t.Fatalf("the name %q still stands in %q", name, masked)
			}
		}
	})
}
