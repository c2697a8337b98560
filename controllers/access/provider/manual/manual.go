// Package manual is for what people hand out and take back: laptops, badges, accounts in systems without an API.
package manual

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/controllers/index"
)

// Provider tells what custodians attested. What counts of it, the engagements' reconciler keeps in spec.custody of AccessGrants.
type Provider struct {
	cache, live client.Reader
	behind      *v1alpha1.AccessProvider
}

// Type is whatever people hand out. The cache, which has the indexes of package index, says which AccessGrants have a part in an item;
// what they say is read live, from the API server.
func Type(cache, live client.Reader) provider.Type {
	return provider.Type{Watch: watch, Open: func(c provider.Connection) (provider.Provider, error) {
		return &Provider{cache: cache, live: live, behind: c.Behind}, nil
	}}
}

// Capabilities says that nothing can be read back.
func (*Provider) Capabilities() provider.Capabilities { return provider.Capabilities{Attested: true} }

// Resolve gives one Target, the item. Its custodian is no part of it: another one takes the same laptop back.
func (p *Provider) Resolve(entitlement v1alpha1.Entitlement, subject string) ([]provider.Target, error) {
	switch {
	case entitlement.Manual == nil || entitlement.Manual.Item == "":
		return nil, provider.Refused("entitlement %s names no item, as AccessProvider %s needs it: give manual.item", entitlement.Name, p.behind.Name)
	case strings.TrimSpace(subject) == "":
		return nil, provider.Refused("the worker's identity for AccessProvider %s is empty: name the person", p.behind.Name)
	}
	return []provider.Target{provider.NewTarget(p.behind, entitlement.Manual.Item, subject)}, nil
}

// Grant waits until the item is handed out.
func (p *Provider) Grant(ctx context.Context, request provider.Request) error {
	r, err := p.read(ctx, request.Target)
	if err != nil || r.out() {
		return err
	}
	return p.waits(ctx, r, v1alpha1.VerdictHandedOut)
}

// Verify tells what was attested last.
func (p *Provider) Verify(ctx context.Context, target provider.Target) (provider.Observed, error) {
	r, err := p.read(ctx, target)
	if err != nil {
		return provider.Observed{}, err
	}
	return provider.Observed{Held: r.out(), Evidence: v1alpha1.AttestedEvidence + r.String()}, nil
}

// Revoke waits until the item is back. What nobody handed out needs no return.
func (p *Provider) Revoke(ctx context.Context, target provider.Target, _ provider.RevokeOptions) error {
	r, err := p.read(ctx, target)
	if err != nil || !r.out() {
		return err
	}
	return p.waits(ctx, r, v1alpha1.VerdictReturned)
}

// Probe says that people can always be asked.
func (*Provider) Probe(context.Context) error { return nil }

// waits says for whom a call waits: the custodian whom the profile names now.
func (p *Provider) waits(ctx context.Context, r *record, verdict v1alpha1.Verdict) error {
	if r.grant == nil {
		return provider.Waits("%s (%s): its custodian attests %s", r.item, r, verdict)
	}
	who, profile := "somebody with the verb attest, other than the worker,", &v1alpha1.AccessProfile{}
	if err := p.cache.Get(ctx, client.ObjectKey{Name: r.grant.Spec.Profile}, profile); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("reading AccessProfile %s: %w", r.grant.Spec.Profile, err)
	}
	if custodian := profile.Spec.CustodianOf(r.entitlement, r.item); custodian != nil {
		who = fmt.Sprintf("%s %s", custodian.Kind, custodian.Name)
	}
	return provider.Waits("%s (%s): %s attests access/custody.%s %s of Engagement %s", r.item, r, who, r.entitlement, verdict, r.grant.Spec.EngagementRef.Name)
}

// record is what was attested of one item of one person.
type record struct {
	item string
	// said is when each verdict was last attested, and had when the item was last given by a grant that has it still.
	said map[v1alpha1.Verdict]time.Time
	had  time.Time
	// grant has a part in the item, one that is not over where there is one, and calls it entitlement. Nil if none has.
	grant       *v1alpha1.AccessGrant
	entitlement string
}

