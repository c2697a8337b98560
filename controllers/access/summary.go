package access

import (
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/health"
)

// summary is the status that follows from the rows.
func (p *pass) summary() *v1alpha1.AccessGrantStatus {
	s := p.stored.Status.DeepCopy()
	s.ObservedGeneration = p.grant.Generation
	s.Entitlements = cloneRows(p.rows)
	if len(s.Entitlements) == 0 {
		s.Entitlements = nil
	}
	if s.FirstGrantedAt == nil {
		s.FirstGrantedAt = earliest(p.rows, func(r *row) *metav1.Time { return r.GrantedAt })
	}
	s.ExpiresAt = stamp(expiry(p.grant, p.profile, s.FirstGrantedAt))
	owed := slices.DeleteFunc(cloneRows(p.rows), func(r row) bool { return r.State != v1alpha1.GrantRevoking })
	s.Owed = int32(len(owed)) //nolint:gosec // There are at most maxRows of them.
	s.OwedSince = earliest(owed, func(r *row) *metav1.Time { return r.RevokeRequestedAt })
	s.State = p.leastAdvanced(p.rows, p.grant.Spec.Preexisting)
	ready := p.readiness(p.rows, p.grant.Spec.Preexisting, p.found.waits)
	ready.ObservedGeneration, ready.LastTransitionTime = p.grant.Generation, metav1.NewTime(p.now)
	health.Set(&s.Conditions, ready)
	return s
}

// earliest returns the earliest of the moments that rows have.
func earliest(rows []row, moment func(*row) *metav1.Time) *metav1.Time {
	var first *metav1.Time
	for i := range rows {
		if at := moment(&rows[i]); at != nil && (first == nil || at.Before(first)) {
			first = at
		}
	}
	return first.DeepCopy()
}

// advance is the order of states while access is wanted, and that of states when it is to be gone: the least proven first. What was handed
// out, as its custodian attested, is Granted, and as far as it can be.
var (
	advance = []v1alpha1.GrantState{v1alpha1.GrantPending, v1alpha1.GrantGranted, v1alpha1.GrantPreexisting, v1alpha1.GrantVerified}
	retreat = []v1alpha1.GrantState{
		v1alpha1.GrantRevoking, v1alpha1.GrantPreexisting, v1alpha1.GrantAbandoned, v1alpha1.GrantStillHeld, v1alpha1.GrantAttested, v1alpha1.GrantRevoked,
	}
)

// leastAdvanced sums the states of the rows up.
func (p *plan) leastAdvanced(rows []row, decisions []v1alpha1.PreexistingDecision) v1alpha1.GrantState {
	if p.ending != nil {
		least := len(retreat) - 1
		kept := false
		for i := range rows {
			if rows[i].State == v1alpha1.GrantPreexisting && decisionOn(&rows[i], decisions) != nil {
				kept = true
				continue
			}
			least = min(least, slices.Index(retreat, rows[i].State))
		}
		if kept && retreat[least] == v1alpha1.GrantRevoked {
			return v1alpha1.GrantPreexisting
		}
		return retreat[max(least, 0)]
	}
	if p.lacking {
		return v1alpha1.GrantPending
	}
	least := len(advance)
	for i := range p.wanted {
		at := 0
		if r := findRow(rows, p.wanted[i].target.Key); r != nil {
			at = max(slices.Index(advance, r.State), 0)
		}
		least = min(least, at)
	}
	for i := range rows {
		if at := slices.Index(advance, rows[i].State); at >= 0 && !p.knows(rows[i].Name) {
			least = min(least, at)
		}
	}
	if least == len(advance) {
		return v1alpha1.GrantPending
	}
	return advance[least]
}

