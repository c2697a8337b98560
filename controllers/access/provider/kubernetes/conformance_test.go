package kubernetes_test

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/controllers/access/provider/kubernetes"
	"github.com/longshore-dev/longshore/controllers/access/provider/kubernetes/kubernetestest"
	"github.com/longshore-dev/longshore/controllers/access/provider/providertest"
	"github.com/longshore-dev/longshore/hack/cluster/clustertest"
)

func TestRoleBindingsKeepTheContract(t *testing.T) {
	own, _, _ := kubernetes.Own()
	namespaces := []string{clustertest.Namespace(t, own), clustertest.Namespace(t, own)}
	keepsTheContract(t, v1alpha1.KubernetesEntitlement{ClusterRole: kubernetes.Bindable, Namespaces: namespaces})
}

func TestClusterRoleBindingsKeepTheContract(t *testing.T) {
	keepsTheContract(t, v1alpha1.KubernetesEntitlement{ClusterRole: kubernetes.Bindable, ClusterWide: true})
}

func keepsTheContract(t *testing.T, wanted v1alpha1.KubernetesEntitlement) {
	t.Helper()
	_, admin, operator := kubernetes.Own()
	providertest.Run(t, kubernetestest.Hands{Admin: admin}.HarnessOf(kubernetes.Type(operator, operator), ownConnection(), wanted))
}

// ownConnection is the operator's own cluster's.
func ownConnection() provider.Connection {
	return provider.Connection{Behind: &v1alpha1.AccessProvider{
		ObjectMeta: metav1.ObjectMeta{Name: "cluster"},
		Spec:       v1alpha1.AccessProviderSpec{Type: v1alpha1.ProviderKubernetes},
	}}
}
