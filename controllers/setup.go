// Package controllers wires every reconciler of Longshore into one manager.
package controllers

import (
	"context"
	"fmt"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/controllers/access/provider/kubernetes"
	"github.com/longshore-dev/longshore/controllers/access/provider/ldap"
	"github.com/longshore-dev/longshore/controllers/access/provider/manual"
	"github.com/longshore-dev/longshore/controllers/access/provider/postgres"
	"github.com/longshore-dev/longshore/controllers/access/provider/scim"
	"github.com/longshore-dev/longshore/controllers/assignment"
	"github.com/longshore-dev/longshore/controllers/checklist"
	"github.com/longshore-dev/longshore/controllers/compliance"
	"github.com/longshore-dev/longshore/controllers/dossier"
	"github.com/longshore-dev/longshore/controllers/engagement"
	"github.com/longshore-dev/longshore/controllers/index"
	"github.com/longshore-dev/longshore/controllers/talentpool"
	"github.com/longshore-dev/longshore/controllers/worker"
)

// reconciler is what every kind with a life of its own has.
type reconciler interface {
	SetupWithManager(ctx context.Context, mgr ctrl.Manager) error
}

// SetupAll registers the indexes and every reconciler. The namespace is the operator's own: the Secrets and ConfigMaps of AccessProviders are
// in it. Revocations do not wait for anything else: each kind has a queue of its own.
func SetupAll(ctx context.Context, mgr ctrl.Manager, clk clock.PassiveClock, namespace string) error {
	if err := index.Setup(ctx, mgr.GetFieldIndexer()); err != nil {
		return fmt.Errorf("indexing: %w", err)
	}
	if err := followAll(ctx, mgr.GetCache()); err != nil {
		return err
	}
	c, reader, recorder := mgr.GetClient(), mgr.GetAPIReader(), mgr.GetEventRecorder("longshore")
	targets := access.NewTargets(provider.Registry{
		v1alpha1.ProviderKubernetes: kubernetes.Type(reader, c),
		v1alpha1.ProviderPostgreSQL: postgres.Type(),
		v1alpha1.ProviderLDAP:       ldap.Type(),
		v1alpha1.ProviderSCIM:       scim.Type(),
		v1alpha1.ProviderManual:     manual.Type(c, reader),
	}, clk, access.Keyring{Reader: reader, Namespace: namespace})
	for _, r := range []reconciler{
		&access.GrantReconciler{Client: c, Reader: reader, Clock: clk, Recorder: recorder, Targets: targets},
		&access.ProviderReconciler{Client: c, Clock: clk, Recorder: recorder, Targets: targets},
		&assignment.Reconciler{Client: c, Reader: reader, Clock: clk, Recorder: recorder},
		&assignment.Placer{Client: c, Clock: clk, Recorder: recorder},
		&checklist.Reconciler{Client: c, Clock: clk},
		&compliance.Reconciler{Client: c, Clock: clk},
		&dossier.Reconciler{Client: c, Clock: clk, Recorder: recorder},
		&talentpool.Reconciler{Client: c, Clock: clk},
		&worker.Reconciler{Client: c, Reader: reader, Clock: clk, Recorder: recorder},
		&engagement.Reconciler{Client: c, Reader: reader, Clock: clk, Recorder: recorder},
	} {
		if err := r.SetupWithManager(ctx, mgr); err != nil {
			return fmt.Errorf("setting up %T: %w", r, err)
		}
	}
	return nil
}

// followAll has the cache follow every kind that is read from it, before it starts: the operator is ready once the cache is synced, and a kind
// that only a controller asks for would be left out of that.
func followAll(ctx context.Context, c cache.Cache) error {
	for _, kind := range []client.Object{
		&v1alpha1.AccessGrant{}, &v1alpha1.AccessProfile{}, &v1alpha1.AccessProvider{}, &v1alpha1.Assignment{}, &v1alpha1.Attestation{}, &v1alpha1.Checklist{},
		&v1alpha1.CompliancePolicy{}, &v1alpha1.Dossier{}, &v1alpha1.Engagement{}, &v1alpha1.Evaluation{}, &v1alpha1.Scorecard{},
		&v1alpha1.TalentPool{}, &v1alpha1.Worker{}, &corev1.Namespace{}, metadataOf("RoleBinding"), metadataOf("ClusterRoleBinding"),
		&admissionregistrationv1.ValidatingAdmissionPolicy{}, &admissionregistrationv1.ValidatingAdmissionPolicyBinding{},
	} {
		if _, err := c.GetInformer(ctx, kind); err != nil {
			return fmt.Errorf("following %T: %w", kind, err)
		}
	}
	return nil
}

// metadataOf is how the cache follows bindings: that one changed is news, and what it says is read from the API server.
func metadataOf(kind string) *metav1.PartialObjectMetadata {
	o := &metav1.PartialObjectMetadata{}
	o.SetGroupVersionKind(rbacv1.SchemeGroupVersion.WithKind(kind))
	return o
}

// NarrowCache keeps out of the cache what Longshore did not make: of bindings it follows its own alone.
func NarrowCache(options *cache.Options) {
	own := cache.ByObject{Label: labels.SelectorFromSet(labels.Set{v1alpha1.ManagedByLabel: v1alpha1.ManagedByValue})}
	options.ByObject = map[client.Object]cache.ByObject{&rbacv1.RoleBinding{}: own, &rbacv1.ClusterRoleBinding{}: own}
}
