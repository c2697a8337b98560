package admission

import (
	"context"
	"fmt"
	"strings"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/controllers/domain/admission"
)

// team is where people work, pool where the workers are kept, other a team that has nothing to do with either.
const (
	team  = "marketing"
	pool  = "talent"
	other = "sales"
)

// The people, and the accounts that act for nobody.
const (
	mia      = "mia@example.com"   // A requester who may hand out every profile but production.
	noa      = "noa@example.com"   // A requester who may hand out none.
	ana      = "ana@example.com"   // An approver.
	rex      = "rex@example.com"   // A reviewer, in the team and in the pool.
	cora     = "cora@example.com"  // A coordinator.
	wanda    = "wanda@example.com" // A worker.
	tom      = "tom@example.com"   // Talent operations, in the team and in the pool.
	lea      = "lea@example.com"   // Legal.
	sam      = "sam@example.com"   // Security.
	dee      = "dee@example.com"   // Data protection.
	gus      = "gus@example.com"   // A requester who may hand out every profile.
	owen     = "owen@example.com"  // Owns one profile and one sealed file; may state, hand out production, erase the file, and no more.
	ivy      = "ivy@example.com"   // An integration that may speak for workers and, by mistake, not speak at all.
	ed       = "ed@example.com"    // May write every object of every kind, status included, and holds no custom verb.
	root     = "root@example.com"  // Holds every verb, custom ones included.
	gitops   = "system:serviceaccount:argocd:argocd-application-controller"
	collects = "system:serviceaccount:kube-system:generic-garbage-collector"
	operator = admission.OperatorUsername
)

// production is the profile that mia may not hand out.
const production = "production"

// owned is the sealed file that owen may erase.
const owned = "0000000042"

// profiles are those that mia may hand out: as many as an engagement may list.
var profiles = func() []string {
	names := []string{"design-tools", "tracker"}
	for i := len(names); i < 16; i++ {
		names = append(names, fmt.Sprintf("profile-%02d", i))
	}
	return names
}()

// rules are the rest of what people may do, beside the roles in config/rbac.
var rules = map[string][]rbacv1.PolicyRule{
	"test-grant-mia":  {{APIGroups: []string{"gig.longshore.dev"}, Resources: []string{"accessprofiles"}, ResourceNames: profiles, Verbs: []string{"grant"}}},
	"test-grant-all":  {{APIGroups: []string{"gig.longshore.dev"}, Resources: []string{"accessprofiles"}, Verbs: []string{"grant"}}},
	"test-grant-owen": {{APIGroups: []string{"gig.longshore.dev"}, Resources: []string{"accessprofiles"}, ResourceNames: []string{production}, Verbs: []string{"grant"}}},
	"test-erase-owen": {{APIGroups: []string{"gig.longshore.dev"}, Resources: []string{"dossiers"}, ResourceNames: []string{owned}, Verbs: []string{"get", "update", "erase"}}},
	"test-editor": {{
		APIGroups: []string{"gig.longshore.dev"},
		Resources: []string{"*", "*/status"},
		Verbs:     []string{"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"},
	}},
	"test-only-attest-for": {
		{APIGroups: []string{"gig.longshore.dev"}, Resources: []string{"engagements"}, Verbs: []string{"attest-for"}},
		{APIGroups: []string{"gig.longshore.dev"}, Resources: []string{"attestations"}, Verbs: []string{"create"}},
	},
}

