package manual_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/controllers/access/provider/manual"
	"github.com/longshore-dev/longshore/controllers/access/provider/manual/manualtest"
)

func TestAProviderIsWrittenInUnderTwoHundredLines(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines += bytes.Count(text, []byte("\n"))
	}
	if lines == 0 || lines >= 200 {
		t.Errorf("this provider has %d lines, expected fewer than 200: the maintainer's book shows it as one that has", lines)
	}
}

// records are AccessGrants and AccessProfiles as they are stored.
type records struct {
	grants   []*v1alpha1.AccessGrant
	profiles []*v1alpha1.AccessProfile
	err      error
}

func (r *records) Get(_ context.Context, key client.ObjectKey, o client.Object, _ ...client.GetOption) error {
	if r.err != nil {
		return r.err
	}
	switch o := o.(type) {
	case *v1alpha1.AccessGrant:
		for _, g := range r.grants {
			if client.ObjectKeyFromObject(g) == key {
				g.DeepCopyInto(o)
				return nil
			}
		}
	case *v1alpha1.AccessProfile:
		for _, p := range r.profiles {
			if p.Name == key.Name {
				p.DeepCopyInto(o)
				return nil
			}
		}
	}
	return apierrors.NewNotFound(schema.GroupResource{}, key.Name)
}

func (r *records) List(_ context.Context, list client.ObjectList, _ ...client.ListOption) error {
	if grants, is := list.(*v1alpha1.AccessGrantList); is {
		for _, g := range r.grants {
			grants.Items = append(grants.Items, *g.DeepCopy())
		}
	}
	return nil
}

const person = "person-of-ada"

func behind() *v1alpha1.AccessProvider {
	return &v1alpha1.AccessProvider{ObjectMeta: metav1.ObjectMeta{Name: "stores"}, Spec: v1alpha1.AccessProviderSpec{Type: v1alpha1.ProviderManual}}
}

func targetOf(item string) provider.Target { return provider.NewTarget(behind(), item, person) }

// at is a moment of a day, by the hour.
func at(hour int) metav1.Time { return metav1.NewTime(time.Date(2026, 12, 1, hour, 0, 0, 0, time.UTC)) }

// grant is one that has a part in a laptop, for the profile kit of an engagement of its own name.
func grant(name string, state v1alpha1.GrantState) *v1alpha1.AccessGrant {
	g := &v1alpha1.AccessGrant{ObjectMeta: metav1.ObjectMeta{Namespace: "marketing", Name: name, UID: types.UID(name)}}
	g.Spec.EngagementRef.Name, g.Spec.Profile = name, "kit"
	return with(g, "laptop", "Laptop", state)
}

func with(g *v1alpha1.AccessGrant, entitlement, item string, state v1alpha1.GrantState) *v1alpha1.AccessGrant {
	target := targetOf(item)
	g.Status.Entitlements = append(g.Status.Entitlements, v1alpha1.EntitlementStatus{
		Key: target.Key, Name: entitlement, Provider: "stores", Target: target.Name, Subject: person, State: state,
	})
	return g
}

func given(g *v1alpha1.AccessGrant, hour int) *v1alpha1.AccessGrant {
	when := at(hour)
	g.Status.Entitlements[len(g.Status.Entitlements)-1].GrantedAt = &when
	return g
}

func said(g *v1alpha1.AccessGrant, verdict v1alpha1.Verdict, hour int) *v1alpha1.AccessGrant {
	g.Spec.Custody = append(g.Spec.Custody, v1alpha1.CustodyRecord{Entitlement: "laptop", Verdict: verdict, By: "it-desk", At: at(hour)})
	return g
}

func open(t *testing.T, r *records) provider.Provider {
	t.Helper()
	p, err := manual.Type(manualtest.Indexed(r), r).Open(provider.Connection{Behind: behind()})
	if err != nil {
		t.Fatalf("opening the provider: %v", err)
	}
	return p
}

