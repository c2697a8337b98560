package kubernetestest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/controllers/access/provider/providertest"
)

// Hands are an administrator's in one cluster, who knows nothing of the provider.
type Hands struct {
	Admin client.Client
}

var subjects atomic.Int64

// Subject returns a person who has nothing yet, in any cluster.
func (Hands) Subject(*testing.T) string {
	return fmt.Sprintf("somebody-%d@example.com", subjects.Add(1))
}

// HarnessOf holds to the contract what an entitlement gives, through a type and a connection that lead to this cluster.
func (h Hands) HarnessOf(kind provider.Type, connection provider.Connection, wanted v1alpha1.KubernetesEntitlement) providertest.Harness {
	return providertest.Harness{
		Type:       kind,
		Connection: connection,
		Entitlement: func(*testing.T) v1alpha1.Entitlement {
			return v1alpha1.Entitlement{Name: "tools", Kubernetes: &wanted}
		},
		Subject: h.Subject,
		Refused: []string{
			"", " ", "system:admin", "system:masters", "system:serviceaccount:default:operator", "system:",
			" system:admin", "ada\x00", "ada\nsystem:admin", "\tada", "ada\u200bbyron",
		},
		Literal: []string{
			"*)(uid=*", `"; DROP ROLE`, "user:with:colons", "SYSTEM:admin", "../../secrets", "a/b%2Fc?x=y&z", "{{.Name}}",
			"Ärger ßtraße 用户 🚢", strings.Repeat("long", 75),
		},
		Gives: h.Gives,
		RemoveByHand: func(t *testing.T, target provider.Target) {
			t.Helper()
			if err := h.Admin.Delete(t.Context(), placeOf(target).binding(nameOf(target)).Object); err != nil {
				t.Fatalf("deleting what Longshore made: %v", err)
			}
		},
		WidenByHand: h.widen,
		GiveByHand:  h.give,
		// The API server's authorizer follows bindings by a watch.
		Settle: 20 * time.Second,
	}
}

// Gives asks the API server's authorizer whether the Target's subject may do what its ClusterRole begins with.
func (h Hands) Gives(t *testing.T, target provider.Target) bool {
	t.Helper()
	at := placeOf(target)
	role := &rbacv1.ClusterRole{}
	if err := h.Admin.Get(t.Context(), client.ObjectKey{Name: at.role}, role); err != nil {
		t.Fatalf("reading what is given: %v", err)
	}
	rule := role.Rules[0]
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: target.Subject,
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Group: rule.APIGroups[0], Resource: rule.Resources[0], Verb: rule.Verbs[0], Namespace: at.namespace,
		},
	}}
	if err := h.Admin.Create(t.Context(), review); err != nil {
		t.Fatalf("asking what the subject may do: %v", err)
	}
	return review.Status.Allowed
}

// widen adds somebody to what Longshore made.
func (h Hands) widen(t *testing.T, target provider.Target) (narrowed func() bool) {
	t.Helper()
	intruder := provider.Target{Key: target.Key, Name: target.Name, Subject: h.Subject(t)}
	made := placeOf(target).binding(nameOf(target))
	if err := h.Admin.Get(t.Context(), client.ObjectKeyFromObject(made), made.Object); err != nil {
		t.Fatalf("reading what Longshore made: %v", err)
	}
	*made.subjects = append(*made.subjects, person(intruder.Subject))
	if err := h.Admin.Update(t.Context(), made.Object); err != nil {
		t.Fatalf("widening what Longshore made: %v", err)
	}
	return func() bool { return !h.Gives(t, intruder) }
}

// give binds the Target's ClusterRole to its subject and to somebody else, as people do, and expects at the end that the latter still
// has it.
func (h Hands) give(t *testing.T, target provider.Target) {
	t.Helper()
	bystander := person("bystander")
	made := placeOf(target).binding("by-hand-" + target.Key[:20])
	*made.subjects = []rbacv1.Subject{bystander, person(target.Subject)}
	if err := h.Admin.Create(t.Context(), made.Object); err != nil {
		t.Fatalf("giving by hand: %v", err)
	}
	// The test's context has ended by then.
	ctx := context.WithoutCancel(t.Context())
	t.Cleanup(func() {
		if err := h.Admin.Get(ctx, client.ObjectKeyFromObject(made), made.Object); err != nil {
			t.Errorf("reading what others made: %v", err)
		}
		if !slices.Contains(*made.subjects, bystander) {
			t.Errorf("what others made lost a subject that was nobody's concern")
		}
	})
}

// Left returns the bindings that Longshore made, by their names: whoever took their labels off may be part of a test.
func (h Hands) Left(t *testing.T) []string {
	t.Helper()
	var left []string
	add := func(kind string, o client.Object) {
		if key, named := strings.CutPrefix(o.GetName(), namePrefix); named && len(key) == keyLength {
			left = append(left, strings.TrimPrefix(kind+" "+o.GetNamespace()+"/"+o.GetName(), "/"))
		}
	}
	ofNamespaces, ofCluster := &rbacv1.RoleBindingList{}, &rbacv1.ClusterRoleBindingList{}
	for _, list := range []client.ObjectList{ofNamespaces, ofCluster} {
		if err := h.Admin.List(t.Context(), list); err != nil {
			t.Fatalf("listing what is left: %v", err)
		}
	}
	for i := range ofNamespaces.Items {
		add("RoleBinding", &ofNamespaces.Items[i])
	}
	for i := range ofCluster.Items {
		add("ClusterRoleBinding", &ofCluster.Items[i])
	}
	return left
}

// These make up the names of what Longshore makes.
const (
	namePrefix = "longshore-"
	keyLength  = 52
)

func nameOf(target provider.Target) string { return namePrefix + target.Key }

// place is where a ClusterRole is bound; without a namespace, everywhere.
type place struct{ namespace, role string }

func placeOf(target provider.Target) place {
	_, name := provider.TypeOf(target.Name)
	where, role, _ := strings.Cut(strings.TrimPrefix(name, "remote/"), "clusterroles/")
	return place{strings.TrimSuffix(strings.TrimPrefix(where, "namespaces/"), "/"), role}
}

// binding is of either kind.
type binding struct {
	client.Object
	subjects *[]rbacv1.Subject
}

func (p place) binding(name string) binding {
	meta := metav1.ObjectMeta{Namespace: p.namespace, Name: name}
	role := rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: p.role}
	if p.namespace == "" {
		b := &rbacv1.ClusterRoleBinding{ObjectMeta: meta, RoleRef: role}
		return binding{b, &b.Subjects}
	}
	b := &rbacv1.RoleBinding{ObjectMeta: meta, RoleRef: role}
	return binding{b, &b.Subjects}
}

func person(name string) rbacv1.Subject {
	return rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: name}
}
