// Package clustertest shares one control plane among the tests of a package.
package clustertest

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/longshore-dev/longshore/hack/cluster"
)

// Main starts a control plane, hands it to prepare, which keeps it and installs what the tests need, runs the tests and
// stops the control plane. It returns the exit code:
//
//	var shared *cluster.Cluster
//
//	func TestMain(m *testing.M) {
//		os.Exit(clustertest.Main(m, cluster.Options{ControllerManager: true}, func(ctx context.Context, c *cluster.Cluster) error {
//			shared = c
//			return c.InstallCRDs(ctx, "../../config/crd/bases")
//		}))
//	}
//
// controller-runtime logs nothing, unless prepare sets a logger.
func Main(m *testing.M, options cluster.Options, prepare func(context.Context, *cluster.Cluster) error) (code int) {
	ctx := context.Background()
	c, err := cluster.Start(ctx, options)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		if err := c.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}()
	if err := prepare(ctx, c); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	log.SetLogger(logr.Discard())
	return m.Run()
}

var notInANamespace = regexp.MustCompile(`[^a-z0-9]+`)

// Namespace creates a namespace that no other test uses, named after the test, and has it deleted when the test ends.
func Namespace(tb testing.TB, c *cluster.Cluster) string {
	tb.Helper()
	admin, err := client.New(c.RESTConfig(), client.Options{})
	if err != nil {
		tb.Fatalf("building a client: %v", err)
	}
	name := strings.Trim(notInANamespace.ReplaceAllString(strings.ToLower(tb.Name()), "-"), "-")
	// A name of the most 63 characters that are allowed, with the random end that the server adds.
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: name[:min(len(name), 50)] + "-"}}
	if err := admin.Create(tb.Context(), namespace); err != nil {
		tb.Fatalf("creating a namespace: %v", err)
	}
	tb.Cleanup(func() {
		// The test's context has ended by now.
		if err := client.IgnoreNotFound(admin.Delete(context.Background(), namespace)); err != nil {
			tb.Errorf("deleting the namespace %s: %v", namespace.Name, err)
		}
	})
	return namespace.Name
}
