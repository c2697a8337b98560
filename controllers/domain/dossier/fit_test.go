package dossier

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

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
