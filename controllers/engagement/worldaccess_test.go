package engagement

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

// access moves one grant a step on, as the access side does: intent first, then the target, then what was read back.
func (w *world) access(name string) {
	w.t.Helper()
	g := w.grants[name].DeepCopy()
	if len(g.Finalizers) == 0 {
		return
	}
	st := &g.Status
	st.ObservedGeneration = g.Generation
	st.ExpiresAt = metaTime(w.expiry(g))
	owed := g.Spec.Withdraw != "" || !w.now.Before(w.expiry(g))
	if len(st.Entitlements) == 0 && !owed && !w.now.Before(g.Spec.NotBefore.Time) && g.Spec.Hold == "" {
		w.intend(g)
	} else {
		for i := range st.Entitlements {
			switch e := &st.Entitlements[i]; {
			case strings.HasPrefix(e.Target, "Manual:"):
				w.moveItem(g, e, owed)
			case !w.brokenTargets:
				w.move(g, e, owed)
			}
		}
	}
	st.State, st.Owed, st.OwedSince = "", 0, nil
	for i := range st.Entitlements {
		e := &st.Entitlements[i]
		if st.State == "" || slices.Index(leastFirst, e.State) < slices.Index(leastFirst, st.State) {
			st.State = e.State
		}
		held := e.State == v1alpha1.GrantGranted || e.State == v1alpha1.GrantVerified || e.State == v1alpha1.GrantRevoking
		if owed && held {
			st.Owed, st.OwedSince = st.Owed+1, e.RevokeRequestedAt
		}
	}
	if !equality.Semantic.DeepEqual(*st, w.grants[name].Status) {
		w.write(func() { w.grants[name] = stored(w.t, g) })
	}
}

// leastFirst is the order in which the states of rows make the state of their grant.
var leastFirst = []v1alpha1.GrantState{
	v1alpha1.GrantPending, v1alpha1.GrantRevoking, v1alpha1.GrantGranted, v1alpha1.GrantPreexisting, v1alpha1.GrantVerified, v1alpha1.GrantAbandoned,
	v1alpha1.GrantStillHeld, v1alpha1.GrantAttested, v1alpha1.GrantRevoked,
}

// intend records what a grant is to give: what its profile says or, where that is gone, one thing of its name.
func (w *world) intend(g *v1alpha1.AccessGrant) {
	entitlements := []v1alpha1.Entitlement{{Name: g.Spec.Profile}}
	if ap := w.profiles[g.Spec.Profile]; ap != nil {
		entitlements = ap.Spec.Entitlements
	}
	for i, e := range entitlements {
		row := v1alpha1.EntitlementStatus{
			Key: fmt.Sprintf("%s-%d", g.Name, i), Name: e.Name, Provider: "this-cluster", Target: e.Name, Subject: g.Spec.WorkerRef.PersonKey,
			State: v1alpha1.GrantPending, Preexisted: w.preexisting[g.Spec.Profile],
		}
		if e.Manual != nil {
			row.Provider, row.Target = "stores", "Manual:"+e.Manual.Item
			row.Key, row.Preexisted, row.Since = row.Target+" of "+row.Subject, false, metaTime(w.now)
		}
		g.Status.Entitlements = append(g.Status.Entitlements, row)
	}
}

// moveItem moves on what people hand out, as the access side does: by what was attested in all grants that have a part in it.
func (w *world) moveItem(g *v1alpha1.AccessGrant, e *v1alpha1.EntitlementStatus, owed bool) {
	now, to, out := metaTime(w.now), e.State, w.out(e.Key)
	open := e.State == v1alpha1.GrantPending || e.State == v1alpha1.GrantGranted
	switch {
	case owed && open:
		to, e.RevokeRequestedAt = v1alpha1.GrantRevoking, now
	case owed && e.State == v1alpha1.GrantRevoking && w.heldElsewhere(g, e.Key):
		to = v1alpha1.GrantStillHeld
	case owed && e.State == v1alpha1.GrantRevoking && !out:
		to, e.Evidence = v1alpha1.GrantAttested, v1alpha1.AttestedEvidence+"over"
	case owed || g.Spec.Hold != "":
	case out && e.State != v1alpha1.GrantGranted:
		to, e.Evidence = v1alpha1.GrantGranted, v1alpha1.AttestedEvidence+"handed out"
		e.GrantedAt = cmp.Or(e.GrantedAt, now)
		g.Status.FirstGrantedAt = cmp.Or(g.Status.FirstGrantedAt, now)
	case !out:
		to = v1alpha1.GrantPending
	}
	if to != e.State {
		e.State, e.Since = to, now
	}
}

