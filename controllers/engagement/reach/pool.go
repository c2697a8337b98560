package reach

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/index"
)

// Engagements to which a piece of news means something, by how soon they are to be looked at.
type Engagements struct {
	// Seeking are those in which nobody has accepted yet.
	Seeking []types.NamespacedName
	// Engaged are those in which somebody has.
	Engaged []types.NamespacedName
}

// Pool finds the engagements, but for closed ones, to which a pool's spec, labels and annotations mean something: those in which nobody has accepted yet, and, where
// a policy's rules may read the pool, all others too.
func Pool(ctx context.Context, reader client.Reader, pool client.ObjectKey) (Engagements, error) {
	var found Engagements
	judged, err := rulesRead(ctx, reader, "pool")
	if err != nil {
		return found, err
	}
	listed := &v1alpha1.EngagementList{}
	if err := reader.List(ctx, listed, client.MatchingFields{index.EngagementByPool: index.Key(pool.Namespace, pool.Name)}, shared); err != nil {
		return found, fmt.Errorf("listing the engagements of pool %s: %w", pool, err)
	}
	for i := range listed.Items {
		eng := &listed.Items[i]
		switch key := client.ObjectKeyFromObject(eng); {
		case eng.Status.Phase == v1alpha1.PhaseClosed:
		case eng.Status.Terms == nil:
			found.Seeking = append(found.Seeking, key)
		case judged:
			found.Engaged = append(found.Engaged, key)
		}
	}
	return found, nil
}
