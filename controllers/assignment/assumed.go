package assignment

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// assumptions are placements that were decided and that the cache may not show yet. Without them a second look, before the watch has brought the first
// one's writes, would give the same hours again.
type assumptions map[types.UID]*assumption

type assumption struct {
	assignment *v1alpha1.Assignment
	person     string
	// version of the object once it is written; empty before.
	version string
}

func (as assumptions) add(given *v1alpha1.Assignment, person string) {
	as[given.UID] = &assumption{assignment: given, person: person}
}

// wrote notes which version a placement has, or, where it could not be written, that there is none.
func (as assumptions) wrote(uid types.UID, written *v1alpha1.Assignment) {
	switch a := as[uid]; {
	case a == nil:
	case written == nil:
		delete(as, uid)
	default:
		a.version = written.ResourceVersion
	}
}

// forgetShown drops what the cache shows by now, as written or newer, and what is deleted.
func (as assumptions) forgetShown(ctx context.Context, cached client.Reader) error {
	for uid, a := range as {
		if a.version == "" {
			continue
		}
		shown := &v1alpha1.Assignment{}
		found, err := get(ctx, cached, a.assignment.Namespace, a.assignment.Name, shown)
		if err != nil {
			return fmt.Errorf("looking for what was placed: %w", err)
		}
		if !found || shown.UID != uid {
			delete(as, uid)
			continue
		}
		order, err := resourceversion.CompareResourceVersion(shown.ResourceVersion, a.version)
		if err != nil {
			return fmt.Errorf("comparing the versions of assignment %s/%s: %w", shown.Namespace, shown.Name, err)
		}
		if order >= 0 {
			delete(as, uid)
		}
	}
	return nil
}
