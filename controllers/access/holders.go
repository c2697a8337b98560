package access

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/index"
)

// liveHolder finds another grant that keeps what a row gives, and by which it therefore stays; its name is empty if there is none.
// It is called with the lock of the row's key. Whether the other one still holds it is read from the API server itself: were the cache
// believed, two grants that end together could each be proven gone by the other.
func (p *pass) liveHolder(ctx context.Context, of *row) (types.NamespacedName, error) {
	candidates, err := p.candidates(ctx, of.Key)
	if err != nil {
		return types.NamespacedName{}, err
	}
	for _, name := range candidates {
		other := &v1alpha1.AccessGrant{}
		err := p.Reader.Get(ctx, name, other)
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return types.NamespacedName{}, fmt.Errorf("reading AccessGrant %s, which may hold the same access: %w", name, err)
		}
		if holds(other, of, p.now) {
			return name, nil
		}
	}
	return types.NamespacedName{}, nil
}

// wakeHolders starts passes over the grants for which something stays that ended here: in a target system that ends access by itself, it now ends
// sooner.
func (p *pass) wakeHolders() {
	if p.wake == nil {
		return
	}
	for _, l := range p.lanes {
		for holder := range l.holders {
			p.wake(holder)
		}
	}
}

// candidates are the other grants that may hold a key, by the cache or by what this process gave, in the order of their names.
func (p *pass) candidates(ctx context.Context, key string) ([]types.NamespacedName, error) {
	others, err := p.sharing(ctx, key)
	if err != nil {
		return nil, err
	}
	names := p.Targets.ledger.holders(key)
	for i := range others {
		// A row that the cache shows as concluded can be held again only by this process, which has noted it.
		if !concluded(findRow(others[i].Status.Entitlements, key)) {
			names = append(names, client.ObjectKeyFromObject(&others[i]))
		}
	}
	names = slices.DeleteFunc(names, func(name types.NamespacedName) bool { return name == p.name() })
	slices.SortFunc(names, func(a, b types.NamespacedName) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return slices.Compact(names), nil
}

// sharing lists the other grants with a row of a key, as the cache shows them. They must not be written to.
func (p *pass) sharing(ctx context.Context, key string) ([]v1alpha1.AccessGrant, error) {
	list := &v1alpha1.AccessGrantList{}
	if err := p.Client.List(ctx, list, client.MatchingFields{index.GrantByEntitlement: key}, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("looking for other holders of the same access: %w", err)
	}
	var others []v1alpha1.AccessGrant
	for i := range list.Items {
		if list.Items[i].UID != p.grant.UID && findRow(list.Items[i].Status.Entitlements, key) != nil {
			others = append(others, list.Items[i])
		}
	}
	return others, nil
}

// holds says whether a grant that is not ending has what a row of another gives: by Longshore, or, for access from before, from before.
func holds(other *v1alpha1.AccessGrant, of *row, now time.Time) bool {
	at := other.Spec.ExpiresAt.Time
	if bound := other.Status.ExpiresAt; bound != nil {
		at = earlier(at, bound.Time)
	}
	if !other.DeletionTimestamp.IsZero() || other.Spec.Withdraw != "" || !now.Before(at) {
		return false
	}
	r := findRow(other.Status.Entitlements, of.Key)
	switch {
	case r == nil:
		return false
	case of.Preexisted:
		return r.State == v1alpha1.GrantPreexisting
	default:
		return r.State == v1alpha1.GrantGranted || r.State == v1alpha1.GrantVerified
	}
}

// latestExpiry is when the last of the grants that hold a row's access loses it.
func (p *pass) latestExpiry(ctx context.Context, of *row) (time.Time, error) {
	others, err := p.sharing(ctx, of.Key)
	if err != nil {
		return time.Time{}, err
	}
	latest := p.expiresAt
	for i := range others {
		if at := others[i].Status.ExpiresAt; at != nil && at.After(latest) && holds(&others[i], of, p.now) {
			latest = at.Time
		}
	}
	return latest, nil
}

// heldElsewhere says whether Longshore gave a key for another grant, so that finding it in a target system that does not mark what it
// was given is no sign of access from before.
func (p *pass) heldElsewhere(ctx context.Context, key string) (bool, error) {
	others, err := p.sharing(ctx, key)
	if err != nil {
		return false, err
	}
	noted := slices.ContainsFunc(p.Targets.ledger.holders(key), func(name types.NamespacedName) bool { return name != p.name() })
	return noted || slices.ContainsFunc(others, func(other v1alpha1.AccessGrant) bool {
		return held(findRow(other.Status.Entitlements, key))
	}), nil
}
