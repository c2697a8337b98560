package access

import (
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// row is one entitlement in a grant's status: one access at one target for one subject.
type row = v1alpha1.EntitlementStatus

const (
	// maxRows is how many the API stores. What is over is kept as evidence, so a grant can run out of them.
	maxRows = 512
	// maxText is how long the API lets evidence and errors be.
	maxText = 1024
)

// action is what a pass does about a row.
type action int

const (
	// leave it as it is.
	leave action = iota
	// prepare to give it: look whether the subject has it already, and record what is intended.
	prepare
	// give it: what is intended is recorded.
	give
	// check that it is still there, and as it was given.
	check
	// take it away.
	take
	// settle access from before that is not wanted any more: a person decides.
	settle
	// forget it: it was never called for, and is not wanted any more.
	forget
	// abandon it: its target system is gone for good.
	abandon
)

// actionFor decides what is to be done about a row.
func (p *plan) actionFor(r *row, s *system, decisions []v1alpha1.PreexistingDecision) action {
	if s.decommissioned() != nil {
		switch {
		case concluded(r):
			return leave
		case !called(r) && r.State == v1alpha1.GrantPending:
			return forget
		}
		return abandon
	}
	known := p.ending != nil || p.knows(r.Name)
	switch {
	case known && p.find(r.Key) == nil:
		return unwanted(r, decisions)
	case r.State == v1alpha1.GrantGranted, r.State == v1alpha1.GrantVerified, r.State == v1alpha1.GrantPreexisting:
		return check
	case !p.mayGive(r.Key):
		if r.State == v1alpha1.GrantRevoking {
			return take
		}
		return leave
	case r.State == v1alpha1.GrantPending && called(r):
		return give
	}
	return prepare
}

// unwanted decides about a row that is not to be.
func unwanted(r *row, decisions []v1alpha1.PreexistingDecision) action {
	switch {
	case concluded(r):
		return leave
	case r.State == v1alpha1.GrantPreexisting:
		if decision := decisionOn(r, decisions); decision != nil && decision.Decision == v1alpha1.VerdictRemove {
			return take
		}
		return settle
	case r.State == v1alpha1.GrantPending && !called(r):
		return forget
	}
	return take
}

// called says whether a call may have been made for a row: from the moment on at which its intent was recorded. That moment is when it
// was seen that the subject did not have the access before.
func called(r *row) bool {
	return r.State != v1alpha1.GrantPending || r.VerifiedAt != nil
}

// concluded says whether nothing is left to be done about a row that is not wanted.
func concluded(r *row) bool {
	switch r.State {
	case v1alpha1.GrantRevoked, v1alpha1.GrantStillHeld, v1alpha1.GrantAttested, v1alpha1.GrantAbandoned:
		return true
	default:
		return false
	}
}

// held says whether a row is access that Longshore gave, or may have given, and has not taken back.
func held(r *row) bool {
	switch r.State {
	case v1alpha1.GrantGranted, v1alpha1.GrantVerified, v1alpha1.GrantRevoking:
		return !r.Preexisted
	case v1alpha1.GrantPending:
		return called(r)
	default:
		return false
	}
}

func decisionOn(r *row, decisions []v1alpha1.PreexistingDecision) *v1alpha1.PreexistingDecision {
	for i := range decisions {
		if decisions[i].Entitlement == r.Name {
			return &decisions[i]
		}
	}
	return nil
}

func target(r *row) provider.Target {
	return provider.Target{Key: r.Key, Name: r.Target, Subject: r.Subject, Handle: r.Handle}
}

func findRow(rows []row, key string) *row {
	if i := slices.IndexFunc(rows, func(r row) bool { return r.Key == key }); i >= 0 {
		return &rows[i]
	}
	return nil
}

// enter puts a row into a state, in which it has not been read back yet.
func enter(r *row, state v1alpha1.GrantState, now time.Time) {
	if r.State != state {
		r.State, r.Since = state, stamp(now)
	}
	r.VerifiedAt = nil
}

// succeeded forgets failed attempts: at what was read back as it should be, or when something else is to be attempted.
func succeeded(r *row) {
	r.Attempts, r.LastError, r.NextTry = 0, "", nil
}

// recognise keeps how the target system itself identifies what was read back.
func recognise(r *row, observed provider.Observed) {
	if observed.Handle != "" {
		r.Handle = observed.Handle
	}
}

// lost says whether what a row was recognised by is not there any more: it is gone for good, and what bears its name now is another.
func lost(r *row, observed provider.Observed) bool {
	return r.Handle != "" && observed.Absent() && observed.Handle == ""
}

// attest notes what people attested of a row, which nobody can read back.
func attest(r *row, state v1alpha1.GrantState, evidence string, now time.Time) {
	enter(r, state, now)
	r.Evidence = cut(v1alpha1.AttestedEvidence + strings.TrimPrefix(evidence, v1alpha1.AttestedEvidence))
	succeeded(r)
}

// readBack notes what was read of a row's present state.
func readBack(r *row, evidence string, now time.Time) {
	if r.VerifiedAt == nil {
		r.VerifiedAt = stamp(now)
	}
	r.Evidence = cut(evidence)
	succeeded(r)
}

func stamp(now time.Time) *metav1.Time { return ptr.To(metav1.NewTime(now)) }

// cut shortens a text to what the API stores, at a whole character.
func cut(text string) string {
	if len(text) <= maxText {
		return text
	}
	end := 0
	for i := range text {
		if i > maxText-len("…") {
			break
		}
		end = i
	}
	return text[:end] + "…"
}
