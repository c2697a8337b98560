package engagement

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	acmetav1 "k8s.io/client-go/applyconfigurations/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	ac "github.com/longshore-dev/longshore/api/applyconfiguration/api/v1alpha1"
	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/dossier"
)

// applyGrants makes the grants as they should be, by server-side apply, where they differ. What takes access away goes first, and no failure
// holds back another grant.
func (r *Reconciler) applyGrants(ctx context.Context, s *scope, grants []grant) error {
	withdrawn := func(g grant) int {
		if g.Spec.Withdraw != "" {
			return 0
		}
		return 1
	}
	ordered := slices.Clone(grants)
	slices.SortStableFunc(ordered, func(a, b grant) int { return cmp.Compare(withdrawn(a), withdrawn(b)) })
	var failed error
	for _, g := range ordered {
		var existing *v1alpha1.AccessGrant
		for i := range s.Grants {
			if s.Grants[i].Name == g.Name {
				existing = &s.Grants[i]
			}
		}
		if existing != nil && equality.Semantic.DeepEqual(existing.Spec, g.Spec) {
			continue
		}
		if existing == nil && !s.Engagement.DeletionTimestamp.IsZero() {
			continue
		}
		if err := r.Client.Apply(ctx, r.grantConfiguration(s.Engagement, g), fieldOwner, client.ForceOwnership); err != nil {
			failed = errors.Join(failed, fmt.Errorf("applying grant %s: %w", g.Name, err))
		}
	}
	return failed
}

func (r *Reconciler) grantConfiguration(eng *v1alpha1.Engagement, g grant) *ac.AccessGrantApplyConfiguration {
	spec := ac.AccessGrantSpec().
		WithEngagementRef(ac.EngagementReference().WithName(g.Spec.EngagementRef.Name).WithUID(g.Spec.EngagementRef.UID)).
		WithWorkerRef(ac.WorkerReference().WithName(g.Spec.WorkerRef.Name).WithNamespace(g.Spec.WorkerRef.Namespace).WithPersonKey(g.Spec.WorkerRef.PersonKey)).
		WithProfile(g.Spec.Profile).WithNotBefore(g.Spec.NotBefore).WithExpiresAt(g.Spec.ExpiresAt)
	if g.Spec.Withdraw != "" {
		spec.WithWithdraw(g.Spec.Withdraw)
	}
	if g.Spec.Hold != "" {
		spec.WithHold(g.Spec.Hold)
	}
	for _, d := range g.Spec.Preexisting {
		spec.WithPreexisting(ac.PreexistingDecision().WithEntitlement(d.Entitlement).WithDecision(d.Decision).WithBy(d.By))
	}
	for _, c := range g.Spec.Custody {
		said := ac.CustodyRecord().WithEntitlement(c.Entitlement).WithVerdict(c.Verdict).WithBy(c.By).WithAt(c.At)
		for _, e := range c.Evidence {
			given := ac.Evidence().WithURI(e.URI)
			if e.SHA256 != "" {
				given.WithSHA256(e.SHA256)
			}
			said.WithEvidence(given)
		}
		spec.WithCustody(said)
	}
	return ac.AccessGrant(g.Name, eng.Namespace).
		WithLabels(map[string]string{v1alpha1.EngagementLabel: labelValue(eng.Name), v1alpha1.ManagedByLabel: v1alpha1.ManagedByValue}).
		WithFinalizers(v1alpha1.GrantFinalizer).
		WithOwnerReferences(acmetav1.OwnerReference().WithAPIVersion(v1alpha1.GroupVersion.String()).WithKind("Engagement").WithName(eng.Name).WithUID(eng.UID).WithController(true)).
		WithSpec(spec)
}

// labelValue cuts a name to what a label can hold; the spec has it whole.
func labelValue(name string) string {
	return strings.TrimRight(name[:min(len(name), 63)], "-.")
}

// mayGrant reviews, at this moment, whether somebody holds the verb grant on a profile.
// Only the username was stamped: the right must be bound to the user or service account itself, or to a group that every such account is in.
func (r *Reconciler) mayGrant(ctx context.Context, asked handOut) (right, error) {
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: asked.Username, Groups: groupsOf(asked.Username),
		ResourceAttributes: &authorizationv1.ResourceAttributes{Verb: "grant", Group: v1alpha1.GroupVersion.Group, Version: v1alpha1.GroupVersion.Version, Resource: "accessprofiles", Name: asked.Profile},
	}}
	if err := r.Client.Create(ctx, review); err != nil {
		return rightUnknown, fmt.Errorf("reviewing the right to hand out profile %s: %w", asked.Profile, err)
	}
	if review.Status.Allowed {
		return rightHeld, nil
	}
	return rightMissing, nil
}

// groupsOf are the groups that the API server gives to every account of a kind.
func groupsOf(username string) []string {
	groups := []string{"system:authenticated"}
	if rest, is := strings.CutPrefix(username, "system:serviceaccount:"); is {
		namespace, _, _ := strings.Cut(rest, ":")
		groups = append(groups, "system:serviceaccounts", "system:serviceaccounts:"+namespace)
	}
	return groups
}

