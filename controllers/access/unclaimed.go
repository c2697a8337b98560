package access

import (
	"context"
	"fmt"
	"math"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/controllers/index"
)

// claim counts what bears Longshore's mark in a target system that can list it, and belongs to no grant. It is reported and never removed:
// another installation may own it. A target system that cannot list for now is as ready as before, and says so.
func (r *ProviderReconciler) claim(ctx context.Context, object *v1alpha1.AccessProvider, status *v1alpha1.AccessProviderStatus, ready *metav1.Condition) error {
	opened, err := r.Targets.connect(ctx, object)
	if err != nil {
		return err
	}
	lister, lists := opened.(provider.Lister)
	if !lists {
		status.Unclaimed = 0
		return nil
	}
	var unclaimed []string
	// What is revoked and forgotten while it is listed is not there the second time.
	for again := range 2 {
		keys, err := lister.List(ctx)
		if err != nil {
			ready.Message = cut(fmt.Sprintf("%s; what Longshore granted in it cannot be listed: %v", ready.Message, err))
			return nil
		}
		if again > 0 {
			keys = slices.DeleteFunc(keys, func(key string) bool { return !slices.Contains(unclaimed, key) })
		}
		if unclaimed, err = r.unclaimed(ctx, keys); err != nil {
			return err
		}
		if len(unclaimed) == 0 {
			break
		}
	}
	status.Unclaimed = int32(min(len(unclaimed), math.MaxInt32))
	return nil
}

func (r *ProviderReconciler) unclaimed(ctx context.Context, keys []string) ([]string, error) {
	var unclaimed []string
	for _, key := range keys {
		claimed, err := r.claimed(ctx, key)
		if err != nil {
			return nil, err
		}
		if !claimed {
			unclaimed = append(unclaimed, key)
		}
	}
	return unclaimed, nil
}

// claimed says whether a grant has a row for what was listed. What was given since the cache was filled is noted in the ledger before it is given,
// and stays noted until the row is stored that claims it.
func (r *ProviderReconciler) claimed(ctx context.Context, key string) (bool, error) {
	if len(r.Targets.ledger.holders(key)) > 0 {
		return true, nil
	}
	list := &v1alpha1.AccessGrantList{}
	if err := r.Client.List(ctx, list, client.MatchingFields{index.GrantByEntitlement: key}, client.UnsafeDisableDeepCopy); err != nil {
		return false, fmt.Errorf("looking for the grants of an access: %w", err)
	}
	return len(list.Items) > 0, nil
}

func (r *ProviderReconciler) tellUnclaimed(object *v1alpha1.AccessProvider) {
	r.Recorder.Eventf(object, nil, corev1.EventTypeWarning, "Unclaimed", "List", "%d accesses in the target system bear Longshore's mark and belong to no AccessGrant: if no other installation owns them, remove them in the target system", object.Status.Unclaimed)
}
