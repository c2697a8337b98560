// Package provider is what Longshore asks of a target system: resolve, grant, verify, revoke and probe.
package provider

import (
	"context"
	"time"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// Provider gives and takes away access in one target system. It is stateless: whatever it needs to take access away again is in the
// Target, which is kept in the AccessGrant's status. Its methods are safe for concurrent use.
//
// An error says what was being done and what to do about it; it carries no secret and does not name the subject. It is Refused, it waits
// for a person, or it is tried again; see Refused, Waits, Retryable and After.
type Provider interface {
	// Capabilities says what the target system can do by itself.
	Capabilities() Capabilities

	// Resolve says exactly what an entitlement gives to a subject, one Target for each thing that is granted and revoked on its
	// own. It is pure: it calls nobody. A subject or an entitlement that must never be granted is Refused.
	Resolve(entitlement v1alpha1.Entitlement, subject string) ([]Target, error)

	// Grant makes the target system give the subject what the Target names: no less, no more, and until when the Request says,
	// where it can. It can be repeated, and repairs what was changed by hand. Access that others gave is left alone.
	Grant(ctx context.Context, request Request) error

	// Verify reads the target system itself, never a cache.
	Verify(ctx context.Context, target Target) (Observed, error)

	// Revoke takes away what Grant gave, as the Target names it, and nothing else. That there is nothing to take away is success.
	// The caller reads back with Verify: Revoke without an error proves nothing.
	Revoke(ctx context.Context, target Target, options RevokeOptions) error

	// Probe says whether the target system answers and lets Longshore do its work.
	Probe(ctx context.Context) error
}

// Capabilities is what a target system can do by itself.
type Capabilities struct {
	// MarksGrants says that Verify tells what Longshore gave from what others gave. Without it, access that is found before the
	// first call counts as from before, unless another grant of Longshore's holds it.
	MarksGrants bool
	// ExpiryStep is the step to which the target system rounds an expiry, either way; zero if it cannot expire access itself.
	ExpiryStep time.Duration
	// EndsSessions says that Revoke also ends what the subject has open in the target system.
	EndsSessions bool
	// Attested says that Verify tells what people attested, because there is nothing that could be read back.
	Attested bool
	// Lists says that the provider is a Lister.
	Lists bool
}

// Lister is a provider whose target system can say all that Longshore granted in it.
type Lister interface {
	// List returns the keys of all Targets that bear Longshore's mark.
	List(ctx context.Context) ([]string, error)
}

// Request is one access to be given.
type Request struct {
	Target Target
	// ExpiresAt is when the last of those who hold the access loses it.
	ExpiresAt time.Time
}

// RevokeOptions say what is to be taken away.
type RevokeOptions struct {
	// Preexisting takes away what others gave, and only that, because a person decided so.
	Preexisting bool
}

// Observed is what was read back of one Target.
type Observed struct {
	// Held says that the subject has the access by what Longshore made, or, where the target system does not tell, at all.
	Held bool
	// Drift says in words how what Longshore made differs from what the Target names; empty while it does not.
	Drift string
	// Otherwise says in words by what else the subject has the access; empty if by nothing. It need not be looked for while Held.
	Otherwise string
	// ExpiresAt is when the target system ends the access by itself; zero if it cannot end this one. That it could, and does not as it
	// was asked to, is Drift.
	ExpiresAt time.Time
	// Handle is how the target system itself identifies what was read, whether the access is held or not, so that it is found again after
	// it was renamed and is not looked for in another target system; empty if nothing of it was found that can be identified.
	Handle string
	// Evidence says in short what was read, for the record. It is the same each time while nothing changes.
	Evidence string
}

// Exact says that the access is there as Longshore gave it.
func (o Observed) Exact() bool { return o.Held && o.Drift == "" }

// Absent says that nothing is left of what Longshore made.
func (o Observed) Absent() bool { return !o.Held && o.Drift == "" }
