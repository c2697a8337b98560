package kubernetes

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/controllers/access/provider/providertest"
	"github.com/longshore-dev/longshore/hack/cluster/clustertest"
)

func TestRoleBindingsKeepTheContract(t *testing.T) {
	namespaces := []string{clustertest.Namespace(t, shared), clustertest.Namespace(t, shared)}
	providertest.Run(t, harness(v1alpha1.KubernetesEntitlement{ClusterRole: bindable, Namespaces: namespaces}))
}

func TestClusterRoleBindingsKeepTheContract(t *testing.T) {
	providertest.Run(t, harness(v1alpha1.KubernetesEntitlement{ClusterRole: bindable, ClusterWide: true}))
}

func harness(wanted v1alpha1.KubernetesEntitlement) providertest.Harness {
	return providertest.Harness{
		Type:       Type(operator, operator),
		Connection: provider.Connection{Behind: here()},
		Entitlement: func(*testing.T) v1alpha1.Entitlement {
			return v1alpha1.Entitlement{Name: "tools", Kubernetes: &wanted}
		},
		Subject: func(*testing.T) string { return newSubject() },
		Refused: []string{
			"", " ", "system:admin", "system:masters", "system:serviceaccount:default:operator", "system:",
			" system:admin", "ada\x00", "ada\nsystem:admin", "\tada", "ada\u200bbyron",
		},
		Literal: []string{
			"*)(uid=*", `"; DROP ROLE`, "user:with:colons", "SYSTEM:admin", "../../secrets", "a/b%2Fc?x=y&z", "{{.Name}}",
			"Ärger ßtraße 用户 🚢", strings.Repeat("long", 75),
		},
		Gives:        gives,
		RemoveByHand: func(t *testing.T, target provider.Target) { mustDelete(t, ours(t, target)) },
		WidenByHand: func(t *testing.T, target provider.Target) func() bool {
			intruder := provider.Target{Key: target.Key, Name: target.Name, Subject: newSubject()}
			change(t, ours(t, target), func(b binding) { *b.subjects = append(*b.subjects, user(intruder)) })
			return func() bool { return !gives(t, intruder) }
		},
		GiveByHand: func(t *testing.T, target provider.Target) { giveByHand(t, target, "by-hand-"+target.Key[:20]) },
		// The API server's authorizer follows bindings by a watch.
		Settle: 20 * time.Second,
	}
}

// gives asks the API server's authorizer.
func gives(t *testing.T, target provider.Target) bool {
	t.Helper()
	s, err := scopeOf(target)
	if err != nil {
		t.Fatal(err)
	}
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User:               target.Subject,
		ResourceAttributes: &authorizationv1.ResourceAttributes{Group: group, Resource: s.clusterRole, Verb: "get", Namespace: s.namespace},
	}}
	if err := admin.Create(t.Context(), review); err != nil {
		t.Fatalf("asking what the subject may do: %v", err)
	}
	return review.Status.Allowed
}

// ours is the binding that Longshore makes for a Target, without what is in it.
func ours(t *testing.T, target provider.Target) binding {
	t.Helper()
	s, err := scopeOf(target)
	if err != nil {
		t.Fatal(err)
	}
	return blank(s, target)
}

func read(t *testing.T, b binding) binding {
	t.Helper()
	if err := admin.Get(t.Context(), client.ObjectKeyFromObject(b), b.Object); err != nil {
		t.Fatalf("reading %s: %v", b, err)
	}
	return b
}

func change(t *testing.T, b binding, how func(binding)) {
	t.Helper()
	read(t, b)
	how(b)
	if err := admin.Update(t.Context(), b.Object); err != nil {
		t.Fatalf("changing %s by hand: %v", b, err)
	}
}

func mustDelete(t *testing.T, b binding) {
	t.Helper()
	if err := admin.Delete(t.Context(), b.Object); err != nil {
		t.Fatalf("deleting %s by hand: %v", b, err)
	}
}

// giveByHand binds the Target's ClusterRole to its subject and to somebody else, as people do.
func giveByHand(t *testing.T, target provider.Target, name string) binding {
	t.Helper()
	s, err := scopeOf(target)
	if err != nil {
		t.Fatal(err)
	}
	meta := metav1.ObjectMeta{Namespace: s.namespace, Name: name}
	bystander := rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: "bystander"}
	subjects := []rbacv1.Subject{bystander, user(target)}
	b := ofNamespace(&rbacv1.RoleBinding{ObjectMeta: meta, RoleRef: roleRef(s), Subjects: subjects})
	if s.namespace == "" {
		b = ofCluster(&rbacv1.ClusterRoleBinding{ObjectMeta: meta, RoleRef: roleRef(s), Subjects: subjects})
	}
	if err := admin.Create(t.Context(), b.Object); err != nil {
		t.Fatalf("creating %s by hand: %v", b, err)
	}
	// The test's context has ended by then.
	ctx := context.WithoutCancel(t.Context())
	t.Cleanup(func() {
		if err := admin.Get(ctx, client.ObjectKeyFromObject(b), b.Object); err != nil {
			t.Errorf("reading %s, which others made: %v", b, err)
		}
		if !slices.Contains(*b.subjects, bystander) {
			t.Errorf("%s lost a subject that was not its concern", b)
		}
	})
	return b
}