// out says whether an item is with the person.
func (w *world) out(key string) bool {
	var handedOut, returned time.Time
	for _, g := range w.grants {
		for _, e := range g.Status.Entitlements {
			for _, said := range g.Spec.Custody {
				switch {
				case e.Key != key || said.Entitlement != e.Name:
				case said.Verdict == v1alpha1.VerdictHandedOut && said.At.After(handedOut):
					handedOut = said.At.Time
				case said.Verdict == v1alpha1.VerdictReturned && said.At.After(returned):
					returned = said.At.Time
				}
			}
		}
	}
	return !handedOut.IsZero() && !returned.After(handedOut)
}

// heldElsewhere says whether another grant that goes on has a key.
func (w *world) heldElsewhere(g *v1alpha1.AccessGrant, key string) bool {
	for _, other := range w.grants {
		live := other.Name != g.Name && other.Spec.Withdraw == "" && w.now.Before(w.expiry(other))
		if live && slices.ContainsFunc(other.Status.Entitlements, func(e v1alpha1.EntitlementStatus) bool { return e.Key == key && e.State == v1alpha1.GrantGranted }) {
			return true
		}
	}
	return false
}

func (w *world) move(g *v1alpha1.AccessGrant, e *v1alpha1.EntitlementStatus, owed bool) {
	now := metaTime(w.now)
	removed := slices.ContainsFunc(g.Spec.Preexisting, func(d v1alpha1.PreexistingDecision) bool {
		return d.Entitlement == e.Name && d.Decision == v1alpha1.VerdictRemove
	})
	to := e.State
	switch {
	case e.Preexisted && !removed && e.State == v1alpha1.GrantPending:
		to = v1alpha1.GrantPreexisting
	case e.Preexisted && !removed:
	case owed && (e.State == v1alpha1.GrantGranted || e.State == v1alpha1.GrantVerified || e.State == v1alpha1.GrantPreexisting):
		to, e.RevokeRequestedAt = v1alpha1.GrantRevoking, now
	case e.State == v1alpha1.GrantRevoking && owed:
		to, e.RevokedAt = v1alpha1.GrantRevoked, now
	case owed || g.Spec.Hold != "":
	case e.State == v1alpha1.GrantPending || e.State == v1alpha1.GrantRevoked || e.State == v1alpha1.GrantRevoking:
		to, e.RevokedAt = v1alpha1.GrantGranted, nil
		if e.GrantedAt == nil {
			e.GrantedAt = now
		}
		if g.Status.FirstGrantedAt == nil {
			g.Status.FirstGrantedAt = now
		}
	case e.State == v1alpha1.GrantGranted:
		to, e.VerifiedAt = v1alpha1.GrantVerified, now
	}
	if to != e.State {
		e.State, e.Since = to, now
	}
}

// expiry in force: the spec's, bounded by the profile's longest duration.
func (w *world) expiry(g *v1alpha1.AccessGrant) time.Time {
	at := g.Spec.ExpiresAt.Time
	if ap := w.profiles[g.Spec.Profile]; ap != nil && ap.Spec.MaxDuration != nil && g.Status.FirstGrantedAt != nil {
		at = earlier(at, g.Status.FirstGrantedAt.Add(ap.Spec.MaxDuration.Duration))
	}
	return at
}

// checkCustody checks that nothing is out of a grant that is sealed, unless another one has it now.
func (w *world) checkCustody(g *v1alpha1.AccessGrant) {
	w.t.Helper()
	said := map[string]time.Time{}
	for _, c := range g.Spec.Custody {
		said[string(c.Verdict)+" "+c.Entitlement] = c.At.Time
	}
	for _, c := range g.Spec.Custody {
		passedOn := slices.ContainsFunc(g.Status.Entitlements, func(e v1alpha1.EntitlementStatus) bool {
			return e.Name == c.Entitlement && (e.State == v1alpha1.GrantStillHeld || e.State == v1alpha1.GrantAttested && !w.out(e.Key))
		})
		if c.Verdict == v1alpha1.VerdictHandedOut && !said["Returned "+c.Entitlement].After(c.At.Time) && !passedOn {
			w.t.Fatalf("%s is sealed while %s, handed out at %s, is not back", g.Name, c.Entitlement, c.At)
		}
	}
}
