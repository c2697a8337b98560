package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

func TestTheEvidenceTellsWhatWasReadBackFromWhatWasAttested(t *testing.T) {
	later := metav1.NewTime(someTime.Add(9 * time.Second))
	row := func(name, evidence string) v1alpha1.EntitlementStatus {
		return v1alpha1.EntitlementStatus{Name: name, State: v1alpha1.GrantRevoked, GrantedAt: &someTime, RevokedAt: &later, Evidence: evidence}
	}
	g := &v1alpha1.AccessGrant{ObjectMeta: metav1.ObjectMeta{UID: "1"}}
	g.Spec.Profile = "checkout"
	g.Spec.Custody = []v1alpha1.CustodyRecord{
		{Entitlement: "laptop", Verdict: v1alpha1.VerdictHandedOut, By: "kofi", At: someTime},
		{Entitlement: "laptop", Verdict: v1alpha1.VerdictReturned, By: "kofi", At: later},
	}
	laptop := v1alpha1.EntitlementStatus{Name: "laptop", State: v1alpha1.GrantAttested, Evidence: "attested: HandedOut, Returned"}
	g.Status.Entitlements = []v1alpha1.EntitlementStatus{
		row("database", "role (oid 7) may not log in"), row("database", "there is no such role"), row("database", "there is no such role"), laptop,
	}
	asked := func(allowed bool) []probe {
		return []probe{
			{grant: "1", Entitlement: "database", Question: "may bruno log in?", Allowed: allowed, Verified: &someTime, Expires: &later},
			{grant: "1", Entitlement: "database", Question: "does bruno's session go on?", Allowed: allowed},
		}
	}
	r := &record{calendar: calendar{from: storyBegins, to: someTime.Time, day: 3 * time.Second}, WhileHeld: asked(true), Afterwards: asked(false)}
	at := func(days int, at metav1.Time) string {
		return storyBegins.AddDate(0, 0, days).Format("2 Jan") + " (" + at.Local().Format(time.TimeOnly) + ")"
	}
	began, ended := at(0, someTime), at(3, later)
	expect := strings.Join([]string{
		"  access      checkout/database: granted " + began + ", verified " + began + " to expire there " + ended + ", revoked and read back " + ended,
		"              read back: role (oid 7) may not log in",
		"              read back: there is no such role",
		"              may bruno log in? while granted: yes, now: no",
		"              does bruno's session go on? while granted: yes, now: no",
		"  item        checkout/laptop: handed out " + began + " by kofi, returned " + ended + " by kofi",
		"              attested: HandedOut, Returned",
		"",
	}, "\n")
	var out strings.Builder
	r.printGrant(&out, g)
	if diff := cmp.Diff(expect, out.String()); diff != "" {
		t.Errorf("expected other evidence (-expected +got):\n%s", diff)
	}
}
