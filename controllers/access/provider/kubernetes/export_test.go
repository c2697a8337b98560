package kubernetes

import (
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/hack/cluster"
)

// Bindable is a ClusterRole that the installer of the own cluster listed.
const Bindable = bindable

// Own is the operator's own cluster, with an administrator's access and the operator's.
func Own() (c *cluster.Cluster, administrator, operators client.Client) {
	return shared, admin, operator
}
