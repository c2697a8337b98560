package dossier

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// equipped is an engagement as it is left in which ada was handed a laptop by ivo, and kim took it back.
func equipped() Facts {
	f := closed()
	g := &f.Grants[0]
	g.Status.Entitlements = append(g.Status.Entitlements, v1alpha1.EntitlementStatus{
		Key: "k3", Name: "laptop", Provider: "stores", Target: "Manual:Laptop", Subject: "person-7", State: v1alpha1.GrantAttested, GrantedAt: ptrAt(-600),
		Evidence: "attested: HandedOut at 2026-12-12T09:00:00Z, Returned at 2027-01-02T05:00:00Z",
	})
	g.Spec.Custody = []v1alpha1.CustodyRecord{
		{Entitlement: "laptop", Verdict: v1alpha1.VerdictReturned, By: "kim", At: at(-100), Evidence: []v1alpha1.Evidence{{URI: "https://stores.example/ada.lovelace/2", SHA256: strings.Repeat("ab", 32)}}},
		{Entitlement: "laptop", Verdict: v1alpha1.VerdictHandedOut, By: "ivo", At: at(-600)},
		{Entitlement: "badge", Verdict: v1alpha1.VerdictHandedOut, By: "ivo", At: at(-600)},
	}
	return f
}

func TestWhatWasHandedOutIsSealedAsAttestedByWhomAndWithWhat(t *testing.T) {
	d := mustSeal(t, Head{}, equipped())
	var got []string
	for _, a := range d.Spec.Record.Access {
		if a.Entitlement != "laptop" {
			if len(a.Custody) > 0 {
				t.Errorf("nobody handed %s out, but the file says %+v", a.Entitlement, a.Custody)
			}
			continue
		}
		got = append(got, fmt.Sprintf("%s of %s: %s", a.State, inClear(d, a.Subject.Key), a.Evidence))
		if a.VerifiedAt != nil || a.RevokedAt != nil {
			t.Errorf("nothing was read back of the laptop, but the file says so: %+v", a)
		}
		for _, c := range a.Custody {
			got = append(got, fmt.Sprintf("%s by %s at %s %v", c.Verdict, inClear(d, c.By.Key), c.At.UTC().Format("01-02"), c.Evidence))
		}
	}
	want := []string{
		"Attested of person-7: attested: HandedOut at 2026-12-12T09:00:00Z, Returned at 2027-01-02T05:00:00Z",
		"HandedOut by ivo at 12-12 []",
		"Returned by kim at 01-02 [{https://stores.example/{worker}/2 " + strings.Repeat("ab", 32) + "}]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the file is to say who attested what, in order, and with which evidence (-expected +got):\n%s", diff)
	}
	for _, person := range []string{"ivo", "kim", "ada.lovelace"} {
		if strings.Contains(recordJSON(t, d), person) {
			t.Errorf("people are digests in the record, but it names %s", person)
		}
	}
	if err := Verify([]v1alpha1.Dossier{*d}); err != nil {
		t.Errorf("the file does not verify: %v", err)
	}
	changed := d.DeepCopy()
	for i := range changed.Spec.Personal {
		if changed.Spec.Personal[i].Value == "kim" {
			changed.Spec.Personal[i].Value = "ada"
		}
	}
	if err := Verify([]v1alpha1.Dossier{*changed}); err == nil {
		t.Error("who took the laptop back was changed, and the file still verifies")
	}
}

func TestEvidenceFitsThePlaceThatTheSchemaHasForIt(t *testing.T) {
	f := equipped()
	uri := "https://stores.example/ada.lovelace/" + strings.Repeat("x", 512-len("https://stores.example/ada.lovelace/"))
	f.Engagement.Status.Worker.Name = "x"
	long := "https://stores.example/" + strings.Repeat("x/", 244)
	f.Grants[0].Spec.Custody[0].Evidence = []v1alpha1.Evidence{{URI: uri}, {URI: long}}
	d := mustSeal(t, Head{}, f)
	for _, a := range d.Spec.Record.Access {
		for _, c := range a.Custody {
			for _, e := range c.Evidence {
				if n := len([]rune(e.URI)); n > 512 {
					t.Errorf("what stands in place of names made a URI of 512 characters %d long, which the API server refuses", n)
				}
			}
		}
	}
}