// readiness says whether all that is wanted is there, or all that ended is proven gone; if not, why, and what to do.
func (p *plan) readiness(rows []row, decisions []v1alpha1.PreexistingDecision, waits map[string]string) metav1.Condition {
	findings := failures(rows, func(r *row) bool { return r.State == v1alpha1.GrantRevoking }, "is not revoked yet; it is tried again until it is proven gone, and may be revoked by hand")
	findings = append(findings, waiting(rows, waits, func(r *row) bool { return r.State == v1alpha1.GrantRevoking })...)
	if p.ending != nil {
		return p.goneness(rows, decisions, findings)
	}
	findings = append(findings, p.obstacles...)
	findings = append(findings, failures(rows, func(r *row) bool { return p.find(r.Key) != nil && !r.Had() }, "is not granted yet; it is tried again")...)
	findings = append(findings, waiting(rows, waits, func(r *row) bool { return r.State != v1alpha1.GrantRevoking })...)
	missing, preexisting, attested, revoking := 0, 0, 0, 0
	for i := range p.wanted {
		r := findRow(rows, p.wanted[i].target.Key)
		switch {
		case r == nil || !r.Had():
			missing++
			if blocked := p.wanted[i].blocked; blocked != nil && !slices.Contains(findings, *blocked) {
				findings = append(findings, *blocked)
			}
		case r.State == v1alpha1.GrantPreexisting:
			preexisting++
		case r.State == v1alpha1.GrantGranted:
			attested++
		}
	}
	for i := range rows {
		if rows[i].State == v1alpha1.GrantRevoking {
			revoking++
		}
	}
	if len(findings) == 0 && (missing > 0 || revoking > 0) {
		findings = append(findings, obstacle{v1alpha1.ReasonProgressing, fmt.Sprintf("%d of %d accesses are being granted, %d are being revoked", missing, len(p.wanted), revoking)})
	}
	if len(findings) > 0 {
		return notReady(findings)
	}
	message := fmt.Sprintf("all %d accesses are there, each read back from its target system", len(p.wanted))
	if attested > 0 {
		message = fmt.Sprintf("all %d accesses are there, %d read back from their target systems and %d as custodians attested", len(p.wanted), len(p.wanted)-attested, attested)
	}
	if preexisting > 0 {
		message += fmt.Sprintf("; %d of them the worker had before", preexisting)
	}
	return metav1.Condition{Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonHolds, Message: message}
}

// goneness is readiness once access has ended.
func (p *plan) goneness(rows []row, decisions []v1alpha1.PreexistingDecision, findings []obstacle) metav1.Condition {
	revoking := 0
	for i := range rows {
		r := &rows[i]
		switch {
		case r.State == v1alpha1.GrantRevoking:
			revoking++
		case r.State == v1alpha1.GrantPreexisting && decisionOn(r, decisions) == nil:
			undecided := obstacle{v1alpha1.ReasonAccessPreexisting, fmt.Sprintf("the worker had %s before: somebody with the verb grant on the profile must attest access/preexisting.%s Keep or Remove", r.Name, r.Name)}
			if !slices.Contains(findings, undecided) {
				findings = append(findings, undecided)
			}
		}
	}
	if len(findings) == 0 && revoking > 0 {
		findings = append(findings, obstacle{v1alpha1.ReasonOwed, fmt.Sprintf("access ended: %s; %d of %d accesses are being revoked", p.ending.words, revoking, len(rows))})
	}
	if len(findings) > 0 {
		return notReady(findings)
	}
	message := fmt.Sprintf("access ended: %s; what became of all %d accesses is proven", p.ending.words, len(rows))
	if len(rows) == 0 {
		message = fmt.Sprintf("access ended: %s; none was ever given", p.ending.words)
	}
	return metav1.Condition{Status: metav1.ConditionTrue, Reason: p.ending.reason, Message: message}
}

// failures says of each entitlement that has failed what the target system answered, or that it does not, once for all its rows with the same answer.
func failures(rows []row, of func(*row) bool, words string) []obstacle {
	var found []obstacle
	for i := range rows {
		r := &rows[i]
		if !of(r) || r.LastError == "" {
			continue
		}
		failure := obstacle{v1alpha1.ReasonProviderFailed, fmt.Sprintf("entitlement %s on AccessProvider %s %s: %s", r.Name, r.Provider, words, r.LastError)}
		if !slices.Contains(found, failure) {
			found = append(found, failure)
		}
	}
	return found
}

// waiting says of each entitlement that waits for a person for whom, since when, and what they have to do.
func waiting(rows []row, waits map[string]string, of func(*row) bool) []obstacle {
	var found []obstacle
	for i := range rows {
		r := &rows[i]
		message, waiting := waits[r.Key]
		if !waiting || !of(r) {
			continue
		}
		since := ""
		if r.Since != nil {
			since = " since " + r.Since.UTC().Format(time.RFC3339)
		}
		found = append(found, obstacle{v1alpha1.ReasonWaiting, fmt.Sprintf("entitlement %s waits%s: %s", r.Name, since, message)})
	}
	return found
}

// notReady tells the first few findings; the first one gives the reason.
func notReady(findings []obstacle) metav1.Condition {
	const few = 5
	var messages []string
	for _, f := range findings[:min(few, len(findings))] {
		messages = append(messages, f.message)
	}
	if more := len(findings) - few; more > 0 {
		messages = append(messages, fmt.Sprintf("and %d more", more))
	}
	return metav1.Condition{Status: metav1.ConditionFalse, Reason: findings[0].reason, Message: strings.Join(messages, "; ")}
}
