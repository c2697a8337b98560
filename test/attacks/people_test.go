package attacks

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/admission"
)

// team is where the attackers work; talent keeps a pool that the team may draw on, vault one that it may not; elsewhere is
// another team's.
const (
	team      = "marketing"
	talent    = "talent"
	vault     = "vault"
	elsewhere = "sales"
)

const (
	mia    = "mia"  // A requester, who may hand out the profile design, limited and staff.
	gus    = "gus"  // A requester, who may hand out every profile.
	noa    = "noa"  // A requester, who may hand out none.
	leo    = "leo"  // A requester, who may hand out every profile, by a group.
	ana    = "ana"  // An approver.
	amos   = "amos" // Another approver.
	ben    = "ben"  // A coordinator, who may speak for workers.
	rex    = "rex"  // A reviewer.
	tess   = "tess" // Talent operations, of the team and of the pool.
	lea    = "lea"  // Legal.
	seth   = "seth" // Security.
	dora   = "dora" // Data protection, who may ask to erase.
	ada    = "ada"  // A worker.
	bob    = "bob"  // Another worker.
	wim    = "wim"  // A worker who holds every role in the team.
	uma    = "uma"  // A requester who holds every role in the team.
	eve    = "eve"  // May write every object of every kind, status included, and holds none of Longshore's verbs.
	gitops = "system:serviceaccount:argocd:argocd-application-controller"

	// Of the pipeline that gitops belongs to; it may hand out the profile design as well.
	pipeline = "system:serviceaccount:argocd:pipeline"
	// An account that access is given to, of the worker wim, who has another username; it may approve.
	wimAtWork = wim + "-at-work"

	operator = admission.OperatorUsername
)

// leads is the group by which leo may hand profiles out.
const leads = "leads"

const longshore = "gig.longshore.dev"

var rules = map[string][]rbacv1.PolicyRule{
	"test-grant-design": {{APIGroups: []string{longshore}, Resources: []string{"accessprofiles"}, ResourceNames: []string{design, limited, staff}, Verbs: []string{"grant"}}},
	"test-grant-all":    {{APIGroups: []string{longshore}, Resources: []string{"accessprofiles"}, Verbs: []string{"grant"}}},
	"test-editor": {{
		APIGroups: []string{longshore}, Resources: []string{"*", "*/status"},
		Verbs: []string{"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"},
	}},
}

// everyRole of those that a team binds in its namespace.
var everyRole = []string{"requester", "approver", "reviewer", "coordinator", "talent-operations", "worker", "legal"}

func bindPeople(ctx context.Context) error {
	if err := allowBinding(ctx); err != nil {
		return err
	}
	for name, rules := range rules {
		if err := admin.Create(ctx, &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: name}, Rules: rules}); err != nil {
			return err
		}
	}
	user := func(name string) rbacv1.Subject {
		return rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: name}
	}
	type bound struct {
		namespace, role string
		to              rbacv1.Subject
	}
	all := []bound{
		{"", "test-grant-all", rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: leads}},
		{team, "longshore-engagement-editor", user(gitops)}, {team, "longshore-requester", user(pipeline)},
	}
	for role, users := range map[string][]string{
		"requester": {mia, gus, noa, leo}, "approver": {ana, amos, wimAtWork}, "coordinator": {ben}, "reviewer": {rex}, "talent-operations": {tess}, "worker": {ada, bob},
	} {
		for _, u := range users {
			all = append(all, bound{team, "longshore-" + role, user(u)})
		}
	}
	for _, role := range everyRole {
		all = append(all, bound{team, "longshore-" + role, user(uma)}, bound{team, "longshore-" + role, user(wim)})
	}
	all = append(all,
		bound{talent, "longshore-talent-operations", user(tess)},
		bound{"", "longshore-legal", user(lea)}, bound{"", "longshore-security", user(seth)}, bound{"", "longshore-data-protection", user(dora)},
		bound{"", "test-grant-design", user(mia)}, bound{"", "test-grant-design", user(uma)}, bound{"", "test-grant-design", user(gitops)}, bound{"", "test-grant-design", user(pipeline)},
		bound{"", "test-grant-all", user(gus)}, bound{"", "test-editor", user(eve)},
	)
	var err error
	if bot, err = plane.ServiceAccount(ctx, team, "bot"); err != nil {
		return err
	}
	all = append(all, bound{team, "longshore-requester", user("system:serviceaccount:" + team + ":bot")})
	for i, b := range all {
		meta := metav1.ObjectMeta{Name: fmt.Sprintf("test-%02d", i), Namespace: b.namespace}
		ref := rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: b.role}
		var binding client.Object = &rbacv1.RoleBinding{ObjectMeta: meta, RoleRef: ref, Subjects: []rbacv1.Subject{b.to}}
		if b.namespace == "" {
			binding = &rbacv1.ClusterRoleBinding{ObjectMeta: meta, RoleRef: ref, Subjects: []rbacv1.Subject{b.to}}
		}
		if err := admin.Create(ctx, binding); err != nil {
			return err
		}
	}
	// RBAC reads each kind in the order in which it was written, so what comes last stands for the rest.
	for _, last := range []authorizationv1.SubjectAccessReviewSpec{
		{User: eve, ResourceAttributes: &authorizationv1.ResourceAttributes{Group: longshore, Resource: "dossiers", Verb: "create"}},
		{User: "system:serviceaccount:" + team + ":bot", ResourceAttributes: &authorizationv1.ResourceAttributes{Group: longshore, Resource: "engagements", Namespace: team, Verb: "create"}},
		{User: operator, ResourceAttributes: &authorizationv1.ResourceAttributes{Group: rbacv1.GroupName, Resource: "clusterroles", Name: bindable, Verb: "bind"}},
	} {
		err := wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, patience, true, func(ctx context.Context) (bool, error) {
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

var (
	clients  = map[string]client.Client{}
	clientMu sync.Mutex
)

// as is the API as somebody sees it.
func as(t *testing.T, user string) client.Client {
	t.Helper()
	clientMu.Lock()
	defer clientMu.Unlock()
	if api, known := clients[user]; known {
		return api
	}
	groups := []string{"system:authenticated"}
	if user == leo {
		groups = append(groups, leads)
	}
	api, err := client.New(plane.As(user, groups...), client.Options{Scheme: scheme, Mapper: admin.RESTMapper()})
	if err != nil {
		t.Fatalf("making a client for %s: %v", user, err)
	}
	clients[user] = api
	return api
}

func author(name string) *v1alpha1.Author { return &v1alpha1.Author{Username: name} }
