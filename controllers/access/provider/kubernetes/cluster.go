package kubernetes

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// handlePrefix begins every Target's handle; what identifies its cluster ends it.
const handlePrefix = "cluster/"

// askCluster identifies the cluster that answers, by the UID of its namespace kube-system: it is as old as the cluster, cannot be
// deleted, and is another one in every other cluster.
func (p *Provider) askCluster(ctx context.Context) (string, error) {
	namespace := namespaceMetadata()
	if err := p.reader.Get(ctx, client.ObjectKey{Name: metav1.NamespaceSystem}, namespace); err != nil {
		return "", explain(err, "asking which cluster this is, by its namespace %s", metav1.NamespaceSystem)
	}
	if namespace.UID == "" {
		return "", provider.Retryable("asking which cluster this is: what answered is no Kubernetes API server")
	}
	handle := handlePrefix + string(namespace.UID)
	p.known.Store(&handle)
	return handle, nil
}

// cluster is what askCluster answered the last time.
func (p *Provider) cluster(ctx context.Context) (string, error) {
	if known := p.known.Load(); known != nil {
		return *known, nil
	}
	return p.askCluster(ctx)
}

// checkCluster refuses to look for a Target in any other cluster than the one in which it was granted. Where that is not known yet,
// nothing was found anywhere.
func (p *Provider) checkCluster(ctx context.Context, target provider.Target) error {
	if target.Handle == "" {
		return nil
	}
	handle, err := p.cluster(ctx)
	if err != nil {
		return err
	}
	return p.compare(target, handle)
}

func (p *Provider) compare(target provider.Target, handle string) error {
	if target.Handle == "" || target.Handle == handle {
		return nil
	}
	return provider.Refused("AccessProvider %s leads to another cluster than the one in which this was granted: lead it back there, or, if that cluster is gone for good, declare it in spec.decommissioned", p.behind.Name)
}
