package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// print tells a person what happened to each engagement.
func (r *record) print(out io.Writer) {
	for i := range r.Engagements {
		r.printEngagement(out, &r.Engagements[i])
	}
	if took, found := r.replacementTook(); found {
		fmt.Fprintf(out, "\nThe back-end developer resigned; %.0f hours of the story later the replacement had accepted.\n", took.Hours())
	}
	if n := r.returned(); n > 0 {
		fmt.Fprintf(out, "%d items were handed out and returned, as their custodian attested; nothing can be read back of them.\n", n)
	}
	fmt.Fprintf(out, "The chain of %d dossiers is %s.\n", len(r.Dossiers), r.Chain)
}

func (r *record) printEngagement(out io.Writer, e *v1alpha1.Engagement) {
	worker := "nobody"
	if e.Status.Worker != nil {
		worker = e.Status.Worker.Name
	}
	fmt.Fprintf(out, "\n%s/%s: %s, %s; rehire %s\n", e.Namespace, e.Name, worker, e.Status.Outcome, cmp.Or(string(e.Status.Rehire), "not decided"))
	fmt.Fprintf(out, "  timeline    ")
	var steps []string
	for _, p := range e.Status.Phases {
		steps = append(steps, fmt.Sprintf("%s %s", p.Name, r.day(p.EnteredAt.Time)))
	}
	fmt.Fprintln(out, strings.Join(steps, " → "))
	for _, d := range e.Status.Deliverables {
		onTime := ""
		if d.OnTime != nil {
			onTime = map[bool]string{true: ", on time", false: ", late"}[*d.OnTime]
		}
		rounds := ""
		if d.Rounds > 0 {
			rounds = fmt.Sprintf(", sent back %d×", d.Rounds)
		}
		fmt.Fprintf(out, "  deliverable %s: %s%s%s\n", d.Name, d.State, onTime, rounds)
	}
	var scores []string
	for _, s := range e.Status.Evaluations {
		scores = append(scores, strings.TrimSpace(fmt.Sprintf("%s %s", s.Kind, s.Period))+" "+s.Score)
	}
	for _, k := range e.Status.KPIs {
		scores = append(scores, fmt.Sprintf("%s %s (of %d)", k.Name, k.Value, k.Sample))
	}
	fmt.Fprintf(out, "  score       %s: %s\n", cmp.Or(e.Status.Score, "none"), strings.Join(scores, ", "))
	if s := e.Status.Spend; s != nil {
		fmt.Fprintf(out, "  spend       %s %s accepted, %s remaining\n", s.Currency, s.Accepted, s.Remaining)
	}
	for i := range r.Grants {
		if g := &r.Grants[i]; g.Spec.EngagementRef.UID == e.UID {
			r.printGrant(out, g)
		}
	}
	if d := e.Status.Dossier; d != nil {
		fmt.Fprintf(out, "  dossier     %s %s\n", d.Name, d.Hash)
	}
}

// printGrant shows what was read back from the target, or attested, and what the target itself said when it was asked.
func (r *record) printGrant(out io.Writer, g *v1alpha1.AccessGrant) {
	for i := range g.Status.Entitlements {
		switch e := &g.Status.Entitlements[i]; {
		case handedOut(e):
			r.printItem(out, g, e)
		case i == slices.IndexFunc(g.Status.Entitlements, func(o v1alpha1.EntitlementStatus) bool { return o.Name == e.Name }):
			r.printAccess(out, g, e.Name)
		}
	}
}

// printAccess shows one entitlement, which has a row for each place in the target system that it gives access to.
func (r *record) printAccess(out io.Writer, g *v1alpha1.AccessGrant, name string) {
	var rows []v1alpha1.EntitlementStatus
	for _, e := range g.Status.Entitlements {
		if e.Name == name {
			rows = append(rows, e)
		}
	}
	first, last := rows[0].GrantedAt, rows[0].RevokedAt
	for _, e := range rows {
		if e.GrantedAt.Before(first) {
			first = e.GrantedAt
		}
		if last.Before(e.RevokedAt) {
			last = e.RevokedAt
		}
	}
	held := about(r.WhileHeld, g, name)
	var verified *metav1.Time
	expiring := ""
	if len(held) > 0 {
		verified = held[0].Verified
		if held[0].Expires != nil {
			expiring = " to expire there " + r.moment(held[0].Expires)
		}
	}
	fmt.Fprintf(out, "  access      %s/%s: granted %s, verified %s%s, revoked and read back %s\n",
		g.Spec.Profile, name, r.moment(first), r.moment(verified), expiring, r.moment(last))
	for i, e := range rows {
		if i == slices.IndexFunc(rows, func(o v1alpha1.EntitlementStatus) bool { return o.Evidence == e.Evidence }) {
			fmt.Fprintf(out, "              read back: %s\n", e.Evidence)
		}
	}
	for _, now := range about(r.Afterwards, g, name) {
		then := slices.ContainsFunc(held, func(a probe) bool { return a.Question == now.Question && a.Allowed })
		fmt.Fprintf(out, "              %s while granted: %s, now: %s\n", now.Question, yes(then), yes(now.Allowed))
	}
}

// printItem shows what its custodian attested: nothing can be read back of an item.
func (r *record) printItem(out io.Writer, g *v1alpha1.AccessGrant, e *v1alpha1.EntitlementStatus) {
	said := func(verdict v1alpha1.Verdict) string {
		for _, c := range g.Spec.Custody {
			if c.Entitlement == e.Name && c.Verdict == verdict {
				return r.moment(&c.At) + " by " + c.By
			}
		}
		return "never"
	}
	fmt.Fprintf(out, "  item        %s/%s: handed out %s, returned %s\n",
		g.Spec.Profile, e.Name, said(v1alpha1.VerdictHandedOut), said(v1alpha1.VerdictReturned))
	fmt.Fprintf(out, "              %s\n", e.Evidence)
}

// about are the answers about one entitlement of a grant.
func about(answers []probe, g *v1alpha1.AccessGrant, entitlement string) []probe {
	var found []probe
	for _, a := range answers {
		if a.grant == g.UID && a.Entitlement == entitlement {
			found = append(found, a)
		}
	}
	return found
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// day is the story's date of a moment.
func (r *record) day(t time.Time) string { return r.calendar.date(t).Format("2 Jan") }

// moment is the story's date and the time on the clock.
func (r *record) moment(t *metav1.Time) string {
	if t == nil {
		return "never"
	}
	return r.day(t.Time) + " (" + t.Local().Format(time.TimeOnly) + ")"
}
