package cluster

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/hack/process/processtest"
)

func TestStopLeavesNoProcessAndNoFile(t *testing.T) {
	g := NewWithT(t)
	t.Setenv("TMPDIR", t.TempDir())
	c, err := Start(t.Context(), Options{ControllerManager: true})
	g.Expect(err).NotTo(HaveOccurred())
	pids, err := c.guardian.PIDs()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(pids).To(And(HaveKey("etcd"), HaveKey("kube-apiserver"), HaveKey("kube-controller-manager")))

	g.Expect(c.Stop()).To(Succeed())

	for program, pid := range pids {
		g.Expect(processtest.Runs(pid)).To(BeFalse(), "%s should have ended", program)
	}
	g.Expect(os.ReadDir(os.Getenv("TMPDIR"))).To(BeEmpty())
	g.Expect(c.Stop()).To(Succeed(), "stopping twice")
}

func TestAClusterWithAFolderComesBackWithItsObjects(t *testing.T) {
	g := NewWithT(t)
	dir := filepath.Join(t.TempDir(), "state")
	configMap := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "kept"}}
	for _, use := range []func(client.Client) error{
		func(api client.Client) error { return api.Create(t.Context(), configMap) },
		func(api client.Client) error {
			return api.Get(t.Context(), client.ObjectKeyFromObject(configMap), configMap)
		},
	} {
		c, err := Start(t.Context(), Options{Dir: dir})
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(use(newClient(t, c.RESTConfig()))).To(Succeed())
		g.Expect(c.Stop()).To(Succeed())
	}
}

func TestAStartThatIsGivenUpLeavesNothing(t *testing.T) {
	for name, patience := range map[string]time.Duration{"before etcd is up": 10 * time.Millisecond, "before the API server is up": time.Second} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			t.Setenv("TMPDIR", t.TempDir())
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()

			_, err := Start(ctx, Options{})

			g.Expect(err).To(MatchError(context.DeadlineExceeded))
			g.Expect(os.ReadDir(os.Getenv("TMPDIR"))).To(BeEmpty(), "the guardian removes the folder once it has killed what was started")
		})
	}
}

func TestAStartThatFailsQuotesTheLog(t *testing.T) {
	g := NewWithT(t)
	assets := t.TempDir()
	for _, program := range programs {
		target := filepath.Join(shared.assets, program)
		if program == "kube-apiserver" {
			target = filepath.Join(assets, "broken")
			g.Expect(os.WriteFile(target, []byte("#!/bin/sh\necho the reason why\n[ \"$1\" = --help ]\n"), 0o700)).To(Succeed())
		}
		g.Expect(os.Symlink(target, filepath.Join(assets, program))).To(Succeed())
	}
	t.Setenv(assetsVariable, assets)

	_, err := Start(t.Context(), Options{})

	g.Expect(err).To(MatchError(ContainSubstring("the reason why")))
}