func TestWhatWasAttestedLastCountsWhicheverGrantHasIt(t *testing.T) {
	const (
		out  = v1alpha1.VerdictHandedOut
		seen = v1alpha1.VerdictChecked
		back = v1alpha1.VerdictReturned

		pending  = v1alpha1.GrantPending
		granted  = v1alpha1.GrantGranted
		revoking = v1alpha1.GrantRevoking
		over     = v1alpha1.GrantAttested
	)
	for _, test := range []struct {
		reason   string
		grants   []*v1alpha1.AccessGrant
		held     bool
		evidence string
	}{
		{"nobody said anything", []*v1alpha1.AccessGrant{grant("a", pending)}, false, "attested: never HandedOut"},
		{"no grant has a part in it", nil, false, "attested: never HandedOut"},
		{"it was handed out", []*v1alpha1.AccessGrant{said(grant("a", pending), out, 8)}, true, "attested: HandedOut at 2026-12-01T08:00:00Z"},
		{
			"it was looked at since", []*v1alpha1.AccessGrant{said(said(grant("a", granted), out, 8), seen, 9)}, true,
			"attested: HandedOut at 2026-12-01T08:00:00Z, Checked at 2026-12-01T09:00:00Z",
		},
		{
			"it came back", []*v1alpha1.AccessGrant{said(said(grant("a", revoking), out, 8), back, 9)}, false,
			"attested: HandedOut at 2026-12-01T08:00:00Z, Returned at 2026-12-01T09:00:00Z",
		},
		{
			"it was handed out again", []*v1alpha1.AccessGrant{said(said(grant("a", pending), back, 9), out, 10)}, true,
			"attested: HandedOut at 2026-12-01T10:00:00Z, Returned at 2026-12-01T09:00:00Z",
		},
		{
			"in one second, the return may have been the first", []*v1alpha1.AccessGrant{said(said(grant("a", granted), out, 8), back, 8)}, true,
			"attested: HandedOut at 2026-12-01T08:00:00Z, Returned at 2026-12-01T08:00:00Z",
		},
		{
			"a renewal needs no second hand-out", []*v1alpha1.AccessGrant{said(grant("a", granted), out, 8), grant("b", pending)}, true,
			"attested: HandedOut at 2026-12-01T08:00:00Z",
		},
		{
			"what is returned of the renewal is back", []*v1alpha1.AccessGrant{said(grant("a", v1alpha1.GrantStillHeld), out, 8), said(grant("b", revoking), back, 9)}, false,
			"attested: HandedOut at 2026-12-01T08:00:00Z, Returned at 2026-12-01T09:00:00Z",
		},
		{
			"the grant with the statement is gone, and the item is not", []*v1alpha1.AccessGrant{given(grant("b", granted), 9)}, true,
			"attested: HandedOut at 2026-12-01T09:00:00Z",
		},
		{"nor is it once it is to come back", []*v1alpha1.AccessGrant{given(grant("b", revoking), 9)}, true, "attested: HandedOut at 2026-12-01T09:00:00Z"},
		{
			"and it comes back", []*v1alpha1.AccessGrant{said(given(grant("b", revoking), 9), back, 10)}, false,
			"attested: HandedOut at 2026-12-01T09:00:00Z, Returned at 2026-12-01T10:00:00Z",
		},
		{
			"the renewal was given it before the return of the same hour was read",
			[]*v1alpha1.AccessGrant{said(said(grant("a", revoking), out, 8), back, 9), given(grant("b", granted), 10)}, false,
			"attested: HandedOut at 2026-12-01T08:00:00Z, Returned at 2026-12-01T09:00:00Z",
		},
		{"it came back, and the grants that said so are gone", []*v1alpha1.AccessGrant{given(grant("b", pending), 9)}, false, "attested: never HandedOut"},
		{"a grant that is over holds nothing", []*v1alpha1.AccessGrant{given(grant("b", over), 9)}, false, "attested: never HandedOut"},
		{
			"what the entitlement was before is still out", []*v1alpha1.AccessGrant{
				said(with(given(with(newGrant("a"), "laptop", "Old laptop", revoking), 8), "laptop", "Laptop", pending), out, 8),
			}, false, "attested: never HandedOut",
		},
		{
			"what the entitlement was before came back, and this was handed out", []*v1alpha1.AccessGrant{
				said(said(with(given(with(newGrant("a"), "laptop", "Old laptop", over), 8), "laptop", "Laptop", pending), back, 9), out, 10),
			}, true, "attested: HandedOut at 2026-12-01T10:00:00Z, Returned at 2026-12-01T09:00:00Z",
		},
		{
			"another entitlement is another item", []*v1alpha1.AccessGrant{
				said(with(with(newGrant("a"), "laptop", "Badge", granted), "computer", "Laptop", pending), out, 8),
			}, false, "attested: never HandedOut",
		},
	} {
		t.Run(test.reason, func(t *testing.T) {
			g := NewWithT(t)
			for range 2 {
				p := open(t, &records{grants: test.grants})
				observed, err := p.Verify(t.Context(), targetOf("Laptop"))
				g.Expect(err).NotTo(HaveOccurred())
				g.Expect(observed).To(Equal(provider.Observed{Held: test.held, Evidence: test.evidence}))
				g.Expect(provider.IsWaiting(p.Grant(t.Context(), provider.Request{Target: targetOf("Laptop")}))).To(Equal(!test.held), "a hand-out is waited for until there was one")
				g.Expect(provider.IsWaiting(p.Revoke(t.Context(), targetOf("Laptop"), provider.RevokeOptions{}))).To(Equal(test.held), "a return is waited for while it is out")
				slices.Reverse(test.grants)
			}
		})
	}
}

func newGrant(name string) *v1alpha1.AccessGrant {
	g := grant(name, v1alpha1.GrantPending)
	g.Status.Entitlements = nil
	return g
}