// read collects what was attested in all AccessGrants that have a part in an item: a renewal needs no second hand-out.
func (p *Provider) read(ctx context.Context, target provider.Target) (*record, error) {
	kind, item := provider.TypeOf(target.Name)
	if kind != v1alpha1.ProviderManual || item == "" {
		return nil, provider.Refused("target %q is not an item that people hand out", target.Name)
	}
	parts := &v1alpha1.AccessGrantList{}
	err := p.cache.List(ctx, parts, client.MatchingFields{index.GrantByEntitlement: target.Key})
	if err = cmp.Or(ctx.Err(), err); err != nil { // A cache answers whoever has called off, too.
		return nil, fmt.Errorf("looking for the AccessGrants that have a part in an item: %w", err)
	}
	slices.SortFunc(parts.Items, func(a, b v1alpha1.AccessGrant) int { return cmp.Compare(a.UID, b.UID) })
	r := &record{item: item, said: map[v1alpha1.Verdict]time.Time{}}
	for i := range parts.Items {
		grant := &v1alpha1.AccessGrant{}
		if err := p.live.Get(ctx, client.ObjectKeyFromObject(&parts.Items[i]), grant); client.IgnoreNotFound(err) != nil {
			if why := apierrors.ReasonForError(err); why != "" { // What stands before an API server may repeat the request, and its token.
				err = fmt.Errorf("the API server answers %s", why)
			}
			return nil, fmt.Errorf("reading an AccessGrant that has a part in an item: %w", err)
		}
		r.take(grant, target.Key)
	}
	if r.said[v1alpha1.VerdictHandedOut].IsZero() && !r.had.IsZero() {
		r.said[v1alpha1.VerdictHandedOut] = r.had // It was said in a grant that is gone. The item is not.
	}
	return r, nil
}

// take takes in what one grant says.
func (r *record) take(grant *v1alpha1.AccessGrant, key string) {
	open := []v1alpha1.GrantState{v1alpha1.GrantPending, v1alpha1.GrantGranted, v1alpha1.GrantRevoking}
	rows := grant.Status.Entitlements
	i := slices.IndexFunc(rows, func(e v1alpha1.EntitlementStatus) bool { return e.Key == key })
	if i < 0 {
		return
	}
	row := rows[i]
	if r.grant == nil || slices.Contains(open, row.State) {
		r.grant, r.entitlement = grant, row.Name
	}
	if row.GrantedAt == nil && slices.ContainsFunc(rows, func(e v1alpha1.EntitlementStatus) bool {
		return e.Name == row.Name && e.GrantedAt != nil && slices.Contains(open, e.State)
	}) {
		return // It is said of what the profile named before, which is still to come back.
	}
	for _, said := range grant.Spec.Custody {
		if said.Entitlement == row.Name && said.At.After(r.said[said.Verdict]) {
			r.said[said.Verdict] = said.At.Time
		}
	}
	if row.GrantedAt != nil && row.GrantedAt.After(r.had) && slices.Contains(open[1:], row.State) {
		r.had = row.GrantedAt.Time
	}
}

// out says whether the person has the item. A return in the second of a hand-out may have come before it.
func (r *record) out() bool {
	at := r.said[v1alpha1.VerdictHandedOut]
	return !at.IsZero() && !r.said[v1alpha1.VerdictReturned].After(at)
}

func (r *record) String() string {
	var said []string
	for _, verdict := range []v1alpha1.Verdict{v1alpha1.VerdictHandedOut, v1alpha1.VerdictChecked, v1alpha1.VerdictReturned} {
		if at := r.said[verdict]; !at.IsZero() {
			said = append(said, fmt.Sprintf("%s at %s", verdict, at.UTC().Format(time.RFC3339)))
		}
	}
	return cmp.Or(strings.Join(said, ", "), "never HandedOut")
}

// watch tells all who share an item of what is attested in one grant, and a grant of what was attested before it had a part in the item.
func watch(mgr manager.Manager, concerned provider.Concerned) []source.Source {
	news := predicate.TypedFuncs[*v1alpha1.AccessGrant]{UpdateFunc: func(e event.TypedUpdateEvent[*v1alpha1.AccessGrant]) bool {
		rows := len(e.ObjectNew.Status.Entitlements) - len(e.ObjectOld.Status.Entitlements)
		return rows != 0 || !equality.Semantic.DeepEqual(e.ObjectOld.Spec.Custody, e.ObjectNew.Spec.Custody)
	}}
	toGrants := func(ctx context.Context, grant *v1alpha1.AccessGrant) (requests []reconcile.Request) {
		for _, row := range grant.Status.Entitlements {
			if kind, _ := provider.TypeOf(row.Target); kind == v1alpha1.ProviderManual {
				requests = append(requests, concerned(ctx, row.Key)...)
			}
		}
		return requests
	}
	return []source.Source{source.Kind(mgr.GetCache(), &v1alpha1.AccessGrant{}, handler.TypedEnqueueRequestsFromMapFunc(toGrants), news)}
}
