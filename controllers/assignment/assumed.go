package assignment

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
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
	// doubtUntil is set where nobody knows whether the write arrived: until then the watch would have shown it.
	doubtUntil time.Time
}

// doubt is how long a write whose answer was lost is taken for made.
const doubt = 10 * time.Second

func (as assumptions) add(given *v1alpha1.Assignment, person string) {
	as[given.UID] = &assumption{assignment: given, person: person}
}

// wrote notes which version a placement has, that there is none, or that nobody knows. It says whether that is so.
func (as assumptions) wrote(uid types.UID, written *v1alpha1.Assignment, err error, now time.Time) (doubtful bool) {
	// A refusal is an answer with a status of its own; anything else may hide that the write was made.
	refused := apierrors.IsConflict(err) || apierrors.IsNotFound(err) || apierrors.IsInvalid(err) || apierrors.IsForbidden(err) || apierrors.IsBadRequest(err)
	switch a := as[uid]; {
	case err != nil && a != nil && !refused:
		a.doubtUntil = now.Add(doubt)
		return true
	case a == nil:
	case err != nil:
		delete(as, uid)
	default:
		a.version = written.ResourceVersion
	}
	return false
}

// forgetShown drops what the cache shows by now, as written or newer, what is deleted, and what was doubtful long enough.
func (as assumptions) forgetShown(ctx context.Context, cached client.Reader, now time.Time) error {
	for uid, a := range as {
		if !a.doubtUntil.IsZero() && !a.doubtUntil.After(now) {
			delete(as, uid)
			continue
		}
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