// markStatements ties what counts to the engagement's UID, so that the garbage collector removes it with the engagement, and says of the rest why it does not count.
func (r *Reconciler) markStatements(ctx context.Context, s *scope, acts *actions) error {
	for i := range s.Attestations {
		att := &s.Attestations[i]
		if standing, is := acts.IgnoreAttestations[att.Name]; is {
			patched := att.DeepCopy()
			patched.Status = &standing
			if err := r.Client.Status().Patch(ctx, patched, client.MergeFrom(att), fieldOwner); client.IgnoreNotFound(err) != nil {
				return fmt.Errorf("marking attestation %s: %w", att.Name, err)
			}
			r.announceIgnored(s.Engagement, "attestations", standing)
		}
		if acts.BindAttestations[att.Name] {
			patched := att.DeepCopy()
			patched.OwnerReferences = append(patched.OwnerReferences, ownerReference(s.Engagement))
			if err := r.Client.Patch(ctx, patched, client.MergeFrom(att), fieldOwner); client.IgnoreNotFound(err) != nil {
				return fmt.Errorf("binding attestation %s: %w", att.Name, err)
			}
		}
	}
	for i := range s.Evaluations {
		eval := &s.Evaluations[i]
		if standing, is := acts.IgnoreEvaluations[eval.Name]; is {
			patched := eval.DeepCopy()
			patched.Status = &standing
			if err := r.Client.Status().Patch(ctx, patched, client.MergeFrom(eval), fieldOwner); client.IgnoreNotFound(err) != nil {
				return fmt.Errorf("marking evaluation %s: %w", eval.Name, err)
			}
			r.announceIgnored(s.Engagement, "evaluations", standing)
		}
		if acts.BindEvaluations[eval.Name] {
			patched := eval.DeepCopy()
			patched.OwnerReferences = append(patched.OwnerReferences, ownerReference(s.Engagement))
			if err := r.Client.Patch(ctx, patched, client.MergeFrom(eval), fieldOwner); client.IgnoreNotFound(err) != nil {
				return fmt.Errorf("binding evaluation %s: %w", eval.Name, err)
			}
		}
	}
	return nil
}

func ownerReference(eng *v1alpha1.Engagement) metav1.OwnerReference {
	return metav1.OwnerReference{APIVersion: v1alpha1.GroupVersion.String(), Kind: "Engagement", Name: eng.Name, UID: eng.UID}
}

// seal writes the Dossier, once for each engagement: whether it exists is asked of the API server itself, since a cache could make a second one.
func (r *Reconciler) seal(ctx context.Context, s *scope, d *decision) error {
	existing := &v1alpha1.DossierList{}
	if err := r.Reader.List(ctx, existing, client.MatchingFields{"spec.record.uid": string(s.Engagement.UID)}); err != nil {
		return fmt.Errorf("looking for the Dossier of engagement %s: %w", s.Engagement.Name, err)
	}
	if len(existing.Items) > 0 {
		s.Dossier = &existing.Items[0]
		return nil
	}
	if err := r.seesEveryGrant(ctx, s); err != nil {
		return err
	}
	facts := *d.Actions.Seal
	facts.Engagement = s.Engagement.DeepCopy()
	facts.Engagement.Status = *d.Status
	facts.Grants = s.Grants
	sealed, err := dossier.Seal(r.chain.Head(), facts, r.random())
	if err != nil {
		return fmt.Errorf("sealing engagement %s: %w", s.Engagement.Name, err)
	}
	if err := r.Client.Create(ctx, sealed, fieldOwner); apierrors.IsAlreadyExists(err) {
		return errBehind // another took the number: the pass is run again on the new head
	} else if err != nil {
		return fmt.Errorf("storing Dossier %s: %w", sealed.Name, err)
	}
	r.chain.add(sealed)
	s.Dossier = sealed
	return nil
}

// seesEveryGrant asks the API server whether the grants are as the cache showed them: one that was made or changed since would be sealed unproven.
func (r *Reconciler) seesEveryGrant(ctx context.Context, s *scope) error {
	live := &v1alpha1.AccessGrantList{}
	if err := r.Reader.List(ctx, live, client.InNamespace(s.Engagement.Namespace), client.MatchingFields{"spec.engagementRef.name": s.Engagement.Name}); err != nil {
		return fmt.Errorf("listing the grants of engagement %s: %w", s.Engagement.Name, err)
	}
	seen := map[string]string{}
	for i := range s.Grants {
		seen[s.Grants[i].Name] = s.Grants[i].ResourceVersion
	}
	for i := range live.Items {
		if g := &live.Items[i]; g.Spec.EngagementRef.UID == s.Engagement.UID && seen[g.Name] != g.ResourceVersion {
			return errBehind
		}
	}
	return nil
}

// release lets the grants and the engagement go, once the file is sealed.
func (r *Reconciler) release(ctx context.Context, s *scope) error {
	for i := range s.Grants {
		g := &s.Grants[i]
		if !controllerutil.ContainsFinalizer(g, v1alpha1.GrantFinalizer) || !concluded(g, !s.Engagement.DeletionTimestamp.IsZero()) {
			continue // one that is still to be proven gone lets go when it is
		}
		patched := g.DeepCopy()
		controllerutil.RemoveFinalizer(patched, v1alpha1.GrantFinalizer)
		if err := r.Client.Patch(ctx, patched, client.MergeFromWithOptions(g, client.MergeFromWithOptimisticLock{}), fieldOwner); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("releasing grant %s: %w", g.Name, err)
		}
	}
	if !controllerutil.ContainsFinalizer(s.Engagement, v1alpha1.EngagementFinalizer) {
		return nil
	}
	patched := s.Engagement.DeepCopy()
	controllerutil.RemoveFinalizer(patched, v1alpha1.EngagementFinalizer)
	if err := r.Client.Patch(ctx, patched, client.MergeFromWithOptions(s.Engagement, client.MergeFromWithOptimisticLock{}), fieldOwner); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("releasing engagement %s: %w", s.Engagement.Name, err)
	}
	return nil
}
