package main

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// goodRecord is what a run leaves in which all went well.
func goodRecord() *record {
	c := calendar{from: storyBegins, to: someTime.Time, day: 3 * time.Second}
	sealed := v1alpha1.EngagementStatus{Dossier: &v1alpha1.DossierReference{Name: "0000000001"}}
	leaver := *engaged(resigning, *sealed.DeepCopy(), v1alpha1.PhaseClosed)
	leaver.Status.Attestations = []v1alpha1.AttestationRecord{{Verdict: v1alpha1.VerdictResigned, At: metav1.NewTime(c.at(resignsOn))}}
	successor := *engaged("back-end-replacement", *sealed.DeepCopy(), v1alpha1.PhaseClosed)
	successor.Spec.Replaces = &v1alpha1.Replaces{Name: resigning}
	successor.Status.Terms = &v1alpha1.AcceptedTerms{AcceptedAt: metav1.NewTime(c.at(resignsOn.Add(24 * time.Hour)))}
	grant := v1alpha1.AccessGrant{ObjectMeta: metav1.ObjectMeta{Namespace: "checkout", Name: "a-grant", UID: "code"}}
	grant.Status.Entitlements = []v1alpha1.EntitlementStatus{{Name: "code", State: v1alpha1.GrantRevoked, RevokedAt: &someTime, Evidence: "there is no RoleBinding"}}
	item := v1alpha1.AccessGrant{ObjectMeta: metav1.ObjectMeta{Namespace: "checkout", Name: "an-item", UID: "laptop"}}
	item.Status.Entitlements = []v1alpha1.EntitlementStatus{{Name: "laptop", State: v1alpha1.GrantAttested, Evidence: v1alpha1.AttestedEvidence + "returned"}}
	return &record{
		calendar: c, Chain: "unbroken", replaced: true,
		Engagements: []v1alpha1.Engagement{leaver, successor},
		Grants:      []v1alpha1.AccessGrant{grant, item},
		WhileHeld:   []probe{{grant: "code", Entitlement: "code", Asked: "the API server", Question: "may bruno?", Allowed: true}},
		Afterwards:  []probe{{grant: "code", Entitlement: "code", Asked: "the API server", Question: "may bruno?"}},
	}
}

func TestARunInWhichAllWentWellHasNoFaults(t *testing.T) {
	r := goodRecord()
	if faults := r.faults(); len(faults) > 0 {
		t.Errorf("expected no faults, got %q", faults)
	}
	if r.closed() != 2 || r.gone() != 1 || r.returned() != 1 || r.left() != 0 {
		t.Errorf("expected 2 closed, 1 revoked, 1 returned, 0 left; got %d, %d, %d, %d", r.closed(), r.gone(), r.returned(), r.left())
	}
}

func TestARunIsNotDoneWhileAnythingIsLeft(t *testing.T) {
	ignored := &v1alpha1.Standing{State: v1alpha1.StandingIgnored, Reason: "SelfDealing", Message: "nobody accepts their own work"}
	cases := []struct {
		reason string
		spoil  func(*record)
		fault  string
		left   int
	}{
		{
			reason: "an engagement that is open",
			spoil:  func(r *record) { r.Engagements[0].Status.Phase = v1alpha1.PhaseOffboarding },
			fault:  "marketing/back-end is not closed",
		},
		{
			reason: "a file that was not sealed",
			spoil:  func(r *record) { r.Engagements[1].Status.Dossier = nil },
			fault:  "marketing/back-end-replacement is not closed and sealed",
		},
		{
			reason: "a revocation that was not read back",
			spoil:  func(r *record) { r.Grants[0].Status.Entitlements[0].RevokedAt = nil },
			fault:  "the grant checkout/a-grant",
			left:   1,
		},
		{
			reason: "access that the API server still gives, whatever Longshore says",
			spoil:  func(r *record) { r.Afterwards[0].Allowed = true },
			fault:  "still says yes: may bruno?",
			left:   1,
		},
		{
			reason: "a grant that gave nothing proves nothing by being gone",
			spoil:  func(r *record) { r.WhileHeld[0].Allowed = false },
			fault:  "while granted, the API server said no",
		},
		{
			reason: "access that no one asked the target system about, before or after",
			spoil:  func(r *record) { r.WhileHeld = nil },
			fault:  "nobody asked the target system about code",
		},
		{
			reason: "a laptop that is still out",
			spoil:  func(r *record) { r.Grants[1].Status.Entitlements[0].State = v1alpha1.GrantRevoking },
			fault:  "the grant checkout/an-item",
			left:   1,
		},
		{
			reason: "a laptop that is called read back: nothing can read it",
			spoil: func(r *record) {
				e := &r.Grants[1].Status.Entitlements[0]
				e.State, e.RevokedAt = v1alpha1.GrantRevoked, &someTime
			},
			fault: "the grant checkout/an-item is",
			left:  1,
		},
		{
			reason: "a binding that was forgotten",
			spoil:  func(r *record) { r.Bindings = []string{"checkout/longshore-x"} },
			fault:  "the binding checkout/longshore-x is left",
			left:   1,
		},
		{
			reason: "a statement that did not count",
			spoil: func(r *record) {
				r.Statements = []v1alpha1.Attestation{{Spec: v1alpha1.AttestationSpec{Claim: "start/confirmed", Author: &v1alpha1.Author{Username: "ada"}}, Status: ignored}}
			},
			fault: "start/confirmed by ada did not count: nobody accepts their own work",
		},
		{
			reason: "a broken chain",
			spoil:  func(r *record) { r.Chain = "dossier 2 is missing" },
			fault:  "dossier 2 is missing",
		},
		{
			reason: "a replacement that came too late",
			spoil: func(r *record) {
				r.Engagements[1].Status.Terms.AcceptedAt = metav1.NewTime(r.calendar.at(resignsOn.Add(72 * time.Hour)))
			},
			fault: "the replacement accepted after 72h",
		},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			r := goodRecord()
			c.spoil(r)
			if all := strings.Join(r.faults(), "\n"); !strings.Contains(all, c.fault) {
				t.Errorf("expected the fault %q, got %q", c.fault, all)
			}
			if got := r.left(); got != c.left {
				t.Errorf("expected the last line to count %d left, got %d", c.left, got)
			}
		})
	}
}
