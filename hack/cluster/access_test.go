package cluster

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func whoAmI(t *testing.T, config *rest.Config) authenticationv1.UserInfo {
	t.Helper()
	review := &authenticationv1.SelfSubjectReview{}
	if err := newClient(t, config).Create(t.Context(), review); err != nil {
		t.Fatal(err)
	}
	return review.Status.UserInfo
}

func TestAUserIsThemselvesAndMayWhatRBACAllows(t *testing.T) {
	g := NewWithT(t)
	admin := newClient(t, shared.RESTConfig())
	config := shared.As("ana@example.com", "writers")
	user := whoAmI(t, config)
	g.Expect(user.Username).To(Equal("ana@example.com"))
	g.Expect(user.Groups).To(ConsistOf("writers", "system:authenticated"))

	write := func() error {
		return newClient(t, config).Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "default", GenerateName: "ana-"}})
	}
	g.Expect(apierrors.IsForbidden(write())).To(BeTrue(), "nothing should be allowed without a binding")
	g.Expect(admin.Create(t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", GenerateName: "writers-"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "edit"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: "writers"}},
	})).To(Succeed())
	g.Eventually(write, patience).Should(Succeed(), "the ClusterRole edit should have rules, and the binding should count")
}

func TestAServiceAccountHasATokenOfTheServers(t *testing.T) {
	g := NewWithT(t)
	config, err := shared.ServiceAccount(t.Context(), "default", "robot")
	g.Expect(err).NotTo(HaveOccurred())
	user := whoAmI(t, config)
	g.Expect(user.Username).To(Equal("system:serviceaccount:default:robot"))
	g.Expect(user.UID).NotTo(BeEmpty())

	again, err := shared.ServiceAccount(t.Context(), "default", "robot")
	g.Expect(err).NotTo(HaveOccurred(), "asking twice")
	g.Expect(whoAmI(t, again).UID).To(Equal(user.UID), "it should be the same account")
}

func TestKubectlWorksWithAKubeconfig(t *testing.T) {
	g := NewWithT(t)
	robot, err := shared.ServiceAccount(t.Context(), "default", "robot")
	g.Expect(err).NotTo(HaveOccurred())
	cases := map[string]struct {
		config *rest.Config
		want   string
	}{
		"the administrator": {shared.RESTConfig(), "admin"},
		"a user":            {shared.As("ben@example.com"), "ben@example.com"},
		"a service account": {robot, "system:serviceaccount:default:robot"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			path := filepath.Join(t.TempDir(), "kubeconfig")
			g.Expect(WriteKubeconfig(path, test.config)).To(Succeed())
			info, err := os.Stat(path)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(info.Mode().Perm()).To(BeEquivalentTo(0o600), "credentials should be their owner's alone")

			command := exec.CommandContext(t.Context(), shared.Kubectl(), "--kubeconfig="+path, "auth", "whoami", "-o", "jsonpath={.status.userInfo.username}")
			output, err := command.CombinedOutput()
			g.Expect(err).NotTo(HaveOccurred(), string(output))
			g.Expect(string(output)).To(Equal(test.want))
		})
	}
}

func TestEveryWriteIsCountedUnderItsAuthor(t *testing.T) {
	g := NewWithT(t)
	admin := newClient(t, shared.RESTConfig())
	user := newClient(t, shared.As("cleo@example.com"))
	configMap := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "counted"}}

	g.Expect(user.Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "before"}})).NotTo(Succeed())
	mark, err := shared.AuditMark(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(admin.Create(t.Context(), configMap)).To(Succeed())
	g.Expect(admin.Get(t.Context(), client.ObjectKeyFromObject(configMap), configMap)).To(Succeed())
	g.Expect(admin.Update(t.Context(), configMap)).To(Succeed())
	g.Expect(admin.Update(t.Context(), configMap, client.DryRunAll)).To(Succeed())
	g.Expect(user.Delete(t.Context(), configMap)).NotTo(Succeed())

	events, err := shared.AuditSince(t.Context(), mark)
	g.Expect(err).NotTo(HaveOccurred())
	counts := map[string]int{}
	for _, event := range events {
		if event.Resource == "configmaps" && event.Name == configMap.Name {
			key := event.String()
			if event.DryRun {
				key += " (dry run)"
			}
			counts[key]++
		}
	}
	g.Expect(counts).To(Equal(map[string]int{
		"admin create configmaps default/counted: 201":            1,
		"admin update configmaps default/counted: 200":            1,
		"admin update configmaps default/counted: 200 (dry run)":  1,
		"cleo@example.com delete configmaps default/counted: 403": 1,
	}), "reads and what came before the mark should not count, refusals and writes without effect should")
}
