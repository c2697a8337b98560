package clustertest

import (
	"context"
	"os"
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/hack/cluster"
)

var shared *cluster.Cluster

func TestMain(m *testing.M) {
	os.Exit(Main(m, cluster.Options{}, func(_ context.Context, c *cluster.Cluster) error {
		shared = c
		return nil
	}))
}

func TestANamespaceIsATestsOwnAndEndsWithIt(t *testing.T) {
	g := NewWithT(t)
	admin, err := client.New(shared.RESTConfig(), client.Options{})
	g.Expect(err).NotTo(HaveOccurred())
	var names []string
	t.Run("A name that's 100% wrong for a namespace, and far longer than one may be: cut it", func(t *testing.T) {
		names = append(names, Namespace(t, shared), Namespace(t, shared))
	})

	g.Expect(names[0]).NotTo(Equal(names[1]))
	for _, name := range names {
		var namespace corev1.Namespace
		g.Expect(admin.Get(t.Context(), client.ObjectKey{Name: name}, &namespace)).To(Succeed(), "there is no controller manager to finish it")
		g.Expect(namespace.DeletionTimestamp).NotTo(BeNil(), "it should be deleted with the test that it was made for")
	}
}
