package cluster

import (
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/hack/process/processtest"
)

func TestAnAPIServerThatIsRestartedIsTheSame(t *testing.T) {
	g := NewWithT(t)
	c, err := Start(t.Context(), Options{})
	g.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Errorf("stopping: %v", err)
		}
	})
	account, err := c.ServiceAccount(t.Context(), "default", "robot")
	g.Expect(err).NotTo(HaveOccurred())
	admin, robot := newClient(t, c.RESTConfig()), newClient(t, account)
	kept := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "kept"}}
	g.Expect(admin.Create(t.Context(), kept)).To(Succeed())
	before, err := c.guardian.PIDs()
	g.Expect(err).NotTo(HaveOccurred())

	g.Expect(c.RestartAPIServer()).To(Succeed())

	after, err := c.guardian.PIDs()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(after["kube-apiserver"]).NotTo(Equal(before["kube-apiserver"]), "another process serves")
	g.Expect(after["etcd"]).To(Equal(before["etcd"]))
	g.Expect(processtest.Runs(before["kube-apiserver"])).To(BeFalse())
	g.Expect(admin.Get(t.Context(), client.ObjectKeyFromObject(kept), kept)).To(Succeed(), "the address, the certificates and the data are those of before")
	g.Expect(robot.Get(t.Context(), client.ObjectKeyFromObject(kept), kept)).To(MatchError(ContainSubstring("forbidden")), "a token from before is still known")
}