func TestWhoeverWaitsIsToldForWhom(t *testing.T) {
	profile := func(entitlement, item, custodian string) *v1alpha1.AccessProfile {
		p := &v1alpha1.AccessProfile{ObjectMeta: metav1.ObjectMeta{Name: "kit"}}
		p.Spec.Entitlements = []v1alpha1.Entitlement{{Name: entitlement, Manual: &v1alpha1.ManualEntitlement{
			Item: item, Custodian: v1alpha1.Subject{Kind: v1alpha1.SubjectGroup, Name: custodian},
		}}}
		return p
	}
	still := []*v1alpha1.AccessGrant{said(grant("a", v1alpha1.GrantStillHeld), v1alpha1.VerdictHandedOut, 8), grant("b", v1alpha1.GrantRevoking)}
	for _, test := range []struct {
		reason   string
		profiles []*v1alpha1.AccessProfile
		grants   []*v1alpha1.AccessGrant
		grant    string
		revoke   string
	}{
		{
			reason: "the custodian whom the profile names", profiles: []*v1alpha1.AccessProfile{profile("laptop", "Laptop", "it")}, grants: []*v1alpha1.AccessGrant{grant("a", v1alpha1.GrantPending)},
			grant: "Laptop (never HandedOut): Group it attests access/custody.laptop HandedOut of Engagement a",
		},
		{
			reason: "the entitlement was renamed since", profiles: []*v1alpha1.AccessProfile{profile("computer", "Laptop", "it")}, grants: []*v1alpha1.AccessGrant{grant("a", v1alpha1.GrantPending)},
			grant: "Laptop (never HandedOut): Group it attests access/custody.laptop HandedOut of Engagement a",
		},
		{
			reason: "the one that is not over is to say so", profiles: []*v1alpha1.AccessProfile{profile("laptop", "Laptop", "it")}, grants: still,
			revoke: "Laptop (HandedOut at 2026-12-01T08:00:00Z): Group it attests access/custody.laptop Returned of Engagement b",
		},
		{
			reason: "the profile is gone", grants: still,
			revoke: "Laptop (HandedOut at 2026-12-01T08:00:00Z): somebody with the verb attest, other than the worker, attests access/custody.laptop Returned of Engagement b",
		},
		{reason: "the cache does not show the grant yet", grant: "Laptop (never HandedOut): its custodian attests HandedOut"},
	} {
		t.Run(test.reason, func(t *testing.T) {
			g := NewWithT(t)
			for range 2 {
				p := open(t, &records{grants: test.grants, profiles: test.profiles})
				if test.grant != "" {
					g.Expect(p.Grant(t.Context(), provider.Request{Target: targetOf("Laptop")})).To(MatchError(test.grant))
				}
				if test.revoke != "" {
					g.Expect(p.Revoke(t.Context(), targetOf("Laptop"), provider.RevokeOptions{})).To(MatchError(test.revoke))
				}
				slices.Reverse(test.grants)
			}
		})
	}
}

func TestTheCustodianIsNoPartOfWhatIsGiven(t *testing.T) {
	g := NewWithT(t)
	p := open(t, &records{})
	var all [][]provider.Target
	for _, custodian := range []string{"it-desk", "ivo"} {
		targets, err := p.Resolve(v1alpha1.Entitlement{Name: "laptop", Manual: &v1alpha1.ManualEntitlement{
			Item: "Laptop", Custodian: v1alpha1.Subject{Kind: v1alpha1.SubjectUser, Name: custodian},
		}}, person)
		g.Expect(err).NotTo(HaveOccurred())
		all = append(all, targets)
	}
	g.Expect(all[0]).To(Equal(all[1]), "or naming another custodian would take the laptop back")
	g.Expect(all[0]).To(ConsistOf(targetOf("Laptop")))
	g.Expect(all[0][0].Name).To(Equal("Manual:Laptop"))
	_, err := p.Resolve(v1alpha1.Entitlement{Name: "edit", Kubernetes: &v1alpha1.KubernetesEntitlement{}}, person)
	g.Expect(provider.IsRefused(err)).To(BeTrue())
}

func TestWhatCannotBeReadIsTriedAgainAndNamesNobody(t *testing.T) {
	g := NewWithT(t)
	p := open(t, &records{grants: []*v1alpha1.AccessGrant{said(grant("a", v1alpha1.GrantGranted), v1alpha1.VerdictHandedOut, 8)}, err: errors.New("connection reset")})
	_, verifying := p.Verify(t.Context(), targetOf("Laptop"))
	for _, err := range []error{
		verifying, p.Grant(t.Context(), provider.Request{Target: targetOf("Laptop")}), p.Revoke(t.Context(), targetOf("Laptop"), provider.RevokeOptions{}),
	} {
		g.Expect(err).To(MatchError(ContainSubstring("connection reset")))
		g.Expect(provider.IsRefused(err) || provider.IsWaiting(err)).To(BeFalse(), "nobody has to do anything about it: %v", err)
		g.Expect(err.Error()).NotTo(ContainSubstring(person))
	}
}