// roles are ClusterRoles by namespace and user; no namespace is a ClusterRoleBinding.
var roles = []struct{ namespace, user, role string }{
	{team, mia, "longshore-requester"}, {"", mia, "test-grant-mia"},
	{team, noa, "longshore-requester"},
	{team, ana, "longshore-approver"}, {pool, ana, "longshore-approver"},
	{team, rex, "longshore-reviewer"}, {pool, rex, "longshore-reviewer"},
	{team, cora, "longshore-coordinator"}, {pool, cora, "longshore-coordinator"},
	{team, wanda, "longshore-worker"},
	{team, tom, "longshore-talent-operations"}, {pool, tom, "longshore-talent-operations"},
	{"", lea, "longshore-legal"},
	{"", sam, "longshore-security"},
	{"", dee, "longshore-data-protection"},
	{team, gus, "longshore-requester"}, {legacy, gus, "longshore-requester"}, {"", gus, "test-grant-all"},
	{team, owen, "longshore-attestation-author"}, {"", owen, "test-grant-owen"}, {"", owen, "test-erase-owen"},
	{team, ivy, "test-only-attest-for"},
	{"", ed, "test-editor"},
	{team, gitops, "longshore-engagement-editor"}, {"", gitops, "test-grant-mia"},
	{"", operator, "test-editor"},
}

// createPeople creates the namespaces, the roles and their bindings, and returns once RBAC knows them.
func createPeople(ctx context.Context) error {
	for _, name := range []string{team, pool, other} {
		if err := admin.Create(ctx, namespaceNamed(name)); err != nil {
			return fmt.Errorf("creating the namespace %s: %w", name, err)
		}
	}
	for name, rules := range rules {
		if err := admin.Create(ctx, &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: name}, Rules: rules}); err != nil {
			return fmt.Errorf("creating the role %s: %w", name, err)
		}
	}
	for i, r := range roles {
		meta := metav1.ObjectMeta{Name: fmt.Sprintf("test-%02d", i), Namespace: r.namespace}
		ref := rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: r.role}
		subjects := []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: r.user}}
		var binding client.Object = &rbacv1.RoleBinding{ObjectMeta: meta, RoleRef: ref, Subjects: subjects}
		if r.namespace == "" {
			binding = &rbacv1.ClusterRoleBinding{ObjectMeta: meta, RoleRef: ref, Subjects: subjects}
		}
		if err := admin.Create(ctx, binding); err != nil {
			return fmt.Errorf("binding %s to %s: %w", r.user, r.role, err)
		}
	}
	// RBAC reads each kind in the order in which it was written, so what comes last stands for the rest.
	for _, last := range []authorizationv1.SubjectAccessReviewSpec{
		{User: operator, ResourceAttributes: &authorizationv1.ResourceAttributes{Group: "gig.longshore.dev", Resource: "dossiers", Verb: "create"}},
		{User: gitops, ResourceAttributes: &authorizationv1.ResourceAttributes{Group: "gig.longshore.dev", Resource: "engagements", Namespace: team, Verb: "create"}},
	} {
		err := wait.PollUntilContextTimeout(ctx, pollInterval, patience, true, func(ctx context.Context) (bool, error) {
			review := &authorizationv1.SubjectAccessReview{Spec: last}
			err := admin.Create(ctx, review)
			return review.Status.Allowed, err
		})
		if err != nil {
			return fmt.Errorf("waiting until RBAC knows what %s may do: %w", last.User, err)
		}
	}
	return nil
}

func namespaceNamed(name string) *corev1.Namespace {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
}

// seen is the API as each user sees it: a client asks the API server what it serves, once is enough.
var seen = map[string]client.Client{}

// as returns the API as somebody sees it.
func as(t *testing.T, user string) client.Client {
	t.Helper()
	if api, ok := seen[user]; ok {
		return api
	}
	api, err := client.New(plane.As(user, groupsOf(user)...), client.Options{Scheme: scheme, Mapper: admin.RESTMapper()})
	if err != nil {
		t.Fatalf("building a client for %s: %v", user, err)
	}
	seen[user] = api
	return api
}

// groupsOf returns the groups that authentication would put somebody in.
func groupsOf(user string) []string {
	switch {
	case user == root:
		return []string{"system:masters", "system:authenticated"}
	case strings.HasPrefix(user, "system:serviceaccount:"):
		return []string{"system:serviceaccounts", "system:serviceaccounts:" + strings.Split(user, ":")[2], "system:authenticated"}
	default:
		return []string{"system:authenticated"}
	}
}
