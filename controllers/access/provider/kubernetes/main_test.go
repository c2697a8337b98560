package kubernetes

import (
	"context"
	"fmt"
	"os"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/hack/cluster"
	"github.com/longshore-dev/longshore/hack/cluster/clustertest"
)

var (
	shared *cluster.Cluster
	// admin is somebody with hands.
	admin client.Client
	// operator has what the markers and the installer give, and no more.
	operator client.Client
)

const (
	// bindable is a ClusterRole that the installer listed, and unlisted one that was not.
	bindable, unlisted = "longshore-test-bindable", "longshore-test-unlisted"
	// group is an API group that exists only in the rules of test roles.
	group = "things.longshore.test"
)

func TestMain(m *testing.M) {
	os.Exit(clustertest.Main(m, cluster.Options{ControllerManager: true}, func(ctx context.Context, c *cluster.Cluster) error {
		shared = c
		return prepare(ctx, c)
	}))
}

func prepare(ctx context.Context, c *cluster.Cluster) error {
	var err error
	if admin, err = client.New(c.RESTConfig(), client.Options{}); err != nil {
		return err
	}
	config, err := c.ServiceAccount(ctx, "default", "operator")
	if err != nil {
		return err
	}
	if operator, err = connect(config); err != nil {
		return err
	}
	for _, name := range []string{bindable, unlisted} {
		if err := admin.Create(ctx, thingsRole(name)); err != nil {
			return err
		}
	}
	return allow(ctx, "operator", operatorRules...)
}

// operatorRules are the markers' and the installer's.
var operatorRules = []rbacv1.PolicyRule{
	{APIGroups: []string{rbacv1.GroupName}, Resources: []string{"rolebindings", "clusterrolebindings"}, Verbs: []string{"get", "list", "watch", "create", "update", "delete"}},
	{APIGroups: []string{rbacv1.GroupName}, Resources: []string{"clusterroles"}, Verbs: []string{"get"}},
	{APIGroups: []string{rbacv1.GroupName}, Resources: []string{"clusterroles"}, Verbs: []string{"bind"}, ResourceNames: []string{bindable, "longshore-test-missing"}},
	{APIGroups: []string{""}, Resources: []string{"namespaces"}, Verbs: []string{"get"}},
	// What unlisted gives is the operator's own too: the API server alone would let it be bound.
	{APIGroups: []string{group}, Resources: []string{unlisted}, Verbs: []string{"get"}},
}

// thingsRole gives the verb get on a resource of its own.
func thingsRole(name string) *rbacv1.ClusterRole {
	return &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Rules:      []rbacv1.PolicyRule{{APIGroups: []string{group}, Resources: []string{name}, Verbs: []string{"get"}}},
	}
}

func connect(config *rest.Config) (client.Client, error) {
	config = rest.CopyConfig(config)
	config.QPS = -1
	return client.New(config, client.Options{})
}

// allow gives a service account of the namespace default a role of its own.
func allow(ctx context.Context, account string, rules ...rbacv1.PolicyRule) error {
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "test-" + account}, Rules: rules}
	if err := admin.Create(ctx, role); err != nil {
		return err
	}
	return admin.Create(ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "test-" + account},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role.Name},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: "default", Name: account}},
	})
}

func here() *v1alpha1.AccessProvider {
	return &v1alpha1.AccessProvider{
		ObjectMeta: metav1.ObjectMeta{Name: "cluster"},
		Spec:       v1alpha1.AccessProviderSpec{Type: v1alpha1.ProviderKubernetes},
	}
}

func open(t *testing.T, c client.Client) provider.Provider {
	t.Helper()
	p, err := Type(c, c).Open(provider.Connection{Behind: here()})
	if err != nil {
		t.Fatalf("opening the provider: %v", err)
	}
	return p
}

var subjects int

// newSubject is a person who has nothing yet.
func newSubject() string {
	subjects++
	return fmt.Sprintf("person-%d@example.com", subjects)
}

// inNamespace is one ClusterRole in one namespace, for somebody new.
func inNamespace(t *testing.T, p provider.Provider, clusterRole, namespace string) provider.Target {
	t.Helper()
	return resolve(t, p, v1alpha1.KubernetesEntitlement{ClusterRole: clusterRole, Namespaces: []string{namespace}})
}

func resolve(t *testing.T, p provider.Provider, wanted v1alpha1.KubernetesEntitlement) provider.Target {
	t.Helper()
	targets, err := p.Resolve(v1alpha1.Entitlement{Name: "tools", Kubernetes: &wanted}, newSubject())
	if err != nil {
		t.Fatalf("resolving: %v", err)
	}
	return targets[0]
}
