package kubernetes

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// KeyLabel carries a Target's key on the binding that gives it.
const KeyLabel = "gig.longshore.dev/entitlement"

// namePrefix begins the name of every binding that Longshore makes; the Target's key ends it.
const namePrefix = "longshore-"

// bindingKinds are what a binding may be.
var bindingKinds = []string{"RoleBinding", "ClusterRoleBinding"}

// binding is a RoleBinding or a ClusterRoleBinding, which differ in nothing that matters here.
type binding struct {
	client.Object
	role     *rbacv1.RoleRef
	subjects *[]rbacv1.Subject
}

func ofNamespace(b *rbacv1.RoleBinding) binding      { return binding{b, &b.RoleRef, &b.Subjects} }
func ofCluster(b *rbacv1.ClusterRoleBinding) binding { return binding{b, &b.RoleRef, &b.Subjects} }

// blank is a Target's binding with only its name.
func blank(s scope, target provider.Target) binding {
	meta := metav1.ObjectMeta{Namespace: s.namespace, Name: namePrefix + target.Key}
	if s.namespace == "" {
		return ofCluster(&rbacv1.ClusterRoleBinding{ObjectMeta: meta})
	}
	return ofNamespace(&rbacv1.RoleBinding{ObjectMeta: meta})
}

// desired is a Target's binding as it should be.
func desired(s scope, target provider.Target) binding {
	b := blank(s, target)
	b.SetLabels(marks(target))
	*b.role = roleRef(s)
	*b.subjects = []rbacv1.Subject{user(target)}
	return b
}

func marks(target provider.Target) map[string]string {
	return map[string]string{v1alpha1.ManagedByLabel: v1alpha1.ManagedByValue, KeyLabel: target.Key}
}

func roleRef(s scope) rbacv1.RoleRef {
	return rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: s.clusterRole}
}

func user(target provider.Target) rbacv1.Subject {
	return rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: target.Subject}
}

// gives says whether a binding gives a Target's subject the ClusterRole.
func (b binding) gives(s scope, target provider.Target) bool {
	return *b.role == roleRef(s) && slices.Contains(*b.subjects, user(target))
}

// drift says how a binding differs from the one that Longshore made, without naming anybody; nothing if it does not.
func (b binding) drift(s scope, target provider.Target) string {
	var differences []string
	if !b.GetDeletionTimestamp().IsZero() {
		differences = append(differences, "is being deleted and kept by finalizers: "+strings.Join(b.GetFinalizers(), ", "))
	}
	if *b.role != roleRef(s) {
		differences = append(differences, fmt.Sprintf("binds %s %s", b.role.Kind, b.role.Name))
	}
	switch {
	case !slices.Contains(*b.subjects, user(target)):
		differences = append(differences, "lacks its subject")
	case len(*b.subjects) > 1:
		differences = append(differences, "has other subjects too")
	}
	for name, value := range marks(target) {
		if b.GetLabels()[name] != value {
			differences = append(differences, "lost its labels")
			break
		}
	}
	return strings.Join(differences, "; ")
}

// longshores says whether Longshore made a binding, for this Target or another.
func (b binding) longshores() bool {
	return b.GetLabels()[v1alpha1.ManagedByLabel] == v1alpha1.ManagedByValue && b.GetName() == namePrefix+b.GetLabels()[KeyLabel]
}

// String names a binding as kubectl would.
func (b binding) String() string {
	if namespace := b.GetNamespace(); namespace != "" {
		return "RoleBinding " + namespace + "/" + b.GetName()
	}
	return "ClusterRoleBinding " + b.GetName()
}

func namespaceMetadata() *metav1.PartialObjectMetadata {
	o := &metav1.PartialObjectMetadata{}
	o.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
	return o
}
